"""Every type of the schema, imported, so that each is declared before the inputs are made for it."""

from schema.account import Account
from schema.agent import Agent
from schema.audit import AuditEntry
from schema.contact import Contact
from schema.conversation import Conversation, Message
from schema.deal import Deal, Payment
from schema.distribution import (
    DistributionCandidate,
    DistributionDecision,
    DistributionMember,
    DistributionPolicy,
)
from schema.inbox import Inbox
from schema.ownership import Ownership
from schema.partner import Partner, PartnerUser
from schema.portfolio import Portfolio
from schema.role import Role
from schema.team import Team
from schema.timeline import TimelineEntry
from schema.token import Token
from schema.transfer import Transfer, TransferItem
from schema.transfer_rule import TransferRule
from schema.viewer import Viewer

__all__ = [
    "Account",
    "Agent",
    "AuditEntry",
    "Contact",
    "Conversation",
    "Deal",
    "DistributionCandidate",
    "DistributionDecision",
    "DistributionMember",
    "DistributionPolicy",
    "Inbox",
    "Message",
    "Ownership",
    "Partner",
    "PartnerUser",
    "Payment",
    "Portfolio",
    "Role",
    "Team",
    "TimelineEntry",
    "Token",
    "Transfer",
    "TransferItem",
    "TransferRule",
    "Viewer",
]
