"""The relay: every event, in order, whichever transaction ends first; nothing is left when nobody watches."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest

from models.contact import Contact
from models.database import Database, Dialect
from models.operations.create_contact import create_contact
from models.operations.update_contact import update_contact
from models.outbox import Position
from models.relay import Feed, OutOfReach, Relay
from models.sql import Sql
from tests.models.operations.world import World, make_world
from tests.serving import LONGEST_WAIT


@pytest.fixture
async def world(database: Database) -> World:
    async with database.writing():
        return await make_world(database)


async def named(world: World, name: str) -> UUID:
    async with world.writing():
        made: UUID = (await create_contact(world.by, name=name)).id
        return made


async def renamed(world: World, id: UUID, name: str) -> None:
    async with world.writing():
        await update_contact(world.by, await Contact.get(id=id), name=name)


async def events(feed: Feed, position: Position, many: int) -> list[UUID]:
    """The records of the next so many events after `position`."""
    found: list[UUID] = []
    while len(found) < many:
        stirred = feed.stirred
        scene = await feed.scene(position)
        found += [each.event.record_id for each in scene.happenings]
        if scene.happenings:
            position = scene.happenings[-1].event.position
        else:
            await stirred.wait()
    return found


async def test_what_is_written_while_somebody_watches_comes_in_order(world: World) -> None:
    before = await named(world, "Before")
    relay = Relay(world.database)
    async with relay.watching(world.account.id) as feed:
        assert await events(feed, Position(0, 0), 1) == [before]
        start = feed.end
        ids = [await named(world, f"Contact {number}") for number in range(5)]
        assert await events(feed, start, 5) == ids
    assert (relay.watched, relay._task) == (0, None)


async def test_whoever_is_behind_what_is_kept_reads_the_outbox(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.relay.MOST_KEPT", 3)
    monkeypatch.setattr("models.relay.LARGEST_BATCH", 2)
    relay = Relay(world.database)
    async with relay.watching(world.account.id) as feed:
        start = feed.end
        ids = [await named(world, f"Contact {number}") for number in range(9)]
        await events(feed, start, 9)
        assert len(feed._kept) == 3
        assert await events(feed, start, 9) == ids


async def test_who_watches_is_woken_by_another_database_of_the_same_name(world: World) -> None:
    """As another process would write; SQLite tells nothing of it, so there it is found by looking."""
    other = await Database.open(world.database.url)
    relay = Relay(other)
    try:
        async with relay.watching(world.account.id) as feed:
            start = feed.end
            id = await named(world, "From elsewhere")
            assert await events(feed, start, 1) == [id]
    finally:
        await other.close()


async def test_a_transaction_that_ends_late_is_not_missed(world: World) -> None:
    if world.database.dialect is Dialect.SQLITE:
        pytest.skip("SQLite writes one transaction at a time")
    relay = Relay(world.database)
    written, go_on = asyncio.Event(), asyncio.Event()

    async def late() -> UUID:
        async with world.writing():
            made = await create_contact(world.by, name="Late")
            written.set()
            await go_on.wait()
            return made.id  # type: ignore[no-any-return]

    async with relay.watching(world.account.id) as feed:
        start = feed.end
        writing = asyncio.create_task(late())
        await written.wait()
        early = await named(world, "Early")
        await feed.advance()
        assert (await feed.scene(start)).happenings == ()
        go_on.set()
        assert await events(feed, start, 2) == [await writing, early]


async def test_a_transaction_of_another_database_holds_nothing_back(
    world: World, fresh_url: Callable[[], Awaitable[str]]
) -> None:
    if world.database.dialect is Dialect.SQLITE:
        pytest.skip("SQLite's databases know nothing of each other")
    relay = Relay(world.database)
    async with AsyncExitStack() as stack:
        other = await Database.open(await fresh_url())
        stack.push_async_callback(other.close)
        before = await named(world, "Before")
        await stack.enter_async_context(other.writing())
        await make_world(other)
        after = [await named(world, name) for name in ("A", "B")]
        feed = await stack.enter_async_context(relay.watching(world.account.id))
        more = await named(world, "C")
        # Those of yet other databases, which end while it looks, may hold it up until it looks again.
        async with asyncio.timeout(LONGEST_WAIT):
            assert await events(feed, Position(0, 0), 4) == [before, *after, more]


async def test_the_states_around_an_event_are_the_same_whenever_it_is_looked_at(world: World) -> None:
    relay = Relay(world.database)
    async with relay.watching(world.account.id) as feed:
        start = feed.end
        id = await named(world, "A")
        first = (await _scene(feed, start)).happenings[0]
        for name in ("B", "C"):
            await renamed(world, id, name)
        later = (await _scene(feed, start, 3)).happenings
    assert first.before is None
    assert [bool(each.before) for each in later] == [False, True, True]
    assert later[0].after is later[1].before
    assert later[2].after is later[2].now
    assert later[2].now["name"] == "C"  # type: ignore[index]


async def _scene(feed: Feed, start: Position, many: int = 1) -> Any:
    await events(feed, start, many)
    return await feed.scene(start)


async def test_a_place_that_the_outbox_never_had_is_out_of_reach(world: World) -> None:
    relay = Relay(world.database)
    await named(world, "A")
    async with relay.watching(world.account.id) as feed:
        await events(feed, Position(0, 0), 1)
        await feed.require_kept(feed.end)
        with pytest.raises(OutOfReach):
            await feed.require_kept(Position(feed.end.xact, feed.end.id + 1))


async def test_on_postgres_one_connection_hears_for_all_and_is_given_back(world: World) -> None:
    if world.database.dialect is Dialect.SQLITE:
        pytest.skip("a file tells nothing")
    relay = Relay(world.database)
    async with (
        relay.watching(world.account.id) as feed,
        relay.watching(world.account.id) as same,
    ):
        assert feed is same
        start = feed.end
        await named(world, "A")
        await events(feed, start, 1)
        while await _hearing(world.database) != 1:  # noqa: ASYNC110 the server tells when it does
            await asyncio.sleep(0)
    while await _hearing(world.database):
        pass


async def _hearing(database: Database) -> int:
    text = (
        "SELECT count(*) AS n FROM pg_stat_activity "
        "WHERE datname = current_database() AND query LIKE 'LISTEN%'"
    )
    async with database.reading() as session:
        return int((await session.fetch(Sql(text)))[0]["n"])
