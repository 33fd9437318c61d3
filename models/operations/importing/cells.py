"""What a field says: a day, or an amount of money, exactly as written or not at all."""

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache

from models.operations.importing.line import Line
from models.operations.importing.refusal import shown
from models.rules import money

_PARTS = {"YYYY": r"(?P<year>\d{4})", "MM": r"(?P<month>\d{2})", "DD": r"(?P<day>\d{2})"}


def day(line: Line, name: str, dates: str) -> date | None:
    """The day in the field, written as `dates` has it; None where it is empty. Raises Refused."""
    text = line.get(name)
    if text is None:
        return None
    found = _day(text, dates)
    if found is None:
        raise line.refused(name, f"{shown(text)} is no day of the calendar, written {dates}")
    return found


def amount(line: Line, name: str, currency: str, decimal_mark: str) -> int | None:
    """The amount in minor units of `currency`; None where the field is empty. Raises Refused."""
    text = line.get(name)
    if text is None:
        return None
    whole, mark, cents = text.partition(decimal_mark)
    if not _digits(whole.removeprefix("-")) or (mark and not _digits(cents)):
        raise line.refused(
            name, f'{shown(text)} is no amount; write digits alone, such as "1054{decimal_mark}50"'
        )
    if text.startswith("-"):
        raise line.refused(name, f"{shown(text)} is negative; a deal is worth nothing or more")
    try:
        return money.parse(Decimal(f"{whole}.{cents or 0}"), currency)
    except money.TooPrecise as error:
        raise line.refused(name, f"{shown(text)}: {error}") from None
    except money.OutOfRange as error:
        raise line.refused(name, f"{shown(text)}: {error}") from None


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


@lru_cache(maxsize=10_000)
def _day(text: str, dates: str) -> date | None:
    found = _pattern(dates).fullmatch(text)
    try:
        return date(**{part: int(digits) for part, digits in found.groupdict().items()}) if found else None
    except ValueError:
        return None


@lru_cache(maxsize=16)
def _pattern(dates: str) -> re.Pattern[str]:
    pattern = re.escape(dates)
    for part, digits in _PARTS.items():
        pattern = pattern.replace(part, digits)
    return re.compile(pattern, re.ASCII)
