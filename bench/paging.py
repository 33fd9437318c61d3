"""Cursors to deep pages: asked of each server once, beforehand, as each makes them its own way."""

from typing import Any

from bench.queries import Query
from bench.requests import ask
from bench.servers import Server

LARGEST_PAGE = 200


def variables_of(query: Query, server: Server, bearer: str) -> dict[str, Any]:
    """The query's variables for this server: with the cursor, where it asks for a deep page."""
    if query.page == 1:
        return query.variables
    rows = (query.page - 1) * query.variables["first"]
    return {**query.variables, "after": _cursor_after(rows, query, server, bearer)}


def _cursor_after(rows: int, query: Query, server: Server, bearer: str) -> str | None:
    after: str | None = None
    while rows:
        size = min(rows, LARGEST_PAGE)
        answer = ask(server.port, bearer, query.document, {"first": size, "after": after})
        after = answer["data"]["deals"]["pageInfo"]["endCursor"]
        rows -= size
    return after
