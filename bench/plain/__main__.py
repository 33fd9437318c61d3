"""Serve the plain server: `python -m bench.plain PORT`, with the real server's settings."""

import sys
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from tortoise.contrib.starlette import register_tortoise

from authz.tokens import BadToken
from bench.plain.schema import deals_of_contacts, schema
from bench.plain.viewer import load_viewer
from bench.serving import serve
from settings import Settings

settings = Settings.read()


class Endpoint(GraphQL[dict[str, Any]]):
    """GraphQL, for whoever signs in."""

    async def get_context(self, request: Request | WebSocket, response: Any) -> dict[str, Any]:
        """The viewer, and what loads for all parents at once."""
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            viewer = await load_viewer(settings.keys, bearer)
        except BadToken:
            viewer = None
        return {"viewer": viewer, "deals_of_contact": DataLoader(partial(deals_of_contacts, viewer))}


app = Starlette()
app.router.routes.append(Route("/graphql", Endpoint(schema)))
register_tortoise(app, db_url=settings.database_url, modules={"models": ["bench.plain.models"]})
serve(app, int(sys.argv[1]))
