"""The drivers, used as directly as they can be: a statement and its rows."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Protocol

import aiosqlite
import asyncpg

from models.database import Dialect
from models.engines.sqlite import file_path

POOL_SIZE = 10
READERS = 2
"""More only hand the interpreter's lock to and fro; fewer, and long statements keep others waiting."""


class Connection(Protocol):
    """One connection."""

    async def rows(self, statement: str, *params: Any) -> Iterable[Any]:
        """What a statement answers."""


class Pool(Protocol):
    """Connections to take in turn."""

    dialect: Dialect

    def connection(self) -> Any:
        """One of them, for as long as the block lasts."""

    async def close(self) -> None:
        """Give all of them back."""


async def open_pool(url: str) -> Pool:
    """Connect to the database."""
    return await (SqlitePool if url.startswith("sqlite:") else PostgresPool).open(url)


class _Postgres:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def rows(self, statement: str, *params: Any) -> Iterable[Any]:
        rows: list[Any] = await self._connection.fetch(statement, *params)
        return rows


class PostgresPool:
    """asyncpg's pool."""

    dialect = Dialect.POSTGRES

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @classmethod
    async def open(cls, url: str) -> "PostgresPool":
        """Connect; what the real server spares itself is spared here too."""
        settings = {"timezone": "UTC", "jit": "off"}
        return cls(
            await asyncpg.create_pool(
                url, min_size=POOL_SIZE, max_size=POOL_SIZE, server_settings=settings, reset=_nothing
            )
        )

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """One of the pool's."""
        async with self._pool.acquire() as connection:
            yield _Postgres(connection)

    async def close(self) -> None:
        """Close the pool."""
        await self._pool.close()


async def _nothing(connection: Any) -> None:
    """There is nothing to reset, and a round trip is saved."""


class _Sqlite:
    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def rows(self, statement: str, *params: Any) -> Iterable[Any]:
        return await self._connection.execute_fetchall(statement, params)


class SqlitePool:
    """Read-only connections, each on a thread of its own."""

    dialect = Dialect.SQLITE

    def __init__(self, connections: list[aiosqlite.Connection]) -> None:
        self._all = connections
        self._idle = [_Sqlite(each) for each in connections]
        self._free = asyncio.Semaphore(len(connections))

    @classmethod
    async def open(cls, url: str) -> "SqlitePool":
        """Open the file."""
        address = f"file:{file_path(url)}?mode=ro"
        return cls([await aiosqlite.connect(address, uri=True, isolation_level=None) for _ in range(READERS)])

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """One that is idle."""
        async with self._free:
            connection = self._idle.pop()
            try:
                yield connection
            finally:
                self._idle.append(connection)

    async def close(self) -> None:
        """Close them all."""
        for connection in self._all:
            await connection.close()
