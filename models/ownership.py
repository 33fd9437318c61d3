"""Ownership: who owned a record when. At most one interval is open; they never overlap."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from models.base import Row, reference
from models.record import RecordType


class OwnershipCause(StrEnum):
    """What began an interval."""

    ASSIGNED = "ASSIGNED"
    DISTRIBUTED = "DISTRIBUTED"
    TRANSFERRED = "TRANSFERRED"
    REVERTED = "REVERTED"
    IMPORTED = "IMPORTED"


class Ownership(Row):
    """The half-open interval [started_at, ended_at) in which `owner` owned a record; None is open."""

    record_type = fields.CharEnumField(RecordType, max_length=16)
    record_id = fields.UUIDField()
    owner = reference("Agent", null=False)
    team = reference("Team")
    started_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)
    cause = fields.CharEnumField(OwnershipCause, max_length=16)
    owner_id: Any
    team_id: Any

    class Meta:
        table = "ownership"
        indexes = (("record_id", "started_at"),)
