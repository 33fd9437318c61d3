"""The enums that clients meet: the models' own."""

import strawberry

from authz.viewer import AccessMode, ViewerKind
from models import (
    AgentStatus,
    AuditOutcome,
    BuiltIn,
    ConversationStatus,
    DealStatus,
    IsolationMode,
    MessageDirection,
    OwnershipCause,
    PaymentKind,
    Reach,
    RecordType,
    Scope,
    TokenKind,
    UnownedVisibility,
)

__all__ = [
    "AccessMode",
    "AgentStatus",
    "AuditOutcome",
    "BuiltIn",
    "ConversationStatus",
    "DealStatus",
    "IsolationMode",
    "MessageDirection",
    "OwnershipCause",
    "PaymentKind",
    "Reach",
    "RecordType",
    "Scope",
    "TokenKind",
    "UnownedVisibility",
    "ViewerKind",
]

for _enum in (
    AccessMode,
    AgentStatus,
    AuditOutcome,
    ConversationStatus,
    DealStatus,
    IsolationMode,
    MessageDirection,
    OwnershipCause,
    PaymentKind,
    Reach,
    RecordType,
    Scope,
    TokenKind,
    UnownedVisibility,
    ViewerKind,
):
    strawberry.enum(_enum)
strawberry.enum(BuiltIn, name="BuiltInRole")
