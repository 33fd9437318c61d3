"""How far a transfer is: its records in sight, counted by their state."""

from typing import TYPE_CHECKING, Any

from models import ItemState
from models.sql import Sql, join, value
from schema.reading.row import array_function
from schema.reading.view import View

if TYPE_CHECKING:
    from schema.reading.planned import Place

PARTS = ("total", *(state.lower() for state in ItemState))
COLUMNS = ("total", *(f"of_{state.lower()}" for state in ItemState))
"""The same in SQL, where some of them are words of its own."""


def progress(view: View, transfer: Any) -> Sql:
    """The one row of counts, a column a part; `transfer` is a parameter, or SQL for the transfer's id."""
    inside = view.alias()
    of = transfer if isinstance(transfer, Sql) else value(transfer)
    counts = [Sql("count(*) AS total")]
    counts += [
        Sql(f"count(CASE WHEN {inside}.state = '{state}' THEN 1 END) AS of_{state.lower()}")
        for state in ItemState
    ]
    tied = f" FROM transfer_item {inside} WHERE {inside}.transfer_id = " + of + " AND "
    return "SELECT " + join(", ", counts) + tied + view.rows("transfer_item", inside)


def planned_progress(place: "Place") -> str:
    """The code of the counts."""
    planner = place.planner
    columns = ", ".join(f"p.{column}" for column in COLUMNS)
    counted = progress(planner.view, Sql(f"{place.alias}.id"))
    read = f"(SELECT {array_function(planner.dialect)}({columns}) FROM (" + counted + ") p)"
    name = planner.code.name("progress")
    made = planner.plain(
        place.below, place.nodes, {part: f"{name}[{number}]" for number, part in enumerate(PARTS)}
    )
    return f"(None if ({name} := {place.guarded(read)}) is None else {made})"
