"""The enums that clients meet: the models' own."""

import strawberry

from authz.viewer import AccessMode, ViewerKind
from models import (
    AgentStatus,
    AuditOutcome,
    BuiltIn,
    ChangeKind,
    ConversationStatus,
    DealStatus,
    DistributionMethod,
    IsolationMode,
    ItemState,
    MessageDirection,
    OwnershipCause,
    PassedOver,
    PaymentKind,
    Reach,
    RecordType,
    Scope,
    TokenKind,
    TransferState,
    TransferTrigger,
    UnownedVisibility,
)

__all__ = [
    "AccessMode",
    "AgentStatus",
    "AuditOutcome",
    "BuiltIn",
    "ChangeKind",
    "ConversationStatus",
    "DealStatus",
    "DistributionMethod",
    "IsolationMode",
    "ItemState",
    "MessageDirection",
    "OwnershipCause",
    "PassedOver",
    "PaymentKind",
    "Reach",
    "RecordType",
    "Scope",
    "TokenKind",
    "TransferState",
    "TransferTrigger",
    "UnownedVisibility",
    "ViewerKind",
]

for _enum in (
    AccessMode,
    AgentStatus,
    AuditOutcome,
    ChangeKind,
    ConversationStatus,
    DealStatus,
    DistributionMethod,
    IsolationMode,
    ItemState,
    MessageDirection,
    OwnershipCause,
    PassedOver,
    PaymentKind,
    Reach,
    RecordType,
    Scope,
    TokenKind,
    TransferState,
    TransferTrigger,
    UnownedVisibility,
    ViewerKind,
):
    strawberry.enum(_enum)
strawberry.enum(BuiltIn, name="BuiltInRole")
