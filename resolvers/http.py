"""GraphQL over HTTP: `POST /graphql`, and GraphiQL for a browser's `GET /graphql`."""

import logging
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

import orjson
from starlette.datastructures import Address
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket
from strawberry.exceptions import MissingQueryError
from strawberry.http.ides import get_graphql_ide_html
from strawberry.schema.exceptions import CannotGetOperationTypeError

from authz.identity_providers import KeySets, Vouched
from authz.keys import Keys
from authz.tokens import BadToken, Secret, Signed, Unproved, check
from authz.viewers import MOST_VIEWERS, Viewers
from models.database import Database
from models.relay import Relay
from models.turns import Turns
from resolvers.answering import DOCUMENTS, Asked, Result, answer, planned
from resolvers.background import Background
from resolvers.connected import while_connected
from resolvers.execution import formatted
from resolvers.request import LARGEST_BODY, asked_of, bearer_of
from resolvers.sse import events, wants_events
from resolvers.streaming import Streams
from resolvers.websocket import Socket
from schema.context import Context
from schema.errors import Code, CodedError, bad_input
from schema.reading.documents import Newest

log = logging.getLogger("carteira.http")


class Settings(Protocol):
    """What this needs of the server's settings."""

    @property
    def development(self) -> bool:
        """Whether anyone may introspect and see suggestions."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address that GraphQL clients talk to."""

    database: Database
    keys: Keys
    key_sets: KeySets
    development: bool
    background: Background = field(default_factory=Background)
    viewers: Viewers = field(default_factory=Viewers)
    bearers: Newest[str, Unproved] = field(default_factory=lambda: Newest(MOST_VIEWERS))
    streams: Streams = field(init=False)
    turns: Turns = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "turns", Turns(self.database.share))
        streams = Streams(self.database, Relay(self.database), self.viewers)
        object.__setattr__(self, "streams", streams)

    async def post(self, request: Request) -> Response:
        """Answer one GraphQL request."""
        request_id = uuid4().hex
        try:
            asked = asked_of(await _body(request))
            bearer = _bearer(request)
            unproved = await self.checked(bearer) if bearer else None
            context = self.context(unproved, request.client, request_id)
            answering = events(self, context, asked) if wants_events(request) else self.answer(context, asked)
            return await while_connected(request, answering)
        except BadToken as error:
            return _refusal(401, Code.UNAUTHENTICATED, str(error), request_id)
        except CodedError as error:
            status = 413 if error.code is Code.QUERY_TOO_COMPLEX else 400
            return _refusal(status, error.code, error.message, request_id)
        except Exception:
            log.exception("Incident %s", request_id)
            message = "Something went wrong on our side. Tell us the id, and we find it in the log."
            return _refusal(500, Code.INTERNAL_SERVER_ERROR, message, request_id, id=request_id)

    async def get(self, request: Request) -> Response:
        """GraphiQL, for a browser; what is asked is asked by POST."""
        if "query" in request.query_params and "text/html" not in request.headers.get("accept", ""):
            refused = _refusal(405, Code.BAD_USER_INPUT, "Queries are asked by POST.", uuid4().hex)
            refused.headers["allow"] = "POST"
            return refused
        return HTMLResponse(get_graphql_ide_html(graphql_ide="graphiql"))

    async def at_root(self, request: Request) -> Response:
        """To where GraphQL is, for whoever types the address without its path."""
        return RedirectResponse("/graphql")

    async def socket(self, websocket: WebSocket) -> None:
        """Talk graphql-transport-ws."""
        await Socket(self, websocket).talk()

    def context(self, unproved: Unproved | None, client: Address | None, request_id: str) -> Context:
        """What a request carries."""
        return Context(
            self.database,
            self.keys,
            unproved,
            request_id=request_id,
            address=client.host if client else "",
            development=self.development,
            spawn=self.background.spawn,
        )

    async def checked(self, bearer: str) -> Unproved:
        """What the token says of itself; our own are checked once, though whether they have ended always."""
        known = self.bearers.get(bearer)
        if known is not None:
            return known
        unproved = await check(self.database, self.keys, bearer, self.key_sets)
        if isinstance(unproved, Signed | Secret):
            self.bearers.put(bearer, unproved)
        return unproved

    async def answer(self, context: Context, asked: Asked) -> Response:
        """Answer for whoever the context's token names, in their turn. Raises BadToken, CodedError."""
        if context.unproved is None:
            return await self._answer(context, asked)
        async with self.turns.of(await self._asker(context, context.unproved)):
            return await self._answer(context, asked)

    async def _asker(self, context: Context, unproved: Unproved) -> Hashable:
        """Who asks, by whichever of their tokens. Raises BadToken."""
        match unproved:
            case Signed():
                return unproved.subject
            case Vouched():
                return unproved.provider_id, unproved.subject
        kept = self.viewers.get(unproved)
        if kept is not None:
            return kept.viewer.actor_id
        # Whose a program's token is only the database knows: to look them up, all have the turns of one.
        async with self.turns.of(Secret):
            try:
                await context.start_reading()
            finally:
                await context.stop_reading()
        viewer = context.known_viewer
        self.viewers.keep(unproved, viewer, context.expires_at)
        return viewer.actor_id

    async def _answer(self, context: Context, asked: Asked) -> Response:
        response = await self._answer_at_once(context, asked)
        if response is not None:
            return response
        try:
            await context.start_reading()
            if context.unproved is not None and context.viewer is not None:
                self.viewers.keep(context.unproved, context.viewer, context.expires_at)
            return await self.execute(context, asked)
        finally:
            await context.stop_reading()

    async def _answer_at_once(self, context: Context, asked: Asked) -> Response | None:
        """The answer by one statement alone; None for a viewer who is not kept, or has changed since."""
        if context.unproved is None or not context.planned:
            return None
        kept = self.viewers.get(context.unproved)
        if kept is None:
            return None
        context.document = DOCUMENTS.document(asked.query, introspects=True, signed_in=True)
        answered = await planned(context, asked, kept.viewer, kept.shape, self.database.row)
        if isinstance(answered, Result):
            return _answered(context, answered, suggestions=True)
        if answered is None:
            return None
        if answered.version != kept.viewer.access_version:
            self.viewers.forget(context.unproved)
            return None
        return _answered(context, Result(answered.data, answered.errors), suggestions=True)

    async def execute(self, context: Context, asked: Asked) -> Response:
        """Run a request for the viewer of the context."""
        introspects = context.may_introspect
        try:
            result = await answer(context, asked)
        except (MissingQueryError, CannotGetOperationTypeError):
            message = "There is no such operation: send one, or name one of several in `operationName`."
            raise bad_input(message) from None
        return _answered(context, result, suggestions=introspects)


def _answered(context: Context, result: Result, *, suggestions: bool) -> Response:
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [formatted(error, suggestions=suggestions) for error in result.errors]
    status = 401 if _all_unauthenticated(body) and not context.signs_in else 200
    return _json(status, body, context.request_id)


def routes(
    database: Database,
    keys: Keys,
    key_sets: KeySets,
    background: Background | None = None,
    *,
    development: bool,
) -> list[BaseRoute]:
    """The routes of the GraphQL endpoint."""
    endpoint = Endpoint(database, keys, key_sets, development, background or Background())
    return [
        Route("/graphql", endpoint.post, methods=["POST"]),
        Route("/graphql", endpoint.get, methods=["GET"]),
        WebSocketRoute("/graphql", endpoint.socket),
        Route("/", endpoint.at_root, methods=["GET"]),
    ]


def _bearer(request: Request) -> str | None:
    header = request.headers.get("authorization")
    return None if header is None else bearer_of(header)


async def _body(request: Request) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LARGEST_BODY:
            raise CodedError(Code.QUERY_TOO_COMPLEX, f"A request holds at most {LARGEST_BODY} bytes.")
        chunks.append(chunk)
    return b"".join(chunks)


def _all_unauthenticated(body: dict[str, Any]) -> bool:
    errors = body.get("errors") or []
    data = body["data"] or {}
    return (
        bool(errors)
        and not any(data.values())
        and all(error["extensions"]["code"] == Code.UNAUTHENTICATED.value for error in errors)
    )


def _refusal(status: int, code: Code, message: str, request_id: str, **extensions: Any) -> Response:
    error = {"message": message, "extensions": {"code": code.value, **extensions}}
    return _json(status, {"data": None, "errors": [error]}, request_id)


def _json(status: int, body: dict[str, Any], request_id: str) -> Response:
    headers = {"x-request-id": request_id, "cache-control": "no-store"}
    return Response(orjson.dumps(body), status, headers, media_type="application/json")
