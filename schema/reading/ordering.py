"""Orders over the viewer's view, and the places in them that cursors name (keyset pagination).

Hidden and absent values come last in both directions; the id completes every order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.sql import Sql, join, value
from schema.errors import Code, CodedError
from schema.fields import GuardedField
from schema.reading.view import View, comparable, guarded_fields

MOST_FIELDS = 10
DEFAULT_ORDER = {
    "contact": ("created_at", True),
    "conversation": ("created_at", True),
    "deal": ("created_at", True),
    "message": ("number", False),
    "payment": ("paid_at", False),
    "timeline_entry": ("number", False),
    "audit_entry": ("at", True),
    "token": ("created_at", True),
}
"""The column, and whether downwards, where a client asks for no order; else by name."""


@dataclass(frozen=True, slots=True)
class Key:
    """One expression that a list is ordered by."""

    sql: Sql
    descending: bool


def keys(view: View, table: str, order_by: Sequence[Any] | None, alias: str) -> list[Key]:
    """What a list is ordered by, the id left out. Raises RefusedByRole."""
    if order_by and len(order_by) > MOST_FIELDS:
        raise CodedError(Code.QUERY_TOO_COMPLEX, f"A list is ordered by at most {MOST_FIELDS} fields.")
    if not order_by:
        return [_default(view, table, alias)]
    fields = guarded_fields(table)
    return [
        Key(_column(view, table, fields.get(order.field.value), alias), order.direction.value == "DESC")
        for order in order_by
    ]


def _column(view: View, table: str, field: GuardedField | None, alias: str) -> Sql:
    return _default(view, table, alias).sql if field is None else view.column(table, field, alias)


def _default(view: View, table: str, alias: str) -> Key:
    column, descending = DEFAULT_ORDER.get(table, ("name", False))
    field = guarded_fields(table).get(column)
    if field is None:
        return Key(Sql(f"{alias}.{comparable(table, column)}"), descending)
    return Key(view.column(table, field, alias), descending)


def order_sql(listed: Sequence[Key], alias: str, *, backwards: bool) -> Sql:
    """The ORDER BY of these keys and the id; backwards, nulls come first."""
    pieces = [
        key.sql
        + (" DESC" if key.descending != backwards else " ASC")
        + (" NULLS FIRST" if backwards else " NULLS LAST")
        for key in listed
    ]
    return join(", ", [*pieces, Sql(f"{alias}.id" + (" DESC" if backwards else " ASC"))])


def beyond(listed: Sequence[Key], place: Sequence[Any], alias: str, *, backwards: bool) -> Sql:
    """The rows that come after the place (before it, backwards); `place` ends with an id."""
    branches: list[Sql] = []
    equal: list[Sql] = []
    for key, held in zip(listed, place, strict=False):
        further = _further(key, held, backwards)
        if further is not None:
            branches.append("(" + join(" AND ", [*equal, further]) + ")")
        equal.append(_same(key, held))
    last = Sql(f"{alias}.id " + ("<" if backwards else ">") + " ?", (place[-1],))
    branches.append("(" + join(" AND ", [*equal, last]) + ")")
    return "(" + join(" OR ", branches) + ")"


def _same(key: Key, held: Any) -> Sql:
    column = "(" + key.sql + ")"
    return column + " IS NULL" if held is None else column + " = " + value(held)


def _further(key: Key, held: Any, backwards: bool) -> Sql | None:
    column = "(" + key.sql + ")"
    if held is None:
        return column + " IS NOT NULL" if backwards else None
    sign = ">" if key.descending == backwards else "<"
    further = column + f" {sign} " + value(held)
    return further if backwards else "(" + further + " OR " + column + " IS NULL)"
