"""Money: a decimal amount and its currency, over integer minor units."""

from decimal import Decimal

import strawberry

from authz.access import OUTCOME
from models.rules.money import to_decimal
from schema.fields import column
from schema.seen import Seen


@strawberry.type
class Money(Seen):
    """An amount of money; guarded as a whole by the field that gives it."""

    amount: Decimal = column(OUTCOME)
    currency: str = column(OUTCOME)

    @classmethod
    def of_units(cls, units: int, currency: str) -> "Money":
        """The money that so many minor units of a currency are."""
        return cls.of({"amount": to_decimal(units, currency), "currency": currency})


@strawberry.input
class MoneyInput:
    """An amount of money, with no more decimals than its currency has."""

    amount: Decimal
    currency: str
