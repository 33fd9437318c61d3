"""What may be written in an account's columns."""

from collections.abc import Callable
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from models.operations import text
from models.operations.amount import currency
from models.operations.problem import Problem


def checked(columns: dict[str, Any]) -> dict[str, Any]:
    """The columns, as they may be written; raises Problem BLANK, INVALID or TOO_LONG."""
    return text.checked(columns, _CHECKS)


def time_zone(name: str, field: str = "timeZone") -> str:
    """`name`, which is a zone of the IANA database; raises Problem INVALID."""
    if name not in _zones():
        raise Problem("INVALID", "This is no time zone; write one as in America/Sao_Paulo.", field)
    return name


def _up_to(last: int) -> Callable[[int, str], int]:
    def check(value: int, field: str) -> int:
        if not 1 <= value <= last:
            raise Problem("INVALID", f"{field} is a number from 1 to {last}.", field)
        return value

    return check


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


_CHECKS: text.Checks = {
    "name": text.name,
    "currency": currency,
    "time_zone": time_zone,
    "first_day_of_week": _up_to(7),
    "fiscal_year_start_month": _up_to(12),
}
