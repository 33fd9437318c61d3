"""Writers that wait for others, on PostgreSQL: so that a test knows when one has come to a lock."""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from models.database import Database, Session

UNTIL_WAITING = """
DO $$
BEGIN
    FOR attempt IN 1..6000 LOOP
        PERFORM pg_stat_clear_snapshot();
        IF %d <= (
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()
        ) THEN
            RETURN;
        END IF;
        PERFORM pg_sleep(0.01);
    END LOOP;
    RAISE 'fewer wait for a lock';
END $$
"""
"""The database looks by itself, for a minute at most."""


class Meanwhile:
    """A write that is open, and others that come to it meanwhile."""

    def __init__(self, session: Session, watcher: asyncpg.Connection) -> None:
        self.session = session
        self._watcher = watcher
        self.tasks: list[asyncio.Task[Any]] = []

    async def comes(self, act: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Begin an act in a task that knows nothing of the open write, and see it wait."""
        task = asyncio.create_task(act, context=contextvars.Context())
        self.tasks.append(task)
        await self._watcher.execute(UNTIL_WAITING % sum(not each.done() for each in self.tasks))
        return task


@asynccontextmanager
async def meanwhile(database: Database) -> AsyncIterator[Meanwhile]:
    """A write that ends when the block does, and then whatever came to it meanwhile."""
    watcher = await asyncpg.connect(database.url)
    try:
        async with database.writing() as session:
            open_ = Meanwhile(session, watcher)
            yield open_
        await asyncio.gather(*open_.tasks)
    finally:
        await watcher.close()
