"""A viewer's view of a table, in SQL: rows in sight, and in them each column as the viewer may read it.

Filters, orders, cursors, groups and sums are made of these columns alone, so that no answer can
tell of what is hidden.
"""

from typing import Any

from authz.access import Refused
from authz.belonging import Belonging, conditions, within
from authz.compiling import Compiler
from authz.predicate import ALWAYS, NEVER, Predicate
from authz.scopes import in_sight, visible
from models.sql import Sql, join, value
from schema.errors import RefusedByRole
from schema.fields import GuardedField
from schema.reading.reads import Amount, Column, One, Related
from schema.seen import TYPES
from schema.tables import MODELS, physical

NOTHING = Sql("NULL")


class View:
    """The tables as one viewer may read them."""

    def __init__(self, compiler: Compiler) -> None:
        self.compiler = compiler
        self.viewer = compiler.viewer

    @property
    def currency(self) -> Any:
        """The parameter for the account's currency."""
        return self.compiler.currency

    def alias(self) -> str:
        """A table alias not yet used in this statement."""
        return self.compiler.alias()

    def rows(self, table: str, alias: str, known: Belonging | None = None) -> Sql:
        """The condition that keeps the rows in sight, of those of which something is known already."""
        predicate = visible(table, self.viewer)
        if known is not None:
            predicate = within(predicate, known)
        # No brackets: it stands among other conditions, and SQLite reads only so many levels.
        return join(" AND ", [self.compiler.sql(part, alias) for part in conditions(predicate)])

    def belonging(self, reads: Related, table: str, alias: str) -> Belonging | None:
        """What is known of the rows that a field reads for the row of `table` that goes by `alias`."""
        if reads.inner is None or reads.through is not None:
            return None
        kind = ("record_type", table.upper()) if reads.of_record else None
        return Belonging(reads.inner, table, alias, conditions(visible(table, self.viewer)), kind)

    def column(self, table: str, field: GuardedField, alias: str) -> Sql:
        """The field's column as the viewer may read it: null where a rule hides it.

        A text's column is its folded one, as text is compared case-folded; amounts are compared in
        the account's currency alone. Raises RefusedByRole.
        """
        guard = self.guard(table, field)
        match field.reads:
            case One(child):
                return self._reference(field.reads.column(field), child, guard, alias)
            case Column():
                return self.guarded(guard, Sql(f"{alias}.{comparable(table, field.column_name)}"), alias)
            case Amount(name, currency):
                ours = f"CASE WHEN {alias}.{currency} = " + value(self.currency)
                return self.guarded(guard, ours + f" THEN {alias}.{name} END", alias)
        raise TypeError(f"{field.python_name} has no column.")

    def guard(self, table: str, field: GuardedField) -> Predicate:
        """On which rows the viewer may read the field. Raises RefusedByRole."""
        decision = field.rule.decide(self.viewer, table)
        if isinstance(decision, Refused):
            raise RefusedByRole
        return decision

    def guarded(self, guard: Predicate, value: Sql, alias: str) -> Sql:
        """The value where the guard holds, else null; always a CASE, which no planner may reorder."""
        if guard == ALWAYS:
            return value
        return "CASE WHEN " + self.compiler.sql(guard, alias) + " THEN " + value + " END"

    def hidden(self, guard: Predicate, alias: str) -> Sql:
        """Whether the guard hides the value on this row, be there one or not."""
        return "CASE WHEN " + self.compiler.sql(guard, alias) + " THEN 0 ELSE 1 END"

    def _reference(self, column: str, child: str, guard: Predicate, alias: str) -> Sql:
        reference = Sql(f"{alias}.{column}")
        sight = in_sight(child, self.viewer)
        if sight == NEVER:
            return self.guarded(NEVER, reference, alias)
        if sight != ALWAYS:
            inside = self.alias()
            found = (
                f"EXISTS (SELECT 1 FROM {physical(child)} {inside} WHERE {inside}.id = {alias}.{column} AND "
            )
            reference = "CASE WHEN " + (found + self.rows(child, inside)) + ") THEN " + reference + " END"
        return self.guarded(guard, reference, alias)


WORDS = {("audit_entry", "action"), ("audit_entry", "request_id"), ("timeline_entry", "kind")}
"""Columns of words of our own, of ASCII alone, which every database folds alike; in no order of people's."""


def comparable(table: str, column: str) -> str:
    """The column that comparisons use: a text's folded shadow, else the column itself."""
    folded = f"{column}_folded"
    return folded if folded in MODELS[table]._meta.fields_map else column


def guarded_fields(table: str) -> dict[str, GuardedField]:
    """The fields of a table's type, by their names in Python."""
    fields: list[Any] = TYPES[table].__strawberry_definition__.fields
    return {field.python_name: field for field in fields if isinstance(field, GuardedField)}
