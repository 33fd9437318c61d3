"""`migrate`: the database gets the tables that this version of Carteira knows."""

import asyncio

import click

from commands.opening import opened
from models import migrating


@click.command()
@click.option(
    "--draft", is_flag=True, help="For developers: write what the models say and no migration does."
)
def migrate(draft: bool) -> None:
    """Bring the database to this version; prints what was applied. Nothing to do is fine."""
    names = asyncio.run(_draft() if draft else _migrate())
    for name in names:
        click.echo(name)
    if not names:
        click.echo("Nothing to do.", err=True)


async def _migrate() -> list[str]:
    async with opened() as database:
        return await migrating.migrate(database)


async def _draft() -> list[str]:
    return [str(writer.write()) for writer in await migrating.draft()]
