"""Money in or back for a deal: one row, counted once however often its source tells of it."""

from dataclasses import dataclass
from datetime import datetime

from models.deal import Deal, Payment, PaymentKind
from models.operations.actor import Actor
from models.operations.amount import positive
from models.operations.instant import past
from models.operations.plain import plain
from models.operations.problem import Problem, gathered
from models.operations.record_change import touch_record
from models.operations.source import from_source
from models.operations.timeline import TimelineKind
from models.rules.money import Money

_TRACES = {
    PaymentKind.PAYMENT: ("record_payment", TimelineKind.PAYMENT_RECORDED),
    PaymentKind.REFUND: ("record_refund", TimelineKind.REFUND_RECORDED),
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came in or went back, when (None: now), and what its source calls it."""

    kind: PaymentKind
    money: Money
    paid_at: datetime | None
    source: str | None
    source_id: str | None


async def known(deal: Deal, receipt: Receipt) -> Payment | None:
    """The payment that its source told of before; raises Problem TAKEN if it was another one."""
    source = from_source(receipt.source, receipt.source_id)
    if receipt.source is None:
        return None
    payment = await Payment.filter(deal_id=deal.id, **source).first()
    if payment is not None and _substance(payment) != (receipt.kind, receipt.money):
        raise Problem("TAKEN", "Its source has told of another payment under this id.", "sourceId")
    return payment


async def book(by: Actor, deal: Deal, receipt: Receipt) -> Payment:
    """Write the payment of a deal that the caller has locked; raises Problem INVALID, TOO_LARGE, IN_FUTURE,
    BLANK or TOO_LONG.
    """
    with gathered() as problems:
        problems.check(positive, receipt.money)
        paid_at = problems.check(past, receipt.paid_at, "paidAt")
        source = problems.check(from_source, receipt.source, receipt.source_id)
    payment = Payment(
        account_id=deal.account_id,
        deal_id=deal.id,
        kind=receipt.kind,
        amount=receipt.money.amount,
        currency=receipt.money.currency,
        paid_at=paid_at,
        **source,
    )
    await payment.save(force_create=True)
    action, kind = _TRACES[receipt.kind]
    changes = {"payment_id": [None, plain(payment.id)]}
    await touch_record(by, deal, {}, action=action, kind=kind, changes=changes)
    return payment


async def balance(deal: Deal, currency: str) -> int:
    """What came in for the deal in `currency` and did not go back, in minor units."""
    payments = await Payment.filter(deal_id=deal.id, currency=currency)
    return sum(p.amount if p.kind is PaymentKind.PAYMENT else -p.amount for p in payments)


def _substance(payment: Payment) -> tuple[PaymentKind, Money]:
    return payment.kind, Money(payment.amount, payment.currency)
