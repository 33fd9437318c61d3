"""Taking a record out of the archive."""

from typing import TypeVar

from models.operations.actor import Actor
from models.operations.change import locked
from models.operations.record_change import change_record
from models.operations.record_type import type_of
from models.operations.timeline import TimelineKind
from models.record import Record

T = TypeVar("T", bound=Record)


async def unarchive(by: Actor, record: T, *, expected_version: int | None = None) -> T:
    """The record, no longer archived; one that is not stays as it is. Raises Conflict."""
    record = await locked(record, expected_version)
    action = f"unarchive_{type_of(record).lower()}"
    return await change_record(by, record, {"archived_at": None}, action=action, kind=TimelineKind.UNARCHIVED)
