"""The transfer: a batch of assignments from one agent to one or more, previewed, applied, revertible."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from models import clock
from models.base import Row, reference
from models.record import RecordType


class TransferState(StrEnum):
    """How far a transfer is. RUNNING and REVERTING are gone on with, whatever stopped them."""

    RUNNING = "RUNNING"
    APPLIED = "APPLIED"
    REVERTING = "REVERTING"
    REVERTED = "REVERTED"


class ItemState(StrEnum):
    """What became of a record of a transfer: LEFT and KEPT are those that had changed since.

    WAITING is to move, and RETURNING to go back.
    """

    WAITING = "WAITING"
    MOVED = "MOVED"
    LEFT = "LEFT"
    RETURNING = "RETURNING"
    REVERTED = "REVERTED"
    KEPT = "KEPT"


class Transfer(Row):
    """A transfer. Without a maker it made itself, by a rule; `preview` is the one token that it used.

    `carry_over` keeps which kinds of record went along.
    """

    from_agent = reference("Agent", null=False)
    made_by = reference("Agent")
    reverted_by = reference("Agent")
    rule = reference("TransferRule")
    state = fields.CharEnumField(TransferState, max_length=16)
    reason = fields.TextField(null=True)
    carry_over: Any = fields.JSONField(default=dict)
    preview = fields.CharField(max_length=64, null=True, unique=True)
    created_at = fields.DatetimeField(default=clock.now)
    finished_at = fields.DatetimeField(null=True)
    reverted_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)
    from_agent_id: Any
    made_by_id: Any
    reverted_by_id: Any
    rule_id: Any

    class Meta:
        table = "transfer"


class TransferShare(Row):
    """An agent who gets records by a transfer, and their share."""

    transfer = reference("Transfer", null=False)
    agent = reference("Agent", null=False)
    weight = fields.IntField(default=1)
    transfer_id: Any
    agent_id: Any

    class Meta:
        table = "transfer_share"
        unique_together = (("transfer", "agent"),)


class TransferItem(Row):
    """A record of a transfer, in its order from 1: whose it was, and whose it is to be.

    `interval_id` is the ownership that the transfer began: only while it is open, the record is still
    as the transfer left it.
    """

    transfer = reference("Transfer", null=False)
    record_type = fields.CharEnumField(RecordType, max_length=16)
    record_id = fields.UUIDField()
    number = fields.IntField()
    to_agent = reference("Agent", null=False)
    state = fields.CharEnumField(ItemState, max_length=16)
    team_before = reference("Team")
    team_after = reference("Team")
    interval_id = fields.UUIDField(null=True)
    transfer_id: Any
    to_agent_id: Any
    team_before_id: Any
    team_after_id: Any

    class Meta:
        table = "transfer_item"
        unique_together = (("transfer", "record_id"),)
        indexes = (("transfer", "state", "number"),)
