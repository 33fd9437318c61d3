"""Servers as they are run, and clients who listen to them over WebSocket and server-sent events."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

ROOT = Path(__file__).resolve().parents[1]
SECRET = "a secret of these servers, long enough"
PROTOCOL = Subprotocol("graphql-transport-ws")
LONGEST_WAIT = 60
"""Seconds after which a test gives up; none is ever waited for when all is well."""


@asynccontextmanager
async def serving(url: str, **environ: str) -> AsyncIterator[str]:
    """A server process on a free port; the address that it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "server.py", "serve", "--port", "0",
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"CARTEIRA_DATABASE_URL": url, "CARTEIRA_SECRET": SECRET} | environ,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), LONGEST_WAIT)
        yield line.decode().strip()
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), LONGEST_WAIT)


async def post(address: str, bearer: str, query: str, variables: Mapping[str, Any] | None = None) -> Any:
    """What a request over HTTP is answered."""
    async with httpx.AsyncClient(timeout=LONGEST_WAIT) as client:
        body = {"query": query, "variables": variables}
        answered = await client.post(address, json=body, headers={"authorization": f"Bearer {bearer}"})
    return answered.json()


@asynccontextmanager
async def connected(
    address: str, bearer: str | None, protocol: str = PROTOCOL, **options: Any
) -> AsyncIterator["Connection"]:
    """A WebSocket; with a bearer, the greetings are exchanged."""
    where = address.replace("http://", "ws://", 1)
    async with connect(where, subprotocols=[Subprotocol(protocol)], **options) as socket:
        connection = Connection(socket)
        if bearer is not None:
            await connection.say(type="connection_init", payload={"authorization": f"Bearer {bearer}"})
            assert await connection.hear() == {"type": "connection_ack"}
        yield connection


class Connection:
    """A client of graphql-transport-ws."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, **message: Any) -> None:
        """Send a message."""
        await self.socket.send(json.dumps(message))

    async def hear(self) -> dict[str, Any]:
        """The next message."""
        heard: dict[str, Any] = json.loads(await asyncio.wait_for(self.socket.recv(), LONGEST_WAIT))
        return heard

    async def subscribe(self, query: str, id: str = "1", **more: Any) -> None:
        """Begin an operation."""
        await self.say(id=id, type="subscribe", payload={"query": query, **more})

    async def closed(self) -> tuple[int | None, str | None]:
        """How the other side ended it."""
        await asyncio.wait_for(self.socket.wait_closed(), LONGEST_WAIT)
        return self.socket.close_code, self.socket.close_reason
