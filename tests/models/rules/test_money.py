"""Money in and out of minor units, exactly."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.money import (
    EXPONENTS,
    LARGEST,
    Money,
    OutOfRange,
    TooPrecise,
    UnknownCurrency,
    parse,
    text,
    to_decimal,
)

AMOUNTS = st.integers(-LARGEST, LARGEST)
CURRENCIES = st.sampled_from(sorted(EXPONENTS))


@given(AMOUNTS, CURRENCIES)
def test_what_is_written_out_is_read_back(amount: int, currency: str) -> None:
    assert parse(to_decimal(amount, currency), currency) == amount
    assert parse(Decimal(text(amount, currency)), currency) == amount
    assert Money.of(Money(amount, currency).decimal(), currency) == Money(amount, currency)
    assert to_decimal(amount, currency).as_tuple().exponent == -EXPONENTS[currency]


@given(st.decimals(allow_nan=False, allow_infinity=False), CURRENCIES)
def test_nothing_is_ever_rounded(amount: Decimal, currency: str) -> None:
    with suppress(OutOfRange, TooPrecise):
        assert to_decimal(parse(amount, currency), currency) == amount


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("10.50", "USD", 1050),
        ("10.5", "USD", 1050),
        ("1E+1", "USD", 1000),
        ("-0.01", "EUR", -1),
        ("1.5000000000000000000000000000000000000000", "USD", 150),
        ("1500", "JPY", 1500),
        ("1500.0", "JPY", 1500),
        ("1.234", "KWD", 1234),
        ("0.0001", "CLF", 1),
        ("0", "USD", 0),
        ("-0", "USD", 0),
        ("0E+999999", "USD", 0),
        ("0E-999999", "USD", 0),
        ("10000000000000.00", "USD", LARGEST),
    ],
)
def test_amounts_that_can_be(amount: str, currency: str, minor: int) -> None:
    assert parse(Decimal(amount), currency) == minor


@pytest.mark.parametrize(
    ("amount", "currency", "error"),
    [
        ("0.001", "USD", TooPrecise),
        ("1.0000000000000000000000000000000000000001", "USD", TooPrecise),
        ("0.5", "JPY", TooPrecise),
        ("1E-999999", "USD", TooPrecise),
        ("10000000000000.01", "USD", OutOfRange),
        ("-10000000000000.01", "USD", OutOfRange),
        ("1E+999999", "USD", OutOfRange),
        ("NaN", "USD", OutOfRange),
        ("sNaN", "USD", OutOfRange),
        ("-Infinity", "USD", OutOfRange),
        ("1", "usd", UnknownCurrency),
        ("1", "XXX", UnknownCurrency),
        ("1", "", UnknownCurrency),
    ],
)
def test_amounts_that_can_not_be(amount: str, currency: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse(Decimal(amount), currency)


def test_amounts_are_written_with_all_their_places() -> None:
    assert [text(1050, c) for c in ("USD", "JPY", "KWD", "CLF")] == ["10.50", "1050", "1.050", "0.1050"]
    assert text(-5, "USD") == "-0.05"


def test_every_currency_is_three_letters_once() -> None:
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in EXPONENTS)
    assert len(EXPONENTS) > 150
