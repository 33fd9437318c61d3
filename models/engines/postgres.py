"""PostgreSQL: a pool that reads snapshots, and a pool that writes under row locks."""

import asyncio
import logging
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

from models.engines.cancelling import stop, to_the_end
from models.engines.errors import BadUrl, BadValue, Crossed, TooDeep, TooLong, Unreachable
from models.engines.tally import Tally
from models.engines.values import plain, refuse_unstorable

log = logging.getLogger("carteira.postgres")

POOL_SIZE = 10
"""Connections of each of the two pools, at most."""

SHARE = 5
"""Of these that one person should use."""

MIGRATION_LOCK = 0x43617274656972
"""The advisory lock of whoever migrates: a number of our own."""

PREPARED = 200
"""Statements that a connection keeps prepared."""

LONGEST_PREPARED = 30_000
"""Bytes of a statement that is kept prepared: one that reads a whole query is long, and long to plan.

Each connection keeps its own, so this and PREPARED are what bounds them all.
"""

MOST_PARAMETERS = 32_767
"""PostgreSQL counts a statement's parameters in 16 bits."""

CLOSING_SECONDS = 5.0
"""How long closing waits for statements that still run."""

CHANNEL = "carteira"
"""On which triggers tell that something was written (migrations/0006_moving_rules.py)."""

_LOST = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

_SERVER_SETTINGS = {
    "application_name": "carteira",
    "timezone": "UTC",
    # Compiling a statement takes longer than running any of ours.
    "jit": "off",
}


class PostgresEngine:
    """One PostgreSQL database."""

    share = SHARE

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
            engine._readers = await _pool(url, default_transaction_read_only="on")
            engine._writers = await _pool(url)
        except (ValueError, asyncpg.ClientConfigurationError) as error:
            raise BadUrl(f"the database's address can't be read: {error}") from error
        except _LOST as error:
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

    async def row(self, text: str, params: Sequence[Any]) -> Mapping[str, Any]:
        """One statement, in a transaction of its own."""
        if self._readers is None:
            raise RuntimeError("this database has been closed")
        with _translated():
            async with self._readers.acquire() as connection:
                try:
                    row: Mapping[str, Any] = await connection.fetchrow(numbered(text), *_parameters(params))
                except BaseException:
                    await to_the_end(_end_what_began(connection))
                    raise
                return row

    @asynccontextmanager
    async def writing(self, tally: Tally) -> AsyncIterator["PostgresClient"]:
        """READ COMMITTED: whoever needs more locks rows."""
        async with _transaction(self._writers, tally, lambda it: it.transaction()) as client:
            yield client

    async def analyze(self) -> None:
        """Outside of any transaction, so that each table has one of its own: events wait for older ones."""
        if self._writers is None:
            raise RuntimeError("this database has been closed")
        with _translated():
            async with self._writers.acquire() as connection:
                await connection.execute("ANALYZE")

    @asynccontextmanager
    async def migrating(self, tally: Tally) -> AsyncIterator["PostgresClient"]:
        """Whoever else migrates waits."""
        async with self.writing(tally) as client:
            await client.rows("SELECT pg_advisory_xact_lock(?)", [MIGRATION_LOCK])
            yield client

    @asynccontextmanager
    async def listening(self, wake: Callable[[], None]) -> AsyncIterator[None]:
        """A connection of its own hears what any process writes; a lost one is made anew."""
        task = asyncio.create_task(_listen(self._url, wake))
        try:
            yield
        finally:
            await stop(task)

    async def close(self) -> None:
        """Close both pools, after what runs has ended or CLOSING_SECONDS have passed."""
        for pool in (self._readers, self._writers):
            if pool is not None:
                await to_the_end(_close(pool))
        self._readers = self._writers = None


async def _listen(url: str, wake: Callable[[], None]) -> None:
    while True:
        try:
            await _hear(url, wake)
        except _LOST as error:
            log.warning("Lost the connection that hears of changes: %r; trying again.", error)
        await asyncio.sleep(1)


async def _hear(url: str, wake: Callable[[], None]) -> None:
    """Hear until the connection is lost."""
    lost = asyncio.Event()
    connecting = asyncio.create_task(_hearing(url, wake, lost.set))
    try:
        await asyncio.shield(connecting)
        wake()
        await lost.wait()
    finally:
        # One that is being made is not given up half-way: it would be left behind.
        await asyncio.wait([connecting])
        if connecting.exception() is None:
            connecting.result().terminate()


async def _hearing(url: str, wake: Callable[[], None], lose: Callable[[], None]) -> asyncpg.Connection:
    connection = await asyncpg.connect(url, timeout=10, server_settings=_SERVER_SETTINGS)
    connection.add_termination_listener(lambda _: lose())
    await connection.add_listener(CHANNEL, lambda *_: wake())
    return connection


async def _pool(url: str, **settings: str) -> asyncpg.Pool:
    pool: asyncpg.Pool = await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=POOL_SIZE,
        timeout=10,
        server_settings=_SERVER_SETTINGS | settings,
        reset=_nothing,
        statement_cache_size=PREPARED,
        max_cacheable_statement_size=LONGEST_PREPARED,
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


async def _end_what_began(connection: PoolConnectionProxy) -> None:
    """End the transaction of a statement that was given up between being prepared and being run.

    asyncpg prepares without a Sync, so the server is then in a transaction of which asyncpg knows nothing;
    any whole statement ends it.
    """
    try:
        await connection.execute("SELECT")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.terminate()


async def _roll_back(connection: PoolConnectionProxy, transaction: Transaction) -> None:
    try:
        await transaction.rollback()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        # A connection in an unknown state is worth less than the error that led here.
        connection.terminate()


def numbered(text: str) -> str:
    """A statement with `$1`, `$2`, … for its `?`. Long ones are not kept, so that all have one bound."""
    return _kept(text) if len(text) <= LONGEST_PREPARED else _numbered(text)


@lru_cache(maxsize=1024)
def _kept(text: str) -> str:
    return _numbered(text)


def _numbered(text: str) -> str:
    pieces = text.split("?")
    numbers = count(1)
    return pieces[0] + "".join(f"${next(numbers)}{piece}" for piece in pieces[1:])


def _parameters(values: Sequence[Any]) -> list[Any]:
    if len(values) > MOST_PARAMETERS:
        raise TooLong(f"PostgreSQL takes {MOST_PARAMETERS} parameters; this statement has {len(values)}")
    return [_parameter(value) for value in values]


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
            return await self._rows(numbered(text), _parameters(params))

    async def attempt(self, text: str, params: Sequence[Any]) -> list[Mapping[str, Any]]:
        """The same within a savepoint, since a statement that fails spoils a transaction."""

        async def found(client: Any) -> list[Mapping[str, Any]]:
            async with self.acquire_connection() as connection, connection.transaction():
                return [dict(row) for row in await connection.fetch(numbered(text), *_parameters(params))]

        with self._statement(params):
            rows: list[Mapping[str, Any]] = await self._translate_exceptions(found)
            return rows

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
    except asyncpg.DeadlockDetectedError as error:
        raise Crossed("another writer and this one waited for each other; this one was ended") from error
    except (asyncpg.DataError, asyncpg.ProgramLimitExceededError) as error:
        raise BadValue(f"a value that PostgreSQL can't keep: {error}") from error
    except asyncpg.InterfaceError as error:
        # asyncpg's word for an argument that it can't encode; one of the wrong type is our own mistake.
        if isinstance(error, ValueError) and not isinstance(error.__cause__, TypeError):
            raise BadValue(f"a value that PostgreSQL can't keep: {error}") from error
        raise
