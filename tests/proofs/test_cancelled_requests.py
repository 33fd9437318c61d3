"""A request that is given up leaves nothing behind: no wrong answer, connection, lock, or half write.

One endpoint answers many requests at a time. Half of them are cancelled at a random moment, from before
they begin until after they have ended; the others must be answered as if nobody had been cancelled.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import orjson
import pytest

from authz.identity_providers import KeySets
from authz.tokens import Unproved
from bench.queries import CONTACTS, DEAL_PAGES, DEAL_STATS, DEALS, VIEWER
from models import Deal, TimelineEntry
from models.database import BadValue, Database, Dialect
from models.engines.postgres import PostgresEngine
from models.engines.sqlite import READERS, SqliteEngine
from models.sql import Sql
from resolvers.answering import Asked
from resolvers.http import Endpoint
from schema.context import Context
from tests.resolvers.support import KEYS, Scene, gid, make_scene, mutation_of, signed_in

SEED = 11
CANCELLED = 1_000
ANSWERED = 1_000
AT_ONCE = 16
MOST_TURNS = 40
"""Turns of the loop that a request is given at most before it is cancelled: the last of them end in time."""

MUTATED = 0.15
FORGOTTEN = 0.2
"""How many requests find their viewer not kept, and so read in a session."""

MOST_LOOKS = 1_000
"""How often the database is looked at until what was cancelled has been tidied away."""

UPDATE = mutation_of("updateDeal", "deal { id title }")
READS: Sequence[tuple[str, Mapping[str, Any]]] = (
    (DEALS, {"first": 20}),
    (CONTACTS, {"first": 5, "deals": 3}),
    (DEAL_PAGES, {"first": 4, "after": None}),
    (DEAL_STATS, {"by": "OWNER"}),
    (VIEWER, {}),
)
IN_ANY_SESSION = """
    SELECT pid, state, query, xact_start IS NOT NULL AS in_transaction,
           (SELECT count(*) FROM pg_locks l WHERE l.pid = a.pid) AS locks
    FROM pg_stat_activity a
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `right` is the body that must answer it, `turns` when it is given up, if it is."""

    asker: Unproved
    asked: Asked
    right: bytes
    forgotten: bool
    turns: int | None = None


@dataclass
class Crowd:
    """The endpoint, those who ask, and deals that nobody reads but who retitles them."""

    scene: Scene
    endpoint: Endpoint
    readers: list[Unproved]
    writer: Unproved
    retitled: list[Deal]
    """One for each who works; the second half is of writes that are given up."""
    right: dict[tuple[Unproved, int], bytes] = field(default_factory=dict)
    titles: dict[str, set[str]] = field(default_factory=dict)
    ends: Counter[str] = field(default_factory=Counter)

    async def answer(self, asker: Unproved, asked: Asked) -> bytes:
        """The body of the answer."""
        context = Context(self.scene.database, KEYS, asker)
        return bytes((await self.endpoint.answer(context, asked)).body)

    async def learn(self) -> None:
        """Ask everything once, before anything is cancelled."""
        for asker in self.readers:
            for number, (document, variables) in enumerate(READS):
                body = await self.answer(asker, Asked(document, dict(variables)))
                assert "errors" not in orjson.loads(body)
                self.right[asker, number] = body

    def request(self, chance: random.Random, worker: int, number: int, *, given_up: bool) -> Request:
        """A request drawn by chance."""
        turns = chance.randint(0, MOST_TURNS) if given_up else None
        forgotten = chance.random() < FORGOTTEN
        if chance.random() < MUTATED:
            asked, right = self._retitling(worker + (AT_ONCE if given_up else 0), f"Title {number}")
            return Request(self.writer, asked, right, forgotten, turns)
        asker, which = chance.choice(self.readers), chance.randrange(len(READS))
        document, variables = READS[which]
        return Request(asker, Asked(document, dict(variables)), self.right[asker, which], forgotten, turns)

    def _retitling(self, which: int, title: str) -> tuple[Asked, bytes]:
        id = gid(self.retitled[which])
        self.titles.setdefault(id, {self.retitled[which].title}).add(title)
        payload = {"deal": {"id": id, "title": title}, "userErrors": []}
        asked = Asked(UPDATE, {"input": {"id": id, "title": title}})
        return asked, orjson.dumps({"data": {"updateDeal": payload}})

    async def work(self, requests: Sequence[Request]) -> None:
        """Ask one request after the other."""
        for request in requests:
            if request.forgotten:
                self.endpoint.viewers.forget(request.asker)
            if request.turns is None:
                assert await self.answer(request.asker, request.asked) == request.right
                self.ends["answered"] += 1
            else:
                await self._give_up(request, request.turns)

    async def _give_up(self, request: Request, turns: int) -> None:
        task = asyncio.create_task(self.answer(request.asker, request.asked))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        (end,) = await asyncio.gather(task, return_exceptions=True)
        self.ends["cancelled" if isinstance(end, asyncio.CancelledError) else "in time"] += 1
        assert isinstance(end, asyncio.CancelledError) or end == request.right


async def _crowd(database: Database) -> Crowd:
    scene = await make_scene(database)
    for owner in (scene.ana, scene.ben):
        for number in range(8):
            placed = {"owner": owner, "team": scene.north, "inbox": scene.mail}
            contact = await scene.contact(name=f"Client {number}", **placed)
            await scene.deal(title=f"Deal {number}", contact=contact, **placed)
    retitled = [await scene.deal(owner=scene.cid, team=scene.south) for _ in range(2 * AT_ONCE)]
    people = [await signed_in(database, one) for one in (scene.ana, scene.ben, scene.max, scene.cid)]
    *readers, writer = [one for one in people if one is not None]
    endpoint = Endpoint(database, KEYS, KeySets(development=True), development=False)
    return Crowd(scene, endpoint, readers, writer, retitled)


@pytest.fixture
async def crowd(database: Database) -> Crowd:
    """Everybody has been answered once."""
    crowd = await _crowd(database)
    await crowd.learn()
    return crowd


def _rounds(crowd: Crowd) -> list[list[Request]]:
    """What each who works asks for, those given up among the others."""
    chance = random.Random(SEED)
    given_up = [True] * CANCELLED + [False] * ANSWERED
    chance.shuffle(given_up)
    requests: list[list[Request]] = [[] for _ in range(AT_ONCE)]
    for number, gives_up in enumerate(given_up):
        worker = number % AT_ONCE
        requests[worker].append(crowd.request(chance, worker, number, given_up=gives_up))
    return requests


async def test_who_gives_up_leaves_nothing_behind(crowd: Crowd) -> None:
    before = len(asyncio.all_tasks())
    async with asyncio.TaskGroup() as group:
        for requests in _rounds(crowd):
            group.create_task(crowd.work(requests))
    assert crowd.ends["answered"] == ANSWERED
    assert crowd.ends["cancelled"] > CANCELLED / 2
    await _all_is_idle(crowd.scene.database)
    await _a_write_succeeds(crowd)
    await _writes_are_whole(crowd)
    await _answers_are_still_right(crowd)
    await _all_is_idle(crowd.scene.database)
    assert len(asyncio.all_tasks()) == before


@pytest.mark.parametrize("dialect", [Dialect.POSTGRES])
async def test_a_statement_given_up_half_way_leaves_its_connection_as_it_was(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement that is new to its connection is prepared first; it is given up then, before it runs."""
    prepare = asyncpg.connection.Connection._get_statement

    async def preparing(*args: Any, **named: Any) -> Any:
        statement = await prepare(*args, **named)
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)
        return statement

    with monkeypatch.context() as patched, pytest.raises(asyncio.CancelledError):
        patched.setattr(asyncpg.connection.Connection, "_get_statement", preparing)
        await asyncio.create_task(
            database.row("SELECT count(*) AS found FROM deal WHERE title = ?", ("Bikes",))
        )
    await _all_is_idle(database)
    await _a_snapshot_can_be_read(database)


async def test_a_statement_whose_value_is_refused_leaves_its_connection_as_it_was(database: Database) -> None:
    with pytest.raises(BadValue):
        await database.row("SELECT count(*) AS found FROM deal WHERE amount = ?", (2**80,))
    await _all_is_idle(database)
    await _a_snapshot_can_be_read(database)


async def _a_snapshot_can_be_read(database: Database) -> None:
    async with database.reading() as session:
        assert len(await session.fetch(Sql("SELECT 1 AS one"))) == 1


async def _all_is_idle(database: Database) -> None:
    if database.dialect is Dialect.POSTGRES:
        await _postgres_is_idle(database)
    else:
        _sqlite_is_idle(database._engine)


def _sqlite_is_idle(engine: Any) -> None:
    assert isinstance(engine, SqliteEngine)
    assert engine._writer is not None
    assert 1 <= len(engine._readers) <= READERS
    assert sorted(map(id, engine._idle)) == sorted(map(id, engine._readers))
    assert engine._free._value == READERS
    assert not engine._turn.locked()
    assert not any(connection.in_transaction for connection in (*engine._readers, engine._writer))


async def _postgres_is_idle(database: Database) -> None:
    """What a cancelled statement has left to do it does behind the cancellation, so look until it is done."""
    onlooker = await asyncpg.connect(database.url)
    try:
        for _ in range(MOST_LOOKS):
            busy = [*_pools_at_work(database._engine), *await _sessions_at_work(onlooker)]
            if not busy:
                return
        pytest.fail(f"still at work: {busy}")
    finally:
        await onlooker.close()


def _pools_at_work(engine: Any) -> list[str]:
    assert isinstance(engine, PostgresEngine)
    assert engine._readers is not None
    assert engine._writers is not None
    pools = {"readers": engine._readers, "writers": engine._writers}
    return [
        f"{name}: {pool.get_idle_size()} of {pool.get_size()} idle"
        for name, pool in pools.items()
        if pool.get_size() != pool.get_idle_size()
    ]


async def _sessions_at_work(onlooker: asyncpg.Connection) -> list[Mapping[str, Any]]:
    sessions = [dict(row) for row in await onlooker.fetch(IN_ANY_SESSION)]
    return [one for one in sessions if one["state"] != "idle" or one["in_transaction"] or one["locks"]]


async def _a_write_succeeds(crowd: Crowd) -> None:
    for which in range(2 * AT_ONCE):
        asked, right = crowd._retitling(which, f"Last {which}")
        assert await crowd.answer(crowd.writer, asked) == right


async def _writes_are_whole(crowd: Crowd) -> None:
    """Each change of a deal is in its timeline, and each that was made was asked for."""
    async with crowd.scene.database.reading():
        for made in crowd.retitled:
            deal = await Deal.get(id=made.id)
            entries = await TimelineEntry.filter(record_id=deal.id).order_by("number")
            titles = [entry.changes["title"] for entry in entries]
            assert deal.version == 1 + len(entries)
            assert [before for before, _ in titles] == [made.title, *(after for _, after in titles)][:-1]
            assert titles[-1][1] == deal.title
            assert {after for _, after in titles} <= crowd.titles[gid(deal)]


async def _answers_are_still_right(crowd: Crowd) -> None:
    for (asker, which), right in crowd.right.items():
        document, variables = READS[which]
        assert await crowd.answer(asker, Asked(document, dict(variables))) == right
