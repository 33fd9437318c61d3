"""The deal: something that the account means to sell, and the payments for it."""

from datetime import date, datetime

from authz.access import IDENTITY, IN_SIGHT, MONEY, PAYMENTS, PLACE
from schema.connection import Connection
from schema.enums import DealStatus, PaymentKind
from schema.fields import amount, column, many, one
from schema.lazy import Contact, Conversation, Partner, PartnerUser
from schema.lazy import Deal as LazyDeal
from schema.money import Money
from schema.node import Node
from schema.record import Record
from schema.seen import table_type


@table_type("payment")
class Payment(Node):
    """Money that came in for a deal, or went back."""

    deal: LazyDeal | None = one(IN_SIGHT, "deal")
    kind: PaymentKind | None = column(IN_SIGHT)
    amount: Money | None = amount(IN_SIGHT)
    paid_at: datetime | None = column(IN_SIGHT)
    source: str | None = column(IN_SIGHT)
    source_id: str | None = column(IN_SIGHT)


@table_type("deal")
class Deal(Record):
    """A sale in the making, won or lost."""

    title: str | None = column(IDENTITY)
    stage: str | None = column(IDENTITY)
    status: DealStatus | None = column(IDENTITY)
    amount: Money | None = amount(MONEY)
    expected_close_on: date | None = column(IDENTITY)
    won_at: datetime | None = column(IDENTITY)
    lost_at: datetime | None = column(IDENTITY)
    contract_started_at: datetime | None = column(IDENTITY)
    contact: Contact | None = one(PLACE, "contact")
    conversation: Conversation | None = one(PLACE, "conversation")
    partner: Partner | None = one(IDENTITY, "partner")
    assigned_user: PartnerUser | None = one(IDENTITY, "partner_user")
    payments: Connection[Payment] | None = many(PAYMENTS, "payment", "deal_id")
