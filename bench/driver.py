"""A driver of our own: keeps connections busy over loopback, and tells how long each answer took.

A process that reads tasks from standard input, one as JSON a line, and writes what each came to.
An answer is looked at no further than it must be: its status, and how long it is. Where every
request is the same, so must every answer be, to the byte.
"""

import asyncio
import sys
import time
from typing import Any

import orjson
import uvloop

LONGEST_WAIT = 180.0
"""Seconds that an answer may take."""


class Task:
    """Requests to send in turn, the times that they took, and when to stop."""

    def __init__(self, requests: list[bytes], seconds: float, count: int | None, connections: int) -> None:
        self.requests = requests
        self.same = len(requests) == 1
        self.count = count
        self.times: list[float] = []
        self.sent = 0
        self.body: bytes | None = None
        self.open = connections
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.started = time.perf_counter()
        self.until = self.started + seconds
        self.ended = self.started

    def next(self, now: float) -> bytes | None:
        """The next request; None when it is enough."""
        if now >= self.until or (self.count is not None and self.sent >= self.count):
            return None
        self.sent += 1
        return self.requests[self.sent % len(self.requests)]

    def took(self, seconds: float, now: float, body: bytes) -> None:
        """An answer came."""
        self.times.append(seconds)
        self.ended = now
        if self.same:
            if self.body is None:
                self.body = body
            elif body != self.body:
                self.failed(f"another answer than before: {body[:500]!r}")

    def left(self) -> None:
        """A connection has nothing more to do."""
        self.open -= 1
        if not self.open and not self.finished.done():
            self.finished.set_result(None)

    def failed(self, why: str) -> None:
        """Something came that should not have."""
        if not self.finished.done():
            self.finished.set_exception(ValueError(why))


class Connection(asyncio.Protocol):
    """One that is kept: as an answer is whole, the next request goes out."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.buffer = b""
        self.whole = 0
        self.head = 0
        self.at = 0.0
        self.done = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self.transport: Any = transport
        self._send(time.perf_counter())

    def data_received(self, data: bytes) -> None:
        """More of the answer."""
        self.buffer = self.buffer + data if self.buffer else data
        if not self.whole and not self._read_head():
            return
        if len(self.buffer) >= self.whole:
            now = time.perf_counter()
            self.task.took(now - self.at, now, self.buffer[self.head : self.whole])
            self.buffer, self.whole = b"", 0
            self._send(now)

    def connection_lost(self, exc: Exception | None) -> None:
        """The server may not hang up before it has answered."""
        if not self.done:
            self.task.failed(f"the connection was lost: {exc or 'closed by the server'}")

    def _read_head(self) -> bool:
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        if self.buffer[9:12] != b"200":
            self.task.failed(f"an answer that is none: {self.buffer[:1000]!r}")
            return False
        head = self.buffer[:end].lower()
        place = head.find(b"content-length:") + 15
        stop = head.find(b"\r", place)
        self.head = end + 4
        self.whole = self.head + int(head[place : stop if stop > 0 else end])
        return True

    def _send(self, now: float) -> None:
        request = self.task.next(now)
        if request is None:
            self.done = True
            self.transport.close()
            self.task.left()
            return
        self.at = now
        self.transport.write(request)


async def drive(asked: dict[str, Any]) -> dict[str, Any]:
    """Do a task: what was started before its end is waited for and counted."""
    requests = [each.encode() for each in asked["requests"]]
    task = Task(requests, asked["seconds"], asked["count"], asked["connections"])
    loop = asyncio.get_running_loop()
    transports: list[Any] = []
    try:
        for _ in range(asked["connections"]):
            transport, _protocol = await loop.create_connection(
                lambda: Connection(task), "127.0.0.1", asked["port"]
            )
            transports.append(transport)
        await asyncio.wait_for(task.finished, asked["seconds"] + LONGEST_WAIT)
    except (OSError, TimeoutError, ValueError) as error:
        return {"wrong": str(error) or type(error).__name__}
    finally:
        for transport in transports:
            transport.abort()
        # A transport is closed at the loop's next turn.
        await asyncio.sleep(0)
    return _summary(task)


def _summary(task: Task) -> dict[str, Any]:
    times = sorted(task.times)
    return {
        "requests": len(times),
        "seconds": task.ended - task.started,
        "median": times[len(times) // 2] * 1000,
        "p99": times[min(len(times) - 1, len(times) * 99 // 100)] * 1000,
    }


def main() -> None:
    """Tasks in, results out, until there is no more input."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for line in sys.stdin:
            sys.stdout.write(orjson.dumps(runner.run(drive(orjson.loads(line)))).decode() + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
