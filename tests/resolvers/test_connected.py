"""Whoever goes away while they are being answered is answered no longer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from resolvers import connected
from resolvers.connected import GONE, while_connected

Receive = Callable[[], Awaitable[Any]]


def request_of(receive: Receive) -> Request:
    """A request whose client says what `receive` gives."""
    return Request({"type": "http", "method": "POST", "headers": []}, receive)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connected, "PATIENCE", 0.0)


async def _stays() -> Any:
    await asyncio.Event().wait()


async def _goes() -> Any:
    return {"type": "http.disconnect"}


async def test_an_answer_is_given_to_who_stays() -> None:
    before = asyncio.all_tasks()

    async def answer() -> Response:
        for _ in range(10):
            await asyncio.sleep(0)
        return Response(b"here")

    response = await while_connected(request_of(_stays), answer())
    assert response.body == b"here"
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_what_nobody_waits_for_is_given_up() -> None:
    given_up = asyncio.Event()

    async def answer() -> Response:
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()
        raise AssertionError

    response = await while_connected(request_of(_goes), answer())
    assert response.status_code == GONE
    assert given_up.is_set()
    await asyncio.sleep(0)


async def test_what_else_the_client_says_is_not_their_going() -> None:
    said: list[Any] = [{"type": "http.request"}]
    answered = asyncio.Event()

    async def receive() -> Any:
        if said:
            return said.pop()
        answered.set()
        return await _stays()

    async def answer() -> Response:
        await answered.wait()
        return Response(b"here")

    assert (await while_connected(request_of(receive), answer())).body == b"here"


async def test_a_server_that_stops_is_obeyed() -> None:
    task = asyncio.create_task(while_connected(request_of(_stays), _stays()))
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_is_passed_on() -> None:
    async def answer() -> Response:
        raise ValueError("nobody")

    with pytest.raises(ValueError, match="nobody"):
        await while_connected(request_of(_goes), answer())
