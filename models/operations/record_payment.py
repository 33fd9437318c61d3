"""Recording a payment for a deal."""

from datetime import datetime

from models.deal import Deal, Payment, PaymentKind
from models.operations.actor import Actor
from models.operations.change import agree, locked
from models.operations.payment import Receipt, book, known
from models.rules.money import Money


async def record_payment(
    by: Actor,
    deal: Deal,
    *,
    amount: Money,
    paid_at: datetime | None = None,
    source: str | None = None,
    source_id: str | None = None,
    expected_version: int | None = None,
) -> Payment:
    """The payment, made now if nothing else is said; one that its source told of before is returned as it is.

    Raises Conflict, or Problem INVALID, TOO_LARGE, IN_FUTURE, BLANK, TOO_LONG or TAKEN.
    """
    deal = await locked(deal)
    receipt = Receipt(PaymentKind.PAYMENT, amount, paid_at, source, source_id)
    if payment := await known(deal, receipt):
        return payment
    agree(deal, expected_version)
    return await book(by, deal, receipt)
