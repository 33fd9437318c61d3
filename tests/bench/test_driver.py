"""Our own driver, against a server whose answers are known."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from bench.driver import drive

Answering = Callable[[int], bytes]


def answer(body: bytes, status: str = "200 OK") -> bytes:
    """A whole answer."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@asynccontextmanager
async def serving(answering: Answering) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that answers the n-th request as told, and the requests that it got."""
    got: list[bytes] = []
    tasks: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.current_task())
        with suppress(ConnectionError):
            while request := await reader.read(65536):
                got.append(request)
                whole = answering(len(got))
                # In two pieces, as networks do.
                writer.write(whole[:30])
                await writer.drain()
                writer.write(whole[30:])
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], got
        await asyncio.gather(*(each for each in tasks if each is not None))


def task(port: int, *requests: str, count: int = 40) -> dict[str, object]:
    """Something to drive, bounded in number."""
    return {"port": port, "connections": 4, "requests": requests, "seconds": 60, "count": count}


async def test_it_sends_as_many_as_it_is_told_and_counts_every_answer() -> None:
    async with serving(lambda number: answer(b"hello")) as (port, got):
        done = await drive(task(port, "GET / HTTP/1.1\r\n\r\n"))
    assert done["requests"] == len(got) == 40
    assert 0 < done["median"] <= done["p99"]
    assert done["seconds"] > 0


async def test_it_stops_when_the_time_is_over() -> None:
    async with serving(lambda number: answer(b"hello")) as (port, got):
        done = await drive({**task(port, "GET / HTTP/1.1\r\n\r\n"), "seconds": 0.01, "count": None})
    assert done["requests"] == len(got) > 0


async def test_different_requests_are_sent_in_turn() -> None:
    async with serving(lambda number: answer(b"hello" * number)) as (port, got):
        await drive(task(port, "GET /a HTTP/1.1\r\n\r\n", "GET /b HTTP/1.1\r\n\r\n"))
    assert sum(b"/a" in each for each in got) == sum(b"/b" in each for each in got) == 20


async def test_another_answer_to_the_same_request_is_told() -> None:
    async with serving(lambda number: answer(b"other" if number == 20 else b"hello")) as (port, _):
        assert "another answer" in (await drive(task(port, "GET / HTTP/1.1\r\n\r\n")))["wrong"]


async def test_an_answer_that_is_none_is_told() -> None:
    async with serving(lambda number: answer(b"{}", "500 Internal Server Error")) as (port, _):
        assert "500" in (await drive(task(port, "GET / HTTP/1.1\r\n\r\n")))["wrong"]


async def test_nobody_there_is_told() -> None:
    async with serving(lambda number: b"") as (port, _):
        pass
    assert "wrong" in await drive(task(port, "GET / HTTP/1.1\r\n\r\n"))
