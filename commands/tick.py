"""`tick`: what happens by itself, as time passes. A scheduler calls it, as often as it likes."""

import asyncio
from datetime import timedelta

import click

from commands.opening import opened
from models import Account
from models.database import Database, Dialect
from models.operations.purge_outbox import purge_outbox
from models.operations.transfer_batch import go_on_with_all
from settings import outbox_hours_of


@click.command()
def tick() -> None:
    """Go on with transfers that were stopped, let transfer rules take what lay idle, and empty the outbox.

    SQLite then looks at what its tables hold, so that it plans queries well. Prints what was done. Twice, or
    from two places at once, does it once.
    """
    for line in asyncio.run(_tick()):
        click.echo(line)


async def _tick() -> list[str]:
    # The schema takes a second to build, which other commands need not wait for.
    from resolvers.ruling import rule_over_idle
    from resolvers.transfer_going_on import may_move

    keep = timedelta(hours=outbox_hours_of())
    async with opened() as database:
        done = {
            "transfers gone on with": await go_on_with_all(database, may_move),
            "transfers of what lay idle": await rule_over_idle(database),
            "events taken out of the outbox": await _purge(database, keep),
        }
        if database.dialect is Dialect.SQLITE:
            await database.analyze()
    return [f"{number:,} {what}" for what, number in done.items()]


async def _purge(database: Database, keep: timedelta) -> int:
    async with database.reading():
        accounts = await Account.all().order_by("created_at", "id")
    gone = 0
    for account in accounts:
        async with database.writing():
            gone += await purge_outbox(account.id, keep)
    return gone
