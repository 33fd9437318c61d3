"""Scalars: what goes over the wire, and what is refused at the door. Nothing is cut or rounded."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal as Number
from decimal import InvalidOperation
from typing import Any

import strawberry

from schema.errors import bad_input

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})")
_DECIMAL = re.compile(r"-?\d{1,30}(\.\d{1,12})?")


def parse_instant(raw: Any) -> datetime:
    """An instant from ISO 8601 with a zone, in UTC."""
    if not isinstance(raw, str) or not _INSTANT.fullmatch(raw):
        raise bad_input("An instant is written as ISO 8601 with a zone, such as 2026-01-31T09:30:00Z.")
    try:
        return datetime.fromisoformat(raw).astimezone(UTC)
    except (ValueError, OverflowError):
        raise bad_input("There is no such instant in the calendar, or it is out of range.") from None


def write_instant(instant: datetime) -> str:
    """ISO 8601 in UTC."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_day(raw: Any) -> date:
    """A day from ISO 8601."""
    if not isinstance(raw, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", raw):
        raise bad_input("A day is written as ISO 8601, such as 2026-01-31.")
    try:
        return date.fromisoformat(raw)
    except ValueError:
        raise bad_input("There is no such day in the calendar.") from None


def parse_decimal(raw: Any) -> Number:
    """A decimal number from a string: a number in JSON may have been rounded on its way."""
    if not isinstance(raw, str) or not _DECIMAL.fullmatch(raw):
        raise bad_input('A decimal is written as a string of digits, such as "1054.50".')
    try:
        return Number(raw)
    except InvalidOperation:
        raise bad_input('A decimal is written as a string of digits, such as "1054.50".') from None


def write_decimal(number: Number) -> str:
    """The digits, without an exponent."""
    return format(number, "f")


SCALARS: dict[object, Any] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant: ISO 8601, in UTC.",
        serialize=write_instant,
        parse_value=parse_instant,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day of the account's: ISO 8601.",
        serialize=date.isoformat,
        parse_value=parse_day,
    ),
    Number: strawberry.scalar(
        name="Decimal",
        description="A decimal number, as a string.",
        serialize=write_decimal,
        parse_value=parse_decimal,
    ),
}


__all__ = ["SCALARS", "parse_decimal", "parse_instant", "write_instant"]
