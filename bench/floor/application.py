"""The floor's endpoint: the same requests as the real server's, by their document alone."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authz import cursors
from authz.keys import Keys
from authz.tokens import BadToken, Signed, verify
from bench import queries
from bench.floor import shapes, statements
from bench.floor.drivers import Connection, Pool, open_pool
from bench.floor.statements import Statement
from bench.floor.viewer import Viewer, load
from bench.floor.viewer import statement as viewer_statement
from models.database import Dialect

Variables = dict[str, Any]
MOST_BEARERS = 1_000
LARGEST_PAGE = 200


class Floor:
    """The endpoint."""

    def __init__(self, pool: Pool, keys: Keys) -> None:
        self.pool = pool
        self.keys = keys
        self.dialect = pool.dialect
        self.bearers: dict[str, Signed] = {}
        self.viewer_statement = viewer_statement(pool.dialect)
        self.answers: dict[str, Callable[[Connection, Viewer, Variables], Awaitable[Any]]] = {
            queries.DEALS: self.deals,
            queries.DEAL_PAGES: self.deal_pages,
            queries.CONTACTS: self.contacts,
            queries.DEAL_STATS: self.deal_stats,
            queries.VIEWER: self.viewer,
        }

    async def post(self, request: Request) -> Response:
        """Answer one request."""
        asked = orjson.loads(await request.body())
        try:
            signed = self.signed(request.headers["authorization"].removeprefix("Bearer "))
            async with self.pool.connection() as connection:
                viewer = await load(connection, self.viewer_statement, signed, self.dialect)
                data = await self.answers[asked["query"]](connection, viewer, asked.get("variables") or {})
        except BadToken as error:
            return Response(orjson.dumps({"errors": [{"message": str(error)}]}), 401)
        body = orjson.dumps({"data": data})
        return Response(body, media_type="application/json")

    def signed(self, bearer: str) -> Signed:
        """What the token says of itself; its signature is checked once, as the real server does."""
        known = self.bearers.get(bearer)
        if known is not None:
            return known
        signed = verify(self.keys, bearer)
        if not isinstance(signed, Signed):
            raise BadToken
        if len(self.bearers) < MOST_BEARERS:
            self.bearers[bearer] = signed
        return signed

    async def deals(self, connection: Connection, viewer: Viewer, variables: Variables) -> Any:
        """The first deals."""
        kind, size = statements.kind_of_scope(viewer), _size(variables["first"])
        statement = statements.deals(kind, self.dialect, size, beyond=False)
        rows = await _rows(connection, statement, viewer)
        return {"deals": {"nodes": [shapes.deal(row) for row in orjson.loads(rows[0][0])]}}

    async def deal_pages(self, connection: Connection, viewer: Viewer, variables: Variables) -> Any:
        """A page of deals, and where it ends."""
        size, after = _size(variables["first"]), variables["after"]
        place = self._place(viewer, after) if after else {}
        kind = statements.kind_of_scope(viewer)
        statement = statements.deals(kind, self.dialect, size + 1, beyond=bool(after))
        packed = await _rows(connection, statement, viewer, **place)
        rows = orjson.loads(packed[0][0])
        kept = rows[:size]
        info = {
            "hasNextPage": len(rows) > size,
            "endCursor": self._cursor(viewer, kept[-1]) if kept else None,
        }
        return {"deals": {"nodes": [shapes.deal(row) for row in kept], "pageInfo": info}}

    async def contacts(self, connection: Connection, viewer: Viewer, variables: Variables) -> Any:
        """The first contacts with their deals."""
        kind = statements.kind_of_scope(viewer)
        sizes = _size(variables["first"]), _size(variables["deals"])
        rows = await _rows(connection, statements.contacts(kind, self.dialect, *sizes), viewer)
        postgres = self.dialect is Dialect.POSTGRES
        shaped = shapes.contacts_of_postgres(rows) if postgres else shapes.contacts_of_sqlite(rows)
        return {"contacts": {"nodes": shaped}}

    async def deal_stats(self, connection: Connection, viewer: Viewer, variables: Variables) -> Any:
        """Deals by owner."""
        statement = statements.deal_stats(statements.kind_of_scope(viewer), self.dialect)
        rows = await _rows(connection, statement, viewer)
        return {"dealStats": [shapes.deal_stat(row, viewer.currency) for row in rows]}

    async def viewer(self, connection: Connection, viewer: Viewer, variables: Variables) -> Any:
        """Who is signed in."""
        return {
            "viewer": {
                "agent": {"id": shapes.global_id("Agent", viewer.id), "name": viewer.name},
                "access": {
                    "mode": "GRANULAR" if viewer.granular else "TEAM_AND_INBOX",
                    "isolationMode": viewer.isolation_mode if viewer.granular else "STRICT",
                    "scope": viewer.scope,
                    "reach": viewer.reach,
                },
                "permissions": sorted(viewer.permissions),
            }
        }

    def _cursor(self, viewer: Viewer, row: Any) -> str:
        place = [datetime.fromisoformat(row[6]), row[0]]
        return cursors.seal(self.keys, str(viewer.id).encode(), place)

    def _place(self, viewer: Viewer, after: str) -> Variables:
        created, last = cursors.open(self.keys, str(viewer.id).encode(), after)
        if self.dialect is Dialect.SQLITE:
            created = created.isoformat(" ", "microseconds")
        return {"instant": created, "last": last}


def _size(given: Any) -> int:
    return min(max(int(given), 1), LARGEST_PAGE)


async def _rows(connection: Connection, statement: Statement, viewer: Viewer, **given: Any) -> list[Any]:
    return list(await connection.rows(statement.text, *statement.params(viewer, **given)))


def app(url: str, keys: Keys) -> Starlette:
    """The application; its pool is open while it lives."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        pool = await open_pool(url)
        try:
            app.router.routes.append(Route("/graphql", Floor(pool, keys).post, methods=["POST"]))
            yield
        finally:
            await pool.close()

    return Starlette(lifespan=lifespan)
