"""Importing what a test wrote, and looking at what came of it."""

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tortoise import Model

from models import Account, Deal, TimelineEntry
from models.database import Database
from models.operations.actor import Actor
from models.operations.create_account import create_account
from models.operations.importing.import_directory import import_directory
from models.operations.importing.mapping import Mapping, load_mapping
from models.operations.importing.notebook import Notebook
from models.operations.importing.refusal import Refusal


@dataclass
class Importer:
    """An account, and the directory that is imported into it."""

    database: Database
    account: Account
    directory: Path
    mapping: Mapping = field(default_factory=load_mapping)

    @property
    def by(self) -> Actor:
        """The operator."""
        return Actor(self.account.id)

    async def run(self) -> tuple[dict[str, tuple[int, int, int, int, int]], list[Refusal]]:
        """Import; by file how many rows were read, created, updated, unchanged, refused; and the refusals."""
        with Notebook() as notebook:
            report = await import_directory(
                self.database, self.account, self.directory, self.mapping, notebook
            )
            for file in report.files:
                assert file.read == file.rows
                assert file.read == file.created + file.updated + file.unchanged + file.refused
            counts = {
                file.file: (file.read, file.created, file.updated, file.unchanged, file.refused)
                for file in report.files
            }
            return counts, list(report.refusals())

    async def deals(self) -> dict[str, Deal]:
        """The deals by their source's id."""
        async with self.database.reading():
            return {str(deal.source_id): deal for deal in await Deal.filter(account_id=self.account.id)}

    async def timeline(self, record_id: Any) -> list[TimelineEntry]:
        """A record's timeline."""
        async with self.database.reading():
            return await TimelineEntry.filter(record_id=record_id).order_by("number")

    async def rows(self, model: type[Model], **filters: Any) -> list[Any]:
        """Rows of a table."""
        async with self.database.reading():
            return await model.filter(**filters)


async def importer(database: Database, directory: Path, name: str = "Acme", **settings: str) -> Importer:
    """An importer into a new account."""
    async with database.writing():
        account, _ = await create_account(name=name, admin_email="root@acme.example", **settings)
    return Importer(database, account, directory)


async def everything(database: Database) -> Dict[str, list[Dict[str, Any]]]:
    """All rows of all tables."""
    context = database._tortoise.apps
    assert context is not None
    async with database.reading():
        return {
            model._meta.db_table: sorted(await model.all().values(), key=lambda row: str(row["id"]))
            for model in context.get_models_iterable()
        }
