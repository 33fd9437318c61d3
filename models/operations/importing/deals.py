"""What a line of the deals' sheet says, before anyone asked who its agent and contact are."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from models.account import Account
from models.deal import DealStatus
from models.operations import text
from models.operations.importing import cells
from models.operations.importing.line import Line
from models.operations.importing.mapping import Mapping
from models.operations.importing.refusal import shown
from models.rules.calendar import day_start


@dataclass(frozen=True, slots=True)
class DealLine:
    """A deal as its line has it: agent and contact by name, dates as instants, the amount in minor units."""

    line: Line
    source_id: str
    agent: str | None
    contact: str | None
    titles: tuple[str, str]
    since: datetime
    columns: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DealReader:
    """Reads deals for an account by a mapping.

    `products` are the names of the products' sheet, if there is one. `at` is the instant of the import:
    nothing happened after it.
    """

    account: Account
    mapping: Mapping
    products: frozenset[str] | None
    at: datetime

    def read(self, line: Line) -> DealLine:
        """The deal; raises Refused, naming the column, for the first thing that is wrong with it."""
        status = self._status(line)
        engaged, closed = self._days(line, status)
        return DealLine(
            line=line,
            source_id=line.short("id", line.require("id"), text.LONGEST_NAME),
            agent=line.get("agent"),
            contact=line.get("contact"),
            titles=self._titles(line),
            since=engaged or closed or self.at,
            columns={
                "stage": line.get("stage"),
                "status": status,
                "won_at": closed if status is DealStatus.WON else None,
                "lost_at": closed if status is DealStatus.LOST else None,
                **self._expected(line),
                **self._money(line),
            },
        )

    def _status(self, line: Line) -> DealStatus:
        stage = line.require("stage")
        if stage not in self.mapping.stages:
            known = ", ".join(self.mapping.stages)
            raise line.refused("stage", f"{shown(stage)} is no stage that the mapping knows ({known})")
        return self.mapping.stages[stage]

    def _days(self, line: Line, status: DealStatus) -> tuple[datetime | None, datetime | None]:
        engaged, closed = (cells.day(line, name, self.mapping.dates) for name in ("engaged_on", "closed_on"))
        if status is DealStatus.OPEN and closed:
            raise line.refused("closed_on", f"a deal that is still open has a close date, {closed}")
        if status is not DealStatus.OPEN and not closed:
            raise line.refused("closed_on", f"is empty, and the deal is {status.lower()}")
        if engaged and closed and closed < engaged:
            raise line.refused(
                "closed_on", f"the deal closed on {closed}, before it was engaged on {engaged}"
            )
        return self._start(line, "engaged_on", engaged), self._start(line, "closed_on", closed)

    def _start(self, line: Line, name: str, day: date | None) -> datetime | None:
        if day is None:
            return None
        start = first_instant(day, self.account.time_zone)
        if start > self.at:
            raise line.refused(name, f"{day} is still to come")
        return start

    def _expected(self, line: Line) -> dict[str, Any]:
        if "expected_close_on" not in line.header.columns:
            return {}
        return {"expected_close_on": cells.day(line, "expected_close_on", self.mapping.dates)}

    def _money(self, line: Line) -> dict[str, Any]:
        if "amount" not in line.header.columns:
            return {}
        amount = cells.amount(line, "amount", self.account.currency, self.mapping.decimal_mark)
        return {"amount": amount, "currency": None if amount is None else self.account.currency}

    def _titles(self, line: Line) -> tuple[str, str]:
        """The deal's title; and the one without the contact's name, for a contact that has none any more."""
        if "title" in line.header.columns:
            title = line.short("title", line.require("title"), text.LONGEST)
            return title, title
        product, contact = self._product(line), line.get("contact")
        return (f"{product}, {contact}" if contact else product), product

    def _product(self, line: Line) -> str:
        written = line.short("product", line.require("product"), text.LONGEST_NAME)
        product = self.mapping.aliases.get(written, written)
        if self.products is not None and product not in self.products:
            raise line.refused(
                "product",
                f"{shown(written)} is no product of the list; if it is another spelling, add an alias",
            )
        return product


@lru_cache(maxsize=10_000)
def first_instant(day: date, time_zone: str) -> datetime:
    """The first instant of a day in a time zone, in UTC; an export has the same days again and again."""
    return day_start(day, _zone(time_zone))


def _zone(name: str) -> tzinfo:
    return ZoneInfo(name)
