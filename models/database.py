"""The way to the database: one snapshot to read in, one transaction to write in.

    database = await Database.open("sqlite://carteira.db")
    async with database.reading() as session:
        rows = await session.fetch(Sql("SELECT id FROM deal WHERE owner_id = ?", (owner,)))
    async with database.writing() as session:
        await Contact.create(account=account, name="Ana")

Inside either, Tortoise's models take part in the session that the task (or the task that started it)
is in; outside there is no database for them. Several databases may be open at once, all of one dialect.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from tortoise import Model, fields
from tortoise.context import TortoiseContext, _current_context
from tortoise.exceptions import IntegrityError
from tortoise.fields.data import CharEnumFieldInstance

from models.engines.engine import Client, Engine
from models.engines.errors import BadUrl, BadValue, Busy, Crossed, Unreachable, without_password
from models.engines.postgres import PostgresEngine
from models.engines.sqlite import SqliteEngine
from models.engines.tally import Tally
from models.engines.values import plain, refuse_unstorable
from models.sql import Sql
from models.turns import Turns

__all__ = [
    "BadUrl",
    "BadValue",
    "Busy",
    "Crossed",
    "Database",
    "Dialect",
    "IntegrityError",
    "Session",
    "Unreachable",
    "among",
    "hydrate",
    "session_of_task",
    "without_password",
]


class Dialect(StrEnum):
    """The databases that Carteira speaks to."""

    SQLITE = "sqlite"
    POSTGRES = "postgres"


class Session:
    """One transaction. `statements` is how many statements it ran, those of models included."""

    def __init__(self, database: "Database", client: Client, tally: Tally, *, writes: bool) -> None:
        self.database = database
        self.dialect = database.dialect
        self.writes = writes
        self._client = client
        self._tally = tally

    @property
    def statements(self) -> int:
        """How many statements were run so far; beginning and ending are not counted."""
        return self._tally.statements

    @property
    def open(self) -> bool:
        """Whether the session has not ended yet."""
        return not self._tally.ended

    async def fetch(self, sql: Sql) -> list[Mapping[str, Any]]:
        """The rows that a statement answers; several tasks may ask at once and are served in turn.

        Parameters are Python's: UUIDs, aware datetimes, dates, booleans, enums, numbers, text, and on
        PostgreSQL lists for arrays. What comes back is the driver's: see `hydrate`.
        Raises BadValue, IntegrityError.
        """
        return await self._client.rows(sql.text, sql.params)

    async def attempt(self, sql: Sql) -> list[Mapping[str, Any]]:
        """As `fetch`; where it raises, the session goes on as though nothing had been asked."""
        return await self._client.attempt(sql.text, sql.params)

    async def lock(self, model: type[Model], ids: Iterable[UUID]) -> None:
        """Hold the rows until the transaction ends, in an order that lets no two writers wait crosswise.

        SQLite has one writer, so there everything is held already.
        """
        if not self.writes:
            raise RuntimeError("rows are locked inside `writing()` alone")
        if self.dialect is Dialect.POSTGRES:
            rows = among(self.dialect, "id", sorted(set(ids)))
            await self.fetch(
                f"SELECT id FROM {model._meta.db_table} WHERE " + rows + " ORDER BY id FOR UPDATE"
            )


_session: ContextVar[Session | None] = ContextVar("session", default=None)


def session_of_task() -> Session:
    """The session that the task is in. Raises RuntimeError outside of one."""
    session = _session.get()
    if session is None:
        raise RuntimeError("there is no session here: do this inside `reading()` or `writing()`")
    return session


class Database:
    """A database that is open. Close it: an open SQLite file keeps the process alive.

    `statements` is how many were run by `row`; sessions count their own.
    """

    def __init__(self, url: str, dialect: Dialect, engine: Engine) -> None:
        self.url = url
        self.dialect = dialect
        self._engine = engine
        self.statements = 0
        self._tortoise = TortoiseContext()
        self._wakes: list[Callable[[], None]] = []
        self._writers = Turns(engine.share)

    @classmethod
    async def open(cls, url: str, *, busy_seconds: float = 10.0) -> "Database":
        """Open `sqlite://PATH` (relative; with a third slash absolute) or `postgres://…`.

        A writer waits `busy_seconds` for another process that writes to the same SQLite file.
        Raises BadUrl, Unreachable.
        """
        dialect = _dialect_of(url)
        engine: Engine
        if dialect is Dialect.SQLITE:
            engine = await SqliteEngine.open(url, busy_seconds)
        else:
            engine = await PostgresEngine.open(url)
        database = cls(url, dialect, engine)
        await database._tortoise.init(tortoise_config(dialect, engine.config), init_connections=False)
        return database

    @property
    def share(self) -> int:
        """How many sessions one person should have at once, so that others find connections free."""
        return self._engine.share

    async def close(self) -> None:
        """Give back every connection."""
        await self._engine.close()

    def reading(self) -> AbstractAsyncContextManager[Session]:
        """One snapshot of everything, never waiting for a writer; writing in it fails."""
        return self._session(self._engine.reading, writes=False)

    async def row(self, text: str, params: Sequence[Any]) -> Mapping[str, Any]:
        """The one row that a statement answers, read in no session: one statement is one snapshot by itself.

        Raises BadValue, TooDeep.
        """
        self.statements += 1
        return await self._engine.row(text, params)

    @asynccontextmanager
    async def writing_in_turn(self, account_id: UUID) -> AsyncIterator[Session]:
        """The same as `writing`, for one of an account's many writers.

        They wait for each other where what viewers are built from changes, and a connection is not to wait
        with each of them: other accounts' writers would find none.
        """
        async with self._writers.of(account_id), self.writing() as session:
            yield session

    def writing(self) -> AbstractAsyncContextManager[Session]:
        """One transaction, committed at the end, rolled back on any exception, cancellation included.

        On SQLite one at a time; raises Busy when another process keeps the file. On PostgreSQL raises
        Crossed when another writer and this one wait for each other.
        """
        current = _session.get()
        if current is not None and current.writes and current.open and current.database is self:
            raise RuntimeError(
                "a transaction is open in this task already: pass its session on instead of opening another"
            )
        return self._session(self._engine.writing, writes=True)

    async def analyze(self) -> None:
        """Let the database look at what its tables hold: without that its planner guesses, and guesses badly.

        PostgreSQL does so by itself after a while, SQLite never. Raises Busy.
        """
        await self._engine.analyze()

    def migrating(self) -> AbstractAsyncContextManager[Session]:
        """One transaction that may remake tables; whoever else migrates waits. For `models.migrating`."""
        return self._session(self._engine.migrating, writes=True)

    @asynccontextmanager
    async def listening(self, wake: Callable[[], None]) -> AsyncIterator[None]:
        """Call `wake` after each write of this process, and of others where the database tells of them."""
        self._wakes.append(wake)
        try:
            async with self._engine.listening(wake):
                yield
        finally:
            self._wakes.remove(wake)

    @asynccontextmanager
    async def _session(
        self, begin: Callable[[Tally], AbstractAsyncContextManager[Client]], *, writes: bool
    ) -> AsyncIterator[Session]:
        tally = Tally()
        _speak(self.dialect, self._tortoise)
        async with begin(tally) as client:
            session = Session(self, client, tally, writes=writes)
            before = (_current_context.get(), _session.get())
            connections = self._tortoise.connections
            outer = connections.set(self.dialect, client)  # type: ignore[arg-type]
            _current_context.set(self._tortoise)
            _session.set(session)
            try:
                yield session
            finally:
                _current_context.set(before[0])
                _session.set(before[1])
                connections.reset(outer)
        if writes:
            for wake in self._wakes:
                wake()


def tortoise_config(dialect: Dialect, connection: dict[str, Any]) -> dict[str, Any]:
    """What Tortoise is told: our models, and where migrations lie."""
    return {
        "connections": {dialect.value: connection},
        "apps": {
            "models": {
                "models": ["models"],
                "default_connection": dialect.value,
                "migrations": "migrations",
            }
        },
    }


def _dialect_of(url: str) -> Dialect:
    scheme, separator, _ = url.partition("://")
    if separator and scheme == "sqlite":
        return Dialect.SQLITE
    if separator and scheme in ("postgres", "postgresql"):
        return Dialect.POSTGRES
    raise BadUrl(
        f"{without_password(url)!r} names no database that Carteira knows: "
        "write sqlite://carteira.db or postgres://user@host:5432/database"
    )


_spoken: Dialect | None = None


def _speak(dialect: Dialect, context: TortoiseContext) -> None:
    """Tortoise keeps half-built queries on each model's class, in one dialect: see that it is ours."""
    global _spoken
    if _spoken is not dialect:
        apps = context.apps
        assert apps is not None
        token = _current_context.set(context)
        try:
            for model in apps.get_models_iterable():
                model._meta.default_connection = dialect.value
            apps._build_initial_querysets()
        finally:
            _current_context.reset(token)
        _spoken = dialect


def among(dialect: Dialect, column: str, values: Iterable[Any]) -> Sql:
    """`column` is one of `values`, as one parameter whatever their number; among none: false, for null too.

    Raises BadValue.
    """
    listed = [plain(value) for value in values]
    refuse_unstorable(listed)
    if dialect is Dialect.POSTGRES:
        return Sql(f"{column} = ANY(?)", (listed,))
    return Sql(f"{column} IN (SELECT value FROM json_each(?))", (json.dumps(listed, default=_json_member),))


def _json_member(value: Any) -> str:
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"`among` takes UUIDs, text, numbers and enums, not {type(value).__name__}")


def hydrate(model: type[Model], row: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of `row` as Python values by the fields of `model`; what is no column stays as it is.

    UUIDs, instants in UTC, dates, booleans, enums, and what JSON holds.
    """
    converters = _converters(model)
    return {
        column: value if value is None or column not in converters else converters[column](value)
        for column, value in row.items()
    }


@cache
def _converters(model: type[Model]) -> dict[str, Callable[[Any], Any]]:
    found = {}
    for name, column in model._meta.fields_db_projection.items():
        converter = _converter(model._meta.fields_map[name])
        if converter is not None:
            found[column] = converter
    return found


def _converter(field: fields.Field[Any]) -> Callable[[Any], Any] | None:
    if isinstance(field, CharEnumFieldInstance):
        return field.enum_type
    for kind, converter in _CONVERTERS.items():
        if isinstance(field, kind):
            return converter
    return None


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _instant(value: Any) -> datetime:
    instant = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, (str, bytes)) else value


_CONVERTERS: dict[type[Any], Callable[[Any], Any]] = {
    fields.UUIDField: _uuid,
    fields.DatetimeField: _instant,
    fields.DateField: _day,
    fields.BooleanField: bool,
    fields.JSONField: _json,
}
