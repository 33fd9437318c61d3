"""SQLite: one writer, whose transactions take their turn, and read-only connections beside it.

Tortoise's own SQLite client begins transactions late and loses its lock to a cancelled task, so
transactions begin and end here, and Tortoise gets a client that is already in one.
"""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import aiosqlite
from tortoise.backends.base.client import ConnectionWrapper, NestedTransactionContext, TransactionContext
from tortoise.backends.sqlite.client import SqliteTransactionWrapper
from tortoise.exceptions import OperationalError
from tortoise.log import db_client_logger

from models.engines.cancelling import to_the_end
from models.engines.errors import BadUrl, BadValue, Busy, ForeignKeysBroken, TooDeep, TooLong, Unreachable
from models.engines.tally import Tally
from models.engines.values import plain, refuse_unstorable

READERS = 4
"""Read-only connections, and so threads, at most."""

SHARE = 2
"""Of these that one person should use: more only hand the interpreter's lock to and fro."""

LOOKED_AT = 1_000
"""Rows of an index that are looked at for its statistics: as good, and done in a moment."""

KEPT_STATEMENTS = 64
"""Statements that a connection keeps compiled."""

LONGEST_KEPT = 30_000
"""Characters of a statement that a connection keeps: compiled, it takes some twenty bytes for each."""

_MIGRATING = (
    "PRAGMA foreign_keys = OFF",
    # A table that is remade is gone for a moment: triggers that look into it are not to mind.
    "PRAGMA legacy_alter_table = ON",
)


def _instant(value: datetime) -> str:
    """An instant as SQLite keeps it: in UTC and always as long, so that text order is time's order."""
    return value.astimezone(UTC).isoformat(" ", "microseconds")


# Registered after Tortoise's own, which keeps whatever zone an instant happens to be in.
sqlite3.register_adapter(datetime, _instant)
sqlite3.register_adapter(date, date.isoformat)
sqlite3.register_adapter(UUID, str)


class SqliteEngine:
    """One SQLite file, in WAL mode, with foreign keys on."""

    share = SHARE

    def __init__(self, path: str, busy_seconds: float) -> None:
        self.config: dict[str, Any] = {
            "engine": "tortoise.backends.sqlite",
            "credentials": {"file_path": path},
        }
        self._path = str(Path(path).absolute())
        self._busy_seconds = busy_seconds
        self._writer: aiosqlite.Connection | None = None
        self._turn = asyncio.Lock()
        self._idle: list[aiosqlite.Connection] = []
        self._readers: list[aiosqlite.Connection] = []
        self._free = asyncio.Semaphore(READERS)

    @classmethod
    async def open(cls, url: str, busy_seconds: float) -> "SqliteEngine":
        """Open the file that `sqlite://PATH` names, or make it; raises BadUrl, Unreachable."""
        engine = cls(file_path(url), busy_seconds)
        try:
            engine._writer = await to_the_end(engine._connect("rwc", "PRAGMA foreign_keys = ON"))
        except (sqlite3.Error, OSError) as error:
            raise Unreachable(url, error) from error
        return engine

    @asynccontextmanager
    async def reading(self, tally: Tally) -> AsyncIterator["SqliteClient"]:
        """The snapshot is that of the first statement."""
        async with self._free:
            connection, longest = await self._reader(), 0
            try:
                async with self._transaction(connection, "BEGIN", tally) as client:
                    try:
                        yield client
                    finally:
                        longest = client.longest
            finally:
                await self._give_back(connection, longest)

    async def row(self, text: str, params: Sequence[Any]) -> Mapping[str, Any]:
        """One statement, in a transaction of its own, and one turn of the connection's thread."""
        async with self._free:
            connection = await self._reader()
            try:
                with _translated():
                    found = await connection.execute_fetchall(text, [plain(param) for param in params])
            except asyncio.CancelledError:
                await to_the_end(_abandon(connection))
                raise
            finally:
                await self._give_back(connection, len(text))
            (row,) = found
            return dict(row)

    @asynccontextmanager
    async def writing(self, tally: Tally) -> AsyncIterator["SqliteClient"]:
        """Raises Busy when another process does not let go of the file."""
        async with self._turn, self._transaction(self._open_writer(), "BEGIN IMMEDIATE", tally) as client:
            yield client

    async def analyze(self) -> None:
        """In a transaction like any other: it is done in a moment. Raises Busy."""
        async with self.writing(Tally()) as client:
            await client.rows(f"PRAGMA analysis_limit = {LOOKED_AT}", ())
            await client.rows("ANALYZE", ())

    @asynccontextmanager
    async def migrating(self, tally: Tally) -> AsyncIterator["SqliteClient"]:
        """Foreign keys are off, or remaking a table would empty those that refer to it; checked at the end.

        On a connection of its own, since they can't be turned off inside a transaction.
        Raises Busy, ForeignKeysBroken.
        """
        connection = await to_the_end(self._connect("rw", *_MIGRATING))
        try:
            async with self._turn, self._transaction(connection, "BEGIN IMMEDIATE", tally) as client:
                yield client
                if broken := await client.rows("PRAGMA foreign_key_check", ()):
                    raise ForeignKeysBroken(f"rows would be left referring to nothing: {broken[:10]}")
        finally:
            await to_the_end(connection.close())

    @asynccontextmanager
    async def listening(self, wake: Callable[[], None]) -> AsyncIterator[None]:
        """A file tells nothing of other processes."""
        yield

    async def close(self) -> None:
        """Close the readers first: who closes last tidies the write-ahead log away, and must be able to."""
        for connection in (*self._readers, self._writer):
            if connection is not None:
                await to_the_end(connection.close())
        self._readers, self._idle, self._writer = [], [], None

    async def _connect(self, mode: str, *pragmas: str) -> aiosqlite.Connection:
        address = f"file:{quote(self._path)}?mode={mode}"
        connection = aiosqlite.connect(
            address,
            uri=True,
            isolation_level=None,
            timeout=self._busy_seconds,
            cached_statements=KEPT_STATEMENTS,
        )
        try:
            await connection
            connection.row_factory = sqlite3.Row
            if mode == "rwc":
                await connection.execute_fetchall("PRAGMA journal_mode = WAL")
            for pragma in ("PRAGMA synchronous = NORMAL", *pragmas):
                await connection.execute_fetchall(pragma)
            await connection.execute_fetchall("SELECT count(*) FROM sqlite_schema")
        except BaseException:
            await connection.close()
            # Its thread still has a word for this loop, which may be closed soon.
            await asyncio.to_thread(connection._thread.join)
            raise
        return connection

    def _open_writer(self) -> aiosqlite.Connection:
        if self._writer is None:
            raise RuntimeError("this database has been closed")
        return self._writer

    async def _reader(self) -> aiosqlite.Connection:
        self._open_writer()
        if self._idle:
            return self._idle.pop()
        return await to_the_end(self._new_reader())

    async def _give_back(self, connection: aiosqlite.Connection, longest: int) -> None:
        """Take a reader back. One that ran a long statement is closed: it would keep that, compiled."""
        if connection not in self._readers:
            return
        if longest <= LONGEST_KEPT:
            self._idle.append(connection)
            return
        self._readers.remove(connection)
        await to_the_end(connection.close())

    async def _new_reader(self) -> aiosqlite.Connection:
        connection = await self._connect("ro", "PRAGMA query_only = ON")
        self._readers.append(connection)
        return connection

    @asynccontextmanager
    async def _transaction(
        self, connection: aiosqlite.Connection, begin: str, tally: Tally
    ) -> AsyncIterator["SqliteClient"]:
        try:
            with _translated():
                await to_the_end(_run(connection, begin))
            yield SqliteClient(connection, tally)
            tally.ended = True
            with _translated():
                await to_the_end(_run(connection, "COMMIT"))
        except asyncio.CancelledError:
            tally.ended = True
            await to_the_end(_abandon(connection))
            raise
        finally:
            tally.ended = True
            await to_the_end(_roll_back_if_open(connection))


def file_path(url: str) -> str:
    """The path in `sqlite://PATH`: relative to the working directory, or absolute after a third slash.

    A fourth slash, as other libraries write absolute paths, makes no difference.
    """
    path = re.sub("^/+", "/", url.removeprefix("sqlite://"))
    if not path or path == ":memory:" or "?" in path:
        raise BadUrl(
            f"{url} names no file: write sqlite://carteira.db for one beside you, or sqlite:///var/carteira.db"
        )
    return path


def statements(script: str) -> Iterator[str]:
    """The statements of a script; a semicolon in a text, a comment or a trigger's body ends none."""
    statement = ""
    for piece in re.split("(?<=;)", script):
        statement += piece
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement


async def _run(connection: aiosqlite.Connection, text: str) -> None:
    await connection.execute_fetchall(text)


async def _roll_back_if_open(connection: aiosqlite.Connection) -> None:
    # Asked on the connection's own thread, behind whatever a cancelled task left running there.
    await connection._execute(_roll_back, connection)  # type: ignore[no-untyped-call]


async def _abandon(connection: aiosqlite.Connection) -> None:
    """Roll back without waiting for what the cancelled task had running, or had asked for, on the thread."""
    await _interrupted(connection, _roll_back_if_open(connection))


async def _interrupt(connection: aiosqlite.Connection) -> None:
    """End what the cancelled task had running; its transaction may go on, or be rolled back."""
    await _interrupted(connection, connection._execute(lambda: None))  # type: ignore[no-untyped-call]


async def _interrupted(connection: aiosqlite.Connection, behind: Coroutine[Any, Any, None]) -> None:
    """Await what is asked for on the connection's thread, interrupting whatever runs there before it."""
    awaited = asyncio.ensure_future(behind)
    while not awaited.done():
        await connection.interrupt()
        await asyncio.wait([awaited], timeout=0.01)
    await awaited


def _roll_back(connection: aiosqlite.Connection) -> None:
    if connection.in_transaction:
        connection._conn.rollback()


class _Turn(ConnectionWrapper[aiosqlite.Connection]):
    """Tortoise's, which interrupts the statement that it was taken for when that is given up."""

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        try:
            if exc_type is asyncio.CancelledError:
                await to_the_end(_interrupt(self.connection))
        finally:
            await super().__aexit__(exc_type, exc_val, exc_tb)


class SqliteClient(SqliteTransactionWrapper):
    """Tortoise's view of one connection inside one transaction of ours."""

    def __init__(self, connection: aiosqlite.Connection, tally: Tally) -> None:
        self.connection_name = "sqlite"
        self.fetch_inserted = True
        self.log = db_client_logger
        self._connection = connection
        self.longest = 0
        """Characters of the longest statement that it ran."""
        self._tally = tally
        self._lock = asyncio.Lock()
        self._savepoint = None
        self._finalized = False

    def acquire_connection(self) -> "_Turn":
        """One statement's turn of the connection."""
        return _Turn(self._lock, self)

    def _in_transaction(self) -> TransactionContext:
        nested = SqliteClient(self._connection, self._tally)
        nested._lock = self._lock
        return NestedTransactionContext(nested)

    async def execute_script(self, query: str) -> None:
        """Each statement in turn; the driver's own way would commit our transaction first."""
        for statement in statements(query):
            await self.execute_query(statement)

    async def rows(self, text: str, params: Sequence[Any]) -> list[Mapping[str, Any]]:
        """What a statement answers, as dicts."""
        self.longest = max(self.longest, len(text))
        _, found = await self.execute_query(text, [plain(param) for param in params])
        return [dict(row) for row in found]

    async def attempt(self, text: str, params: Sequence[Any]) -> list[Mapping[str, Any]]:
        """The same: a statement that can't be read spoils nothing here."""
        return await self.rows(text, params)

    async def execute_insert(self, query: str, values: list[Any]) -> int:
        """Tortoise's, counted, its errors typed."""
        with self._statement(values):
            row_id: int = await super().execute_insert(query, values)
            return row_id

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        """Tortoise's, counted, its errors typed."""
        with self._statement([value for row in values for value in row]):
            await super().execute_many(query, values)

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, Sequence[Any]]:
        """Tortoise's, counted, its errors typed."""
        with self._statement(values or []):
            answer: tuple[int, Sequence[Any]] = await super().execute_query(query, values)
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
        with _translated():
            yield


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OverflowError, UnicodeEncodeError, sqlite3.DataError) as error:
        raise BadValue(f"a value that SQLite can't keep: {error}") from error
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            raise Busy("another process is writing to the database and does not let go of it") from error
        _raise_too_much(error)
        raise
    except OperationalError as error:
        _raise_too_much(error)
        raise


def _raise_too_much(error: Exception) -> None:
    """SQLite has its measures: before 3.46 a hundred levels, whatever they are made of; 64 bits for a sum."""
    if "integer overflow" in str(error):
        raise BadValue("a sum is beyond 64 bits") from error
    if "parser stack overflow" in str(error):
        raise TooDeep("SQLite can't read a statement that is nested as deep as this one") from error
    if "too many SQL variables" in str(error):
        raise TooLong("SQLite can't read a statement with as many parameters as this one has") from error
