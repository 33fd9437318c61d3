"""The server as it is run: it says where it is, answers, and goes when it is told to."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from commands.demonstration.company import GUIDES
from server import app
from settings import Settings

ROOT = Path(__file__).resolve().parents[1]


@asynccontextmanager
async def serving(url: str, *words: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A server on a free port, and the address that it printed."""
    environ = os.environ | {"CARTEIRA_DATABASE_URL": url, "CARTEIRA_SECRET": "s" * 32}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "server.py", "serve", "--port", "0", *words,
        cwd=ROOT, env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        yield process, line.decode().strip()
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), 60)


async def test_it_tells_its_address_and_answers_there(fresh_url: Callable[[], Awaitable[str]]) -> None:
    async with serving(await fresh_url()) as (process, address), httpx.AsyncClient() as client:
        assert address.startswith("http://127.0.0.1:")
        assert address.endswith("/graphql")
        health = await client.get(address.replace("/graphql", "/health"))
        assert (health.status_code, health.json()) == (200, {"status": "ok"})
        asked = await client.post(address, json={"query": "{ __typename }"})
        assert asked.json() == {"data": {"__typename": "Query"}}
        root = await client.get(address.replace("/graphql", "/"))
        assert (root.status_code, root.headers["location"]) == (307, "/graphql")
    # uvicorn hands the signal on once it has stopped in order.
    assert process.returncode in (0, -signal.SIGTERM)


async def test_a_port_that_is_taken(fresh_url: Callable[[], Awaitable[str]]) -> None:
    url = await fresh_url()
    async with serving(url) as (_, address):
        port = address.rsplit(":", 1)[1].removesuffix("/graphql")
        async with serving(url, "--port", port) as (other, line):
            await asyncio.wait_for(other.wait(), 60)
            assert (line, other.returncode) == ("", 1)


async def test_demo_tokens_are_ready_to_paste(fresh_url: Callable[[], Awaitable[str]]) -> None:
    url = await fresh_url()
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "server.py", "demo", cwd=ROOT, stderr=asyncio.subprocess.DEVNULL,
        env=os.environ | {"CARTEIRA_DATABASE_URL": url},
    )  # fmt: skip
    assert await asyncio.wait_for(demo.wait(), 60) == 0
    async with serving(url, "--show-tokens") as (process, address), httpx.AsyncClient() as client:
        assert process.stdout is not None
        told: list[str] = []
        while not told or not told[-1].startswith("Open "):
            told.append((await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip())
        people, tokens, (without, last) = told[:-2:2], told[1:-2:2], told[-2:]
        assert [person.split(",")[0] for person in people[:2]] == list(GUIDES)
        assert len(people) == len(tokens) == 19
        assert without.startswith("No token: Rui Esteves is suspended, Sofia Reis has no portal access, ")
        assert address in last
        for headers in map(json.loads, (tokens[0], tokens[-1])):
            asked = await client.post(address, json={"query": "{ viewer { __typename } }"}, headers=headers)
            assert asked.json() == {"data": {"viewer": {"__typename": "Viewer"}}}


def test_the_readme_asks_as_those_who_come_first() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert [name for name in GUIDES if name not in readme] == []


async def test_health_tells_when_the_database_is_gone(
    fresh_url: Callable[[], Awaitable[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARTEIRA_DATABASE_URL", await fresh_url())
    monkeypatch.setenv("CARTEIRA_SECRET", "s" * 32)
    made = app(Settings.read())

    transport = httpx.ASGITransport(made)
    async with (
        made.router.lifespan_context(made),
        httpx.AsyncClient(transport=transport, base_url="http://carteira") as client,
    ):
        assert (await client.get("/health")).status_code == 200
        await made.state.database.close()
        assert (await client.get("/health")).status_code == 503


async def test_a_frontend_of_another_origin_calls_only_where_the_settings_name_it(
    fresh_url: Callable[[], Awaitable[str]],
) -> None:
    url = await fresh_url()
    environ = {"CARTEIRA_DATABASE_URL": url, "CARTEIRA_SECRET": "s" * 32}
    environ["CARTEIRA_ORIGINS"] = "https://app.example"
    transport = httpx.ASGITransport(app(Settings.read(environ)))
    async with httpx.AsyncClient(transport=transport, base_url="http://carteira") as client:
        for origin, status in (("https://app.example", 200), ("https://other.example", 400)):
            asked = {"origin": origin, "access-control-request-method": "POST"}
            assert (await client.options("/graphql", headers=asked)).status_code == status
