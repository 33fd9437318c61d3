"""Appending to a record's timeline, under the record's lock."""

from datetime import datetime
from enum import StrEnum

from models.operations.actor import Actor
from models.operations.plain import Changes
from models.operations.record_type import type_of
from models.record import Record
from models.timeline import TimelineEntry


class TimelineKind(StrEnum):
    """What can happen to a record."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    ARCHIVED = "ARCHIVED"
    UNARCHIVED = "UNARCHIVED"
    ERASED = "ERASED"
    OWNER_ASSIGNED = "OWNER_ASSIGNED"
    DISTRIBUTED = "DISTRIBUTED"
    TRANSFERRED = "TRANSFERRED"
    TRANSFER_REVERTED = "TRANSFER_REVERTED"
    TEAM_ASSIGNED = "TEAM_ASSIGNED"
    INBOX_ASSIGNED = "INBOX_ASSIGNED"
    MESSAGE_ADDED = "MESSAGE_ADDED"
    WON = "WON"
    LOST = "LOST"
    REOPENED = "REOPENED"
    CONTRACT_STARTED = "CONTRACT_STARTED"
    PAYMENT_RECORDED = "PAYMENT_RECORDED"
    REFUND_RECORDED = "REFUND_RECORDED"
    PARTNER_SET = "PARTNER_SET"
    IMPORTED = "IMPORTED"


async def append(
    by: Actor,
    record: Record,
    kind: TimelineKind,
    at: datetime,
    changes: Changes,
    reason: str | None = None,
) -> TimelineEntry:
    """The record's next entry; the caller holds the record, so the number is its own."""
    last = await TimelineEntry.filter(record_id=record.id).order_by("-number").first().values_list("number")
    return await TimelineEntry.create(
        account_id=record.account_id,
        record_type=type_of(record),
        record_id=record.id,
        number=last[0] + 1 if last else 1,
        kind=kind.value,
        at=at,
        author_id=by.agent_id,
        changes=changes,
        reason=reason,
    )
