"""Setting a record's inbox."""

from typing import TypeVar
from uuid import UUID

from models.conversation import Conversation
from models.operations import neighbours, text
from models.operations.actor import Actor
from models.operations.change import locked
from models.operations.problem import Problem
from models.operations.record_change import change_record
from models.operations.timeline import TimelineKind
from models.record import Record

T = TypeVar("T", bound=Record)


async def assign_inbox(
    by: Actor,
    record: T,
    *,
    inbox_id: UUID | None,
    reason: str | None = None,
    expected_version: int | None = None,
) -> T:
    """The record in its new inbox, or in none.

    Raises Conflict, or Problem BLANK (a conversation has one), INVALID or TOO_LONG.
    """
    record = await locked(record, expected_version)
    before = record.inbox_id
    if inbox_id is None and isinstance(record, Conversation):
        raise Problem("BLANK", "A conversation always has an inbox; choose one.", "inboxId")
    columns, reason = {"inbox_id": inbox_id}, text.optional(reason, "reason")
    kind = TimelineKind.INBOX_ASSIGNED
    record = await change_record(by, record, columns, action="assign_inbox", kind=kind, reason=reason)
    if isinstance(record, Conversation) and inbox_id != before:
        await neighbours.announce(record, before)
    return record
