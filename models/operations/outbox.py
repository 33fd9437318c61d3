"""Adding to the outbox: that a record changed, for those who watch it."""

from datetime import datetime

from models.operations.record_type import type_of
from models.outbox import ChangeKind, OutboxEvent
from models.record import Record


async def append(record: Record, kind: ChangeKind, at: datetime) -> OutboxEvent:
    """Say that the record changed; what it is now is read by each watcher through their own view."""
    return await OutboxEvent.create(
        account_id=record.account_id, record_type=type_of(record), record_id=record.id, kind=kind, at=at
    )
