"""Assignment: setting one record's owner, or its team or inbox."""

from functools import partial
from types import SimpleNamespace
from typing import Any

import strawberry
from strawberry import ID, UNSET

from authz.policies import ASSIGN_INBOX, ASSIGN_RECORD, SUBJECT, sees
from models import Conversation, Deal
from models.operations.assign_inbox import assign_inbox as set_inbox
from models.operations.assign_owner import assign_owner as set_owner
from models.operations.assign_owners import assign_owners as set_owners
from models.operations.assign_owners import listed
from models.operations.assign_team import assign_team as set_team
from models.operations.change import agree
from models.operations.problem import Problem
from resolvers.act import Act, Named
from resolvers.placing import moved
from resolvers.ruling import agents_of_rules, rule_over_newcomer
from resolvers.taking_along import (
    AssignmentCarryOverInput,
    Rows,
    held_along,
    require_placeable,
    taken_along,
    takes_along,
)
from resolvers.writing import mutation
from schema.context import Columns
from schema.errors import bad_input
from schema.tables import MODELS

RECORD = Named(("contact", "conversation", "deal"), "record_id")


@strawberry.input
class AssignOwnerInput:
    """The record, or several, and the agent who is to own them; null: nobody.

    A contact takes its open conversations and deals along as `carryOver` says: those of its own owner.
    """

    record_id: ID | None = UNSET
    record_ids: list[ID] | None = UNSET
    owner_id: ID | None = UNSET
    carry_over: AssignmentCarryOverInput | None = UNSET
    reason: str | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(
    ASSIGN_RECORD,
    subject=RECORD,
    links={"record_ids": RECORD.known, "owner_id": "agent"},
    needs=("owner_id",),
    gives=("record",),
    plain={"assigned": int | None},
    holds=held_along,
)
async def assign_owner(act: Act, input: AssignOwnerInput) -> Any:
    """Set the owner of a record, or of several. Where they are not in its team, the team becomes their main
    team. `assigned` is how many records that changed, those that were taken along too.
    """
    named = _named(act)
    if len(named) == 1 and not takes_along(act):
        return await _assign_one(act, *named[0])
    rows = [*named, *await taken_along(act, named)]
    await require_placeable(act, ASSIGN_RECORD, rows)
    agree(SimpleNamespace(**named[0][1]), act.given.get("expected_version"))
    assigned = await set_owners(act.session, act.by, listed(rows), **act.values("owner_id", "reason"))
    return _outcome(named, assigned)


async def _assign_one(act: Act, table: str, row: Columns) -> dict[str, Any]:
    await require_placeable(act, ASSIGN_RECORD, [(table, row)])
    before = await MODELS[table].get(id=row["id"])
    record = await set_owner(act.by, before, **act.values("owner_id", "reason", "expected_version"))
    return _outcome([(table, row)], int(record.version != row["version"]))


def _named(act: Act) -> Rows:
    """The record, or the records. Raises CodedError where both are said or neither, Problem REPEATED."""
    several = act.given.get("record_ids")
    if (SUBJECT in act.named) == (several is not None):
        raise bad_input("Say recordId, or recordIds for several.")
    if several is None:
        return act.named[SUBJECT]
    if len(several) > 1 and act.given.get("expected_version") is not None:
        raise Problem("INVALID", "A version is expected of one record.", "expectedVersion")
    if len(act.named["record_ids"]) < len(several):
        raise Problem("REPEATED", "A record stands there twice.", "recordIds")
    if not several:
        raise Problem("BLANK", "Say which records.", "recordIds")
    return act.named["record_ids"]


def _outcome(named: Rows, assigned: int) -> dict[str, Any]:
    """What is given back: the record, where it was one, and how many changed owners."""
    found = {f"{table}_id": row["id"] for table, row in named} if len(named) == 1 else {}
    return {**found, "assigned": assigned}


@strawberry.input
class AssignTeamInput:
    """The record, and the team that it is to be in; null: none."""

    record_id: ID
    team_id: ID | None = UNSET
    reason: str | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(
    ASSIGN_RECORD,
    subject=RECORD,
    links={"team_id": "team"},
    needs=("team_id",),
    leaves=moved,
    gives=("record",),
    holds=agents_of_rules,
)
async def assign_team(act: Act, input: AssignTeamInput) -> Any:
    """Set a record's team; its owner stays, unless a transfer rule says otherwise."""
    before = await act.record()
    record = await set_team(act.by, before, **act.values("team_id", "reason", "expected_version"))
    if record.team_id != before.team_id:
        act.follows.append(partial(rule_over_newcomer, act, record))
    return record


@strawberry.input
class AssignInboxInput:
    """The record, and the inbox that it is to be in; null: none, but for a conversation."""

    record_id: ID
    inbox_id: ID | None = UNSET
    reason: str | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(
    ASSIGN_INBOX,
    subject=RECORD,
    links={"inbox_id": "inbox"},
    needs=("inbox_id",),
    leaves=moved,
    gives=("record",),
)
async def assign_inbox(act: Act, input: AssignInboxInput) -> Any:
    """Set a record's inbox; its owner stays. With a conversation go its contact and its deals without one."""
    record = await act.record()
    if isinstance(record, Conversation) and act.linked("inbox_id") not in (None, record.inbox_id):
        await _leave_unseen(act, record)
    return await set_inbox(act.by, record, **act.values("inbox_id", "reason", "expected_version"))


async def _leave_unseen(act: Act, conversation: Conversation) -> None:
    """Leave deals out of sight where they lie: nobody moves what they can't see, nor learns of it."""
    carried = [
        row
        for row in await act.related("deal", "conversation_id", conversation.id)
        if row["inbox_id"] is None and not await sees(act, "deal", row)
    ]
    for row in sorted(carried, key=lambda row: row["id"]):
        await set_inbox(act.by, await Deal.get(id=row["id"]), inbox_id=conversation.inbox_id)
