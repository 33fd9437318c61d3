"""Whatever happens to a record, in whatever order: its ownership has no overlap and is its owner's."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import nullcontext
from datetime import datetime
from itertools import count, pairwise
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from models import Contact, Ownership
from models.database import Database
from models.operations.archive import archive
from models.operations.assign_inbox import assign_inbox
from models.operations.assign_owner import assign_owner
from models.operations.assign_team import assign_team
from models.operations.create_contact import create_contact
from models.operations.deactivate_agent import deactivate_agent
from models.operations.problem import Problem
from models.operations.reactivate_agent import reactivate_agent
from models.operations.suspend_agent import suspend_agent
from models.operations.unarchive import unarchive
from models.operations.update_contact import update_contact
from tests.models.operations.world import Clock, make_world, ownerships

T = TypeVar("T")
NUMBERS = count(1)
NOBODY = st.none()
PEOPLE = st.sampled_from(["ana", "ben", "administrator"])
TEAMS = st.sampled_from(["north", "south"])


async def read_again(contact: Contact) -> Contact:
    """The contact as it stands."""
    return await Contact.get(id=contact.id)


class Life(RuleBasedStateMachine):
    """A contact's life, beside what its owner and team should be at each instant."""

    runner: asyncio.Runner
    database: Database
    time: Clock

    def __init__(self) -> None:
        super().__init__()
        self.inactive: set[str] = set()
        self.owner: UUID | None = None
        self.team: UUID | None = None
        self.history: dict[datetime, tuple[UUID, UUID | None] | None] = {}
        self.world = self.write(make_world(self.database, name=f"Acme {next(NUMBERS)}"))
        self.contact = self.write(create_contact(self.world.by, name="Bo"))
        self.closed: list[tuple[Any, ...]] = []

    def write(self, act: Coroutine[Any, Any, T]) -> T:
        """Do `act` in a transaction."""

        async def written() -> T:
            async with self.database.writing():
                return await act

        return self.runner.run(written())

    def id_of(self, name: str | None) -> UUID | None:
        """The id of who or what goes by `name` in the world."""
        return getattr(self.world, name).id if name else None

    @rule(owner=PEOPLE | NOBODY)
    def assign(self, owner: str | None) -> None:
        """Somebody becomes the owner, or nobody; who is inactive does not."""
        owner_id = self.id_of(owner)
        refused = owner in self.inactive and owner_id != self.owner
        with pytest.raises(Problem, match="active") if refused else nullcontext():
            self.write(assign_owner(self.world.by, self.contact, owner_id=owner_id))
        if not refused:
            self.take(owner)

    def take(self, owner: str | None) -> None:
        """Remember the new owner, and the main team if the record is in none of theirs."""
        if owner and self.id_of(owner) != self.owner:
            main = {"ana": "north", "ben": "south"}.get(owner)
            self.team = self.id_of(main)
        self.owner = self.id_of(owner)

    @rule(team=TEAMS | NOBODY)
    def move(self, team: str | None) -> None:
        """The record changes team."""
        self.team = self.id_of(team)
        self.write(assign_team(self.world.by, self.contact, team_id=self.team))

    @rule(act=st.sampled_from([archive, unarchive]))
    def put_away(self, act: Callable[..., Any]) -> None:
        """Archiving changes no ownership."""
        self.write(act(self.world.by, self.contact))

    @rule(name=st.sampled_from(["Bo", "Al"]), inbox=st.sampled_from(["inbox"]) | NOBODY)
    def rename(self, name: str, inbox: str | None) -> None:
        """Neither does anything else."""
        self.write(update_contact(self.world.by, self.contact, name=name))
        self.write(assign_inbox(self.world.by, self.contact, inbox_id=self.id_of(inbox)))

    @rule(who=st.sampled_from(["ana", "ben"]), heir=st.sampled_from(["administrator"]) | NOBODY)
    def leave(self, who: str, heir: str | None) -> None:
        """An agent is deactivated; what they own is the heir's or nobody's."""
        agent = getattr(self.world, who)
        self.write(
            deactivate_agent(self.world.by, agent, leave_unowned=heir is None, new_owner_id=self.id_of(heir))
        )
        self.inactive.add(who)
        if self.owner == agent.id:
            self.take(heir)

    @rule(who=st.sampled_from(["ana", "ben"]))
    def rest(self, who: str) -> None:
        """An agent is suspended and keeps what they own."""
        if who not in self.inactive:
            self.write(suspend_agent(self.world.by, getattr(self.world, who)))
            self.inactive.add(who)

    @rule(who=st.sampled_from(["ana", "ben"]))
    def come_back(self, who: str) -> None:
        """An agent is active again."""
        self.write(reactivate_agent(self.world.by, getattr(self.world, who)))
        self.inactive.discard(who)

    @rule(minutes=st.integers(1, 90))
    def wait(self, minutes: int) -> None:
        """Time passes; what was so just before is remembered."""
        self.history[self.time.now] = (self.owner, self.team) if self.owner else None
        self.time.forward(minutes=minutes)

    @invariant()
    def intervals_are_in_order(self) -> None:
        """At most one open, the last; each ends before the next begins; none that ended ever changes."""
        found = self.write(ownerships(self.contact))
        for one, next_one in pairwise(found):
            assert one.ended_at is not None
            assert one.started_at <= one.ended_at <= next_one.started_at
        ended = [(o.id, o.owner_id, o.team_id, o.started_at, o.ended_at) for o in found if o.ended_at]
        assert set(self.closed) <= set(ended)
        self.closed = ended
        self.holds(found)

    def holds(self, found: list[Ownership]) -> None:
        """The open interval is that of the owner and team; the past is what it was."""
        record = self.write(read_again(self.contact))
        assert (record.owner_id, record.team_id) == (self.owner, self.team)
        now = [(o.owner_id, o.team_id) for o in found if o.ended_at is None]
        assert now == ([(self.owner, self.team)] if self.owner else [])
        for instant, owned in self.history.items():
            then = [
                (o.owner_id, o.team_id)
                for o in found
                if o.started_at <= instant and (o.ended_at is None or instant < o.ended_at)
            ]
            assert then == ([owned] if owned else [])


def test_ownership_holds_whatever_happens(fresh_url: Callable[[], Awaitable[str]], time: Clock) -> None:
    async def opened() -> Database:
        return await Database.open(await fresh_url())

    with asyncio.Runner() as runner:
        database = runner.run(opened())
        try:
            life = type("BoundLife", (Life,), {"runner": runner, "database": database, "time": time})
            run_state_machine_as_test(
                life,
                settings=settings(
                    max_examples=20,
                    stateful_step_count=15,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(database.close())
