"""The relay: reads the outbox in order, once a process, and wakes those who watch.

    relay = Relay(database)
    async with relay.watching(account_id) as feed:
        stirred = feed.stirred
        scene = await feed.scene(position)
        …
        await stirred.wait()

Nothing is buffered for anyone: a feed keeps its account's newest events, which each watcher walks at
their own pace, and whoever is further behind reads the outbox. Without watchers there is no task,
no connection and no event kept.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import takewhile
from typing import Any
from uuid import UUID

from models.database import Database, Dialect, Session
from models.engines.cancelling import stop
from models.outbox import Event, Position, event_of
from models.scene import Scene, read_scene
from models.sql import Sql

log = logging.getLogger("carteira.relay")

MOST_KEPT = 1_000
"""Events that a feed keeps."""

LARGEST_BATCH = 500
"""Events that are looked at together."""

MOST_SCENES = 8
"""Scenes that a feed keeps, for watchers who are at different places."""

POLL_SECONDS = 1.0
"""How often the outbox is looked at though nobody told: another process may write to a SQLite file."""

SETTLING_SECONDS = 0.02
"""How soon it is looked at again while something written waits for an older transaction to end."""


_BEFORE_ALL = Position(0, 0)
_LATER_THAN_ALL = 2**63 - 1


class OutOfReach(Exception):
    """The outbox no longer keeps what came after this position."""


class Feed:
    """One account's events, and the version of what its viewers are built from.

    `stirred` is set, and another one put in its place, whenever something may have changed.
    """

    def __init__(self, database: Database, account_id: UUID) -> None:
        self.account_id = account_id
        self.version = 0
        self.end = _BEFORE_ALL
        self.stirred = asyncio.Event()
        self.watchers = 0
        self._database = database
        self._start = self.end
        self._kept: deque[Event] = deque()
        self._scenes: OrderedDict[tuple[Position, Position], asyncio.Task[Scene]] = OrderedDict()

    async def open(self) -> None:
        """Begin at the newest event."""
        async with self._database.reading() as session:
            self.version = await _version(session, self.account_id)
            self.end = self._start = await _newest(session, self.account_id)

    async def advance(self) -> bool:
        """Read what is new; say whether there may be more at once: a full batch, or one not yet settled."""
        async with self._database.reading() as session:
            version = await _version(session, self.account_id)
            rows = await session.fetch(_after(session.dialect, self.account_id, self.end, LARGEST_BATCH))
            events = await _settled(session, rows)
        self._keep(events)
        self.version = version
        return len(rows) == LARGEST_BATCH or len(events) < len(rows)

    def stir(self) -> None:
        """Wake every watcher."""
        self.stirred.set()
        self.stirred = asyncio.Event()

    def _keep(self, events: Sequence[Event]) -> None:
        self._kept.extend(events)
        while len(self._kept) > MOST_KEPT:
            self._start = self._kept.popleft().position
        if events:
            self.end = events[-1].position

    async def scene(self, position: Position) -> Scene:
        """What came after `position`, as one snapshot has it; all who are there share it."""
        if position >= self.end:
            return Scene(self.account_id, (), self.version)
        key = (position, self.end)
        task = self._scenes.get(key)
        if task is None or _failed(task):
            task = self._scenes[key] = asyncio.create_task(self._read_scene(position))
            while len(self._scenes) > MOST_SCENES:
                self._scenes.popitem(last=False)
        return await asyncio.shield(task)

    async def _read_scene(self, position: Position) -> Scene:
        async with self._database.reading() as session:
            events: Sequence[Event]
            if position >= self._start:
                events = [each for each in self._kept if each.position > position][:LARGEST_BATCH]
            else:
                after = _after(session.dialect, self.account_id, position, LARGEST_BATCH)
                found = map(event_of, await session.fetch(after))
                events = [each for each in found if each.position <= self.end]
            return await read_scene(session, self.account_id, events)

    async def require_kept(self, position: Position) -> None:
        """Raise OutOfReach unless everything after `position` is still in the outbox.

        What is taken out of it is its beginning, so it is enough that the event at `position` is there.
        """
        async with self._database.reading() as session:
            at = (self.account_id, position.xact, position.id)
            found = await session.fetch(
                Sql("SELECT id FROM outbox_event WHERE account_id = ? AND xact = ? AND id = ?", at)
            )
        if not found:
            raise OutOfReach

    async def close(self) -> None:
        """Stop what is being read for nobody."""
        await stop(*self._scenes.values())


class Relay:
    """A process's reading of the outbox: one task and at most one connection, while somebody watches."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._feeds: dict[UUID, Feed] = {}
        self._task: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self._turn = asyncio.Lock()

    @property
    def watched(self) -> int:
        """How many watch."""
        return sum(feed.watchers for feed in self._feeds.values())

    @asynccontextmanager
    async def watching(self, account_id: UUID) -> AsyncIterator[Feed]:
        """The account's feed, which is up to date when it is given."""
        feed = await self._join(account_id)
        try:
            yield feed
        finally:
            await asyncio.shield(self._leave(feed))

    async def _join(self, account_id: UUID) -> Feed:
        async with self._turn:
            feed = self._feeds.get(account_id)
            if feed is None:
                feed = Feed(self._database, account_id)
                await feed.open()
                self._feeds[account_id] = feed
            else:
                await feed.advance()
            feed.watchers += 1
            if self._task is None:
                self._task = asyncio.create_task(self._run())
            return feed

    async def _leave(self, feed: Feed) -> None:
        async with self._turn:
            feed.watchers -= 1
            if feed.watchers == 0:
                del self._feeds[feed.account_id]
                await feed.close()
            if not self._feeds and self._task is not None:
                await stop(self._task)
                self._task = None

    async def _run(self) -> None:
        async with self._database.listening(self._woken.set):
            while True:
                self._woken.clear()
                soon = await self._advance_all()
                await self._wait(SETTLING_SECONDS if soon else POLL_SECONDS)

    async def _advance_all(self) -> bool:
        soon = False
        for feed in list(self._feeds.values()):
            try:
                async with self._turn:
                    soon |= await feed.advance()
            except Exception:
                log.exception("The outbox could not be read; trying again.")
            feed.stir()
        return soon

    async def _wait(self, seconds: float) -> None:
        # Not `wait_for`: models/engines/cancelling.py says why.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()


def _failed(task: asyncio.Task[Scene]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


async def _version(session: Session, account_id: UUID) -> int:
    rows = await session.fetch(Sql("SELECT access_version FROM account WHERE id = ?", (account_id,)))
    return int(rows[0]["access_version"])


def _settled_before(dialect: Dialect) -> str:
    """Whether no older transaction can still write: PostgreSQL's end in another order than they begin."""
    if dialect is Dialect.SQLITE:
        return "1"
    return "(xact < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint))"


def _after(dialect: Dialect, account_id: UUID, position: Position, most: int) -> Sql:
    return Sql(
        f"SELECT *, {_settled_before(dialect)} AS settled FROM outbox_event "
        "WHERE account_id = ? AND (xact, id) > (?, ?) ORDER BY xact, id LIMIT ?",
        (account_id, position.xact, position.id, most),
    )


async def _newest(session: Session, account_id: UUID) -> Position:
    """The newest settled event, from which on nothing can be missed."""
    newest = (
        f"SELECT xact, id, {_settled_before(session.dialect)} AS settled FROM outbox_event "
        "WHERE account_id = ? AND xact < ? ORDER BY xact DESC, id DESC LIMIT 1"
    )
    rows = await session.fetch(Sql(newest, (account_id, _LATER_THAN_ALL)))
    if rows and not rows[0]["settled"]:
        rows = await session.fetch(Sql(newest, (account_id, await _oldest_open(session))))
    return Position(rows[0]["xact"], rows[0]["id"]) if rows else _BEFORE_ALL


async def _settled(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[Event]:
    """The events before which no other can still be written."""
    events = [event_of(row) for row in rows]
    held_back = next((n for n, row in enumerate(rows) if not row["settled"]), None)
    if held_back is None:
        return events
    oldest = await _oldest_open(session)
    return [*events[:held_back], *takewhile(lambda each: each.position.xact < oldest, events[held_back:])]


async def _oldest_open(session: Session) -> int:
    """The oldest transaction that the snapshot has open in this database, or the first after it."""
    return int((await session.fetch(_OLDEST_OPEN))[0]["xact"])


_OLDEST_OPEN = Sql(
    "WITH of_others AS MATERIALIZED (SELECT CAST(CAST(l.transactionid AS text) AS bigint) AS xact "
    "FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'transactionid' "
    "AND l.mode = 'ExclusiveLock' AND l.granted AND a.datname <> current_database() "
    "UNION ALL SELECT CAST(CAST(transaction AS text) AS bigint) FROM pg_prepared_xacts "
    "WHERE database <> current_database()), "
    "open AS (SELECT CAST(CAST(x AS text) AS bigint) AS xact "
    "FROM pg_snapshot_xip(pg_current_snapshot()) x) "
    "SELECT COALESCE(min(o.xact), CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint)) "
    "AS xact FROM open o WHERE o.xact % 4294967296 NOT IN (SELECT xact FROM of_others)"
)
"""All of a server's databases number their transactions in one row, but nothing that another one writes can
be an event of ours. Each open transaction has a lock on its own number, of which pg_locks has the last 32
bits (PostgreSQL's manual, 54.12 and 9.27.8).
"""
