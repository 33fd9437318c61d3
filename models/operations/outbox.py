"""Adding to the outbox: that a record changed, for those who watch it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from models.conversation import Conversation
from models.deal import Deal
from models.operations.plain import Changes, plain
from models.operations.record_type import type_of
from models.outbox import VIA, ChangeKind, OutboxEvent
from models.record import Record, RecordType

PLACE = ("owner_id", "team_id", "inbox_id", "conversation_id", "partner_id", "contact_id")
"""The columns that decide who sees a record, and those that may lead out of someone's sight."""


async def append(
    record: Record, kind: ChangeKind, at: datetime, changes: Changes, via: Iterable[UUID] | None = None
) -> OutboxEvent:
    """Say that the record changed; what it is now is read by each watcher through their own view.

    `via` are the inboxes of conversations by which it was seen until then, where those are others now.
    """
    before = None if kind is ChangeKind.CREATED else place_before(record, changes)
    if before is not None:
        via = await _inbox_before(record, before, changes) if via is None else via
        before |= {} if via is None else {VIA: sorted(map(str, via))}
    columns = event(record.account_id, type_of(record), record.id, kind, at, before, changes)
    return await OutboxEvent.create(**columns)


def event(
    account_id: UUID,
    record_type: RecordType,
    record_id: UUID,
    kind: ChangeKind,
    at: datetime,
    before: Mapping[str, Any] | None,
    columns: Iterable[str],
) -> dict[str, Any]:
    """The columns of an event: where the record was before it, and the names of what changed; no value."""
    return {
        "account_id": account_id,
        "record_type": record_type,
        "record_id": record_id,
        "kind": kind,
        "at": at,
        "before": before,
        "columns": sorted(columns),
        "xact": 0,
    }


def place_before(record: Record, changes: Changes) -> dict[str, Any]:
    """Where the record was before these changes, as JSON has it."""
    now = {column: plain(getattr(record, column)) for column in PLACE if hasattr(record, column)}
    return {column: changes[column][0] if column in changes else held for column, held in now.items()}


async def _inbox_before(record: Record, before: Mapping[str, Any], changes: Changes) -> list[UUID] | None:
    """By which conversation's inbox a deal was seen, where it comes to be seen by another, or by its own."""
    if not isinstance(record, Deal) or not changes.keys() & {"conversation_id", "inbox_id"}:
        return None
    return await Conversation.filter(id=before["conversation_id"]).values_list("inbox_id", flat=True)  # type: ignore[return-value]
