"""What may be written in a deal's columns."""

from typing import Any

from models.deal import Deal
from models.operations import personal, text
from models.operations.amount import not_negative
from models.operations.problem import gathered
from models.operations.unset import UNSET, Unset
from models.rules.money import Money

_CHECKS: text.Checks = dict.fromkeys(personal.texts(Deal), text.optional) | {"title": text.required}


def checked(columns: dict[str, Any], amount: Money | Unset | None = UNSET) -> dict[str, Any]:
    """The columns, as they may be written, the amount with its currency; raises Problem BLANK, INVALID,
    TOO_LONG or TOO_LARGE.
    """
    with gathered() as problems:
        texts = problems.check(text.checked, columns, _CHECKS)
        money = problems.check(_money, amount)
    return texts | money


def _money(amount: Money | Unset | None) -> dict[str, Any]:
    match amount:
        case Unset():
            return {}
        case None:
            return {"amount": None, "currency": None}
        case Money():
            not_negative(amount)
            return {"amount": amount.amount, "currency": amount.currency}
