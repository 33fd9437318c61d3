"""Connections in a plan: a page of rows, and what lies around it, in one array."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from graphql import FieldNode

from authz.predicate import NEVER, Predicate
from models.sql import Sql
from schema.reading.paging import Paging
from schema.reading.reads import Many
from schema.reading.row import Row
from schema.reading.wire import reader

if TYPE_CHECKING:
    from schema.reading.planning import Planner

Nodes = Sequence[FieldNode]
NOTHING = Sql("NULL")


def connection(
    planner: "Planner",
    reads: Many,
    guard: Predicate,
    table: str,
    alias: str,
    row: Row,
    below: Any,
    nodes: Nodes,
) -> str:
    """The code of a connection."""
    if guard == NEVER:
        return "None"
    site, form, held = planner.asked(nodes[0])
    tie, known = planner.tie(reads, table, alias), planner.view.belonging(reads, table, alias)
    paging = Paging.of(planner.view, reads.table, tie, form, held, known)
    made = _Connection(planner, paging, site)
    function = made.function(below, nodes)
    place = row.take(planner.view.guarded(guard, made.read(), alias))
    return f"{function}({place}, run)"


class _Connection:
    """One connection in the making: its parts are read as one array, of which the first is the page."""

    def __init__(self, planner: "Planner", paging: Paging, site: int) -> None:
        self.planner = planner
        self.paging = paging
        self.site = site
        self.parts = planner.row("raw")
        self.page = planner.view.alias()
        self.item = planner.row(planner.code.name("row"))
        self._reads_rows = False
        self._seals = False

    def function(self, type_: Any, nodes: Nodes) -> str:
        """Add the function that shapes the connection to the plan's code, and name it."""
        # The page comes first, whatever is selected first, but is known only at the end.
        self.parts.values.append(NOTHING)
        values = {
            "nodes": lambda below, group: f"[{self._node(below, group)} for {self.item.name} in rows]",
            "edges": lambda below, group: f"[{self._edge(below, group)} for {self.item.name} in rows]",
            "page_info": lambda below, group: self.planner.plain(below, group, self._page_info()),
            "total_count": lambda below, group: self.parts.take("(" + self.paging.count() + ")"),
        }
        answer = self.planner.plain(type_, nodes, values)
        lines = ["if raw is None:", "    return None"]
        if self._seals:
            lines.append(f"place = lambda {self.item.name}: run.cursor({self.site}, {self._place()})")
        if self._reads_rows:
            self.parts.values[0] = self.planner.listed(self.paging, self.page, self.item)
            lines += self._cut("raw" if self.alone else "raw[0]")
        return self.planner.code.function(
            self.planner.code.name("connection"), "raw, run", [*lines, f"return {answer}"]
        )

    @property
    def alone(self) -> bool:
        """Whether nothing but the page is read, which then needs no array around it."""
        return len(self.parts.values) == 1 and self._reads_rows

    def read(self) -> Sql:
        """All that is read of the connection."""
        return self.parts.values[0] if self.alone else self.parts.array()

    def _cut(self, page: str) -> list[str]:
        size = self.paging.form.size
        back = "[::-1]" if self.paging.form.backwards else ""
        return [f"more = len({page}) > {size}", f"rows = {page}[:{size}]{back}"]

    def _node(self, type_: Any, nodes: Nodes) -> str:
        self._reads_rows = True
        return self.planner.object(type_, nodes, self.paging.table, self.page, self.item)

    def _edge(self, type_: Any, nodes: Nodes) -> str:
        self._reads_rows = True
        return self.planner.plain(type_, nodes, {"node": self._node, "cursor": lambda *_: self._cursor()})

    def _cursor(self) -> str:
        self._seals = True
        return f"place({self.item.name})"

    def _page_info(self) -> dict[str, Any]:
        return {
            "has_next_page": lambda *_: self._more(not self.paging.form.backwards, self.paging.any_after()),
            "has_previous_page": lambda *_: self._more(self.paging.form.backwards, self.paging.any_before()),
            "start_cursor": lambda *_: self._end(0),
            "end_cursor": lambda *_: self._end(-1),
        }

    def _more(self, ahead: bool, around: Sql | None) -> str:
        self._reads_rows = True
        further = "False" if around is None else f"bool({self.parts.take(around)})"
        return f"(more or {further})" if ahead else further

    def _end(self, number: int) -> str:
        self._reads_rows = self._seals = True
        return f"(place(rows[{number}]) if rows else None)"

    def _place(self) -> str:
        parts = [self._key(number) for number in range(len(self.paging.keys))]
        id = f"{self.planner.code.let('uuid', UUID)}({self.item.take(Sql(f'{self.page}.id'))})"
        return "[" + ", ".join([*parts, id]) + "]"

    def _key(self, number: int) -> str:
        place = self.item.take(Sql(f"{self.page}.order_{number}"))
        read = reader(self.planner.dialect, self.paging.table, self.paging.keys[number].column)
        if read is None:
            return place
        return f"(None if {place} is None else {self.planner.code.let('read', read)}({place}))"
