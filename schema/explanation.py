"""The explanation: which rules decided that somebody sees a record, or a field of it, or does not."""

from typing import Any

import strawberry

from authz.access import IN_SIGHT
from authz.explanation import Explanation, Outcome, Relation, Turn
from schema.context import Context
from schema.fields import column, one
from schema.lazy import Agent
from schema.seen import Seen

strawberry.enum(Relation)
strawberry.enum(Outcome, name="RuleOutcome")

_PLACES = {
    Turn.JOIN_TEAM: "team",
    Turn.LEAVE_TEAM: "team",
    Turn.JOIN_INBOX: "inbox",
    Turn.LEAVE_INBOX: "inbox",
}


@strawberry.type
class ExplanationStep(Seen):
    """A rule that was tried: what it asks, and what it said. One of the steps decided."""

    rule: str | None = column(IN_SIGHT)
    says: str | None = column(IN_SIGHT)
    outcome: Outcome | None = column(IN_SIGHT)
    decided: bool | None = column(IN_SIGHT)


@strawberry.type
class AccessExplanation(Seen):
    """Why an agent has a record in sight, or reads a field of it, or does not.

    `steps` are the rules in the order tried. `change` is the smallest single change that would turn
    the answer; null where no single one would. What rests on something out of the asker's own sight
    is null. `readable` is null where no field was asked for; a reference that is readable is still
    null where what it refers to is out of sight.
    """

    record_id: strawberry.ID | None = column(IN_SIGHT)
    agent: Agent | None = one(IN_SIGHT, "agent")
    in_sight: bool | None = column(IN_SIGHT)
    field: str | None = column(IN_SIGHT)
    readable: bool | None = column(IN_SIGHT)
    relation: Relation | None = column(IN_SIGHT)
    steps: list[ExplanationStep] | None = column(IN_SIGHT)
    change: str | None = column(IN_SIGHT)


async def explanation_row(context: Context, found: Explanation) -> dict[str, Any]:
    """What clients read of an explanation."""
    steps = [
        {"rule": step.rule, "says": step.says, "outcome": step.outcome, "decided": step.decided}
        for step in found.steps
    ]
    return {
        "in_sight": found.in_sight,
        "readable": found.readable,
        "relation": found.relation,
        "steps": [ExplanationStep.of(step) for step in steps],
        "change": await _change(context, found),
    }


async def _change(context: Context, found: Explanation) -> str | None:
    if found.change is None:
        return None
    table = _PLACES.get(found.change.turn)
    place = None if table is None else await context.find(table, found.change.value)
    return found.change.says(None if place is None else place["name"])
