"""Money as it comes in."""

from decimal import Decimal

from models.operations.problem import Problem
from models.rules import money
from models.rules.money import Money


def money_from(amount: Decimal, currency: str, field: str = "amount") -> Money:
    """The money that was written; raises Problem INVALID, TOO_PRECISE or TOO_LARGE for `field`."""
    try:
        return Money.of(amount, currency)
    except money.UnknownCurrency as error:
        raise Problem("INVALID", str(error), field) from None
    except money.TooPrecise as error:
        raise Problem("TOO_PRECISE", str(error), field) from None
    except money.OutOfRange as error:
        raise Problem("TOO_LARGE", str(error), field) from None


def not_negative(value: Money, field: str = "amount") -> Money:
    """`value`, which is nothing or more; raises Problem INVALID or TOO_LARGE."""
    if value.amount < 0:
        raise Problem("INVALID", "An amount is not negative.", field)
    return _in_range(value, field)


def positive(value: Money, field: str = "amount") -> Money:
    """`value`, which is more than nothing; raises Problem INVALID or TOO_LARGE."""
    if value.amount <= 0:
        raise Problem("INVALID", "An amount paid or paid back is more than nothing.", field)
    return _in_range(value, field)


def currency(code: str, field: str = "currency") -> str:
    """`code`, which is a currency of ISO 4217; raises Problem INVALID."""
    try:
        money.places(code)
    except money.UnknownCurrency as error:
        raise Problem("INVALID", str(error), field) from None
    return code


def _in_range(value: Money, field: str) -> Money:
    currency(value.currency, field)
    if value.amount > money.LARGEST:
        raise Problem("TOO_LARGE", f"An amount is at most {money.LARGEST} minor units.", field)
    return value
