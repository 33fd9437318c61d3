"""Taking personal values out of what the timeline and the audit say of a record, leaving the fact."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from models.audit import AuditEntry
from models.operations.plain import Changes
from models.timeline import TimelineEntry

_BATCH = 500


async def erase_history(record_id: UUID, columns: Sequence[str]) -> None:
    """In every entry about the record, make the values of `columns` null, before and after."""
    await _erase(TimelineEntry.filter(record_id=record_id), columns)
    await _erase(AuditEntry.filter(subject_id=record_id), columns)


def without(changes: Changes, columns: Sequence[str]) -> Changes:
    """`changes`, with nulls for the values of `columns`."""
    return {column: [None, None] if column in columns else change for column, change in changes.items()}


async def _erase(entries: Any, columns: Sequence[str]) -> None:
    batch = await entries.order_by("id").limit(_BATCH)
    while batch:
        for entry in batch:
            await _erase_entry(entry, without(entry.changes, columns))
        batch = await entries.filter(id__gt=batch[-1].id).order_by("id").limit(_BATCH)


async def _erase_entry(entry: TimelineEntry | AuditEntry, changes: Changes) -> None:
    if changes != entry.changes:
        entry.changes = changes
        await entry.save(update_fields=["changes"])
