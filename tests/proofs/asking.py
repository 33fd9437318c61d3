"""Asking as a viewer of the judge's world: in process, through all that a request goes through but HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5
from weakref import WeakKeyDictionary

import orjson

from authz.identity_providers import KeySets
from authz.keys import Keys
from authz.tokens import BadToken, Secret, Signed, Unproved
from models import TokenKind, clock, ids
from models.database import Database
from resolvers.answering import Asked
from resolvers.http import Endpoint
from schema.context import Context
from tests.judge.viewers import Judged, Kind
from tests.judge.world import START, Row, World

KEYS = Keys.derive("a secret of the proofs alone, which is long enough")
NOW = START + timedelta(days=150)
"""When all of it happens: after everything in the worlds."""
NAMES = UUID("3f0f7c52-5f0f-4f5e-8a53-2f3c4b1d9c11")


@dataclass(frozen=True)
class SignedIn:
    """A kind of viewer who looks at a world that holds their token."""

    viewer: Judged
    unproved: Unproved

    @property
    def world(self) -> World:
        """What they look at."""
        return self.viewer.world


def sign_in(kind: Kind, generated: World) -> SignedIn:
    """The generated world as this kind of viewer wants it, with a token of theirs in it."""
    world = kind.settle(generated)
    viewer = kind.viewer(world)
    if viewer.token_id is not None:
        return SignedIn(viewer, Secret(world["token"][viewer.token_id]["secret_hash"]))
    facts = viewer.facts
    token: Row = {
        "id": uuid5(NAMES, kind.name),
        "account_id": facts.account_id,
        "kind": TokenKind.AGENT if facts.agent_id else TokenKind.PORTAL,
        "name": None,
        "agent_id": facts.agent_id,
        "partner_user_id": facts.partner_user_id,
        "secret_hash": None,
        "permissions": None,
        "created_at": START,
        "expires_at": NOW + timedelta(days=36_500),
        "revoked_at": None,
    }
    world["token"][token["id"]] = token
    subject = facts.agent_id or facts.partner_user_id
    assert subject is not None
    signed = Signed(token["id"], facts.account_id, subject, token["kind"], token["expires_at"])
    return SignedIn(kind.viewer(world), signed)


@dataclass(frozen=True)
class Answer:
    """What came back, as bytes and as what they hold."""

    body: bytes

    @property
    def data(self) -> Any:
        """The data; None where the whole request failed."""
        return orjson.loads(self.body)["data"]

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The errors, in order."""
        errors: list[dict[str, Any]] = orjson.loads(self.body).get("errors", [])
        return errors

    @property
    def codes(self) -> list[str]:
        """The errors' codes, in order."""
        return [error["extensions"]["code"] for error in self.errors]


async def ask(
    database: Database,
    unproved: Unproved | None,
    document: str,
    variables: dict[str, Any] | None = None,
    *,
    draws: int = 0,
    planned: bool = True,
    fresh: bool = False,
) -> Answer:
    """The answer to one request. Time stands still at NOW; new ids are the same for the same `draws`.

    One endpoint answers all that is asked of a database, and keeps whom and what it knows already;
    `fresh` asks one that knows nothing, and so does the ordinary way (`planned=False`).
    """
    endpoint = new_endpoint(database) if fresh or not planned else _endpoint_of(database)
    context = Context(
        database, KEYS, unproved, request_id=f"request-{draws}", address="192.0.2.1", planned=planned
    )
    clock.tell_time_with(lambda: NOW)
    drawn = _ids(draws)
    ids.draw_ids_from(lambda: next(drawn))
    try:
        return Answer(bytes((await endpoint.answer(context, Asked(document, variables, None))).body))
    except BadToken:
        return Answer(orjson.dumps({"data": None, "errors": [{"extensions": {"code": "UNAUTHENTICATED"}}]}))
    finally:
        clock.tell_time_with(None)
        ids.draw_ids_from(None)


def new_endpoint(database: Database) -> Endpoint:
    """An endpoint that has answered nobody yet."""
    return Endpoint(database, KEYS, KeySets(), development=False)


_ENDPOINTS: WeakKeyDictionary[Database, Endpoint] = WeakKeyDictionary()


def _endpoint_of(database: Database) -> Endpoint:
    if database not in _ENDPOINTS:
        _ENDPOINTS[database] = new_endpoint(database)
    return _ENDPOINTS[database]


def _ids(draws: int) -> Iterator[UUID]:
    number = 0
    while True:
        number += 1
        yield UUID(int=uuid5(NAMES, f"{draws} {number}").int, version=4)
