"""Archiving a record: put away, its owner as before."""

from typing import TypeVar

from models import clock
from models.operations.actor import Actor
from models.operations.change import locked
from models.operations.record_change import change_record
from models.operations.record_type import type_of
from models.operations.timeline import TimelineKind
from models.record import Record

T = TypeVar("T", bound=Record)


async def archive(by: Actor, record: T, *, expected_version: int | None = None) -> T:
    """The record, archived; one that is already stays as it is. Raises Conflict."""
    record = await locked(record, expected_version)
    columns = {"archived_at": record.archived_at or clock.now()}
    action = f"archive_{type_of(record).lower()}"
    return await change_record(by, record, columns, action=action, kind=TimelineKind.ARCHIVED)
