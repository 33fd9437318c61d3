"""The types by name, for those that refer to each other: found when the schema is put together."""

from typing import TYPE_CHECKING, Annotated

import strawberry

if TYPE_CHECKING:
    from schema.account import Account
    from schema.agent import Agent
    from schema.contact import Contact
    from schema.conversation import Conversation
    from schema.deal import Deal
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
    from schema.record import Record
    from schema.role import Role
    from schema.team import Team
    from schema.timeline import TimelineEntry
    from schema.token import Token
    from schema.transfer import Transfer
    from schema.transfer_rule import TransferRule
else:
    Account = Annotated["Account", strawberry.lazy("schema.account")]
    Agent = Annotated["Agent", strawberry.lazy("schema.agent")]
    Contact = Annotated["Contact", strawberry.lazy("schema.contact")]
    Conversation = Annotated["Conversation", strawberry.lazy("schema.conversation")]
    Deal = Annotated["Deal", strawberry.lazy("schema.deal")]
    DistributionCandidate = Annotated["DistributionCandidate", strawberry.lazy("schema.distribution")]
    DistributionDecision = Annotated["DistributionDecision", strawberry.lazy("schema.distribution")]
    DistributionMember = Annotated["DistributionMember", strawberry.lazy("schema.distribution")]
    DistributionPolicy = Annotated["DistributionPolicy", strawberry.lazy("schema.distribution")]
    Inbox = Annotated["Inbox", strawberry.lazy("schema.inbox")]
    Ownership = Annotated["Ownership", strawberry.lazy("schema.ownership")]
    Partner = Annotated["Partner", strawberry.lazy("schema.partner")]
    PartnerUser = Annotated["PartnerUser", strawberry.lazy("schema.partner")]
    Portfolio = Annotated["Portfolio", strawberry.lazy("schema.portfolio")]
    Record = Annotated["Record", strawberry.lazy("schema.record")]
    Role = Annotated["Role", strawberry.lazy("schema.role")]
    Team = Annotated["Team", strawberry.lazy("schema.team")]
    TimelineEntry = Annotated["TimelineEntry", strawberry.lazy("schema.timeline")]
    Token = Annotated["Token", strawberry.lazy("schema.token")]
    Transfer = Annotated["Transfer", strawberry.lazy("schema.transfer")]
    TransferRule = Annotated["TransferRule", strawberry.lazy("schema.transfer_rule")]

__all__ = [
    "Account",
    "Agent",
    "Contact",
    "Conversation",
    "Deal",
    "DistributionCandidate",
    "DistributionDecision",
    "DistributionMember",
    "DistributionPolicy",
    "Inbox",
    "Ownership",
    "Partner",
    "PartnerUser",
    "Portfolio",
    "Record",
    "Role",
    "Team",
    "TimelineEntry",
    "Token",
    "Transfer",
    "TransferRule",
]
