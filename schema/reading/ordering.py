"""Orders over the viewer's view, and the places in them that cursors name (keyset pagination).

Hidden and absent values come last in both directions; the id completes every order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from authz.predicate import ALWAYS
from models.sql import Sql, join, value
from schema.fields import GuardedField
from schema.reading.reads import Column
from schema.reading.view import View, comparable, guarded_fields
from schema.tables import MODELS

DEFAULT_ORDER = {
    "contact": ("created_at", True),
    "conversation": ("created_at", True),
    "deal": ("created_at", True),
    "distribution_candidate": ("number", False),
    "distribution_decision": ("at", True),
    "distribution_member": ("number", False),
    "distribution_policy": ("created_at", False),
    "message": ("number", False),
    "ownership": ("started_at", False),
    "payment": ("paid_at", False),
    "timeline_entry": ("number", False),
    "audit_entry": ("at", True),
    "token": ("created_at", True),
    "transfer": ("created_at", True),
    "transfer_share": ("weight", True),
    "transfer_item": ("number", False),
    "transfer_rule_share": ("weight", True),
}
"""The column, and whether downwards, where a client asks for no order; else by name."""


@dataclass(frozen=True, slots=True)
class Key:
    """One expression that a list is ordered by. `certain`: it is never null, so an index may serve it."""

    sql: Sql
    descending: bool
    certain: bool = False
    column: str = ""


Place = Sequence[Any]
"""A parameter for each key, None where it is null there; and one for the id."""


def keys(view: View, table: str, order: Sequence[tuple[str, bool]], alias: str) -> list[Key]:
    """What a list is ordered by, the id left out. Raises RefusedByRole."""
    if not order:
        return [_default(view, table, alias)]
    fields = guarded_fields(table)
    return [_key(view, table, fields.get(name), descending, alias) for name, descending in order]


def _key(view: View, table: str, field: GuardedField | None, descending: bool, alias: str) -> Key:
    if field is None:
        default = _default(view, table, alias)
        return Key(default.sql, descending, default.certain, default.column)
    column = comparable(table, field.column_name)
    certain = isinstance(field.reads, Column) and _never_null(view, table, field, column)
    return Key(view.column(table, field, alias), descending, certain, column)


def _never_null(view: View, table: str, field: GuardedField, column: str) -> bool:
    return view.guard(table, field) == ALWAYS and not MODELS[table]._meta.fields_map[column].null


def _default(view: View, table: str, alias: str) -> Key:
    column, descending = DEFAULT_ORDER.get(table, ("name", False))
    field = guarded_fields(table).get(column)
    if field is None:
        compared = comparable(table, column)
        certain = not MODELS[table]._meta.fields_map[compared].null
        return Key(Sql(f"{alias}.{compared}"), descending, certain, compared)
    return _key(view, table, field, descending, alias)


def order_sql(listed: Sequence[Key], alias: str, *, backwards: bool) -> Sql:
    """The ORDER BY of these keys and the id; backwards, nulls come first."""
    pieces = [key.sql + _direction(key, backwards) for key in listed]
    return join(", ", [*pieces, Sql(f"{alias}.id" + (" DESC" if backwards else " ASC"))])


def _direction(key: Key, backwards: bool) -> str:
    direction = " DESC" if key.descending != backwards else " ASC"
    if key.certain:
        return direction
    return direction + (" NULLS FIRST" if backwards else " NULLS LAST")


def beyond(
    listed: Sequence[Key], place: Place, alias: str, *, backwards: bool, inclusive: bool = False
) -> Sql:
    """The rows that come after the place (before it, backwards); with that in the place, if `inclusive`."""
    sign = ("<" if backwards else ">") + ("=" if inclusive else "")
    beyond_it = Sql(f"{alias}.id {sign} ?", (place[-1],))
    for key, held in reversed([*zip(listed, place, strict=False)]):
        beyond_it = "(" + _beyond_key(key, held, beyond_it, backwards) + ")"
    return beyond_it


def _beyond_key(key: Key, held: Any, rest: Sql, backwards: bool) -> Sql:
    """Beyond the place in this key, or equal in it and beyond in the `rest`."""
    if key.certain and held is not None:
        # Where an index may begin to be read stands apart: no planner finds it among alternatives.
        sign = ">=" if key.descending == backwards else "<="
        different = key.sql + " <> " + value(held)
        return key.sql + f" {sign} " + value(held) + " AND (" + different + " OR " + rest + ")"
    further = _further(key, held, backwards)
    equal = _same(key, held) + " AND " + rest
    return equal if further is None else further + " OR " + equal


def _same(key: Key, held: Any) -> Sql:
    column = "(" + key.sql + ")"
    return column + " IS NULL" if held is None else column + " = " + value(held)


def _further(key: Key, held: Any, backwards: bool) -> Sql | None:
    column = "(" + key.sql + ")"
    if held is None:
        return column + " IS NOT NULL" if backwards else None
    sign = ">" if key.descending == backwards else "<"
    further = column + f" {sign} " + value(held)
    return further if backwards or key.certain else "(" + further + " OR " + column + " IS NULL)"
