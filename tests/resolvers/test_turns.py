"""Turns: what one person asks waits for what they asked before, and keeps nobody else waiting."""

import asyncio
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from models.database import Database
from resolvers.answering import Asked
from resolvers.turns import Turns
from schema.context import Context
from tests.resolvers.support import KEYS, Scene, make_scene, signed_in
from tests.schema.reading.counting import Asker


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
