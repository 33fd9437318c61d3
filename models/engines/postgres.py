"""PostgreSQL: a pool that reads snapshots, and a pool that writes under row locks."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import lru_cache
from itertools import count
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from asyncpg.transaction import Transaction
from tortoise.backends.asyncpg.client import TransactionWrapper
from tortoise.backends.base.client import NestedTransactionContext, TransactionContext
from tortoise.log import db_client_logger

from models.engines.cancelling import to_the_end
from models.engines.errors import BadUrl, BadValue, TooDeep, Unreachable
from models.engines.tally import Tally
from models.engines.values import plain, refuse_unstorable

POOL_SIZE = 10
"""Connections of each of the two pools, at most."""

MIGRATION_LOCK = 0x43617274656972
"""The advisory lock of whoever migrates: a number of our own."""

CLOSING_SECONDS = 5.0
"""How long closing waits for statements that still run."""

_SERVER_SETTINGS = {
    "application_name": "carteira",
    "timezone": "UTC",
    # Compiling a statement takes longer than running any of ours.
    "jit": "off",
}


class PostgresEngine:
    """One PostgreSQL database."""

    def __init__(self, url: str) -> None:
        self.config: dict[str, Any] = {"engine": "tortoise.backends.asyncpg", "credentials": {}}
        self._url = url
        self._readers: asyncpg.Pool | None = None
        self._writers: asyncpg.Pool | None = None

    @classmethod
    async def open(cls, url: str) -> "PostgresEngine":
        """Connect to what `postgres://…` names; raises BadUrl, Unreachable."""
        engine = cls(url)
        try:
            engine._readers = await _pool(url)
            engine._writers = await _pool(url)
        except (ValueError, asyncpg.ClientConfigurationError) as error:
            raise BadUrl(f"the database's address can't be read: {error}") from error
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise Unreachable(url, error or "no answer in time") from error
        finally:
            if engine._writers is None:
                await engine.close()
        return engine

    @asynccontextmanager
    async def reading(self, tally: Tally) -> AsyncIterator["PostgresClient"]:
        """The snapshot is that of the first statement."""
        async with _transaction(
            self._readers, tally, lambda it: it.transaction(isolation="repeatable_read", readonly=True)
        ) as client:
            yield client

    @asynccontextmanager
    async def writing(self, tally: Tally) -> AsyncIterator["PostgresClient"]:
        """READ COMMITTED: whoever needs more locks rows."""
        async with _transaction(self._writers, tally, lambda it: it.transaction()) as client:
            yield client

    @asynccontextmanager
    async def migrating(self, tally: Tally) -> AsyncIterator["PostgresClient"]:
        """Whoever else migrates waits."""
        async with self.writing(tally) as client:
            await client.rows("SELECT pg_advisory_xact_lock(?)", [MIGRATION_LOCK])
            yield client

    async def close(self) -> None:
        """Close both pools, after what runs has ended or CLOSING_SECONDS have passed."""
        for pool in (self._readers, self._writers):
            if pool is not None:
                await to_the_end(_close(pool))
        self._readers = self._writers = None


async def _pool(url: str) -> asyncpg.Pool:
    pool: asyncpg.Pool = await asyncpg.create_pool(
        url, min_size=1, max_size=POOL_SIZE, timeout=10, server_settings=_SERVER_SETTINGS, reset=_nothing
    )
    return pool


async def _nothing(connection: Any) -> None:
    """No session keeps settings, cursors or locks: nothing is left to reset, and a round trip is saved."""


async def _close(pool: asyncpg.Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), CLOSING_SECONDS)
    except TimeoutError:
        pool.terminate()


@asynccontextmanager
async def _transaction(
    pool: asyncpg.Pool | None, tally: Tally, begin: Callable[[PoolConnectionProxy], Transaction]
) -> AsyncIterator["PostgresClient"]:
    if pool is None:
        raise RuntimeError("this database has been closed")
    async with pool.acquire() as connection:
        transaction = begin(connection)
        try:
            await to_the_end(transaction.start())
            yield PostgresClient(connection, tally)
            tally.ended = True
            with _translated():
                await to_the_end(transaction.commit())
        finally:
            tally.ended = True
            if not connection.is_closed() and connection.is_in_transaction():
                await to_the_end(_roll_back(connection, transaction))


async def _roll_back(connection: PoolConnectionProxy, transaction: Transaction) -> None:
    try:
        await transaction.rollback()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        # A connection in an unknown state is worth less than the error that led here.
        connection.terminate()


@lru_cache(maxsize=4096)
def numbered(text: str) -> str:
    """A statement with `$1`, `$2`, … for its `?`."""
    pieces = text.split("?")
    numbers = count(1)
    return pieces[0] + "".join(f"${next(numbers)}{piece}" for piece in pieces[1:])


def _parameter(value: Any) -> Any:
    return [plain(one) for one in value] if isinstance(value, (list, tuple)) else plain(value)


class PostgresClient(TransactionWrapper):
    """Tortoise's view of one connection inside one transaction of ours."""

    def __init__(self, connection: Any, tally: Tally) -> None:
        self.connection_name = "postgres"
        self.fetch_inserted = True
        self.log = db_client_logger
        self.transaction = None
        self._connection = connection
        self._tally = tally
        self._lock = asyncio.Lock()
        self._finalized = False

    def _in_transaction(self) -> TransactionContext:
        nested = PostgresClient(self._connection, self._tally)
        nested._lock = self._lock
        return NestedTransactionContext(nested)

    async def rows(self, text: str, params: Sequence[Any]) -> list[Mapping[str, Any]]:
        """What a statement answers, as dicts."""
        with self._statement(params):
            return await self._rows(numbered(text), [_parameter(param) for param in params])

    async def _rows(self, text: str, params: list[Any]) -> list[Mapping[str, Any]]:
        async def found(client: Any) -> list[Mapping[str, Any]]:
            async with self.acquire_connection() as connection:
                return [dict(row) for row in await connection.fetch(text, *params)]

        rows: list[Mapping[str, Any]] = await self._translate_exceptions(found)
        return rows

    async def execute_insert(self, query: str, values: list[Any]) -> Any:
        """Tortoise's, counted, its errors typed."""
        with self._statement(values):
            return await super().execute_insert(query, values)

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        """Tortoise's, counted, its errors typed."""
        with self._statement([value for row in values for value in row]):
            await super().execute_many(query, values)

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, list[Any]]:
        """Tortoise's, counted, its errors typed."""
        with self._statement(values or []):
            answer: tuple[int, list[Any]] = await super().execute_query(query, values)
            return answer

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        """Tortoise's, counted, its errors typed."""
        with self._statement(values or []):
            rows: list[dict[str, Any]] = await super().execute_query_dict(query, values)
            return rows

    @contextmanager
    def _statement(self, values: Sequence[Any]) -> Iterator[None]:
        self._tally.count()
        refuse_unstorable(values)
        yield

    async def _translate_exceptions(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        with _translated():
            return await super()._translate_exceptions(_typed(func), *args, **kwargs)


def _typed(func: Any) -> Any:
    """`func`, telling a bad value apart before Tortoise makes one OperationalError of everything."""

    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        with _translated():
            return await func(*args, **kwargs)

    return wrapped


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except asyncpg.StatementTooComplexError as error:
        raise TooDeep("PostgreSQL can't read a statement that is nested as deep as this one") from error
    except (asyncpg.DataError, asyncpg.ProgramLimitExceededError) as error:
        raise BadValue(f"a value that PostgreSQL can't keep: {error}") from error
    except asyncpg.InterfaceError as error:
        # asyncpg's word for an argument that it can't encode; one of the wrong type is our own mistake.
        if isinstance(error, ValueError) and not isinstance(error.__cause__, TypeError):
            raise BadValue(f"a value that PostgreSQL can't keep: {error}") from error
        raise
