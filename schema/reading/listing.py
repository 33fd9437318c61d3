"""Lists read the ordinary way: one statement for a page, one for what else is asked about it."""

import json
from asyncio import Lock
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from strawberry import UNSET

from authz import cursors
from models.sql import Sql, join, value
from schema.context import Columns, Context
from schema.errors import Code, CodedError, bad_input
from schema.reading.filtering import Filtering, given
from schema.reading.ordering import beyond, keys, order_sql
from schema.reading.reads import Each, Many, Related
from schema.reading.view import View
from schema.seen import Seen, see
from schema.tables import physical

LARGEST_PAGE = 200
DEFAULT_PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list: its size, whether it is counted from the end, and the places around it."""

    size: int
    backwards: bool
    after: str | None
    before: str | None

    @classmethod
    def of(cls, arguments: dict[str, Any]) -> "Page":
        """The page that a connection's arguments ask for. Raises CodedError."""
        first, last = (_size(arguments.get(name), name) for name in ("first", "last"))
        if first is not None and last is not None:
            raise bad_input("Ask for `first` or for `last`, not for both.")
        size = first if first is not None else last if last is not None else DEFAULT_PAGE
        return cls(size, last is not None, _text(arguments.get("after")), _text(arguments.get("before")))


def _size(raw: Any, name: str) -> int | None:
    if raw is None or raw is UNSET:
        return None
    if not 1 <= raw <= LARGEST_PAGE:
        raise bad_input(f"`{name}` is a number from 1 to {LARGEST_PAGE}; it is {raw}.")
    return int(raw)


def _text(raw: Any) -> str | None:
    return None if raw is None or raw is UNSET else str(raw)


class Listing:
    """One page of one list, and what can be asked about it. Reads when asked, and once."""

    def __init__(
        self, context: Context, table: str, tie: Sql | None, filter: Any, order_by: Any, page: Page
    ) -> None:
        self.context = context
        self.table = table
        self.page = page
        view = View(context.compiler())
        self._keys = keys(view, table, order_by, "t")
        self._condition = self._conditions(view, tie, filter)
        self._binding = _binding(context, table, filter, order_by)
        self._places = {
            name: self._place(name) for name in ("after", "before") if getattr(page, name) is not None
        }
        self._read: list[Columns] | None = None
        self._more = False
        self._reading = Lock()

    @classmethod
    def of(cls, context: Context, reads: Many, source: Seen, arguments: dict[str, Any]) -> "Listing":
        """The list that a field reads for the row in hand."""
        filter, order_by = (_absent_as_none(arguments.get(name)) for name in ("filter", "order_by"))
        return cls(context, reads.table, _tie(reads, source), filter, order_by, Page.of(arguments))

    async def rows(self) -> list[Columns]:
        """The page's rows, in the list's order whichever end it was counted from."""
        async with self._reading:
            await self._read_once()
        assert self._read is not None
        return self._read

    async def _read_once(self) -> None:
        if self._read is None:
            fetched = await self.context.rows(self.table, self._statement())
            self._more = len(fetched) > self.page.size
            kept = fetched[: self.page.size]
            self._read = kept[::-1] if self.page.backwards else kept

    async def count(self) -> int:
        """How many rows the whole list has."""
        statement = f"SELECT COUNT(*) AS n FROM {physical(self.table)} t WHERE " + self._condition
        return int((await self.context.session.fetch(statement))[0]["n"])

    async def more_after(self) -> bool:
        """Whether rows follow the page."""
        rows = await self.rows()
        if not self.page.backwards and (self._more or "before" not in self._places):
            return self._more
        return await self._any_beyond(rows[-1:], "before", backwards=False)

    async def more_before(self) -> bool:
        """Whether rows come before the page."""
        rows = await self.rows()
        if self.page.backwards and (self._more or "after" not in self._places):
            return self._more
        return await self._any_beyond(rows[:1], "after", backwards=True)

    def cursor(self, row: Columns) -> str:
        """The row's place in this list, sealed."""
        try:
            return cursors.seal(self.context.keys, self._binding, self._place_of(row))
        except ValueError as error:
            raise bad_input(str(error)) from None

    def see(self, row: Columns) -> Any:
        """The object of a row."""
        return see(self.table, row)

    async def _any_beyond(self, edge: list[Columns], argument: str, *, backwards: bool) -> bool:
        if edge:
            place = self._place_of(edge[0])
        elif argument in self._places:
            place = self._places[argument]
        else:
            return False
        further = beyond(self._keys, place, "t", backwards=backwards)
        at_least = "" if edge else " OR t.id = ?"
        params = () if edge else (place[-1],)
        condition = self._condition + " AND (" + further + Sql(at_least, params) + ")"
        return bool(
            await self.context.session.fetch(
                f"SELECT 1 FROM {physical(self.table)} t WHERE " + condition + " LIMIT 1"
            )
        )

    def _conditions(self, view: View, tie: Sql | None, filter: Any) -> Sql:
        parts = [view.rows(self.table, "t")]
        if tie is not None:
            parts.append(tie)
        if filter is not None:
            parts.append(Filtering(view).condition(self.table, filter, "t"))
        return join(" AND ", parts)

    def _statement(self) -> Sql:
        backwards = self.page.backwards
        columns = [Sql("t.*")] + [key.sql + f" AS order_{number}" for number, key in enumerate(self._keys)]
        conditions = [self._condition]
        for name, place in self._places.items():
            conditions.append(beyond(self._keys, place, "t", backwards=name == "before"))
        return (
            "SELECT "
            + join(", ", columns)
            + f" FROM {physical(self.table)} t WHERE "
            + join(" AND ", conditions)
            + " ORDER BY "
            + order_sql(self._keys, "t", backwards=backwards)
            + f" LIMIT {self.page.size + 1}"
        )

    def _place_of(self, row: Columns) -> list[Any]:
        return [*(row[f"order_{number}"] for number in range(len(self._keys))), row["id"]]

    def _place(self, name: str) -> list[Any]:
        try:
            place = cursors.open(self.context.keys, self._binding, getattr(self.page, name))
        except cursors.BadCursor as error:
            raise CodedError(Code.INVALID_CURSOR, str(error)) from None
        return place


def _binding(context: Context, table: str, filter: Any, order_by: Any) -> bytes:
    viewer = context.known_viewer
    order = [[each.field.value, each.direction.value] for each in order_by or ()]
    bound = [viewer.kind, str(viewer.actor_id), table, None if filter is None else _plain(filter), order]
    return json.dumps(bound, sort_keys=True, default=str).encode()


def _plain(filter: Any) -> Any:
    if isinstance(filter, Enum):
        return filter.value
    if hasattr(type(filter), "__strawberry_definition__"):
        return {name: _plain(operand) for name, operand in given(filter)}
    if isinstance(filter, list):
        return [_plain(each) for each in filter]
    return str(filter) if isinstance(filter, datetime | date | Decimal) else filter


def _absent_as_none(given: Any) -> Any:
    return None if given is UNSET else given


def _tie(reads: Related, source: Seen) -> Sql | None:
    return None if reads.whole else reads.tie("t", source.table, value(source.row["id"]))


async def each(context: Context, reads: Each, source: Seen) -> list[Columns]:
    """All the rows of a plain list, by name."""
    view = View(context.compiler())
    tie = _tie(reads, source)
    condition = join(" AND ", [view.rows(reads.table, "t"), *([tie] if tie else [])])
    order = order_sql(keys(view, reads.table, None, "t"), "t", backwards=False)
    statement = f"SELECT t.* FROM {physical(reads.table)} t WHERE " + condition + " ORDER BY " + order
    return await context.rows(reads.table, statement)
