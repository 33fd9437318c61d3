"""GraphQL over server-sent events (graphql-sse, distinct connections): one request, one operation.

`POST /graphql` with `Accept: text/event-stream`; each answer is an event `next`, the end an event `complete`.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from authz.tokens import BadToken
from models.engines.cancelling import stop
from resolvers.answering import Asked, is_subscription
from schema.context import Context
from schema.errors import Code, CodedError

if TYPE_CHECKING:
    from resolvers.http import Endpoint

HEARTBEAT_SECONDS = 12.0
"""How long nothing is said at most: proxies take longer silence for the end."""

SLOW_SECONDS = 20.0
"""How long a client may take for one event."""

COMMENT = b":\n\n"

log = logging.getLogger("carteira.sse")


def wants_events(request: Request) -> bool:
    """Whether the client listens."""
    return "text/event-stream" in request.headers.get("accept", "")


async def events(endpoint: "Endpoint", context: Context, asked: Asked) -> Response:
    """The answer, or the answers, as events. Raises BadToken, CodedError before the first."""
    headers = {"x-request-id": context.request_id, "cache-control": "no-store", "x-accel-buffering": "no"}
    if context.unproved is not None:
        # Whoever may not come in is told by the status, before anything is read of what they ask.
        try:
            await context.start_reading()
        finally:
            await context.stop_reading()
    if not is_subscription(context, asked):
        body = bytes((await endpoint.answer(context, asked)).body)
        whole = _event(b"next", body) + _event(b"complete", b"")
        return Response(whole, 200, headers, media_type="text/event-stream")
    if context.unproved is None:
        raise BadToken("Sign in to subscribe.")
    return await Listening.begin(endpoint, context, asked, headers)


class Listening(Response):
    """A subscription's frames, as they come; a client who does not take them in time is given up."""

    media_type = "text/event-stream"

    def __init__(
        self, told: AsyncGenerator[bytes, None], first: asyncio.Task[bytes], headers: dict[str, str]
    ) -> None:
        super().__init__(None, 200, headers)
        del self.headers["content-length"]
        self._told = told
        self._following: asyncio.Task[bytes] = first

    @classmethod
    async def begin(
        cls, endpoint: "Endpoint", context: Context, asked: Asked, headers: dict[str, str]
    ) -> "Listening":
        """Listen: once there is a response, nothing that happens is missed."""
        begun = asyncio.Event()
        told = _told(endpoint, context, asked, begun)
        listening = cls(told, asyncio.create_task(_next(told)), headers)
        waiting = asyncio.ensure_future(begun.wait())
        try:
            await asyncio.wait([waiting, listening._following], return_when=asyncio.FIRST_COMPLETED)
        except BaseException:
            await listening._end()
            raise
        finally:
            waiting.cancel()
        return listening

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what is told until that ends, or the client goes."""
        gone = asyncio.create_task(_gone(receive))
        sending = asyncio.create_task(self._send(send))
        try:
            await asyncio.wait([gone, sending], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancelled(gone, sending)
            await self._end()

    async def _send(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        await _timely(send, start)
        async for event in self._events():
            await _timely(send, {"type": "http.response.body", "body": event, "more_body": True})
        await _timely(send, {"type": "http.response.body", "body": b"", "more_body": False})

    async def _events(self) -> AsyncIterator[bytes]:
        """What is told, and a comment where there is nothing for a while; one to begin with."""
        yield COMMENT
        while True:
            done, _ = await asyncio.wait([self._following], timeout=HEARTBEAT_SECONDS)
            if not done:
                yield COMMENT
                continue
            event = self._following.result()
            if not event:
                return
            yield event
            self._following = asyncio.create_task(_next(self._told))

    async def _end(self) -> None:
        await _cancelled(self._following)
        await self._told.aclose()


async def _told(
    endpoint: "Endpoint", context: Context, asked: Asked, begun: asyncio.Event
) -> AsyncGenerator[bytes, None]:
    """A subscription's frames as events; what ends it, as the last."""
    try:
        async with aclosing(endpoint.streams.frames(context, asked, begun)) as frames:
            async for body in frames:
                yield _event(b"next", body)
    except BadToken as error:
        yield _event(b"next", _error(CodedError(Code.UNAUTHENTICATED, str(error))))
    except CodedError as error:
        yield _event(b"next", _error(error))
    yield _event(b"complete", b"")


async def _next(told: AsyncGenerator[bytes, None]) -> bytes:
    """The next event; nothing at the end."""
    return await anext(told, b"")


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _timely(send: Send, message: Message) -> None:
    async with asyncio.timeout(SLOW_SECONDS):
        await send(message)


async def _cancelled(*tasks: asyncio.Task[Any]) -> None:
    await stop(*tasks)
    for task in tasks:
        if not task.cancelled() and task.exception() is not None:
            log.info("A client who listened was given up: %r", task.exception())


def _event(name: bytes, body: bytes) -> bytes:
    return b"event: " + name + b"\ndata: " + body + b"\n\n"


def _error(error: CodedError) -> bytes:
    return orjson.dumps({"errors": [{"message": error.message, "extensions": error.extensions}]})
