"""Filters as conditions over the viewer's view, with SQL's three-valued logic."""

import json
from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cache
from typing import Any
from uuid import UUID

from models.database import Dialect
from models.rules.money import EXPONENTS, LARGEST
from models.sql import Sql, join, value
from models.text import fold
from schema.errors import RefusedByRole
from schema.fields import GuardedField
from schema.global_id import id_of
from schema.reading.arguments import FilterForm, Slot, plain
from schema.reading.holding import Adapt, Held
from schema.reading.reads import Amount, Column, One, Related
from schema.reading.view import WORDS, View, comparable, guarded_fields
from schema.tables import physical, type_name

OPERATORS = {"eq": "=", "ne": "<>", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
SEARCHED = {
    "contact": ("name", "email", "phone", "company"),
    "conversation": ("subject",),
    "deal": ("title", "stage"),
    "agent": ("name", "email"),
    "message": ("body",),
    "partner": ("name",),
    "partner_user": ("name",),
    "team": ("name",),
    "inbox": ("name",),
    "role": ("name",),
}
"""The texts that `search` looks into, as far as the viewer may read them."""

NO_ID = UUID(int=0)
"""The id of no row: what stands for an id that is none of the type asked for."""

NO_AMOUNT = LARGEST + 1
"""More minor units than any amount has: what stands for an amount that the currency has no coin for."""

UNKNOWN = Sql("CASE WHEN FALSE THEN TRUE END")
"""What is refused to the viewer is null in their view, so whether it matches is unknown."""


class Filtering:
    """Compiles the filters of one list; `held` are the values that fill their slots."""

    def __init__(self, view: View, held: Held) -> None:
        self.view = view
        self.held = held

    def condition(self, table: str, form: FilterForm, alias: str) -> Sql:
        """The filter over the table that goes by `alias`. Raises RefusedByRole."""
        parts = [self._part(table, name, operand, alias) for name, operand in form]
        return _combined(" AND ", parts, "TRUE")

    def _part(self, table: str, name: str, operand: Any, alias: str) -> Sql:
        match name:
            case "all":
                return _combined(" AND ", [self.condition(table, each, alias) for each in operand], "TRUE")
            case "any":
                return _combined(" OR ", [self.condition(table, each, alias) for each in operand], "FALSE")
            case "not_":
                return "NOT (" + self.condition(table, operand, alias) + ")"
            case "search":
                return self._search(table, operand, alias)
            case "id":
                return self._ids(table, Sql(f"{alias}.id"), operand)
        return self._field(table, guarded_fields(table)[name], operand, alias)

    def _field(self, table: str, field: GuardedField, operand: Any, alias: str) -> Sql:
        match field.reads:
            case Column():
                column = self.view.column(table, field, alias)
                if (table, field.column_name) in WORDS:
                    return self._compare("lower(" + column + ")", operand, fold)
                folded = comparable(table, field.column_name) != field.column_name
                return self._compare(column, operand, fold if folded else plain)
            case Amount(_, currency):
                return self._money(table, field, currency, operand, alias)
            case One(child):
                return self._reference(child, self.view.column(table, field, alias), operand)
            case Related():
                return self._quantified(table, field, operand, alias)
        raise TypeError(f"{field.python_name} can't be compared.")

    def _compare(self, column: Sql, operand: Any, adapt: Adapt) -> Sql:
        parts = [self._operator(column, name, compared, adapt) for name, compared in operand]
        return _combined(" AND ", parts, "TRUE")

    def _operator(self, column: Sql, name: str, compared: Any, adapt: Adapt) -> Sql:
        match name:
            case "is_null":
                return _null(column, compared)
            case "in_":
                return self._among(column, compared, adapt)
            case "contains":
                place = "strpos" if self.view.compiler.dialect is Dialect.POSTGRES else "instr"
                return f"{place}(" + column + ", " + self._value(compared, adapt) + ") > 0"
        return _whole(column) + f" {OPERATORS[name]} " + self._value(compared, adapt)

    def _value(self, slot: Slot, adapt: Adapt) -> Sql:
        return value(self.held.param(slot, adapt))

    def _among(self, column: Sql, slot: Slot, adapt: Adapt) -> Sql:
        """Whether the column is one of these: false of none, for null too."""
        if self.view.compiler.dialect is Dialect.POSTGRES:
            return _whole(column) + " = ANY(" + self._value(slot, _each(adapt)) + ")"
        listed = self._value(slot, _as_json(adapt))
        return _whole(column) + " IN (SELECT value FROM json_each(" + listed + "))"

    def _ids(self, table: str, column: Sql, operand: Any) -> Sql:
        """An id that is none of this type equals nothing, and differs from everything."""
        wanted = _id_of(type_name(table))
        return self._compare(column, [pair for pair in operand if pair[0] != "is_"], wanted)

    def _money(self, table: str, field: GuardedField, currency: str, operand: Any, alias: str) -> Sql:
        assert isinstance(field.reads, Amount)
        guard = self.view.guard(table, field)
        column = self.view.guarded(guard, Sql(f"{alias}.{field.reads.name}"), alias)
        parts: list[Sql] = []
        code = dict(operand).get("currency")
        for name, compared in operand:
            if name == "is_null":
                parts.append(_null(column, compared))
            elif code is None:
                # An amount without a currency is among none: nothing else goes without.
                parts.append(Sql("FALSE"))
            elif name != "currency":
                ours = (
                    f"CASE WHEN {alias}.{currency} = " + self._value(code, plain) + " THEN " + column + " END"
                )
                parts.append(self._operator(ours, name, compared, _UNITS[name]))
        return _combined(" AND ", parts, "TRUE")

    def _reference(self, child: str, column: Sql, operand: Any) -> Sql:
        parts = [self._ids(child, column, operand)]
        nested = dict(operand).get("is_")
        if nested is not None:
            inside = self.view.alias()
            parts.append(
                f"EXISTS (SELECT 1 FROM {physical(child)} {inside} WHERE {inside}.id = ("
                + column
                + ") AND "
                + self.view.rows(child, inside)
                + " AND "
                + self.condition(child, nested, inside)
                + ")"
            )
        return _combined(" AND ", parts, "TRUE")

    def _quantified(self, table: str, field: GuardedField, operand: Any, alias: str) -> Sql:
        guard = self.view.guard(table, field)
        parts = [self._quantifier(table, field, name, nested, alias) for name, nested in operand]
        return self.view.guarded(guard, "(" + _combined(" AND ", parts, "TRUE") + ")", alias)

    def _quantifier(self, table: str, field: GuardedField, name: str, nested: Any, alias: str) -> Sql:
        reads = field.reads
        assert isinstance(reads, Related)
        inside = self.view.alias()
        wanted = self.condition(reads.table, nested, inside)
        if name == "every":
            wanted = "NOT COALESCE(" + wanted + ", FALSE)"
        found = (
            f"EXISTS (SELECT 1 FROM {physical(reads.table)} {inside} WHERE "
            + reads.tie(inside, table, Sql(f"{alias}.id"))
            + " AND "
            + self.view.rows(reads.table, inside, self.view.belonging(reads, table, alias))
            + " AND "
            + wanted
            + ")"
        )
        return found if name == "some" else "NOT " + found

    def _search(self, table: str, text: Slot, alias: str) -> Sql:
        fields = guarded_fields(table)
        parts: list[Sql] = []
        for name in SEARCHED.get(table, ()):
            try:
                column = self.view.column(table, fields[name], alias)
            except RefusedByRole:
                parts.append(UNKNOWN)
                continue
            parts.append(self._operator(column, "contains", text, fold))
        return _combined(" OR ", parts, "FALSE")


def _combined(word: str, parts: list[Sql], of_none: str) -> Sql:
    if not parts:
        return Sql(of_none)
    # A bracket more for each level, and SQLite's parser would reach its end the sooner.
    return parts[0] if len(parts) == 1 else "(" + join(word, parts) + ")"


def _null(column: Sql, wanted: bool) -> Sql:
    return _whole(column) + (" IS NULL" if wanted else " IS NOT NULL")


def _whole(column: Sql) -> Sql:
    """The column as one thing: in brackets, but for a plain name or a CASE, which has its END."""
    return column if " " not in column.text or column.text.startswith("CASE ") else "(" + column + ")"


def _each(adapt: Adapt) -> Adapt:
    return lambda listed: [adapt(each) for each in listed]


def _as_json(adapt: Adapt) -> Adapt:
    return lambda listed: json.dumps([_stored(adapt(each)) for each in listed])


def _stored(held: Any) -> Any:
    """A value as SQLite keeps it, where JSON has no word for it."""
    match held:
        case datetime():
            return held.astimezone(UTC).isoformat(" ", "microseconds")
        case date() | UUID():
            return str(held)
    return held


@cache
def _id_of(type_name: str) -> Adapt:
    return lambda text: id_of(type_name, text) or NO_ID


def _in_units(rounding: str) -> Adapt:
    """An amount as minor units of its currency, rounded so that the comparison stays true to it."""

    def adapt(priced: tuple[Decimal, str]) -> int:
        amount, currency = priced
        units = amount.scaleb(EXPONENTS.get(currency, 0)).to_integral_value(rounding=rounding)
        return int(max(Decimal(-NO_AMOUNT), min(Decimal(NO_AMOUNT), units)))

    return adapt


def _exact_units(priced: tuple[Decimal, str]) -> int:
    amount, currency = priced
    units = amount.scaleb(EXPONENTS.get(currency, 0))
    exact = units == units.to_integral_value() and abs(units) <= LARGEST
    return int(units) if exact else NO_AMOUNT


_UNITS: dict[str, Adapt] = {
    "eq": _exact_units,
    "ne": _exact_units,
    "in_": _exact_units,
    "lt": _in_units(ROUND_CEILING),
    "gte": _in_units(ROUND_CEILING),
    "lte": _in_units(ROUND_FLOOR),
    "gt": _in_units(ROUND_FLOOR),
}
