"""The deal: something that the account means to sell, and the payments for it."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from models.base import Row, reference
from models.record import Record
from models.text import FoldedField


class DealStatus(StrEnum):
    """How a deal stands."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"


class PaymentKind(StrEnum):
    """Money in, or money back."""

    PAYMENT = "PAYMENT"
    REFUND = "REFUND"


class Deal(Record):
    """A sale in the making. `amount` is in minor units of `currency`; both are set or neither is."""

    contact = reference("Contact")
    conversation = reference("Conversation")
    partner = reference("Partner")
    assigned_user = reference("PartnerUser")
    title = fields.TextField()
    title_folded = FoldedField("title")
    stage = fields.TextField(null=True)
    stage_folded = FoldedField("stage")
    status = fields.CharEnumField(DealStatus, max_length=16, default=DealStatus.OPEN)
    amount = fields.BigIntField(null=True)
    currency = fields.CharField(max_length=3, null=True)
    expected_close_on = fields.DateField(null=True)
    won_at = fields.DatetimeField(null=True)
    lost_at = fields.DatetimeField(null=True)
    contract_started_at = fields.DatetimeField(null=True)
    contact_id: Any
    conversation_id: Any
    partner_id: Any
    assigned_user_id: Any

    class Meta:
        table = "deal"
        unique_together = (("account", "source", "source_id"),)


class Payment(Row):
    """Money that came in for a deal, or went back; always positive, in minor units of `currency`.

    `source` and `source_id` name the event at the payment provider: within a deal the same one
    counts once.
    """

    deal = reference("Deal", null=False)
    kind = fields.CharEnumField(PaymentKind, max_length=16, default=PaymentKind.PAYMENT)
    amount = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    paid_at = fields.DatetimeField()
    source = fields.TextField(null=True)
    source_id = fields.TextField(null=True)
    deal_id: Any

    class Meta:
        table = "payment"
        unique_together = (("deal", "source", "source_id"),)
