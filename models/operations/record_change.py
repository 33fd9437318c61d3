"""A record's write and all its traces: ownership, timeline, audit, outbox."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from models import clock
from models.operations import audit, outbox, ownership, timeline
from models.operations.actor import Actor
from models.operations.change import apply, born, renew
from models.operations.new_owner import held_agent, require_active
from models.operations.plain import Changes
from models.operations.timeline import TimelineKind
from models.operations.unique import unique
from models.outbox import ChangeKind
from models.ownership import OwnershipCause
from models.record import Record

T = TypeVar("T", bound=Record)


async def create_record(
    by: Actor, record: T, action: str, cause: OwnershipCause = OwnershipCause.ASSIGNED
) -> T:
    """Write the new record; its owner is active and brings along their main team unless in the record's."""
    at = clock.now()
    if owner := await held_agent(record.owner_id):
        record.team_id = await ownership.team_with(require_active(owner), record.team_id)
    record.created_at = record.updated_at = at
    with unique("sourceId"):
        await record.save(force_create=True)
    await ownership.begin(record, at, cause)
    await _tell(by, record, action, TimelineKind.CREATED, ChangeKind.CREATED, at, born(record))
    return record


async def change_record(
    by: Actor,
    record: T,
    columns: Mapping[str, Any],
    *,
    action: str,
    kind: TimelineKind,
    cause: OwnershipCause = OwnershipCause.ASSIGNED,
    reason: str | None = None,
) -> T:
    """Change the columns that differ, under the record's lock; where none does, nothing is written."""
    at = clock.now()
    changes = await apply(record, columns, at)
    if changes.keys() & {"owner_id", "team_id"}:
        await ownership.follow(record, at, cause)
    if changes:
        await _tell(by, record, action, kind, ChangeKind.UPDATED, at, changes, reason)
    return record


async def touch_record(
    by: Actor, record: T, columns: Mapping[str, Any], *, action: str, kind: TimelineKind, changes: Changes
) -> T:
    """Something was added to the record or taken from it: its next version, and `changes` told."""
    at = clock.now()
    await renew(record, columns, at)
    await _tell(by, record, action, kind, ChangeKind.UPDATED, at, changes)
    return record


async def _tell(
    by: Actor,
    record: Record,
    action: str,
    kind: TimelineKind,
    change: ChangeKind,
    at: datetime,
    changes: Changes,
    reason: str | None = None,
) -> None:
    await timeline.append(by, record, kind, at, changes, reason)
    await audit.append(by, action, record, changes, at)
    await outbox.append(record, change, at, changes)
