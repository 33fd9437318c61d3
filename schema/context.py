"""What a request carries: who asks, and the one snapshot that all its reading sees."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from authz.compiling import Compiler
from authz.keys import Keys
from authz.predicate import NEVER
from authz.scopes import visible
from authz.tokens import BadToken, Unproved, prove
from authz.viewer import Viewer, load_viewer
from models.base import Row
from models.database import Database, Session, hydrate
from models.sql import Sql, value
from schema.reading.size import Size
from schema.tables import MODELS, physical

LONGEST_QUERY = 10.0
"""Seconds that a request may read: what takes longer is given up, its statement interrupted."""

Columns = dict[str, Any]
Work = Callable[[], Awaitable[object]]
"""What goes on by itself once a request is done."""


def _never(work: Work) -> None:
    """Leave it to whoever goes on with what is unfinished."""


@dataclass(slots=True)
class Context:
    """One request's. All reading sees one snapshot; after a mutation, a new one."""

    database: Database
    keys: Keys
    unproved: Unproved | None = None
    viewer: Viewer | None = None
    request_id: str = ""
    address: str = ""
    development: bool = False
    act: Any = None
    walk: Any = None
    document: Any = None
    memory: Any = None
    planned: bool = True
    expires_at: Any = None
    signs_in: bool = False
    size: Size = field(default_factory=Size)
    seconds_read: float = 0.0
    spawn: Callable[[Work], None] = _never
    _reading: AbstractAsyncContextManager[Session] | None = None
    _session: Session | None = None

    @property
    def may_introspect(self) -> bool:
        """Whether the schema itself, and suggestions of its names, may be shown."""
        return self.development or self.viewer is not None

    @property
    def session(self) -> Session:
        """The snapshot that this request reads."""
        assert self._session is not None
        return self._session

    async def start_reading(self) -> None:
        """Take a snapshot, and load the viewer as it has them. Raises BadToken."""
        self._reading = self.database.reading()
        self._session = await self._reading.__aenter__()
        if self.unproved is not None:
            claim = await prove(self._session, self.unproved)
            self.viewer = await load_viewer(self._session, claim)
            self.expires_at = claim.expires_at

    async def stop_reading(self) -> None:
        """Let the snapshot go."""
        reading, self._reading, self._session = self._reading, None, None
        if reading is not None:
            await reading.__aexit__(None, None, None)

    async def read_anew(self) -> None:
        """Take a new snapshot: a viewer who is no more sees nothing in it."""
        await self.stop_reading()
        try:
            await self.start_reading()
        except BadToken:
            self.viewer = None

    async def begin_again(self) -> None:
        """Take a new snapshot where there was one: a statement that failed has spoilt it."""
        if self._session is not None:
            await self.read_anew()

    @asynccontextmanager
    async def reading_in_time(self) -> AsyncIterator[None]:
        """Read for as long as the request still may, all that it so reads together. Raises TimeoutError."""
        left = LONGEST_QUERY - self.seconds_read
        if left <= 0:
            raise TimeoutError
        begun = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(left):
                yield
        finally:
            self.seconds_read += asyncio.get_running_loop().time() - begun

    async def row(self, text: str, params: Sequence[Any]) -> Mapping[str, Any]:
        """The one row that a statement answers, in this request's snapshot."""
        return (await self.session.fetch(Sql(text, tuple(params))))[0]

    async def row_attempted(self, text: str, params: Sequence[Any]) -> Mapping[str, Any]:
        """The same; where it raises, the snapshot is as good as before."""
        return (await self.session.attempt(Sql(text, tuple(params))))[0]

    @property
    def known_viewer(self) -> Viewer:
        """The viewer, where a rule has made sure that there is one."""
        assert self.viewer is not None
        return self.viewer

    def compiler(self) -> Compiler:
        """A compiler of predicates for this viewer and database."""
        return Compiler(self.session.dialect, self.known_viewer)

    async def rows(self, table: str, sql: Sql) -> list[Columns]:
        """The rows that the statement reads from `table`, as Python values."""
        return [read_row(table, row) for row in await self.session.fetch(sql)]

    async def related(self, table: str, column: str, held: Any) -> Sequence[Columns]:
        """The rows of `table` that hold `held` in `column`: for judging a row in hand."""
        return await self.rows(table, Sql(f"SELECT * FROM {table} WHERE {column} = ?", (held,)))

    async def find(self, table: str, id: UUID | None) -> Columns | None:
        """The row with this id, where the viewer has it in sight."""
        if id is None or self.viewer is None:
            return None
        predicate = visible(table, self.viewer)
        if predicate == NEVER:
            return None
        condition = self.compiler().sql(predicate, "t")
        statement = f"SELECT t.* FROM {physical(table)} t WHERE t.id = " + value(id) + " AND " + condition
        found = await self.rows(table, statement)
        return found[0] if found else None


def read_row(table: str, row: Mapping[str, Any]) -> Columns:
    """A raw row of `table` as Python values; columns of the statement's own stay as they are."""
    model: type[Row] = MODELS[table]
    return {**row, **hydrate(model, row)}
