"""Opening the database for a command; what stands in the way is said in one line, with exit status 1."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click

from models.database import BadUrl, Busy, Database, Unreachable
from models.migrating import Ahead
from settings import BadSettings, Settings


@asynccontextmanager
async def opened() -> AsyncIterator[Database]:
    """The database of the settings, closed afterwards. Raises ClickException where it can't be used."""
    try:
        Settings.check()
        database = await Database.open(os.environ.get("CARTEIRA_DATABASE_URL", "sqlite://carteira.db"))
        try:
            yield database
        finally:
            await database.close()
    except (Ahead, BadSettings, BadUrl, Busy, Unreachable) as error:
        raise click.ClickException(str(error)) from error
