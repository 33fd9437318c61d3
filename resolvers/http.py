"""GraphQL over HTTP: `POST /graphql`, and GraphiQL for a browser's `GET /graphql`."""

import json
import logging
import re
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import uuid4

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route
from strawberry.exceptions import MissingQueryError
from strawberry.http.ides import get_graphql_ide_html
from strawberry.schema.exceptions import CannotGetOperationTypeError

from authz.identity_providers import KeySets
from authz.keys import Keys
from authz.tokens import BadToken, check
from models.database import Database
from resolvers.execution import formatted
from resolvers.schema import schema
from schema.context import Context
from schema.errors import Code, CodedError, bad_input
from schema.scalars import check_text
from schema.seen import Seen

log = logging.getLogger("carteira.http")

DEEPEST_VARIABLE = 60
MOST_VALUES = 5_000
LARGEST_BODY = 2 * 1024 * 1024
_NUL_ESCAPE = re.compile(r"\\u(0000|\{0+\})")


class Settings(Protocol):
    """What this needs of the server's settings."""

    @property
    def development(self) -> bool:
        """Whether anyone may introspect and see suggestions."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A GraphQL request's body."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address that GraphQL clients talk to."""

    database: Database
    keys: Keys
    key_sets: KeySets
    development: bool

    async def post(self, request: Request) -> Response:
        """Answer one GraphQL request."""
        request_id = uuid4().hex
        try:
            asked = _asked(await _body(request))
            return await self._answer(request, asked, request_id)
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
        """GraphiQL, for a browser."""
        return HTMLResponse(get_graphql_ide_html(graphql_ide="graphiql"))

    async def _answer(self, request: Request, asked: Asked, request_id: str) -> Response:
        bearer = _bearer(request)
        unproved = await check(self.database, self.keys, bearer, self.key_sets) if bearer else None
        context = Context(
            self.database,
            self.keys,
            unproved,
            request_id=request_id,
            address=request.client.host if request.client else "",
            development=self.development,
        )
        try:
            await context.start_reading()
            return await self.execute(context, asked)
        finally:
            await context.stop_reading()

    async def execute(self, context: Context, asked: Asked) -> Response:
        """Run a request for the viewer of the context."""
        introspects = context.may_introspect
        try:
            result = await schema.execute(
                asked.query,
                variable_values=asked.variables,
                context_value=context,
                root_value=Seen.of({}),
                operation_name=asked.operation_name,
            )
        except (MissingQueryError, CannotGetOperationTypeError):
            message = "There is no such operation: send one, or name one of several in `operationName`."
            raise bad_input(message) from None
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body["errors"] = [formatted(error, suggestions=introspects) for error in result.errors]
        status = 401 if _all_unauthenticated(body) and not context.signs_in else 200
        return _json(status, body, context.request_id)


def routes(database: Database, keys: Keys, key_sets: KeySets, *, development: bool) -> list[BaseRoute]:
    """The routes of the GraphQL endpoint."""
    endpoint = Endpoint(database, keys, key_sets, development)
    return [
        Route("/graphql", endpoint.post, methods=["POST"]),
        Route("/graphql", endpoint.get, methods=["GET"]),
    ]


def _bearer(request: Request) -> str | None:
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, bearer = header.partition(" ")
    if scheme.lower() != "bearer" or not bearer.strip():
        raise BadToken
    return bearer.strip()


async def _body(request: Request) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LARGEST_BODY:
            raise CodedError(Code.QUERY_TOO_COMPLEX, f"A request holds at most {LARGEST_BODY} bytes.")
        chunks.append(chunk)
    return b"".join(chunks)


def _asked(body: bytes) -> Asked:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        raise bad_input('The body is not JSON. Send {"query": "…", "variables": {…}}.') from None
    query = parsed.get("query") if isinstance(parsed, dict) else None
    if not isinstance(query, str):
        raise bad_input('The body has no query. Send {"query": "…", "variables": {…}}.')
    variables, name = parsed.get("variables"), parsed.get("operationName")
    if not isinstance(variables, dict | None) or not isinstance(name, str | None):
        raise bad_input("`variables` is an object, and `operationName` a text.")
    check_text(query)
    if _NUL_ESCAPE.search(query):
        raise bad_input("Text can't hold the character NUL (U+0000); leave it out.")
    if _check_texts(variables, 0) > MOST_VALUES:
        message = f"Variables hold at most {MOST_VALUES} values; send several requests."
        raise CodedError(Code.QUERY_TOO_COMPLEX, message)
    return Asked(query, variables, name)


def _check_texts(given: Any, depth: int) -> int:
    """Refuse what is no text, and tell how many values there are."""
    if depth > DEEPEST_VARIABLE:
        raise bad_input(f"Variables may be nested {DEEPEST_VARIABLE} levels deep; these are deeper.")
    if isinstance(given, str):
        check_text(given)
    if isinstance(given, dict):
        for name in given:
            check_text(name)
        return 1 + sum(_check_texts(each, depth + 1) for each in given.values())
    if isinstance(given, list):
        return 1 + sum(_check_texts(each, depth + 1) for each in given)
    return 1


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
