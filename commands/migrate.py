"""`migrate`: the database gets the tables that this version of Carteira knows."""

import asyncio
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click
from tortoise.migrations.writer import MigrationWriter

from commands.opening import opened
from models import migrating

_CONFIG = Path(__file__).resolve().parents[1] / "pyproject.toml"


@click.command()
@click.option(
    "--draft", is_flag=True, help="For developers: write what the models say and no migration does."
)
def migrate(draft: bool) -> None:
    """Bring the database to this version; prints what was applied. Nothing to do is fine.

    A database that a newer version has migrated is left as it is: exit status 1.
    """
    names = asyncio.run(_draft() if draft else _migrate())
    for name in names:
        click.echo(name)
    if not names:
        click.echo("Nothing to do.", err=True)


async def _migrate() -> list[str]:
    async with opened() as database:
        return await migrating.migrate(database)


async def _draft() -> list[str]:
    return [str(written(writer)) for writer in await migrating.draft()]


def written(writer: MigrationWriter) -> Path:
    """The file of a migration, in the form that `make lint` asks for, where ruff is there to give it."""
    path = writer.write()
    subject = writer.name.partition("_")[2].replace("_", " ")
    path.write_text(f'"""Say what this is for: {subject}."""\n\n{path.read_text("utf-8")}', "utf-8")
    if find_spec("ruff") is None:
        click.echo("Format it before you commit it: `make lint` needs what .venv/for-testing has.", err=True)
        return path
    for words in (["check", "--fix"], ["format"]):
        call = [sys.executable, "-m", "ruff", *words, "--quiet", "--config", str(_CONFIG), str(path)]
        subprocess.run(call, check=False, capture_output=True)  # noqa: S603 our own words, and a path of ours
    return path
