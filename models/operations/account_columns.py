"""What may be written in an account's columns."""

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from models.operations import text
from models.operations.amount import currency
from models.operations.problem import Problem


def checked(columns: dict[str, Any]) -> dict[str, Any]:
    """The columns, as they may be written; raises Problem BLANK, INVALID or TOO_LONG."""
    return text.checked(columns, _CHECKS) | {
        column: _between(columns[column], last, field)
        for column, (last, field) in _LAST.items()
        if column in columns
    }


def time_zone(name: str, field: str = "timeZone") -> str:
    """`name`, which is a zone of the IANA database; raises Problem INVALID."""
    if name not in _zones():
        raise Problem("INVALID", "This is no time zone; write one as in America/Sao_Paulo.", field)
    return name


def _between(value: int, last: int, field: str) -> int:
    if not 1 <= value <= last:
        raise Problem("INVALID", f"{field} is a number from 1 to {last}.", field)
    return value


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


_CHECKS = {"name": text.name, "currency": currency, "time_zone": lambda zone, _: time_zone(zone)}
_LAST = {"first_day_of_week": (7, "firstDayOfWeek"), "fiscal_year_start_month": (12, "fiscalYearStartMonth")}
