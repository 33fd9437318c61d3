"""Taking personal values out of what is told of records, leaving the fact."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tortoise.expressions import Q, Subquery

from models.audit import AuditEntry
from models.conversation import Conversation
from models.deal import Deal
from models.operations.plain import Changes
from models.timeline import TimelineEntry
from models.transfer import Transfer, TransferItem

_BATCH = 500
_REASON = "reason"
"""Whoever assigns or transfers gives it in words of their own, which may tell of anyone."""


async def erase_history(record_id: UUID, columns: Sequence[str]) -> bool:
    """In every entry about the record, make the values of `columns` null, before and after, and the reasons.

    Returns whether the timeline held any.
    """
    erased = await _erase(TimelineEntry.filter(record_id=record_id), (*columns, _REASON))
    reasons = await TimelineEntry.filter(record_id=record_id, reason__not_isnull=True).update(reason=None)
    await _erase(AuditEntry.filter(subject_id=record_id), (*columns, _REASON))
    return erased or bool(reasons)


async def erase_reasons_of_transfers(contact_id: UUID) -> None:
    """Of every transfer of records of this contact and of no others: its reason tells of them alone."""
    theirs = Q(record_id=contact_id)
    for model in (Conversation, Deal):
        theirs |= Q(record_id__in=Subquery(model.filter(contact_id=contact_id).values("id")))
    moved = TransferItem.filter(theirs, transfer__reason__not_isnull=True)
    for transfer_id in set(await moved.values_list("transfer_id", flat=True)):
        if not await TransferItem.filter(~theirs, transfer_id=transfer_id).exists():
            await Transfer.filter(id=transfer_id).update(reason=None)
            await _erase(AuditEntry.filter(subject_id=transfer_id), (_REASON,))


def without(changes: Changes, columns: Sequence[str]) -> Changes:
    """`changes`, with nulls for the values of `columns`."""
    return {column: [None, None] if column in columns else change for column, change in changes.items()}


async def _erase(entries: Any, columns: Sequence[str]) -> bool:
    erased = False
    batch = await entries.order_by("id").limit(_BATCH)
    while batch:
        for entry in batch:
            erased |= await _erase_entry(entry, without(entry.changes, columns))
        batch = await entries.filter(id__gt=batch[-1].id).order_by("id").limit(_BATCH)
    return erased


async def _erase_entry(entry: TimelineEntry | AuditEntry, changes: Changes) -> bool:
    if changes == entry.changes:
        return False
    entry.changes = changes
    await entry.save(update_fields=["changes"])
    return True
