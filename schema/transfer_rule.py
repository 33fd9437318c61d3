"""The transfer rule: a transfer that makes itself, within the scope of who saved it."""

from datetime import datetime

from authz.transfer import TRANSFER_RULE
from schema.enums import RecordType, TransferTrigger
from schema.fields import column, each_of, one
from schema.lazy import Agent, Team
from schema.node import Node
from schema.seen import Seen, table_type


@table_type("transfer_rule_share")
class TransferRuleShare(Seen):
    """An agent to whom a rule's records go, and how much beside the others."""

    agent: Agent | None = one(TRANSFER_RULE, "agent")
    weight: int | None = column(TRANSFER_RULE)


@table_type("transfer_rule")
class TransferRule(Node):
    """Which records go, when, and to whom; without a team, those of every team."""

    name: str | None = column(TRANSFER_RULE)
    trigger: TransferTrigger | None = column(TRANSFER_RULE)
    idle_days: int | None = column(TRANSFER_RULE)
    team: Team | None = one(TRANSFER_RULE, "team")
    record_types: list[RecordType] | None = column(TRANSFER_RULE)
    enabled: bool | None = column(TRANSFER_RULE)
    saved_by: Agent | None = one(TRANSFER_RULE, "agent")
    created_at: datetime | None = column(TRANSFER_RULE)
    version: int | None = column(TRANSFER_RULE)
    shares: list[TransferRuleShare] | None = each_of(TRANSFER_RULE, "transfer_rule_share", "rule_id")
