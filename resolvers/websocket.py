"""GraphQL over WebSocket, by the protocol graphql-transport-ws (graphql-ws, PROTOCOL.md).

`connection_init` brings the token; queries and mutations are answered as over HTTP, subscriptions are
told of for as long as they are listened to. The old protocol `graphql-ws` is not spoken.
"""

import asyncio
import json
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from authz.tokens import BadToken, Unproved
from models.engines.cancelling import stop
from resolvers.answering import is_subscription
from resolvers.request import LARGEST_BODY, asked_in, bearer_of
from schema.context import Context
from schema.errors import Code, CodedError

if TYPE_CHECKING:
    from resolvers.http import Endpoint

log = logging.getLogger("carteira.websocket")

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 10.0
"""How long a client may take to say who it is."""

SLOW_SECONDS = 20.0
"""How long a client may take for one message before the connection is given up."""

MOST_OPERATIONS = 100
"""That one connection may have going on."""

LONGEST_ID = 200
"""Characters of an operation's id."""


class Closed(Exception):
    """The connection is to end, with a code of the protocol's."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class Socket:
    """One connection."""

    def __init__(self, endpoint: "Endpoint", websocket: WebSocket) -> None:
        self._endpoint = endpoint
        self._websocket = websocket
        self._unproved: Unproved | None = None
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()
        self._slow = asyncio.Event()

    async def talk(self) -> None:
        """Talk until either side has had enough; nothing is left running."""
        try:
            await self._accept()
            await self._listen()
        except Closed as closed:
            await self._close(closed)
        except (WebSocketDisconnect, WebSocketDisconnected):
            pass
        finally:
            await self._stop()

    async def _accept(self) -> None:
        offered = self._websocket.scope.get("subprotocols", [])
        await self._websocket.accept(subprotocol=PROTOCOL if PROTOCOL in offered else None)
        if PROTOCOL not in offered:
            raise Closed(4406, "Subprotocol not acceptable")

    async def _listen(self) -> None:
        try:
            async with asyncio.timeout(INIT_SECONDS):
                await self._init(await self._message())
        except TimeoutError:
            raise Closed(4408, "Connection initialisation timeout") from None
        while True:
            await self._act(await self._message_unless_slow())

    async def _message_unless_slow(self) -> dict[str, Any]:
        """The next message; raises Closed once the client has not taken what it was sent."""
        slow, message = asyncio.create_task(self._slow.wait()), asyncio.create_task(self._message())
        try:
            await asyncio.wait([slow, message], return_when=asyncio.FIRST_COMPLETED)
            if slow.done():
                raise Closed(4429, "Too slow: come back with your last cursor")
            return message.result()
        finally:
            await stop(slow, message)

    async def _message(self) -> dict[str, Any]:
        received = await self._websocket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code", 1005))
        text = received.get("text")
        if text is None or len(text) > LARGEST_BODY:
            raise Closed(4400, "A message is a text of JSON, and not as long")
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            raise Closed(4400, "A message is JSON") from None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise Closed(4400, "A message is an object with a type")
        return message

    async def _init(self, message: dict[str, Any]) -> None:
        while message["type"] in ("ping", "pong"):
            if message["type"] == "ping":
                await self._send({"type": "pong"})
            message = await self._message()
        match message["type"]:
            case "connection_init":
                pass
            case "subscribe":
                raise Closed(4401, "Unauthorized")
            case _:
                raise Closed(4400, "Say connection_init first")
        try:
            self._unproved = await self._endpoint.checked(_bearer(message.get("payload")))
            context = self._context()
            try:
                await context.start_reading()
            finally:
                await context.stop_reading()
        except BadToken:
            raise Closed(4403, "Forbidden") from None
        await self._send({"type": "connection_ack"})

    async def _act(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "ping":
                await self._send({"type": "pong"})
            case "pong":
                pass
            case "connection_init":
                raise Closed(4429, "Too many initialisation requests")
            case "subscribe":
                await self._subscribe(_id(message), message.get("payload"))
            case "complete":
                await self._complete(_id(message))
            case _:
                raise Closed(4400, "There is no message of this type")

    # Operations

    async def _subscribe(self, id: str, payload: Any) -> None:
        if id in self._operations:
            raise Closed(4409, f"Subscriber for {id} already exists")
        if len(self._operations) >= MOST_OPERATIONS:
            message = f"{MOST_OPERATIONS} operations are going on over this connection; complete some first."
            return await self._error(id, CodedError(Code.RATE_LIMITED, message))
        begun = asyncio.Event()
        task = self._operations[id] = asyncio.create_task(self._operation(id, payload, begun))
        # Whatever the client says next comes after the beginning: a `pong` tells that it is listened to.
        return await _either(begun, task)

    async def _complete(self, id: str) -> None:
        task = self._operations.pop(id, None)
        if task is not None:
            task.cancel()

    async def _operation(self, id: str, payload: Any, begun: asyncio.Event) -> None:
        try:
            await self._answer(id, payload, begun)
        except BadToken as error:
            await self._error(id, CodedError(Code.UNAUTHENTICATED, str(error)))
        except CodedError as error:
            await self._error(id, error)
        except (WebSocketDisconnect, WebSocketDisconnected):
            return
        except Exception:
            incident = uuid4().hex
            log.exception("Incident %s", incident)
            message = "Something went wrong on our side. Tell us the id, and we find it in the log."
            await self._error(id, CodedError(Code.INTERNAL_SERVER_ERROR, message, id=incident))

    async def _answer(self, id: str, payload: Any, begun: asyncio.Event) -> None:
        context, asked = self._context(), asked_in(payload)
        if is_subscription(context, asked):
            async with aclosing(self._endpoint.streams.frames(context, asked, begun)) as frames:
                async for body in frames:
                    await self._next(id, body)
        else:
            begun.set()
            body = bytes((await self._endpoint.answer(context, asked)).body)
            answered = orjson.loads(body)
            if answered["data"] is None and answered.get("errors"):
                return await self._end(id, {"id": id, "type": "error", "payload": answered["errors"]})
            await self._next(id, body)
        return await self._end(id, {"id": id, "type": "complete"})

    def _context(self) -> Context:
        return self._endpoint.context(self._unproved, self._websocket.client, uuid4().hex)

    # Sending

    async def _next(self, id: str, body: bytes) -> None:
        await self._send_text('{"id":' + json.dumps(id) + ',"type":"next","payload":' + body.decode() + "}")

    async def _error(self, id: str, error: CodedError) -> None:
        errors = [{"message": error.message, "extensions": error.extensions}]
        await self._end(id, {"id": id, "type": "error", "payload": errors})

    async def _end(self, id: str, message: dict[str, Any]) -> None:
        """Say that an operation is over; its id is free from then on."""
        self._operations.pop(id, None)
        await self._send(message)

    async def _send(self, message: dict[str, Any]) -> None:
        await self._send_text(orjson.dumps(message).decode())

    async def _send_text(self, text: str) -> None:
        try:
            async with asyncio.timeout(SLOW_SECONDS), self._turn:
                await self._websocket.send_text(text)
        except TimeoutError:
            self._slow.set()
            raise WebSocketDisconnect(4429) from None

    # The end

    async def _close(self, closed: Closed) -> None:
        try:
            async with asyncio.timeout(1):
                await self._websocket.close(closed.code, closed.reason)
        except (TimeoutError, WebSocketDisconnect, WebSocketDisconnected):
            return

    async def _stop(self) -> None:
        await stop(*self._operations.values())


async def _either(begun: asyncio.Event, task: asyncio.Task[None]) -> None:
    """Wait until it has begun, or is over already."""
    waiting = asyncio.ensure_future(begun.wait())
    try:
        await asyncio.wait([waiting, task], return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()


def _bearer(payload: Any) -> str:
    """The token that connection_init brings. Raises BadToken."""
    given = payload if isinstance(payload, dict) else {}
    said = next((value for name, value in given.items() if name.lower() == "authorization"), None)
    if not isinstance(said, str):
        raise BadToken
    return bearer_of(said)


def _id(message: dict[str, Any]) -> str:
    id = message.get("id")
    if not isinstance(id, str) or not 0 < len(id) <= LONGEST_ID:
        raise Closed(4400, "An operation has an id, a text of 1 to 200 characters")
    return id
