"""The small account that operations are tried on, and ways to look at the traces that they leave."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models import (
    Account,
    Agent,
    AuditEntry,
    BuiltIn,
    Inbox,
    OutboxEvent,
    Ownership,
    Role,
    Team,
    TimelineEntry,
)
from models.database import Database
from models.operations.actor import Actor
from models.operations.create_account import create_account
from models.operations.create_agent import create_agent
from models.operations.create_inbox import create_inbox
from models.operations.create_team import create_team
from models.operations.problem import Problem


class Clock:
    """Tells the same time until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> datetime:
        """Move on, and tell the new time."""
        self.now += timedelta(**by)
        return self.now


@dataclass(frozen=True)
class World:
    """Ana is a rep in the team North, Ben in South; the administrator acts."""

    database: Database
    account: Account
    by: Actor
    administrator: Agent
    ana: Agent
    ben: Agent
    north: Team
    south: Team
    inbox: Inbox
    rep: Role

    def writing(self) -> Any:
        """A transaction in this world's database."""
        return self.database.writing()

    @asynccontextmanager
    async def bumping(self, by: int) -> AsyncIterator[None]:
        """What is done inside moves the account's access version so far."""
        before = await Account.get(id=self.account.id)
        yield
        after = await Account.get(id=self.account.id)
        assert after.access_version - before.access_version == by


async def make_world(database: Database, name: str = "Acme") -> World:
    """A world in a transaction that is open."""
    account, administrator = await create_account(name=name, admin_email="root@acme.example")
    operator = Actor(account.id)
    rep = await Role.get(account_id=account.id, built_in=BuiltIn.REP)
    north = await create_team(operator, name="North")
    south = await create_team(operator, name="South")
    return World(
        database,
        account,
        Actor(account.id, agent_id=administrator.id, request_id="request-1"),
        administrator,
        await create_agent(operator, name="Ana", role_id=rep.id, team_ids=[north.id]),
        await create_agent(operator, name="Ben", role_id=rep.id, team_ids=[south.id]),
        north,
        south,
        await create_inbox(operator, name="Mail"),
        rep,
    )


@asynccontextmanager
async def refused(code: str, field: str | None = None) -> AsyncIterator[None]:
    """What is done inside raises this Problem."""
    with pytest.raises(Problem) as caught:
        yield
    assert (caught.value.code, caught.value.field) == (code, field)
    assert caught.value.message


async def timeline(record: Any) -> list[TimelineEntry]:
    """What is said to have happened to the record, in order."""
    return await TimelineEntry.filter(record_id=record.id).order_by("number")


async def audit(subject: Any) -> list[AuditEntry]:
    """What is said to have been done to the subject, in order."""
    return await AuditEntry.filter(subject_id=subject.id).order_by("at")


async def ownerships(record: Any) -> list[Ownership]:
    """Who owned the record, in order; of those that begin at one instant the open one is last."""
    found = await Ownership.filter(record_id=record.id)
    return sorted(found, key=lambda o: (o.started_at, o.ended_at is None, o.ended_at))


async def traces() -> tuple[int, int, int, int]:
    """How many entries there are of each kind: two of these are equal where nothing was written."""
    return (
        await TimelineEntry.all().count(),
        await AuditEntry.all().count(),
        await OutboxEvent.all().count(),
        await Ownership.all().count(),
    )
