"""Bringing a database to the tables that this version of Carteira knows."""

from collections.abc import Sequence
from typing import Any

from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.operations import AddField, AlterField, Operation, RemoveField
from tortoise.migrations.schema_editor import AsyncpgSchemaEditor, BaseSchemaEditor, SqliteSchemaEditor
from tortoise.migrations.writer import MigrationWriter
from tortoise.models import Model

from models.database import Database, Dialect, tortoise_config
from models.names import snake

LONGEST_SUBJECT = 60
"""Characters: a name is a file's, and a row's."""


class Ahead(Exception):
    """The database has migrations that this version does not know: a newer one has been here."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            f"the database is ahead of this version, which does not know {', '.join(names)}: "
            "use the version that migrated it"
        )


async def migrate(database: Database) -> list[str]:
    """Apply what is not applied yet, all of it or nothing; returns the names of what was applied.

    Safe to run from several processes at once. Raises Ahead, ForeignKeysBroken, Busy.
    """
    async with database.migrating():
        executor = _executor(database)
        await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))
        names = await _left(executor)
        await executor.migrate()
    return names


async def pending(database: Database) -> list[str]:
    """The names of the migrations that are not applied yet; changes nothing. Raises Ahead."""
    async with database.reading():
        return await _left(_executor(database))


async def _left(executor: MigrationExecutor) -> list[str]:
    plan = await executor.plan()
    applied = await executor.recorder.applied_migrations()
    if unknown := [key.name for key in applied if key not in executor.loader.graph.nodes]:
        raise Ahead(unknown)
    return [step.migration.name for step in plan]


async def draft() -> list[MigrationWriter]:
    """What the models say and no migration does yet, as migrations that can be written out."""
    config = tortoise_config(Dialect.SQLITE, {"engine": "tortoise.backends.sqlite", "credentials": {}})
    context = TortoiseContext()
    await context.init(config, init_connections=False)
    assert context.apps is not None
    for model in context.apps.get_models_iterable():
        # Tortoise would have a docstring's every change migrated.
        model._meta.table_description = ""
    writers = await MigrationAutodetector(context.apps, config["apps"]).changes()
    for writer in writers:
        number = writer.name.partition("_")[0]
        writer.name = f"{number}_{_subject(writer.operations)}"
    return writers


def _subject(operations: Sequence[Operation]) -> str:
    """What migrations are about, as the name of a file: `contact_nickname`."""
    about: dict[str, list[str]] = {}
    for operation in operations:
        names = (getattr(operation, name, None) for name in ("model_name", "new_name", "name"))
        model = next(filter(None, names), "tables")
        fields = about.setdefault(snake(model), [])
        if isinstance(operation, AddField | RemoveField | AlterField):
            fields.append(operation.name)
    words = [
        word
        for model, fields in about.items()
        for word in (model, *dict.fromkeys(field.removesuffix("_folded") for field in fields))
    ]
    return "_".join(words)[:LONGEST_SUBJECT].rstrip("_")


class _ColumnsInIndexes(BaseSchemaEditor):
    """Tortoise's index on a reference names the field, not its column; SQLite takes that for a text."""

    def _get_index_sql(self, model: type[Model], field_names: list[str], *rest: Any, **named: Any) -> str:
        return super()._get_index_sql(
            model, self._resolve_fields_to_columns(model, field_names), *rest, **named
        )


class _SqliteEditor(_ColumnsInIndexes, SqliteSchemaEditor):
    """Tortoise's splits scripts at the semicolons of comments and triggers too, and forgets when it
    remakes a table (which is how SQLite alters one) what else was on it."""

    async def _run_sql(self, sql: str) -> None:
        await self.client.execute_script(sql)

    async def _remake_table(self, model: type[Model], *rest: Any, **changes: Any) -> None:
        table = model._meta.db_table
        made = await self._made_on(table)
        unique = await self._unique_together(table)
        await super()._remake_table(model, *rest, **changes)
        for name in made.keys() - (await self._made_on(table)).keys():
            await self._run_sql(made[name])
        for columns in unique - await self._unique_together(table):
            await self._run_sql(self._get_unique_index_sql(table, list(columns)))

    async def _made_on(self, table: str) -> dict[str, str]:
        """The indexes and triggers that statements of their own made on a table."""
        query = (
            "SELECT name, sql FROM sqlite_schema "
            "WHERE tbl_name = ? AND sql IS NOT NULL AND type IN ('index', 'trigger')"
        )
        rows = await self.client.execute_query_dict(query, [table])
        return {row["name"]: row["sql"] for row in rows}

    async def _unique_together(self, table: str) -> set[tuple[str, ...]]:
        """The column lists, longer than one, that are unique in all of a table."""
        query = (
            "SELECT (SELECT group_concat(c.name) FROM pragma_index_info(i.name) c) AS columns "
            'FROM pragma_index_list(?) i WHERE i."unique" AND NOT i.partial'
        )
        rows = await self.client.execute_query_dict(query, [table])
        lists = (tuple(row["columns"].split(",")) for row in rows)
        return {columns for columns in lists if len(columns) > 1}


class _PostgresEditor(_ColumnsInIndexes, AsyncpgSchemaEditor):  # type: ignore[misc]
    pass


class _Executor(MigrationExecutor):
    def _schema_editor(self, atomic: bool = True, collect_sql: bool = False) -> BaseSchemaEditor:
        sqlite = self.connection.capabilities.dialect == "sqlite"
        editor = _SqliteEditor if sqlite else _PostgresEditor
        return editor(self.connection, atomic=atomic, collect_sql=collect_sql)


def _executor(database: Database) -> MigrationExecutor:
    """One that works on the connection of the session that the task is in."""
    return _Executor(get_connection(database.dialect), tortoise_config(database.dialect, {})["apps"])
