"""Asking as a person of a scene, over one endpoint, and counting the statements that it takes."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import orjson
import pytest

from authz.identity_providers import KeySets
from authz.tokens import Unproved
from models.database import Database
from models.engines.tally import Tally
from resolvers.answering import Asked
from resolvers.http import Endpoint
from schema.context import Context
from tests.resolvers.support import KEYS


@dataclass
class Statements:
    """How many statements were run: in sessions, and by themselves (`Database.row`)."""

    database: Database
    in_sessions: int = 0
    _before: int = 0

    def reset(self) -> None:
        """Count from nothing."""
        self.in_sessions, self._before = 0, self.database.statements

    @property
    def alone(self) -> int:
        """Those that ran in no session."""
        return self.database.statements - self._before

    @property
    def all(self) -> int:
        """All of them."""
        return self.in_sessions + self.alone


def counted(database: Database, monkeypatch: pytest.MonkeyPatch) -> Statements:
    """A count of the statements that a database runs from now on."""
    statements = Statements(database)
    statements.reset()
    count = Tally.count

    def counting(tally: Tally) -> None:
        statements.in_sessions += 1
        count(tally)

    monkeypatch.setattr(Tally, "count", counting)
    return statements


@dataclass
class Asker:
    """Somebody who is signed in, at one endpoint."""

    database: Database
    unproved: Unproved | None
    endpoint: Endpoint = field(init=False)

    def __post_init__(self) -> None:
        self.endpoint = Endpoint(self.database, KEYS, KeySets(), development=False)

    async def ask(self, document: str, variables: dict[str, Any] | None = None) -> Any:
        """The data of an answer that has no errors."""
        context = Context(self.database, KEYS, self.unproved, request_id=uuid4().hex)
        response = await self.endpoint.answer(context, Asked(document, variables))
        answer = orjson.loads(response.body)
        assert "errors" not in answer, answer
        return answer["data"]
