"""Turns: what one person asks waits for what they asked before, and keeps nobody else waiting."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import pytest

from authz.tokens import Secret, hash_secret
from models.database import Database
from models.turns import Turns
from resolvers.answering import Asked
from schema.context import Context
from schema.reading.answering import Reading
from tests.resolvers.listening import listening, streams_of
from tests.resolvers.support import KEYS, Scene, api_token, gid, make_scene, mutate, signed_in
from tests.schema.reading.counting import Asker
from tests.serving import LONGEST_WAIT


async def test_so_many_at_once_and_the_next_as_one_ends() -> None:
    turns, log = Turns(2), list[str]()
    ends = {name: asyncio.Event() for name in "abc"}

    async def one(name: str) -> None:
        async with turns.of("ana"):
            log.append(name)
            await ends[name].wait()

    tasks = [asyncio.create_task(one(name)) for name in ends]
    await asyncio.wait(tasks, timeout=0)
    async with turns.of("ben"):
        assert log == ["a", "b"]
    ends["a"].set()
    await tasks[0]
    ends["b"].set()
    ends["c"].set()
    await asyncio.gather(*tasks)
    assert log == ["a", "b", "c"]
    assert turns._askers == {}


async def test_who_goes_while_they_wait_leaves_nothing_behind() -> None:
    turns = Turns(1)

    async def waiting() -> None:
        async with turns.of("ana"):
            pytest.fail("it was nobody's turn")

    async with turns.of("ana"):
        task = asyncio.create_task(waiting())
        await asyncio.wait([task], timeout=0)
        task.cancel()
        await asyncio.wait([task])
        async with turns.of("ben"):
            assert turns._askers.keys() == {"ana", "ben"}
    assert turns._askers == {}


@pytest.fixture
async def scene(database: Database) -> Scene:
    return await make_scene(database)


async def test_others_are_answered_meanwhile(scene: Scene) -> None:
    database = scene.database
    ana, ben = [Asker(database, await signed_in(database, each)) for each in (scene.ana, scene.ben)]
    endpoint = ben.endpoint = ana.endpoint
    document = "{ viewer { agent { name } } }"
    assert (await ana.ask(document))["viewer"]["agent"] == {"name": "Ana"}
    async with AsyncExitStack() as stack:
        for _ in range(database.share):
            await stack.enter_async_context(endpoint.turns.of(scene.ana.id))
        context = Context(database, KEYS, ana.unproved, request_id=uuid4().hex)
        hers = asyncio.create_task(endpoint.answer(context, Asked(document)))
        for _ in range(3):
            assert (await ben.ask(document))["viewer"]["agent"] == {"name": "Ben"}
        assert not hers.done()
    assert (await hers).status_code == 200
    assert endpoint.turns._askers == {}


async def test_by_whichever_token_it_is_the_same_persons_turn(scene: Scene) -> None:
    database, document = scene.database, "{ viewer { agent { name } } }"
    asker = Asker(database, await signed_in(database, scene.ben))
    endpoint = asker.endpoint
    fresh = Secret(hash_secret(await api_token(database, scene.ana)))
    async with AsyncExitStack() as stack:
        for _ in range(database.share):
            await stack.enter_async_context(endpoint.turns.of(scene.ana.id))
        context = Context(database, KEYS, fresh, request_id=uuid4().hex)
        hers = asyncio.create_task(endpoint.answer(context, Asked(document)))
        while endpoint.viewers.get(fresh) is None:
            assert (await asker.ask(document))["viewer"]["agent"] == {"name": "Ben"}
        assert (await asker.ask(document))["viewer"]["agent"] == {"name": "Ben"}
        assert not hers.done()
    assert (await hers).status_code == 200


async def test_other_accounts_write_meanwhile(scene: Scene) -> None:
    other, database = await make_scene(scene.database, "Other"), scene.database
    for who in (scene.ana, other.ana):
        await signed_in(database, who)
    async with AsyncExitStack() as stack:
        for _ in range(database.share):
            await stack.enter_async_context(database._writers.of(scene.account.id))
        waiting = asyncio.create_task(written(database, scene.ana))
        for _ in range(3):
            assert await written(database, other.ana) == "Lead"
        assert not waiting.done()
    assert await waiting == "Lead"


async def written(database: Database, who: Any) -> str:
    """The name of a contact that somebody makes."""
    payload, _ = await mutate(database, who, "createContact", {"name": "Lead"}, "contact { name }")
    return str(payload["contact"]["name"])


async def test_frames_that_wait_for_their_turn_keep_nobody_from_theirs(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.streaming.JUDGE_AT_ONCE", 1)
    other, database = await make_scene(scene.database, "Other"), scene.database
    deals = [await each.deal(owner=each.ana, team=each.north) for each in (scene, other)]
    read, goes_on = Reading.answer, asyncio.Event()

    async def slowly(self: Reading, asked: Any, given: Any, viewer: Any, *rest: Any, **more: Any) -> Any:
        if viewer.actor_id == scene.ana.id:
            await goes_on.wait()
        return await read(self, asked, given, viewer, *rest, **more)

    streams = streams_of(database)
    document = "subscription {{ {}: recordChanged {{ kind }} }}"
    async with (
        listening(database, scene.ana, document.format("one"), streams=streams) as one,
        listening(database, scene.ana, document.format("two"), streams=streams) as two,
        listening(database, other.ana, document.format("three"), streams=streams) as three,
    ):
        monkeypatch.setattr(Reading, "answer", slowly)
        for each, deal in zip((scene, other), deals, strict=True):
            await retitled(each, deal)
        async with asyncio.timeout(LONGEST_WAIT):
            assert await three.told() == [{"kind": "UPDATED"}]
        assert (one.bodies, two.bodies) == ([], [])
        goes_on.set()
        assert await one.told() == await two.told() == [{"kind": "UPDATED"}]


async def retitled(scene: Scene, deal: Any) -> None:
    input = {"id": gid(deal), "title": "Trucks"}
    _, errors = await mutate(scene.database, scene.administrator, "updateDeal", input, "deal { title }")
    assert errors == []
