"""Server-sent events: one request, one operation; what is told, and how it ends."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from models import Token, clock
from models.database import Database
from models.operations import access_version
from tests.resolvers.serving import Served, served
from tests.resolvers.support import Scene, api_token, gid, make_scene, mutate

WATCH = "subscription { recordChanged { kind recordId } }"
LISTENS = {"accept": "text/event-stream"}


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


@asynccontextmanager
async def asked(host: Served, bearer: str | None, query: str) -> AsyncIterator[httpx.Response]:
    headers = LISTENS | ({"authorization": f"Bearer {bearer}"} if bearer else {})
    async with (
        httpx.AsyncClient(timeout=60) as client,
        client.stream("POST", host.address, json={"query": query}, headers=headers) as response,
    ):
        yield response


async def retitle(scene: Scene, deal: Any, title: str) -> None:
    input = {"id": gid(deal), "title": title}
    _, errors = await mutate(scene.database, scene.administrator, "updateDeal", input, "deal { title }")
    assert errors == []


async def test_once_there_is_a_response_nothing_is_missed(
    scene: Scene, host: Served, bearer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.sse.HEARTBEAT_SECONDS", 0.05)
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    async with asked(host, bearer, WATCH) as response:
        assert (response.status_code, response.headers["content-type"]) == (
            200,
            "text/event-stream; charset=utf-8",
        )
        lines = response.aiter_lines()
        assert [await anext(lines) for _ in range(4)] == [":", "", ":", ""]
        await retitle(scene, deal, "Trucks")
        said = [line async for line in _until(lines, "data:")]
        told = f'data: {{"data":{{"recordChanged":{{"kind":"UPDATED","recordId":"{gid(deal)}"}}}}}}'
        assert [line for line in said if line.strip(":")] == ["event: next", told]


async def test_what_ends_it_is_said_last(scene: Scene, host: Served, bearer: str) -> None:
    async with asked(host, bearer, WATCH) as response:
        async with scene.database.writing():
            await Token.filter(agent_id=scene.max.id).update(revoked_at=clock.now())
            await access_version.bump(scene.account.id)
        said = [line async for line in response.aiter_lines() if line.strip(":")]
    assert [said[0], said[2]] == ["event: next", "event: complete"]
    assert "UNAUTHENTICATED" in said[1]


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("{ viewer { kind } }", '{"data":{"viewer":{"kind":"AGENT"}}}'),
        ("{ nonsense }", "GRAPHQL_VALIDATION_FAILED"),
        ('subscription { recordChanged(after: "x") { kind } }', "INVALID_CURSOR"),
    ],
)
async def test_any_operation_is_answered_by_events(host: Served, bearer: str, query: str, part: str) -> None:
    async with asked(host, bearer, query) as response:
        said = [line async for line in response.aiter_lines() if line.strip(":")]
    assert (response.status_code, said[0], said[2]) == (200, "event: next", "event: complete")
    assert part in said[1]


async def test_without_the_right_token_there_are_no_events(host: Served) -> None:
    for bearer, query in (("no", WATCH), ("no", "{ viewer { kind } }"), (None, WATCH)):
        async with asked(host, bearer, query) as response:
            assert (response.status_code, response.headers["content-type"]) == (401, "application/json")


async def test_who_goes_leaves_nothing_behind(host: Served, bearer: str) -> None:
    before = asyncio.all_tasks()
    async with asked(host, bearer, WATCH), asked(host, bearer, WATCH):
        assert host.endpoint.streams.relay.watched == 2
    while tasks := asyncio.all_tasks() - before - {asyncio.current_task()}:
        await asyncio.wait(tasks)
    assert (host.endpoint.streams.relay.watched, host.endpoint.streams.open) == (0, {})


async def test_who_is_too_slow_is_given_up(
    scene: Scene, host: Served, bearer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.sse.SLOW_SECONDS", 0.2)
    deal = await scene.deal(owner=scene.ana, team=scene.north, title="x" * 200_000)
    titles = " ".join(f"t{number}: title" for number in range(40))
    query = f"subscription {{ recordChanged {{ record {{ ... on Deal {{ {titles} }} }} }} }}"
    before = asyncio.all_tasks()
    reader, writer = await listening(host, bearer, query)
    await reader.readuntil(b":\n\n")
    transport: Any = writer.transport
    transport.pause_reading()
    for stage in ("A", "B", "C"):
        input = {"id": gid(deal), "stage": stage}
        await mutate(scene.database, scene.administrator, "updateDeal", input, "__typename")
    while host.endpoint.streams.relay.watched:
        await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()}, timeout=0.05)  # type: ignore[arg-type]
    transport.abort()
    while tasks := asyncio.all_tasks() - before - {asyncio.current_task()}:
        await asyncio.wait(tasks)


async def listening(
    host: Served, bearer: str, query: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection of our own, so that nothing reads it but us."""
    address = httpx.URL(host.address)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    body = json.dumps({"query": query}).encode()
    head = (
        f"POST {address.path} HTTP/1.1\r\nhost: {address.host}\r\naccept: text/event-stream\r\n"
        f"authorization: Bearer {bearer}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    return reader, writer


async def _until(lines: AsyncIterator[str], start: str) -> AsyncIterator[str]:
    async for line in lines:
        yield line
        if line.startswith(start):
            return
