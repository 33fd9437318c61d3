"""Explanations: why somebody sees a record, or reads one field of it, or does not (the contract, 9).

The decision is that of the scope and of the field's rule, asked again; the steps tell how it came
about. What would turn it is found by trial: each change is made in thought, and the same rules are
asked. Nothing rests on rows out of the asker's sight; where one of those could decide, the outcome
is unknown.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from authz.access import AccessRule, Refused
from authz.judging import Columns, Related, holds
from authz.predicate import NEVER, Predicate
from authz.scopes import in_scope, visible
from authz.viewer import Viewer
from models import IsolationMode, Permission, Reach, Scope, UnownedVisibility


class Relation(StrEnum):
    """What an agent is to a record. COMPANY: a partner user, to a deal of their company's."""

    OWN = "OWN"
    MANAGED = "MANAGED"
    SHARED = "SHARED"
    UNOWNED = "UNOWNED"
    COMPANY = "COMPANY"
    NONE = "NONE"


class Outcome(StrEnum):
    """What a rule said. UNKNOWN: it rests on something that the asker has not in sight."""

    YES = "YES"
    NO = "NO"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Step:
    """A rule that was tried, in words, and what it said; one of the steps decided."""

    rule: str
    says: str
    outcome: Outcome
    decided: bool = False


class Turn(StrEnum):
    """What could be changed. Each text is the sentence for it; `{}` is the value, or its name."""

    ACTIVATE = "Reactivate the agent."
    ISOLATION_MODE = "Set isolationMode to {}."
    UNOWNED_VISIBILITY = "Set unownedVisibility to {}."
    JOIN_TEAM = "Join the team {}."
    JOIN_INBOX = "Join the inbox {}."
    LEAVE_TEAM = "Leave the team {}."
    LEAVE_INBOX = "Leave the inbox {}."
    SCOPE = "Have a role with scope {}, otherwise the same."
    REACH = "Have a role with reach {}, otherwise the same."
    OWN = "Become the owner of the record."
    DISOWN = "Leave the record without an owner."
    GRANULAR = "Turn granular permissions {}."
    SUSPEND = "Suspend the agent."
    LEAVE_PARTNER = "Take the partner off the deal."


@dataclass(frozen=True, slots=True)
class Change:
    """One change, and the setting, team or inbox that it is about."""

    turn: Turn
    value: Any = None

    def says(self, name: str | None = None) -> str:
        """The change as a sentence; `name` is that of the team or inbox."""
        return self.turn.value.format(name or self.value)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer. `readable` is None where no field was asked for; what is unknown is None too."""

    in_sight: bool | None
    readable: bool | None
    relation: Relation | None
    steps: tuple[Step, ...]
    change: Change | None = None


MAY_NOT_EXIST = Explanation(
    in_sight=False,
    readable=None,
    relation=Relation.NONE,
    steps=(Step("in-sight", "It may not exist, or it may be out of your sight.", Outcome.NO, decided=True),),
)
"""What there is to say of anything that the asker has not in sight, whatever the reason."""


SOMETHING = UUID(int=0)
"""In the place of a reference of which the asker can't know whether there is one."""


@dataclass(frozen=True, slots=True)
class Question:
    """Whose access to which row, and to what on it.

    `related` reads rows in the asker's sight alone; `complete` says that these are all there are. A
    reference to a row that the asker has not in sight is `SOMETHING`, be there one or not.
    `about_oneself`: the asker is the viewer, and so has the row in sight. `active`: the viewer may
    sign in. `made_here`: their role is of the account's own making. `rule` guards the field asked
    for; None asks about sight alone.
    """

    viewer: Viewer
    table: str
    row: Columns
    related: Related
    complete: bool
    about_oneself: bool = True
    active: bool = True
    made_here: bool = False
    rule: AccessRule | None = None

    async def outcome(self, predicate: Predicate) -> Outcome:
        """What a predicate says of the row, as far as the asker may know."""
        if await holds(predicate, self.row, self.viewer, self.related):
            return Outcome.YES
        perhaps = await holds(predicate, self.row, self.viewer, self._with_what_may_be)
        return Outcome.UNKNOWN if perhaps else Outcome.NO

    async def _with_what_may_be(self, table: str, column: str, value: Any) -> list[Columns]:
        rows = list(await self.related(table, column, value))
        found = column == "id" and rows
        if table == "conversation" and not self.complete and not found:
            rows.append({"inbox_id": next(iter(self.viewer.inbox_ids), None)})
        return rows

    async def sight(self) -> Outcome:
        """Whether the viewer has the row in sight."""
        return await self.outcome(visible(self.table, self.viewer)) if self.active else Outcome.NO

    async def rule_says(self) -> Outcome:
        """Whether the rule of the field asked for lets the viewer read it, on a row in sight."""
        assert self.rule is not None
        decision = self.rule.decide(self.viewer, self.table)
        return await self.outcome(NEVER if isinstance(decision, Refused) else decision)

    async def answer(self) -> Outcome:
        """Whether the viewer sees the row, and reads the field if one is asked for."""
        sight = await self.sight()
        if self.rule is None or sight is Outcome.NO:
            return sight
        says = await self.rule_says()
        return sight if says is Outcome.YES else says


async def explain(question: Question) -> Explanation:
    """Why the row is in the viewer's sight, or the field is readable, or not."""
    sight = Outcome.YES if question.about_oneself else await question.sight()
    relation, steps = await _sight_steps(question, sight)
    answer = sight
    if question.rule is not None and sight is Outcome.YES:
        answer = await question.rule_says()
        steps.append(Step(question.rule.name, f"{question.rule.reads} {_standing(question)}", answer))
    steps[-1] = replace(steps[-1], decided=True)
    return Explanation(
        in_sight=_known(sight),
        readable=None if question.rule is None else _known(answer),
        relation=relation,
        steps=tuple(steps),
        change=await _turning(question, answer),
    )


def _known(outcome: Outcome) -> bool | None:
    return None if outcome is Outcome.UNKNOWN else outcome is Outcome.YES


def _yes(holding: bool) -> Outcome:
    return Outcome.YES if holding else Outcome.NO


def _standing(question: Question) -> str:
    viewer = question.viewer
    if not viewer.is_agent:
        return "The viewer is a partner user."
    if not viewer.granular:
        return "Granular permissions are off: what is in sight is read whole."
    return f"The account's isolationMode is {viewer.isolation_mode}."


async def _sight_steps(question: Question, sight: Outcome) -> tuple[Relation | None, list[Step]]:
    viewer, row = question.viewer, question.row
    if not viewer.is_agent:
        return Relation.COMPANY, [Step("company", "A partner user sees the deals of their company.", sight)]
    steps = [] if question.active else [Step("active", "Only an active agent can sign in.", Outcome.NO)]
    if not question.active:
        return (await _relation(question))[0], steps
    own = row["owner_id"] == viewer.agent_id
    steps.append(Step("own", "Whoever owns a record sees it whole.", _yes(own)))
    if own:
        return Relation.OWN, steps
    if not viewer.granular:
        return (Relation.MANAGED if sight is Outcome.YES else Relation.NONE), steps + _ungranular(question)
    relation, lying = await _relation(question)
    steps.append(Step("scope", _SCOPES[viewer.scope], lying))
    if lying is Outcome.NO or sight is Outcome.UNKNOWN:
        return relation, steps
    return relation, steps + _granular(question)


async def _relation(question: Question) -> tuple[Relation | None, Outcome]:
    """What the viewer is to the record, and whether it lies in the scope of their role."""
    viewer, owner = question.viewer, question.row["owner_id"]
    lying = Outcome.YES
    if not question.about_oneself:
        lying = await question.outcome(in_scope(question.table, viewer))
    if owner == viewer.agent_id:
        return Relation.OWN, lying
    if lying is Outcome.UNKNOWN:
        return None, lying
    if lying is Outcome.NO:
        return Relation.NONE, lying
    if not viewer.granular:
        return Relation.MANAGED, lying
    if owner is None:
        return Relation.UNOWNED, lying
    return (Relation.MANAGED if viewer.reach is Reach.SCOPE else Relation.SHARED), lying


_SCOPES = {
    Scope.ACCOUNT: "The role's scope is ACCOUNT: every record lies in it.",
    Scope.TEAM: (
        "The role's scope is TEAM: records of the agent's teams lie in it, and, "
        "where a record has no team, those whose owner is in one of them."
    ),
    Scope.INBOX: (
        "The role's scope is INBOX: records of the agent's inboxes lie in it, contacts of conversations "
        "there, and, where a deal has no inbox, those from a conversation there."
    ),
}


def _granular(question: Question) -> list[Step]:
    viewer = question.viewer
    managed = viewer.reach is Reach.SCOPE
    reach = Step(
        "reach",
        f"Reach SCOPE manages all that lies in the scope; this role's reach is {viewer.reach}.",
        _yes(managed),
    )
    if managed:
        return [reach]
    if question.row["owner_id"] is None:
        says = (
            "Reach OWN has unowned records of the scope in sight where unownedVisibility is SCOPE; "
            f"it is {viewer.unowned_visibility}."
        )
        return [reach, Step("unowned", says, _yes(viewer.unowned_visibility is UnownedVisibility.SCOPE))]
    says = (
        "Others' records in the scope are out of sight where isolationMode is STRICT, in sight with hidden "
        f"fields where it is MASKED, and whole where it is OPEN; it is {viewer.isolation_mode}."
    )
    return [reach, Step("isolation", says, _yes(viewer.isolation_mode is not IsolationMode.STRICT))]


def _ungranular(question: Question) -> list[Step]:
    viewer, row = question.viewer, question.row
    tried = (
        (
            "account",
            "`account.manage` with account scope sees every record.",
            viewer.may(Permission.ACCOUNT_MANAGE) and viewer.whole_account,
        ),
        (
            "team",
            "Granular permissions are off: members of a record's own team see it.",
            row["team_id"] in viewer.team_ids,
        ),
        (
            "inbox",
            "Granular permissions are off: members of a record's own inbox see it.",
            row["inbox_id"] in viewer.inbox_ids,
        ),
    )
    steps: list[Step] = []
    for rule, says, holding in tried:
        steps.append(Step(rule, says, _yes(holding)))
        if holding:
            break
    return steps


async def _turning(question: Question, answer: Outcome) -> Change | None:
    """The first change, of those that could be made, which surely turns the answer; None if none does."""
    if answer is Outcome.UNKNOWN:
        return None
    granting = answer is Outcome.NO
    wanted = Outcome.YES if granting else Outcome.NO
    async for change in _granting(question) if granting else _denying(question):
        if await _changed(question, change).answer() is wanted:
            return change
    return None


async def _granting(question: Question) -> AsyncIterator[Change]:
    if not question.active:
        yield Change(Turn.ACTIVATE)
        return
    if not question.viewer.is_agent:
        return
    yield Change(Turn.ISOLATION_MODE, IsolationMode.MASKED)
    yield Change(Turn.ISOLATION_MODE, IsolationMode.OPEN)
    yield Change(Turn.UNOWNED_VISIBILITY, UnownedVisibility.SCOPE)
    for team in await _teams(question):
        yield Change(Turn.JOIN_TEAM, team)
    for inbox in await _inboxes(question):
        yield Change(Turn.JOIN_INBOX, inbox)
    if question.viewer.granular:
        yield Change(Turn.SCOPE, Scope.ACCOUNT)
        yield Change(Turn.REACH, Reach.SCOPE)
    yield Change(Turn.OWN)


async def _denying(question: Question) -> AsyncIterator[Change]:
    viewer = question.viewer
    if not viewer.is_agent:
        yield Change(Turn.LEAVE_PARTNER)
        return
    yield Change(Turn.DISOWN)
    yield Change(Turn.ISOLATION_MODE, IsolationMode.MASKED)
    yield Change(Turn.ISOLATION_MODE, IsolationMode.STRICT)
    yield Change(Turn.UNOWNED_VISIBILITY, UnownedVisibility.MANAGERS)
    for team in await _teams(question):
        yield Change(Turn.LEAVE_TEAM, team)
    for inbox in await _inboxes(question):
        yield Change(Turn.LEAVE_INBOX, inbox)
    if viewer.granular:
        yield Change(Turn.REACH, Reach.OWN)
        yield Change(Turn.SCOPE, Scope.TEAM)
        yield Change(Turn.SCOPE, Scope.INBOX)
    if viewer.granular or not question.made_here:
        yield Change(Turn.GRANULAR, "off" if viewer.granular else "on")
    yield Change(Turn.SUSPEND)


async def _teams(question: Question) -> list[UUID]:
    row = question.row
    held = (
        [] if row["owner_id"] is None else await question.related("team_member", "agent_id", row["owner_id"])
    )
    return sorted({row["team_id"], *(each["team_id"] for each in held)} - {None})


async def _inboxes(question: Question) -> list[UUID]:
    row = question.row
    conversations: list[Columns] = []
    if question.table == "contact":
        conversations = list(await question.related("conversation", "contact_id", row["id"]))
    elif question.table == "deal" and row["conversation_id"] is not None:
        conversations = list(await question.related("conversation", "id", row["conversation_id"]))
    return sorted({row["inbox_id"], *(each["inbox_id"] for each in conversations)} - {None})


def _changed(question: Question, change: Change) -> Question:
    """The same question, had the change been made."""
    viewer, row, value = question.viewer, question.row, change.value
    match change.turn:
        case Turn.ACTIVATE:
            return replace(question, active=True)
        case Turn.SUSPEND:
            return replace(question, active=False)
        case Turn.OWN:
            return replace(question, row={**row, "owner_id": viewer.agent_id})
        case Turn.DISOWN:
            return replace(question, row={**row, "owner_id": None})
        case Turn.LEAVE_PARTNER:
            return replace(question, row={**row, "partner_id": None})
        case Turn.GRANULAR:
            return replace(question, viewer=_with_granular(question, value == "on"))
        case Turn.JOIN_TEAM:
            return replace(question, viewer=replace(viewer, team_ids=viewer.team_ids | {value}))
        case Turn.LEAVE_TEAM:
            return replace(question, viewer=replace(viewer, team_ids=viewer.team_ids - {value}))
        case Turn.JOIN_INBOX:
            return replace(question, viewer=replace(viewer, inbox_ids=viewer.inbox_ids | {value}))
        case Turn.LEAVE_INBOX:
            return replace(question, viewer=replace(viewer, inbox_ids=viewer.inbox_ids - {value}))
        case _:
            return replace(question, viewer=replace(viewer, **{change.turn.name.lower(): value}))


def _with_granular(question: Question, on: bool) -> Viewer:
    viewer = replace(question.viewer, granular=on)
    if on or not question.made_here:
        return viewer
    return replace(viewer, permissions=frozenset(), scope=Scope.TEAM, reach=Reach.OWN)
