"""Records change hands in whatever way and order: none is lost, doubled or betrayed.

CARTEIRA_TEST_LIVES: how many lives of an account are led on each database.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from authz.tokens import Signed
from models import (
    Agent,
    AgentStatus,
    DistributionMember,
    DistributionPolicy,
    Reach,
    Scope,
    Token,
    TokenKind,
    Transfer,
    clock,
)
from models.database import Database, Session
from models.operations.archive import archive
from models.operations.assign_inbox import assign_inbox
from models.operations.assign_owner import assign_owner
from models.operations.assign_owners import assign_owners, listed
from models.operations.assign_team import assign_team
from models.operations.create_agent import create_agent
from models.operations.create_inbox import create_inbox
from models.operations.create_role import create_role
from models.operations.deactivate_agent import deactivate_agent
from models.operations.distribute import HandingOut, Remit
from models.operations.distribute_contacts import distribute_contacts
from models.operations.draft_transfer import Drawn, Share, draft_transfer
from models.operations.moving import Move, Telling, held_records, move_records
from models.operations.problem import Problem
from models.operations.reactivate_agent import reactivate_agent
from models.operations.record_type import type_of
from models.operations.revert_transfer import draft_revert, revert_transfer
from models.operations.suspend_agent import suspend_agent
from models.operations.timeline import TimelineKind
from models.operations.transfer_batch import go_on
from models.operations.transfer_portfolio import transfer_portfolio
from models.operations.unarchive import unarchive
from models.operations.update_agent import update_agent
from models.ownership import OwnershipCause
from models.record import RecordType
from models.sql import Sql
from resolvers.transfer_going_on import may_move
from tests.judge.viewers import agent_viewer
from tests.judge.world import RECORDS, Row, World
from tests.models.operations.replaying import Side, make_side
from tests.models.operations.world import Clock
from tests.proofs.asking import ask
from tests.proofs.judging import differences, judged

T = TypeVar("T")

LIVES = int(os.environ.get("CARTEIRA_TEST_LIVES", "4"))
STEPS = 14
OWNERS: tuple[str | None, ...] = ("ana", "ana", "ben", None, "cat", "ana", "ben", None, "cat")
TEAMS: tuple[str | None, ...] = ("north", "north", None, "south", "south", "north", None, "north", None)
MOVERS = ("ana", "ben", "cat")
NUMBERS = st.integers(0, len(OWNERS) - 1)
PEOPLE = st.sampled_from(MOVERS)
ANYBODY = PEOPLE | st.just("administrator") | st.none()
EXPIRES = datetime(2100, 1, 1, tzinfo=UTC)
START_OVER = datetime(2026, 3, 1, 12, tzinfo=UTC)

BELOW = """
    id owner { id } team { id } inbox { id } archivedAt maskedFields
    viewerCan { update assign transfer archive }
    ownerships { owner { id } team { id } start end cause }
    timeline(last: 30) { totalCount nodes {
        number kind at reason author { id } transfer { id } changes { field before after }
    } }
"""
DOCUMENTS = (
    f"{{ contacts(first: 12) {{ totalCount nodes {{ {BELOW} }} }} }}",
    f"{{ conversations(first: 12) {{ totalCount nodes {{ {BELOW} contact {{ id }} }} }} }}",
    f"{{ deals(first: 12) {{ totalCount nodes {{ {BELOW} contact {{ id }} }} }} }}",
    "{ portfolios { nodes { owner { id } stats { contacts conversations deals } } } }",
)


async def anywhere(*_: Any) -> bool:
    """Records may lie wherever they are put."""
    return True


class Life(RuleBasedStateMachine):
    """An account's life. Each rule does one thing; what must always hold is looked at after each."""

    runner: asyncio.Runner
    database: Database
    time: Clock

    def __init__(self) -> None:
        super().__init__()
        self.time.now = START_OVER
        self.status = dict.fromkeys((*MOVERS, "administrator", "lead", "desk"), AgentStatus.ACTIVE)
        self.transfers: list[UUID] = []
        self.side: Side = self.write(lambda _: self._begin())
        self.tokens: dict[str, Signed] = self.write(lambda _: self._sign_in(self.status))
        self.before = self._rows()

    # The beginning

    async def _begin(self) -> Side:
        side = await make_side(self.database, list(OWNERS), list(TEAMS))
        world = side.world
        desk = await create_inbox(world.by, name="Desk")
        for record in side.records[:2]:
            await assign_inbox(world.by, record, inbox_id=desk.id)
        permissions = ["portfolio.assign", "portfolio.transfer", "sales.manage"]
        leads: tuple[tuple[str, Scope, dict[str, Any]], ...] = (
            ("lead", Scope.TEAM, {"team_ids": [world.north.id]}),
            ("desk", Scope.INBOX, {"inbox_ids": [desk.id]}),
        )
        for name, scope, places in leads:
            role = await create_role(
                world.by, name=name, scope=scope, reach=Reach.SCOPE, permissions=permissions
            )
            side.agents[name] = await create_agent(world.by, name=name, role_id=role.id, **places)
        self.inboxes = [desk.id, world.inbox.id]
        self.policy = await self._policy(side)
        return side

    async def _policy(self, side: Side) -> DistributionPolicy:
        account_id, saved_by = side.world.account.id, side.world.administrator.id
        policy = await DistributionPolicy.create(account_id=account_id, saved_by_id=saved_by, capacity=3)
        for number, name in enumerate(MOVERS, 1):
            await DistributionMember.create(
                account_id=account_id, policy_id=policy.id, agent_id=side.agents[name].id, number=number
            )
        return policy

    async def _sign_in(self, names: Iterable[str]) -> dict[str, Signed]:
        account_id = self.side.world.account.id
        found = {}
        for name in names:
            agent_id = self.side.agents[name].id
            token = await Token.create(
                account_id=account_id, kind=TokenKind.AGENT, agent_id=agent_id, expires_at=EXPIRES
            )
            found[name] = Signed(token.id, account_id, agent_id, TokenKind.AGENT, EXPIRES)
        return found

    # Doing

    def run(self, act: Coroutine[Any, Any, T]) -> T:
        """Do `act` with the time that the machine tells."""

        async def timed() -> T:
            clock.tell_time_with(self.time)
            return await act

        return self.runner.run(timed())

    def write(self, act: Callable[[Session], Awaitable[T]]) -> T:
        """Do `act` in a transaction."""

        async def written() -> T:
            async with self.database.writing() as session:
                return await act(session)

        return self.run(written())

    def attempt(self, act: Callable[[Session], Awaitable[None]]) -> str | None:
        """Do `act` in a transaction; the code of the Problem, if it is one, and then nothing is written."""
        try:
            self.write(act)
        except Problem as problem:
            assert self._rows() == self.before
            return problem.code
        return None

    def agent_id(self, name: str | None) -> UUID | None:
        """Whose id goes by this name."""
        return self.side.agent_id(name)

    def active(self, name: str | None) -> bool:
        """Whether somebody can get records; nobody can always own one no more."""
        return name is None or self.status[name] is AgentStatus.ACTIVE

    async def agent(self, name: str) -> Agent:
        """The agent as they stand."""
        return await Agent.get(id=self.agent_id(name))

    def row(self, number: int) -> Row:
        """The record of this number, as it was after the last step."""
        record = self.side.records[number]
        return self.before[type_of(record).value.lower()][record.id]

    @property
    def by(self) -> Any:
        """Who acts."""
        return self.side.world.by

    # Assignment

    @rule(number=NUMBERS, owner=ANYBODY)
    def assign(self, number: int, owner: str | None) -> None:
        """One record gets an owner, or nobody; who isn't active gets none."""
        allowed = self.active(owner) or self.row(number)["owner_id"] == self.agent_id(owner)

        async def act(session: Session) -> None:
            await assign_owner(self.by, await self.side.now(number), owner_id=self.agent_id(owner))

        assert self.attempt(act) == (None if allowed else "NOT_ACTIVE")
        if allowed:
            assert self._rows_of(number)["owner_id"] == self.agent_id(owner)

    @rule(numbers=st.sets(NUMBERS, min_size=2), owner=ANYBODY, team=st.sampled_from(["north", "south", None]))
    def assign_many(self, numbers: set[int], owner: str | None, team: str | None) -> None:
        """Many get the same owner and team at once."""
        if self.active(owner):
            self.write(lambda session: self._move(session, numbers, owner, team))
            assert {self._rows_of(number)["owner_id"] for number in numbers} == {self.agent_id(owner)}

    async def _move(self, session: Session, numbers: set[int], owner: str | None, team: str | None) -> None:
        moves = []
        for kind in RecordType:
            ids = [one.id for n, one in enumerate(self.side.records) if n in numbers and type_of(one) is kind]
            for held in (await held_records(session, kind, ids)).values():
                moves.append(Move(kind, held, self.agent_id(owner), self.side.team_id(team)))
        telling = Telling(self.by, TimelineKind.OWNER_ASSIGNED, OwnershipCause.ASSIGNED, "because")
        await move_records(session, moves, telling)

    @rule(numbers=st.sets(NUMBERS, min_size=2), owner=ANYBODY, stale=st.booleans())
    def assign_as_seen(self, numbers: set[int], owner: str | None, stale: bool) -> None:
        """Many get an owner, but for those that are not any more whose they were seen to be."""
        seen = {number: dict(self.row(number)) for number in numbers}
        changed = min(numbers)
        if stale:
            seen[changed]["owner_id"] = self.agent_id("lead")

        async def act(session: Session) -> None:
            rows = [(type_of(self.side.records[n]).value.lower(), row) for n, row in seen.items()]
            await assign_owners(session, self.by, listed(rows), owner_id=self.agent_id(owner))

        if self.attempt(act) is None:
            for number in numbers:
                stays = stale and number == changed
                expected = self.row(number)["owner_id"] if stays else self.agent_id(owner)
                assert self._rows_of(number)["owner_id"] == expected
        else:
            assert not self.active(owner)

    @rule(number=NUMBERS, team=st.sampled_from(["north", "south", None]))
    def set_team(self, number: int, team: str | None) -> None:
        """One record changes team."""

        async def act(session: Session) -> None:
            await assign_team(self.by, await self.side.now(number), team_id=self.side.team_id(team))

        self.write(act)

    @rule(number=NUMBERS, inbox=st.sampled_from([0, 1, None]))
    def set_inbox(self, number: int, inbox: int | None) -> None:
        """One record changes inbox; a conversation always has one."""

        async def act(session: Session) -> None:
            inbox_id = None if inbox is None else self.inboxes[inbox]
            await assign_inbox(self.by, await self.side.now(number), inbox_id=inbox_id)

        blank = inbox is None and type_of(self.side.records[number]) is RecordType.CONVERSATION
        assert self.attempt(act) == ("BLANK" if blank else None)

    @rule(number=NUMBERS, act=st.sampled_from([archive, unarchive]))
    def put_away(self, number: int, act: Callable[..., Any]) -> None:
        """One record is archived, or taken out again."""

        async def acted(session: Session) -> None:
            await act(self.by, await self.side.now(number))

        self.write(acted)

    # Transfer

    @rule(
        giver=PEOPLE,
        getting=st.dictionaries(PEOPLE | st.just("administrator"), st.integers(1, 3), min_size=1),
        kinds=st.sets(st.sampled_from(list(RecordType)), min_size=1),
        at_once=st.booleans(),
    )
    def transfer(self, giver: str, getting: dict[str, int], kinds: set[RecordType], at_once: bool) -> None:
        """What somebody owns is shared out among others, now or when somebody goes on with it."""
        shares = [Share(self.side.agents[name].id, weight) for name, weight in getting.items()]
        giver_id = self.side.agents[giver].id
        theirs = Sql("account_id = ? AND owner_id = ?", (self.side.world.account.id, giver_id))
        drawn = Drawn(giver_id, shares, dict.fromkeys(kinds, theirs), reason="leaves")

        async def act(session: Session) -> None:
            drafted = await draft_transfer(session, self.by, drawn)
            if at_once:
                drafted = await transfer_portfolio(session, self.by, drafted, drawn)
            self.transfers.append(drafted.id)

        code = self.attempt(act)
        if giver in getting:
            assert code == "TO_THEMSELVES"
        elif not all(self.active(name) for name in getting):
            assert code == "NOT_ACTIVE"
        else:
            assert code in (None, "NOTHING_TO_TRANSFER", "IN_TRANSFER")

    @precondition(lambda self: self.transfers)
    @rule(which=st.integers(0, 99))
    def go_on_with_a_transfer(self, which: int) -> None:
        """Whatever is left of it is done, by whoever comes; nothing is, where all was done."""
        transfer_id = self.transfers[which % len(self.transfers)]
        self.run(go_on(self.database, may_move, transfer_id))
        row = self._rows()["transfer"][transfer_id]
        assert row["state"] in ("APPLIED", "REVERTED")
        items = self._rows().rows("transfer_item", transfer_id=transfer_id)
        assert not [one for one in items if one["state"] in ("WAITING", "RETURNING")]

    @precondition(lambda self: self.transfers)
    @rule(which=st.integers(0, 99), at_once=st.booleans())
    def revert(self, which: int, at_once: bool) -> None:
        """What is still as the transfer left it goes back."""
        transfer_id = self.transfers[which % len(self.transfers)]

        async def act(session: Session) -> None:
            drafted = await Transfer.get(id=transfer_id)
            ours = Sql("account_id = ?", (self.side.world.account.id,))
            everything = dict.fromkeys(RecordType, ours)
            drafted = await draft_revert(session, self.by, drafted, everything)
            if at_once:
                await revert_transfer(session, self.by, drafted)

        assert self.attempt(act) in (None, "NOT_FINISHED", "ALREADY_REVERTED", "NOT_ACTIVE")

    # Distribution

    @rule(limit=st.integers(1, 4))
    def distribute(self, limit: int) -> None:
        """Contacts that are nobody's go to those who are next, of the active."""

        async def act(session: Session) -> None:
            policy = await DistributionPolicy.get(id=self.policy.id)
            ours = Sql("t.account_id = ?", (self.side.world.account.id,))
            handing_out = HandingOut(session, self.by, policy, Remit(ours, ours, ours, anywhere))
            await distribute_contacts(handing_out, contact_ids=None, limit=limit)

        assert self.attempt(act) is None

    # People

    @rule(who=PEOPLE)
    def suspend(self, who: str) -> None:
        """Somebody can't sign in for a while, and keeps what they own."""

        async def act(session: Session) -> None:
            await suspend_agent(self.by, await self.agent(who))

        gone = self.status[who] is AgentStatus.DEACTIVATED
        assert self.attempt(act) == ("DEACTIVATED" if gone else None)
        if not gone:
            self.status[who] = AgentStatus.SUSPENDED

    @rule(
        who=PEOPLE,
        word=st.sampled_from(["none", "unowned", "one", "several"]),
        heirs=st.lists(PEOPLE | st.just("administrator"), min_size=1, max_size=3, unique=True),
    )
    def deactivate(self, who: str, word: str, heirs: list[str]) -> None:
        """Somebody leaves, with each kind of word of where their records go, or with none."""
        words: dict[str, dict[str, Any]] = {
            "none": {},
            "unowned": {"leave_unowned": True},
            "one": {"new_owner_id": self.agent_id(heirs[0])},
            "several": {"to": [Share(self.side.agents[name].id, 2) for name in heirs]},
        }

        async def act(session: Session) -> None:
            await deactivate_agent(self.by, await self.agent(who), **words[word])

        code = self.attempt(act)
        if code is None:
            self.status[who] = AgentStatus.DEACTIVATED
            rows = self._rows()
            assert not [one for table in RECORDS for one in rows.rows(table, owner_id=self.agent_id(who))]
            return
        bad = {"INVALID", "NOT_ACTIVE", "TO_THEMSELVES"}
        assert code in {"none": {"OWNS_RECORDS"}, "unowned": set()}.get(word, bad)
        if word in ("one", "several"):
            getting = heirs[:1] if word == "one" else heirs
            assert who in getting or not all(self.active(name) for name in getting)

    @rule(who=PEOPLE)
    def reactivate(self, who: str) -> None:
        """Somebody comes back, and signs in anew."""

        async def act(session: Session) -> None:
            await reactivate_agent(self.by, await self.agent(who))

        self.write(act)
        if self.status[who] is not AgentStatus.ACTIVE:
            self.status[who] = AgentStatus.ACTIVE
            self.tokens |= self.write(lambda _: self._sign_in([who]))

    @rule(who=PEOPLE, inboxes=st.sets(st.sampled_from([0, 1])), available=st.booleans())
    def change_places(self, who: str, inboxes: set[int], available: bool) -> None:
        """Somebody is in other inboxes, and comes or goes away."""

        async def act(session: Session) -> None:
            inbox_ids = [self.inboxes[one] for one in inboxes]
            await update_agent(self.by, await self.agent(who), inbox_ids=inbox_ids, available=available)

        self.write(act)

    @rule(minutes=st.sampled_from([1, 60, 10_000, -1, -60, -10_000]))
    def wait(self, minutes: int) -> None:
        """Time passes; or a clock is set right, and goes back."""
        self.time.now += timedelta(minutes=minutes)

    # What must always hold

    def _rows(self) -> World:
        async def loaded() -> World:
            return await World.load(self.database, self.side.world.account.id)

        return self.run(loaded())

    def _rows_of(self, number: int) -> Row:
        record = self.side.records[number]
        return self._rows()[type_of(record).value.lower()][record.id]

    @invariant()
    def nothing_is_lost_doubled_or_betrayed(self) -> None:
        """Compare the rows with those before the step, with each other, and with what each agent sees."""
        now = self._rows()
        assert now.broken() == []
        for table in RECORDS:
            for record in now[table].values():
                self._ownerships_hold(now, record)
                self._histories_hold(now, record)
        self.before = now
        self._sight_holds(now)

    def _ownerships_hold(self, now: World, record: Row) -> None:
        found = now.rows("ownership", record_id=record["id"])
        was = {one["id"]: one for one in self.before.rows("ownership", record_id=record["id"])}
        opened = [one for one in found if one["ended_at"] is None]
        owned = record["owner_id"] is not None
        assert [(one["owner_id"], one["team_id"]) for one in opened] == (
            [(record["owner_id"], record["team_id"])] if owned else []
        )
        assert was.keys() <= {one["id"] for one in found}, "an ownership is lost"
        for one in found:
            assert one["ended_at"] is None or one["started_at"] <= one["ended_at"]
            if (old := was.get(one["id"])) is not None:
                assert one == old | {"ended_at": one["ended_at"]}
                assert old["ended_at"] in (None, one["ended_at"])
        self._none_overlap(found)
        self._new_ones_follow(record, [one for one in found if one["id"] not in was], was, found)

    def _none_overlap(self, found: list[Row]) -> None:
        # Of those that begin together the empty ones come first, and the open one last.
        last = datetime.max.replace(tzinfo=UTC)
        ordered = sorted(found, key=lambda one: (one["started_at"], one["ended_at"] or last))
        for one, following in pairwise(ordered):
            assert one["ended_at"] is not None
            assert one["ended_at"] <= following["started_at"]

    def _new_ones_follow(self, record: Row, new: list[Row], was: dict[UUID, Row], found: list[Row]) -> None:
        """What began in this step begins where the last one ended, if there was one: no gap while owned."""
        open_before = [one["id"] for one in was.values() if one["ended_at"] is None]
        ended = {one["id"]: one["ended_at"] for one in found}
        assert len(new) <= 1
        for one in new:
            if open_before:
                assert ended[open_before[0]] == one["started_at"]
            assert all(
                old["ended_at"] is None or old["ended_at"] <= one["started_at"] for old in was.values()
            )
            same_owner = open_before and was[open_before[0]]["owner_id"] == one["owner_id"]
            if not same_owner:
                name = next(n for n, agent in self.side.agents.items() if agent.id == one["owner_id"])
                assert self.status[name] is AgentStatus.ACTIVE, (
                    f"{name} got a record while {self.status[name]}"
                )

    def _histories_hold(self, now: World, record: Row) -> None:
        entries = sorted(now.rows("timeline_entry", record_id=record["id"]), key=lambda one: one["number"])
        assert [one["number"] for one in entries] == list(range(1, len(entries) + 1))
        assert entries[: len(was)] == was if (was := self._entries(record["id"])) else True
        events = now.rows("outbox_event", record_id=record["id"])
        changes = [one for one in events if one["columns"] or one["kind"] == "CREATED"]
        assert len(changes) == len(entries) == record["version"]
        assert all("via" in one["before"] for one in events if one not in changes)

    def _entries(self, record_id: UUID) -> list[Row]:
        return sorted(
            self.before.rows("timeline_entry", record_id=record_id), key=lambda one: int(one["number"])
        )

    def _sight_holds(self, now: World) -> None:
        for name, status in self.status.items():
            if status is not AgentStatus.ACTIVE:
                answer = self.run(ask(self.database, self.tokens[name], DOCUMENTS[0]))
                assert answer.codes == ["UNAUTHENTICATED"]
                continue
            viewer = agent_viewer(now, self.side.agents[name].id)
            for document in DOCUMENTS:
                answer = self.run(ask(self.database, self.tokens[name], document))
                expected, met = judged(viewer, document, None, {})
                assert (answer.codes, met) == ([], [])
                assert differences(answer.data, expected, {}) == []


def test_nothing_is_lost_doubled_or_betrayed(fresh_url: Callable[[], Awaitable[str]], time: Clock) -> None:
    async def opened() -> Database:
        return await Database.open(await fresh_url())

    with asyncio.Runner() as runner:
        database = runner.run(opened())
        try:
            life = type("BoundLife", (Life,), {"runner": runner, "database": database, "time": time})
            run_state_machine_as_test(
                life,
                settings=settings(
                    max_examples=LIVES,
                    stateful_step_count=STEPS,
                    deadline=None,
                    # A life is short: to read one takes less time than to shrink it.
                    phases=[Phase.explicit, Phase.reuse, Phase.generate],
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(database.close())
