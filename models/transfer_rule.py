"""The transfer rule: a transfer that makes itself, within the scope of who saved it."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from models import clock
from models.base import Row, reference
from models.text import FoldedField


class TransferTrigger(StrEnum):
    """What makes a rule act: its owner was deactivated, a record lay idle, a record changed team."""

    OWNER_DEACTIVATED = "OWNER_DEACTIVATED"
    IDLE = "IDLE"
    TEAM_CHANGED = "TEAM_CHANGED"


class TransferRule(Row):
    """Which records go, when, and (in `transfer_rule_share`) to whom. No team: those of every team.

    `idle_days` is for IDLE alone; `record_types` are those of `models.record.RecordType`.
    """

    name = fields.TextField()
    name_folded = FoldedField("name")
    trigger = fields.CharEnumField(TransferTrigger, max_length=24)
    idle_days = fields.IntField(null=True)
    team = reference("Team")
    record_types: Any = fields.JSONField(default=list)
    enabled = fields.BooleanField(default=True)
    saved_by = reference("Agent", null=False)
    created_at = fields.DatetimeField(default=clock.now)
    version = fields.IntField(default=1)
    team_id: Any
    saved_by_id: Any

    class Meta:
        table = "transfer_rule"


class TransferRuleShare(Row):
    """An agent to whom a rule's records go, and their share."""

    rule = reference("TransferRule", null=False)
    agent = reference("Agent", null=False)
    weight = fields.IntField(default=1)
    rule_id: Any
    agent_id: Any

    class Meta:
        table = "transfer_rule_share"
        unique_together = (("rule", "agent"),)
