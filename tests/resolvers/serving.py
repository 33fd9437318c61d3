"""The endpoint on a real port, in this process, so that what it leaves behind can be looked at."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from authz.identity_providers import KeySets
from commands.cutting import CuttingProtocol
from commands.serve import LARGEST_MESSAGE
from models.database import Database
from resolvers.http import Endpoint
from tests.resolvers.support import KEYS


@dataclass(frozen=True)
class Served:
    """An endpoint, where it answers, and the connections that are open."""

    endpoint: Endpoint
    address: str
    connections: set[Any]


@asynccontextmanager
async def served(database: Database) -> AsyncIterator[Served]:
    """An endpoint that answers."""
    endpoint = Endpoint(database, KEYS, KeySets(), development=False)
    post = Route("/graphql", endpoint.post, methods=["POST"])
    app = Starlette(routes=[post, WebSocketRoute("/graphql", endpoint.socket)])
    config = uvicorn.Config(
        app,
        port=0,
        log_level="error",
        lifespan="off",
        ws=CuttingProtocol,
        ws_max_size=LARGEST_MESSAGE,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
    )
    server = Started(config)
    task = asyncio.create_task(server.serve())
    try:
        await server.begun.wait()
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Served(endpoint, f"http://127.0.0.1:{port}/graphql", server.server_state.connections)
    finally:
        server.should_exit = True
        await task


class Started(uvicorn.Server):
    """uvicorn's, that tells when it answers, and leaves signals alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.begun = asyncio.Event()

    async def startup(self, sockets: object = None) -> None:
        """Start, then say so."""
        await super().startup()
        self.begun.set()
