"""Setting a record's owner."""

from typing import Any, TypeVar
from uuid import UUID

from models.agent import Agent
from models.operations import text
from models.operations.actor import Actor
from models.operations.change import locked
from models.operations.new_owner import held_agent, require_active
from models.operations.ownership import team_with
from models.operations.record_change import change_record
from models.operations.timeline import TimelineKind
from models.ownership import OwnershipCause
from models.record import Record

T = TypeVar("T", bound=Record)


async def assign_owner(
    by: Actor,
    record: T,
    *,
    owner_id: UUID | None,
    cause: OwnershipCause = OwnershipCause.ASSIGNED,
    reason: str | None = None,
    expected_version: int | None = None,
) -> T:
    """The record with its new owner, or nobody's; raises Conflict, or Problem NOT_ACTIVE, INVALID or
    TOO_LONG.

    When the owner is not in the record's team, the team becomes the owner's main team.
    """
    owner = await held_agent(owner_id)
    record = await locked(record, expected_version)
    columns = await _columns(record, owner) if record.owner_id != owner_id else {}
    kind, reason = TimelineKind.OWNER_ASSIGNED, text.optional(reason, "reason")
    return await change_record(
        by, record, columns, action="assign_owner", kind=kind, cause=cause, reason=reason
    )


async def _columns(record: Record, owner: Agent | None) -> dict[str, Any]:
    if owner is None:
        return {"owner_id": None}
    return {"owner_id": require_active(owner).id, "team_id": await team_with(owner, record.team_id)}
