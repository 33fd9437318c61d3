"""Carteira's tables, one file a noun. GraphQL is unknown here."""

from models.account import Account, IsolationMode, UnownedVisibility
from models.agent import Agent, AgentStatus
from models.audit import AuditEntry, AuditOutcome
from models.contact import Contact
from models.conversation import Conversation, ConversationStatus, Message, MessageDirection
from models.deal import Deal, DealStatus, Payment, PaymentKind
from models.distribution import (
    DistributionCandidate,
    DistributionDecision,
    DistributionMember,
    DistributionMethod,
    DistributionPolicy,
    PassedOver,
)
from models.idempotency import IdempotencyKey
from models.inbox import Inbox, InboxMember
from models.outbox import ChangeKind, OutboxEvent
from models.ownership import Ownership, OwnershipCause
from models.partner import Partner, PartnerUser
from models.permission import Permission
from models.record import Record, RecordType
from models.role import BUILT_IN_ROLES, BuiltIn, Reach, Role, Scope
from models.team import Team, TeamMember
from models.timeline import TimelineEntry
from models.token import Identity, IdentityProvider, Token, TokenKind
from models.transfer import (
    ItemState,
    Transfer,
    TransferItem,
    TransferShare,
    TransferState,
)
from models.transfer_rule import TransferRule, TransferRuleShare, TransferTrigger

__all__ = [
    "BUILT_IN_ROLES",
    "Account",
    "Agent",
    "AgentStatus",
    "AuditEntry",
    "AuditOutcome",
    "BuiltIn",
    "ChangeKind",
    "Contact",
    "Conversation",
    "ConversationStatus",
    "Deal",
    "DealStatus",
    "DistributionCandidate",
    "DistributionDecision",
    "DistributionMember",
    "DistributionMethod",
    "DistributionPolicy",
    "IdempotencyKey",
    "Identity",
    "IdentityProvider",
    "Inbox",
    "InboxMember",
    "IsolationMode",
    "ItemState",
    "Message",
    "MessageDirection",
    "OutboxEvent",
    "Ownership",
    "OwnershipCause",
    "Partner",
    "PartnerUser",
    "PassedOver",
    "Payment",
    "PaymentKind",
    "Permission",
    "Reach",
    "Record",
    "RecordType",
    "Role",
    "Scope",
    "Team",
    "TeamMember",
    "TimelineEntry",
    "Token",
    "TokenKind",
    "Transfer",
    "TransferItem",
    "TransferRule",
    "TransferRuleShare",
    "TransferShare",
    "TransferState",
    "TransferTrigger",
    "UnownedVisibility",
]
