"""graphql-transport-ws: who comes in, what is answered, and how it ends, whatever is sent."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest

from models.database import Database
from tests.resolvers.serving import Served, served
from tests.resolvers.support import Scene, api_token, gid, make_scene, mutate
from tests.serving import LONGEST_WAIT, connected

WATCH = "subscription { recordChanged { kind recordId } }"


@pytest.fixture
async def scene(database: Database) -> Scene:
    return await make_scene(database)


@pytest.fixture
async def host(database: Database) -> AsyncIterator[Served]:
    async with served(database) as host:
        yield host


@pytest.fixture
async def bearer(scene: Scene) -> str:
    return await api_token(scene.database, scene.max)


async def retitle(scene: Scene, deal: Any, title: str) -> None:
    input = {"id": gid(deal), "title": title}
    _, errors = await mutate(scene.database, scene.administrator, "updateDeal", input, "deal { title }")
    assert errors == []


async def test_a_subscription_is_told_of_until_it_is_completed(
    scene: Scene, host: Served, bearer: str
) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    async with connected(host.address, bearer) as client:
        await client.subscribe(WATCH)
        await client.say(type="ping")
        assert await client.hear() == {"type": "pong"}
        await retitle(scene, deal, "Trucks")
        told = {"recordChanged": {"kind": "UPDATED", "recordId": gid(deal)}}
        assert await client.hear() == {"id": "1", "type": "next", "payload": {"data": told}}
        await client.say(type="complete", id="1")
        await retitle(scene, deal, "Vans")
        await client.subscribe("{ viewer { kind } }", id="1")
        answer = {"data": {"viewer": {"kind": "AGENT"}}}
        assert await client.hear() == {"id": "1", "type": "next", "payload": answer}
        assert await client.hear() == {"id": "1", "type": "complete"}


async def test_what_is_refused_is_an_error_of_its_operation(host: Served, bearer: str) -> None:
    refused = {
        "{ nonsense }": "GRAPHQL_VALIDATION_FAILED",
        "subscription { nonsense }": "GRAPHQL_VALIDATION_FAILED",
        "{": "GRAPHQL_PARSE_FAILED",
        'subscription { recordChanged(after: "x") { kind } }': "INVALID_CURSOR",
        'subscription { recordChanged(ownerId: "x") { kind } }': "NOT_FOUND",
        "subscription { a: recordChanged { kind } b: recordChanged { kind } }": "GRAPHQL_VALIDATION_FAILED",
        "subscription { recordChanged { kind } "
        + "recordChanged { kind } " * 3000
        + "}": "QUERY_TOO_COMPLEX",
    }
    async with connected(host.address, bearer) as client:
        for number, (query, code) in enumerate(refused.items()):
            await client.subscribe(query, id=str(number))
            heard = await client.hear()
            assert (heard["type"], heard["id"]) == ("error", str(number)), heard
            assert {error["extensions"]["code"] for error in heard["payload"]} == {code}, query[:80]


@pytest.mark.parametrize("payload", [None, [], "x", {}, {"query": 1}, {"query": "{ a }", "variables": []}])
async def test_a_payload_that_is_none_is_an_error(host: Served, bearer: str, payload: Any) -> None:
    async with connected(host.address, bearer) as client:
        await client.say(id="1", type="subscribe", payload=payload)
        heard = await client.hear()
        assert (heard["type"], heard["payload"][0]["extensions"]["code"]) == ("error", "BAD_USER_INPUT")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("no JSON", 4400),
        ("[]", 4400),
        ("[" * 100_000, 4400),
        ('{"type": 1}', 4400),
        ('{"type": "nonsense"}', 4400),
        ('{"type": "connection_init"}', 4429),
        ('{"type": "subscribe", "payload": {}}', 4400),
        ('{"type": "subscribe", "id": "", "payload": {}}', 4400),
        ('{"type": "complete", "id": {}}', 4400),
        (b"\x00", 4400),
    ],
)
async def test_what_is_no_message_ends_the_connection(
    host: Served, bearer: str, said: str | bytes, code: int
) -> None:
    async with connected(host.address, bearer) as client:
        await client.socket.send(said)
        assert (await client.closed())[0] == code


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"type": "subscribe", "id": "1", "payload": {"query": WATCH}}, 4401),
        ({"type": "connection_init"}, 4403),
        ({"type": "connection_init", "payload": {"authorization": "Bearer no"}}, 4403),
        ({"type": "connection_init", "payload": {"authorization": 1}}, 4403),
        ({"type": "connection_init", "payload": []}, 4403),
        ({"type": "complete", "id": "1"}, 4400),
    ],
)
async def test_nobody_comes_in_without_a_token(host: Served, said: dict[str, Any], code: int) -> None:
    async with connected(host.address, None) as client:
        await client.say(type="ping")
        assert await client.hear() == {"type": "pong"}
        await client.say(**said)
        assert (await client.closed())[0] == code


async def test_the_old_protocol_is_not_spoken(host: Served) -> None:
    async with connected(host.address, None, protocol="graphql-ws") as client:
        assert (await client.closed())[0] == 4406


async def test_an_id_stands_for_one_operation(host: Served, bearer: str) -> None:
    async with connected(host.address, bearer) as client:
        await client.subscribe(WATCH)
        await client.subscribe(WATCH)
        assert (await client.closed())[0] == 4409


async def test_there_are_only_so_many_operations_at_once(
    host: Served, bearer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.websocket.MOST_OPERATIONS", 2)
    monkeypatch.setattr("resolvers.streaming.MOST_STREAMS", 3)
    async with connected(host.address, bearer) as one, connected(host.address, bearer) as other:
        for client, id in ((one, "1"), (one, "2"), (other, "1")):
            await client.subscribe(WATCH, id=id)
        for client in (one, other):
            await client.subscribe(WATCH, id="3")
            heard = await client.hear()
            assert heard["payload"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_who_says_nothing_is_sent_away(host: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resolvers.websocket.INIT_SECONDS", 0.1)
    async with connected(host.address, None) as client:
        assert (await client.closed())[0] == 4408


async def test_who_goes_leaves_nothing_behind(scene: Scene, host: Served, bearer: str) -> None:
    before = asyncio.all_tasks()
    async with connected(host.address, bearer) as client:
        for number in range(5):
            await client.subscribe(WATCH, id=str(number))
        await client.say(type="ping")
        assert await client.hear() == {"type": "pong"}
        assert host.endpoint.streams.relay.watched == 5
        client.socket.transport.abort()
    await _ended(before)
    assert host.endpoint.streams.relay.watched == 0
    assert host.endpoint.streams.open == {}
    assert host.endpoint.streams.relay._task is None


async def test_who_is_too_slow_is_given_up(
    scene: Scene, host: Served, bearer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.websocket.SLOW_SECONDS", 0.2)
    deal = await scene.deal(owner=scene.ana, team=scene.north, title="x" * 200_000)
    titles = "".join(f"t{number}: title " for number in range(40))
    document = f"subscription {{ recordChanged {{ record {{ ... on Deal {{ {titles} }} }} }} }}"
    before = asyncio.all_tasks()
    async with connected(host.address, bearer, max_size=None, max_queue=1) as client:
        await client.subscribe(document)
        await client.say(type="ping")
        assert await client.hear() == {"type": "pong"}
        client.socket.transport.pause_reading()
        stages = itertools.cycle("AB")
        while host.endpoint.streams.relay.watched:
            # Until the next message has to wait for the one before.
            input = {"id": gid(deal), "stage": next(stages)}
            await mutate(scene.database, scene.administrator, "updateDeal", input, "__typename")
        async with asyncio.timeout(LONGEST_WAIT):
            # Nothing is read meanwhile: it is the server that ends it.
            while host.connections:
                await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()}, timeout=0.01)  # type: ignore[arg-type]
        client.socket.transport.resume_reading()
        assert await client.closed() == (1006, "")
    await _ended(before)


async def _ended(before: set[Any]) -> None:
    """Wait until there are no tasks but those of before."""
    while tasks := asyncio.all_tasks() - before - {asyncio.current_task()}:
        await asyncio.wait(tasks)
