"""Assignment: setting one record's owner, or its team or inbox."""

from typing import Any

import strawberry
from strawberry import ID, UNSET

from authz.policies import ASSIGN_INBOX, ASSIGN_RECORD, sees
from models import Conversation, Deal
from models.operations.assign_inbox import assign_inbox as set_inbox
from models.operations.assign_owner import assign_owner as set_owner
from models.operations.assign_team import assign_team as set_team
from resolvers.placing import moved
from resolvers.writing import Act, Named, mutation

RECORD = Named(("contact", "conversation", "deal"), "record_id")


@strawberry.input
class AssignOwnerInput:
    """The record, and the agent who is to own it; null: nobody."""

    record_id: ID
    owner_id: ID | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(
    ASSIGN_RECORD,
    subject=RECORD,
    links={"owner_id": "agent"},
    needs=("owner_id",),
    leaves=moved,
    gives=("record",),
)
async def assign_owner(act: Act, input: AssignOwnerInput) -> Any:
    """Set a record's owner. Where they are not in its team, the team becomes their main team."""
    return await set_owner(act.by, await act.record(), **act.values("owner_id", "expected_version"))


@strawberry.input
class AssignTeamInput:
    """The record, and the team that it is to be in; null: none."""

    record_id: ID
    team_id: ID | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(
    ASSIGN_RECORD,
    subject=RECORD,
    links={"team_id": "team"},
    needs=("team_id",),
    leaves=moved,
    gives=("record",),
)
async def assign_team(act: Act, input: AssignTeamInput) -> Any:
    """Set a record's team; its owner stays."""
    return await set_team(act.by, await act.record(), **act.values("team_id", "expected_version"))


@strawberry.input
class AssignInboxInput:
    """The record, and the inbox that it is to be in; null: none, but for a conversation."""

    record_id: ID
    inbox_id: ID | None = UNSET
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
    return await set_inbox(act.by, record, **act.values("inbox_id", "expected_version"))


async def _leave_unseen(act: Act, conversation: Conversation) -> None:
    """Leave deals out of sight where they lie: nobody moves what they can't see, nor learns of it."""
    carried = [
        row
        for row in await act.related("deal", "conversation_id", conversation.id)
        if row["inbox_id"] is None and not await sees(act, "deal", row)
    ]
    for row in sorted(carried, key=lambda row: row["id"]):
        await set_inbox(act.by, await Deal.get(id=row["id"]), inbox_id=conversation.inbox_id)
