"""The tables that the schema reads, by name."""

from typing import Any

import models
from models.inbox import InboxMember
from models.team import TeamMember

MODELS: dict[str, Any] = {
    model._meta.db_table: model
    for model in (
        models.Account,
        models.Agent,
        models.AuditEntry,
        models.Contact,
        models.Conversation,
        models.Deal,
        models.DistributionCandidate,
        models.DistributionDecision,
        models.DistributionMember,
        models.DistributionPolicy,
        models.Inbox,
        InboxMember,
        models.Message,
        models.Ownership,
        models.Partner,
        models.PartnerUser,
        models.Payment,
        models.Role,
        models.Team,
        TeamMember,
        models.TimelineEntry,
        models.Token,
        models.Transfer,
        models.TransferShare,
        models.TransferItem,
        models.TransferRule,
        models.TransferRuleShare,
    )
}


MODELS["portfolio"] = models.Agent
"""A portfolio has no table of its own: it is what an agent owns, so its rows are agents."""


def physical(table: str) -> str:
    """The database's table behind a table of the schema."""
    name: str = MODELS[table]._meta.db_table
    return name


def type_name(table: str) -> str:
    """The name by which clients know the rows of `table`."""
    return "".join(word.capitalize() for word in table.split("_"))
