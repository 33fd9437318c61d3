"""The timeline: what happened to a record, in order, with its author."""

from typing import Any

from tortoise import fields

from models.base import Row, reference
from models.record import RecordType


class TimelineEntry(Row):
    """One thing that happened. `number` is its place in the record's timeline, from 1.

    `changes` maps a field's column to [before, after]; a reference is kept as the id alone, so that
    it is read by its own rule. No author: it happened by itself, or by the operator. `reason` is what
    whoever assigned or transferred gave as theirs.
    """

    record_type = fields.CharEnumField(RecordType, max_length=16)
    record_id = fields.UUIDField()
    number = fields.IntField()
    kind = fields.CharField(max_length=32)
    at = fields.DatetimeField()
    author = reference("Agent")
    changes: Any = fields.JSONField(default=dict)
    reason = fields.TextField(null=True)
    transfer = reference("Transfer")
    author_id: Any
    transfer_id: Any

    class Meta:
        table = "timeline_entry"
        unique_together = (("record_id", "number"),)
