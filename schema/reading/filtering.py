"""Filters as conditions over the viewer's view, with SQL's three-valued logic."""

from collections.abc import Callable, Iterator
from decimal import ROUND_FLOOR, Decimal
from enum import Enum
from typing import Any

from strawberry import UNSET

from models.database import Dialect
from models.rules.money import EXPONENTS, LARGEST
from models.sql import Sql, join, value
from models.text import fold
from schema.errors import Code, CodedError, RefusedByRole
from schema.fields import GuardedField
from schema.global_id import id_of
from schema.reading.reads import Amount, Column, One, Related
from schema.reading.view import View, comparable, guarded_fields
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

DEEPEST_FILTER = 10
MOST_CONDITIONS = 500
"""More would be a statement that databases refuse, or take long to plan."""

AMONG_NONE = Sql("FALSE")
"""Nothing is among none, not even what is unknown: as SQL has it for an empty set."""

UNKNOWN = Sql("CASE WHEN FALSE THEN TRUE END")
"""What is refused to the viewer is null in their view, so whether it matches is unknown."""


def given(filter: Any) -> Iterator[tuple[str, Any]]:
    """The names and values that a filter gives; absent and null ones are no condition."""
    for field in type(filter).__strawberry_definition__.fields:
        operand = getattr(filter, field.python_name)
        if operand is not UNSET and operand is not None:
            yield field.python_name, operand


class Filtering:
    """Compiles the filters of one statement."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._conditions = 0
        self._depth = 0

    def condition(self, table: str, filter: Any, alias: str) -> Sql:
        """The filter over the table that goes by `alias`. Raises RefusedByRole and CodedError."""
        self._depth += 1
        if self._depth > DEEPEST_FILTER:
            message = f"A filter is nested at most {DEEPEST_FILTER} levels deep; ask in simpler terms."
            raise CodedError(Code.QUERY_TOO_COMPLEX, message)
        try:
            return self._all_parts(table, filter, alias)
        finally:
            self._depth -= 1

    def _all_parts(self, table: str, filter: Any, alias: str) -> Sql:
        parts = [self._part(table, name, operand, alias) for name, operand in given(filter)]
        return _combined(" AND ", parts, "TRUE")

    def _part(self, table: str, name: str, operand: Any, alias: str) -> Sql:
        self._count(1)
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
                folded = comparable(table, field.column_name) != field.column_name
                return self._compare(column, operand, fold if folded else _plain)
            case Amount(_, currency):
                return self._money(table, field, currency, operand, alias)
            case One(child):
                return self._reference(child, self.view.column(table, field, alias), operand)
            case Related():
                return self._quantified(table, field, operand, alias)
        raise TypeError(f"{field.python_name} can't be compared.")

    def _compare(self, column: Sql, operand: Any, adapt: Callable[[Any], Any]) -> Sql:
        parts = [self._operator(column, name, compared, adapt) for name, compared in given(operand)]
        return _combined(" AND ", parts, "TRUE")

    def _count(self, conditions: int) -> None:
        self._conditions += conditions
        if self._conditions > MOST_CONDITIONS:
            message = f"A filter holds at most {MOST_CONDITIONS} conditions and values; split the question."
            raise CodedError(Code.QUERY_TOO_COMPLEX, message)

    def _operator(self, column: Sql, name: str, compared: Any, adapt: Callable[[Any], Any]) -> Sql:
        match name:
            case "is_null":
                return "(" + column + (") IS NULL" if compared else ") IS NOT NULL")
            case "in_":
                self._count(len(compared))
                if not compared:
                    return AMONG_NONE
                return _among(column, [adapt(each) for each in compared])
            case "contains":
                place = "strpos" if self.view.compiler.dialect is Dialect.POSTGRES else "instr"
                return f"{place}(" + column + ", " + value(adapt(compared)) + ") > 0"
        return "(" + column + f") {OPERATORS[name]} " + value(adapt(compared))

    def _ids(self, table: str, column: Sql, operand: Any) -> Sql:
        """An id that is none of this type equals nothing, and differs from everything."""
        parts: list[Sql] = []
        for name, compared in given(operand):
            if name == "is_null":
                parts.append("(" + column + (") IS NULL" if compared else ") IS NOT NULL"))
                continue
            if name == "is_":
                continue
            self._count(len(compared) if name == "in_" else 1)
            if name == "in_" and not compared:
                parts.append(AMONG_NONE)
                continue
            wanted = [id_of(type_name(table), each) for each in (compared if name == "in_" else [compared])]
            equal = _among(column, [id for id in wanted if id is not None])
            parts.append("NOT (" + equal + ")" if name == "ne" else equal)
        return _combined(" AND ", parts, "TRUE")

    def _money(self, table: str, field: GuardedField, currency: str, operand: Any, alias: str) -> Sql:
        assert isinstance(field.reads, Amount)
        guard = self.view.guard(table, field)
        column = self.view.guarded(guard, Sql(f"{alias}.{field.reads.name}"), alias)
        code = operand.currency if isinstance(operand.currency, str) else self.view.viewer.currency
        comparable_ = f"CASE WHEN {alias}.{currency} = " + value(code) + " THEN " + column + " END"
        parts: list[Sql] = []
        for name, compared in given(operand):
            if name == "currency":
                continue
            if name == "is_null":
                parts.append(self._operator(column, name, compared, _plain))
            else:
                parts.append(_compare_money(comparable_, name, compared, code))
        return _combined(" AND ", parts, "TRUE")

    def _reference(self, child: str, column: Sql, operand: Any) -> Sql:
        parts = [self._ids(child, column, operand)]
        if operand.is_ is not UNSET and operand.is_ is not None:
            inside = self.view.alias()
            parts.append(
                f"EXISTS (SELECT 1 FROM {physical(child)} {inside} WHERE {inside}.id = ("
                + column
                + ") AND "
                + self.view.rows(child, inside)
                + " AND "
                + self.condition(child, operand.is_, inside)
                + ")"
            )
        return _combined(" AND ", parts, "TRUE")

    def _quantified(self, table: str, field: GuardedField, operand: Any, alias: str) -> Sql:
        guard = self.view.guard(table, field)
        parts = [self._quantifier(table, field, name, nested, alias) for name, nested in given(operand)]
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
            + self.view.rows(reads.table, inside)
            + " AND "
            + wanted
            + ")"
        )
        return found if name == "some" else "NOT " + found

    def _search(self, table: str, text: str, alias: str) -> Sql:
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


def _among(column: Sql, wanted: list[Any]) -> Sql:
    """Whether the column is one of these; where it can hold none of those asked for, there are none."""
    if not wanted:
        return "CASE WHEN (" + column + ") IS NULL THEN NULL ELSE FALSE END"
    return "(" + column + ") IN (" + join(", ", [value(each) for each in wanted]) + ")"


def _compare_money(column: Sql, name: str, compared: Any, currency: str) -> Sql:
    """Compare minor units with an amount that the currency may have no coin for: it equals none."""
    if name == "in_" and not compared:
        return AMONG_NONE
    if name == "in_":
        return _among(column, [units for each in compared if (units := _units(each, currency)) is not None])
    units = _units(compared, currency)
    if units is not None:
        return "(" + column + f") {OPERATORS[name]} " + value(units)
    if name in ("eq", "ne"):
        return "CASE WHEN (" + column + ") IS NOT NULL THEN " + ("FALSE" if name == "eq" else "TRUE") + " END"
    below = _whole_units_below(compared, currency)
    return "(" + column + (") <= " if name in ("lt", "lte") else ") > ") + value(below)


def _units(amount: Decimal, currency: str) -> int | None:
    units = amount.scaleb(EXPONENTS.get(currency, 0))
    exact = units == units.to_integral_value() and abs(units) <= LARGEST
    return int(units) if exact else None


def _whole_units_below(amount: Decimal, currency: str) -> int:
    units = amount.scaleb(EXPONENTS.get(currency, 0)).to_integral_value(rounding=ROUND_FLOOR)
    return int(max(Decimal(-LARGEST - 1), min(Decimal(LARGEST), units)))


def _plain(operand: Any) -> Any:
    return operand.value if isinstance(operand, Enum) else operand
