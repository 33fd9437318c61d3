"""The outbox: what changed, in order, for those who watch; ids alone, so that it can betray nothing."""

from enum import StrEnum
from typing import Any

from tortoise import Model, fields

from models.record import RecordType


class ChangeKind(StrEnum):
    """What became of a record."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    GONE = "GONE"


class OutboxEvent(Model):
    """One change of one record, written with it in one transaction; `id` is the order."""

    id = fields.BigIntField(primary_key=True, generated=True)
    account: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.RESTRICT
    )
    record_type = fields.CharEnumField(RecordType, max_length=16)
    record_id = fields.UUIDField()
    kind = fields.CharEnumField(ChangeKind, max_length=16)
    at = fields.DatetimeField()
    account_id: Any

    class Meta:
        table = "outbox_event"
