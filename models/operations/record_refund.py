"""Recording that money for a deal went back."""

from datetime import datetime

from models.deal import Deal, Payment, PaymentKind
from models.operations.actor import Actor
from models.operations.amount import positive
from models.operations.change import agree, locked
from models.operations.payment import Receipt, balance, book, known
from models.operations.problem import Problem
from models.rules.money import Money


async def record_refund(
    by: Actor,
    deal: Deal,
    *,
    amount: Money,
    paid_at: datetime | None = None,
    source: str | None = None,
    source_id: str | None = None,
    expected_version: int | None = None,
) -> Payment:
    """The refund, made now if nothing else is said; one that its source told of before is returned as it is.

    Raises Conflict, or Problem INVALID, TOO_LARGE, IN_FUTURE, BLANK, TOO_LONG or TAKEN.
    """
    deal = await locked(deal)
    receipt = Receipt(PaymentKind.REFUND, amount, paid_at, source, source_id)
    if payment := await known(deal, receipt):
        return payment
    agree(deal, expected_version)
    if positive(amount).amount > await balance(deal, amount.currency):
        raise Problem("TOO_LARGE", "No more goes back than came in, in one currency.", "amount")
    return await book(by, deal, receipt)
