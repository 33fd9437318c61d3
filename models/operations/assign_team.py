"""Setting a record's team."""

from typing import TypeVar
from uuid import UUID

from models.operations import text
from models.operations.actor import Actor
from models.operations.change import locked
from models.operations.record_change import change_record
from models.operations.timeline import TimelineKind
from models.record import Record

T = TypeVar("T", bound=Record)


async def assign_team(
    by: Actor,
    record: T,
    *,
    team_id: UUID | None,
    reason: str | None = None,
    expected_version: int | None = None,
) -> T:
    """The record in its new team, or in none; its owner, if any, begins a new interval.

    Raises Conflict, or Problem INVALID or TOO_LONG.
    """
    record = await locked(record, expected_version)
    columns, reason = {"team_id": team_id}, text.optional(reason, "reason")
    kind = TimelineKind.TEAM_ASSIGNED
    return await change_record(by, record, columns, action="assign_team", kind=kind, reason=reason)
