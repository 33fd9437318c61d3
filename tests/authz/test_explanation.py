"""Explanations, held against the naive judge: what they say is so, and what they say would turn it does."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID, uuid4

import pytest

from authz.access import DETAILS, IDENTITY, MONEY, PLACE, WORDS, AccessRule
from authz.explanation import SOMETHING, Change, Explanation, Outcome, Question, Turn, explain
from authz.predicate import ALWAYS
from authz.scopes import in_sight
from authz.viewer import Viewer, ViewerKind
from models import IsolationMode, Permission, Reach, Scope, UnownedVisibility
from tests.judge import oracle
from tests.judge.small import ADMINISTRATOR, Small
from tests.judge.twin import twin
from tests.judge.viewers import KINDS, Judged, Kind, agent_viewer, partner_viewer
from tests.judge.world import RECORDS, Row, World, generate

FIELDS: dict[str, dict[str, AccessRule]] = {
    "contact": {"name": IDENTITY, "email": DETAILS, "notes": WORDS},
    "conversation": {"status": IDENTITY, "subject": WORDS},
    "deal": {"title": IDENTITY, "team": PLACE, "amount": MONEY},
}
AGENT_KINDS = [kind for kind in KINDS if "@" not in kind.who and kind.token is None]


def viewer_of(judged: Judged) -> Viewer:
    """The judge's viewer as the rules take it."""
    facts = judged.facts
    account = judged.world["account"][facts.account_id]
    agent = judged.world["agent"].get(facts.agent_id)
    return Viewer(
        kind=ViewerKind.AGENT if facts.agent_id else ViewerKind.PARTNER_USER,
        account_id=facts.account_id,
        access_version=1,
        currency=account["currency"],
        time_zone=account["time_zone"],
        sales_module=facts.sales_module,
        granular=facts.granular,
        isolation_mode=IsolationMode(account["isolation_mode"]),
        unowned_visibility=UnownedVisibility(account["unowned_visibility"]),
        agent_id=facts.agent_id,
        partner_user_id=facts.partner_user_id,
        partner_id=facts.company_id,
        role_id=agent["role_id"] if agent else None,
        permissions=frozenset(Permission(name) for name in facts.permissions),
        scope=Scope(facts.scope or "TEAM"),
        reach=Reach(facts.reach or "OWN"),
        team_ids=facts.teams,
        inbox_ids=facts.inboxes,
    )


def question(asker: Judged, viewer: Judged, table: str, row: Row, rule: AccessRule | None = None) -> Question:
    """What `asker` asks about the access of `viewer`."""
    conversations = oracle.sight(asker, "conversation")
    complete = in_sight("conversation", viewer_of(asker)) == ALWAYS

    async def related(other: str, column: str, value: Any) -> list[Row]:
        rows = asker.rows(other, column, value)
        return [each for each in rows if other != "conversation" or each["id"] in conversations]

    if row.get("conversation_id") not in conversations and "conversation_id" in row and not complete:
        row = {**row, "conversation_id": SOMETHING}
    role = viewer.world["role"].get(viewer_of(viewer).role_id)
    return Question(
        viewer=viewer_of(viewer),
        table=table,
        row=row,
        related=related,
        complete=complete,
        about_oneself=asker is viewer,
        made_here=role is not None and role["built_in"] is None,
        rule=rule,
    )


def changed(world: World, change: Change, table: str, row: Row, who: Judged) -> World:
    """The world after the change, everything else as it was."""
    facts, value = who.facts, change.value
    agent = world["agent"].get(facts.agent_id, {})
    match change.turn:
        case Turn.OWN:
            return _with(world, table, {**row, "owner_id": facts.agent_id})
        case Turn.DISOWN:
            return _with(world, table, {**row, "owner_id": None})
        case Turn.LEAVE_PARTNER:
            return _with(world, table, {**row, "partner_id": None})
        case Turn.ISOLATION_MODE | Turn.UNOWNED_VISIBILITY:
            account = world["account"][facts.account_id]
            return _with(world, "account", {**account, change.turn.name.lower(): value.value})
        case Turn.GRANULAR:
            account = world["account"][facts.account_id]
            return _with(world, "account", {**account, "granular_permissions": value == "on"})
        case Turn.SCOPE | Turn.REACH:
            role = {**world["role"][agent["role_id"]], "id": uuid4(), change.turn.name.lower(): value.value}
            return _with(_with(world, "role", role), "agent", {**agent, "role_id": role["id"]})
        case Turn.JOIN_TEAM | Turn.JOIN_INBOX:
            place = change.turn.name.removeprefix("JOIN_").lower()
            member = {"id": uuid4(), "account_id": facts.account_id, "agent_id": facts.agent_id}
            return _with(world, f"{place}_member", {**member, f"{place}_id": value})
        case Turn.LEAVE_TEAM | Turn.LEAVE_INBOX:
            place = change.turn.name.removeprefix("LEAVE_").lower()
            left = {"agent_id": facts.agent_id, f"{place}_id": value}
            return _without(
                world, f"{place}_member", {each["id"] for each in world.rows(f"{place}_member", **left)}
            )
        case Turn.SUSPEND:
            return _with(world, "agent", {**agent, "status": "SUSPENDED"})
    raise AssertionError(change)


def _with(world: World, table: str, row: Row) -> World:
    return World({**world.tables, table: {**world[table], row["id"]: row}})


def _without(world: World, table: str, ids: set[UUID]) -> World:
    return World({**world.tables, table: {id: row for id, row in world[table].items() if id not in ids}})


def again(world: World, who: Judged) -> Judged | None:
    """The same person in a changed world; None where they can't sign in."""
    try:
        if who.facts.agent_id is not None:
            return agent_viewer(world, who.facts.agent_id)
        assert who.facts.partner_user_id is not None
        return partner_viewer(world, who.facts.partner_user_id)
    except ValueError:
        return None


def judged(who: Judged | None, table: str, row_id: UUID, field: str | None) -> bool:
    """What the judge says: in sight, and readable where a field is asked for."""
    if who is None or row_id not in oracle.sight(who, table):
        return False
    return field is None or oracle.reads(who, table, who.world[table][row_id], field)


def asked(who: Judged) -> Iterable[tuple[str, Row, str | None, AccessRule | None]]:
    """Every record of the account, and the fields to ask about."""
    for table in RECORDS:
        for row in who.world.rows(table, account_id=who.facts.account_id):
            yield table, row, None, None
            for field, rule in FIELDS[table].items():
                yield table, row, field, rule


async def explained(
    asker: Judged, who: Judged, seen: Callable[[str, Row], bool]
) -> list[tuple[str, Row, str | None, Explanation]]:
    """Explanations of all that `seen` lets through."""
    return [
        (table, row, field, await explain(question(asker, who, table, row, rule)))
        for table, row, field, rule in asked(who)
        if seen(table, row)
    ]


def right(who: Judged, table: str, row: Row, field: str | None, found: Explanation) -> bool:
    """Check an explanation against the judge; True where what it names as a change was tried."""
    sight = judged(who, table, row["id"], None)
    answer = judged(who, table, row["id"], field)
    assert found.in_sight in (sight, None)
    assert found.relation is None or found.relation == oracle.relation(who, table, row)
    assert [step.decided for step in found.steps] == [False] * (len(found.steps) - 1) + [True]
    last = found.steps[-1].outcome
    assert last is (Outcome.UNKNOWN if found.in_sight is None else Outcome.YES if answer else Outcome.NO)
    if field is not None and found.in_sight is not None:
        assert (found.readable or False) == answer
    if found.change is None:
        return False
    left = again(changed(who.world, found.change, table, row, who), who)
    assert judged(left, table, row["id"], field) is not answer, (found.change, found.steps)
    return True


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.token is None], ids=lambda kind: kind.name)
async def test_about_oneself(kind: Kind) -> None:
    who = kind.look(generate(3))

    def seen(table: str, row: Row) -> bool:
        return row["id"] in oracle.sight(who, table)

    answers = await explained(who, who, seen)
    assert all(found.in_sight for *_, found in answers)
    turned = [right(who, *answer) for answer in answers]
    assert any(turned) or not turned


@pytest.mark.parametrize("kind", AGENT_KINDS, ids=lambda kind: kind.name)
async def test_about_an_agent_to_somebody_who_sees_everything(kind: Kind) -> None:
    who = kind.look(generate(4))
    asker = agent_viewer(who.world, who.world.agent("administrator@aurora.example"))
    answers = await explained(asker, who, lambda table, row: True)
    turned = [right(who, *answer) for answer in answers]
    assert all(found.in_sight is not None for *_, found in answers)
    unturned = [answer for answer, did in zip(answers, turned, strict=True) if not did]
    assert unturned == []


@pytest.mark.parametrize("manager", ["manager", "team-lead", "inbox-lead"])
@pytest.mark.parametrize("kind", AGENT_KINDS, ids=lambda kind: kind.name)
async def test_about_an_agent_to_a_manager_with_less_in_sight(kind: Kind, manager: str) -> None:
    who = kind.look(generate(5))
    asker = agent_viewer(who.world, who.world.agent(f"{manager}@aurora.example"))

    def seen(table: str, row: Row) -> bool:
        return row["id"] in oracle.sight(asker, table)

    for answer in await explained(asker, who, seen):
        right(who, *answer)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.token is None], ids=lambda kind: kind.name)
async def test_a_twin_that_differs_out_of_sight_is_explained_alike(kind: Kind) -> None:
    settled = kind.settle(generate(1))
    who = kind.viewer(settled)
    other = who.again(twin(settled, who, 1))
    for table in RECORDS:
        assert oracle.sight(who, table) == oracle.sight(other, table)
        for row_id in sorted(oracle.sight(who, table)):
            for rule in (None, *FIELDS[table].values()):
                here, there = [
                    await explain(question(one, one, table, one.world[table][row_id], rule))
                    for one in (who, other)
                ]
                assert here == there


async def test_what_rests_on_a_conversation_out_of_the_askers_sight_is_unknown() -> None:
    small = Small()
    manager = small.agent(small.role("TEAM", "SCOPE"), [small.north])
    agent = small.agent(small.role("INBOX", "SCOPE"), [small.north], [small.sales])
    contact = small.contact(team_id=small.north["id"])
    for talks in (0, 1):
        if talks:
            small.conversation(contact, inbox_id=small.sales["id"], team_id=small.south["id"])
        asker, who = small.look(manager), small.look(agent)
        found = await explain(question(asker, who, "contact", contact, DETAILS))
        assert (found.in_sight, found.readable, found.relation, found.change) == (None, None, None, None)
        everybody = small.look(small.agent(small.role(**ADMINISTRATOR)))
        known = await explain(question(everybody, who, "contact", contact, DETAILS))
        assert known.in_sight is bool(talks)


@pytest.mark.parametrize(
    ("settings", "columns", "field", "steps", "change"),
    [
        ({}, {"team": "south"}, "email", ["own", "scope"], Change(Turn.OWN)),
        ({"isolation_mode": "OPEN"}, {"team": "south"}, "email", ["own", "scope"], "Join the team South."),
        (
            {},
            {"team": "north"},
            "name",
            ["own", "scope", "reach", "isolation"],
            "Set isolationMode to MASKED.",
        ),
        (
            {},
            {"team": "north"},
            "email",
            ["own", "scope", "reach", "isolation"],
            "Set isolationMode to OPEN.",
        ),
        (
            {"isolation_mode": "MASKED"},
            {"team": "north"},
            "email",
            ["own", "scope", "reach", "isolation", "record.details"],
            "Set isolationMode to OPEN.",
        ),
        (
            {},
            {"team": "north", "owner_id": None},
            "name",
            ["own", "scope", "reach", "unowned"],
            "Set unownedVisibility to SCOPE.",
        ),
        (
            {"granular_permissions": False},
            {"team": "south"},
            "name",
            ["own", "account", "team", "inbox"],
            None,
        ),
    ],
)
async def test_the_rules_in_the_order_tried_and_what_would_turn_them(
    settings: Row, columns: Row, field: str, steps: list[str], change: Any
) -> None:
    small = Small(**settings)
    me, colleague = small.agent(teams=[small.north]), small.agent(teams=[small.south])
    team = {"north": small.north, "south": small.south}[columns.pop("team")]
    contact = small.contact(**{"team_id": team["id"], "owner_id": colleague["id"], **columns})
    asker = small.look(small.agent(small.role(**ADMINISTRATOR)))
    found = await explain(question(asker, small.look(me), "contact", contact, FIELDS["contact"][field]))
    assert [step.rule for step in found.steps] == steps
    assert found.change is not None
    if change is not None:
        name = team["name"] if found.change.turn is Turn.JOIN_TEAM else None
        assert found.change == change or found.change.says(name) == change


async def test_who_is_not_active_is_told_so() -> None:
    small = Small()
    me = small.agent(teams=[small.north])
    mine = small.deal(owner_id=me["id"])
    asker = small.look(small.agent(small.role(**ADMINISTRATOR)))
    asking = question(asker, small.look(me), "deal", mine)
    found = await explain(Question(**{**_columns(asking), "active": False}))
    assert (found.in_sight, found.relation) == (False, oracle.Relation.OWN)
    assert [step.rule for step in found.steps] == ["active"]
    assert found.change == Change(Turn.ACTIVATE)


def _columns(asking: Question) -> dict[str, Any]:
    return {name: getattr(asking, name) for name in Question.__dataclass_fields__}
