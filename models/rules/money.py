"""Money: integer minor units and a currency. Nothing is ever rounded."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

LARGEST = 10**15
"""The most minor units that one amount may have, either way."""

_PLACES: dict[int, str] = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
        CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
        GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL
        MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK
        PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS
        TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}

EXPONENTS: dict[str, int] = {code: places for places, codes in _PLACES.items() for code in codes.split()}
"""How many decimal places each currency has (ISO 4217, those that have minor units)."""


class UnknownCurrency(ValueError):
    """The code names no currency of ISO 4217 that amounts are kept in."""


class TooPrecise(ValueError):
    """The amount has more decimal places than its currency has."""


class OutOfRange(ValueError):
    """The amount is no number, or beyond what is kept."""


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` minor units of `currency`: Money(1050, "USD") is 10.50 dollars."""

    amount: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> "Money":
        """The money that `amount` of `currency` is; raises UnknownCurrency, TooPrecise or OutOfRange."""
        return cls(parse(amount, currency), currency)

    def decimal(self) -> Decimal:
        """The amount in the currency's own unit, with all its decimal places."""
        return to_decimal(self.amount, self.currency)


def places(currency: str) -> int:
    """The currency's decimal places; raises UnknownCurrency."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(
            "This is no currency of ISO 4217; write its three capital letters, as in USD."
        ) from None


def parse(amount: Decimal, currency: str) -> int:
    """`amount` in minor units of `currency`, exactly; raises UnknownCurrency, TooPrecise or OutOfRange."""
    shift = places(currency)
    if not amount.is_finite() or (amount and amount.adjusted() + shift > 15):
        raise OutOfRange(f"An amount is a number of at most {LARGEST} minor units.")
    return _within(_scaled(amount, shift, currency))


def to_decimal(amount: int, currency: str) -> Decimal:
    """`amount` minor units in the currency's own unit, with all its decimal places: 1050 USD is 10.50."""
    sign, digits, _ = Decimal(amount).as_tuple()
    return Decimal((sign, digits, -places(currency)))


def text(amount: int, currency: str) -> str:
    """`to_decimal` written out, never with an exponent."""
    return format(to_decimal(amount, currency), "f")


def _scaled(amount: Decimal, shift: int, currency: str) -> int:
    sign, digits, exponent = amount.as_tuple()
    assert isinstance(exponent, int)
    dropped = max(0, -(exponent + shift))
    if any(digits[max(0, len(digits) - dropped) :] if dropped else ()):
        raise TooPrecise(f"{currency} has {shift} decimal places; the amount has more.")
    kept = _number(digits[: len(digits) - dropped])
    for _ in range(exponent + shift if kept else 0):
        kept *= 10
    return -kept if sign else kept


def _number(digits: Iterable[int]) -> int:
    number = 0
    for digit in digits:
        number = number * 10 + digit
    return number


def _within(amount: int) -> int:
    if abs(amount) > LARGEST:
        raise OutOfRange(f"An amount is at most {LARGEST} minor units.")
    return amount
