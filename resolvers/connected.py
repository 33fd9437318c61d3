"""Giving up an answer that nobody waits for any more."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

PATIENCE = 1.0
"""Seconds before it is looked whether the client is still there: most requests are answered before."""

GONE = 499
"""The status of an answer that nobody gets: nginx's, for the same."""


async def while_connected(request: Request, answering: Coroutine[Any, Any, Response]) -> Response:
    """The answer; given up, its statement interrupted and its write undone, once the client has gone away.

    The request's body has been read.
    """
    task = asyncio.current_task()
    assert task is not None
    gone = asyncio.Event()

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone.set()
        task.cancel()

    watching: list[asyncio.Task[None]] = []
    patience = asyncio.get_running_loop().call_later(
        PATIENCE, lambda: watching.append(asyncio.create_task(watch()))
    )
    try:
        return await answering
    except asyncio.CancelledError:
        if not gone.is_set() or task.uncancel():
            raise
        return Response(status_code=GONE)
    finally:
        patience.cancel()
        for each in watching:
            each.cancel()
