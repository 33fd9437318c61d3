"""From a selection to a plan: each selected field asks its rule once, and says what it reads.

The statement answers with one row of nested JSON arrays: to-one references are joined, a to-many list
is gathered for each of its parents. The shape turns the arrays into the answer. Nothing of one
viewer is in a plan: it is made for a viewer's shape, who has no ids (authz/viewer.py).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphql import FieldNode, GraphQLObjectType, GraphQLSchema, get_named_type

from authz.access import Refused
from authz.belonging import Belonging
from authz.predicate import ALWAYS, NEVER, Predicate
from authz.scopes import in_sight
from models.database import Dialect
from models.sql import Sql, value
from schema.fields import GuardedField
from schema.reading import connecting, outcome, planned
from schema.reading.arguments import Asked, ListForm
from schema.reading.holding import Held, Later
from schema.reading.late import OfRow
from schema.reading.paging import Paging, Tie
from schema.reading.plan import Code, Unplanned, literal
from schema.reading.reads import Amount, Column, Each, Find, Many, One, Related
from schema.reading.row import Room, Row, Source, gathered
from schema.reading.view import View
from schema.reading.wire import money_text, writer
from schema.refusals import FIELD, Walk
from schema.tables import MODELS, physical, type_name

Nodes = Sequence[FieldNode]
Given = str | Callable[[Any, Nodes], str]
"""A value of an object that is no row: the code that has it, or what makes that of the selection below."""

WHOLE = ListForm(0, backwards=False)

MANY = 1_000_000
"""As often as an outcome names a row, its object is in the answer: nobody knows beforehand."""


class Planner:
    """Plans one operation, or what is selected of one mutation's payload."""

    def __init__(
        self, walk: Walk, view: View, sites: Mapping[int, tuple[int, Asked]], schema: GraphQLSchema
    ) -> None:
        self.walk = walk
        self.view = view
        self.schema = schema
        self.code = Code()
        self._sites = sites
        self.prepared: list[str] = []
        self._rows: list[Row] = []
        self._room = Room()
        self.root = self.row("row", Source(joinable=False))

    @property
    def dialect(self) -> Dialect:
        """The database that the statement is for."""
        return self.view.compiler.dialect

    def row(self, name: str, source: Source | None = None) -> Row:
        """A row in the making."""
        self._rows.append(Row(self.dialect, name, self._room, source or Source()))
        return self._rows[-1]

    @property
    def repeats(self) -> int:
        """How often at most the answer has one value that is read."""
        return MANY if self.prepared else max(row.repeats for row in self._rows)

    def asked(self, node: FieldNode) -> tuple[int, Any, Held]:
        """What a field's arguments ask: where each request keeps its values, their form, and the values."""
        site, asked = self._sites[id(node)]
        return site, asked.form, Later(site)

    # Objects

    def object(self, type_: GraphQLObjectType, nodes: Nodes, table: str, alias: str, row: Row) -> str:
        """The code of an object of a row that goes by `alias`."""
        return self.displayed(type_, nodes, lambda group: self._field(type_, group, table, alias, row))

    def plain(self, type_: GraphQLObjectType, nodes: Nodes, values: Mapping[str, Given]) -> str:
        """The code of an object that is no row, but made of `values`, by their names in Python."""
        return self.displayed(type_, nodes, lambda group: self._value(type_, group, values))

    def displayed(
        self, type_: GraphQLObjectType, nodes: Nodes, field: Callable[[list[FieldNode]], str]
    ) -> str:
        """The code of an object: `field` has that of the fields asked for by one response key."""
        selected = self.walk.selected(type_, nodes)
        return "{" + ", ".join(f"{literal(key)}: {field(group)}" for key, group in selected.items()) + "}"

    def _value(self, type_: GraphQLObjectType, nodes: list[FieldNode], values: Mapping[str, Given]) -> str:
        if nodes[0].name.value == "__typename":
            return repr(type_.name)
        declared, guard = self.guarded(type_, nodes[0], "")
        if guard in (None, NEVER):
            return "None"
        if guard != ALWAYS or declared.python_name not in values:
            raise Unplanned(f"{type_.name}.{nodes[0].name.value}")
        made = values[declared.python_name]
        return made if isinstance(made, str) else made(self.named_type(type_, nodes[0]), nodes)

    def guarded(
        self, type_: GraphQLObjectType, node: FieldNode, table: str
    ) -> tuple[GuardedField, Predicate | None]:
        """The field, and on which rows it may be read; None where it is refused or asked wrongly."""
        definition = self.schema.get_field(type_, node.name.value)
        declared = definition.extensions.get(FIELD) if definition else None
        if not isinstance(declared, GuardedField):
            raise Unplanned(f"{type_.name}.{node.name.value}")
        if not self.walk.answers(type_, node):
            return declared, None
        decision = declared.rule.decide(self.view.viewer, table)
        return declared, None if isinstance(decision, Refused) else decision

    def named_type(self, type_: GraphQLObjectType, node: FieldNode) -> Any:
        """The type of a field, out of all lists."""
        definition = self.schema.get_field(type_, node.name.value)
        assert definition is not None
        return get_named_type(definition.type)

    def type_of(self, table: str) -> Any:
        """The type that clients know a table's rows by."""
        return self.schema.get_type(type_name(table))

    # Fields of rows

    def _field(
        self, type_: GraphQLObjectType, nodes: list[FieldNode], table: str, alias: str, row: Row
    ) -> str:
        if nodes[0].name.value == "__typename":
            return repr(type_.name)
        declared, guard = self.guarded(type_, nodes[0], table)
        if guard in (None, NEVER):
            return "None"
        assert guard is not None
        below = self.named_type(type_, nodes[0])
        match declared.reads:
            case Column() if not table:
                return outcome.column(self, declared.column_name, type_, nodes)
            case Column():
                return self._column(table, declared.column_name, guard, alias, row)
            case Amount(name, currency):
                return self._amount(
                    Sql(f"{alias}.{name}"), f"{alias}.{currency}", guard, alias, row, below, nodes
                )
            case One(child):
                column = self._reference(declared.reads.column(declared), table, alias)
                return self.one(child, self.view.guarded(guard, column, alias), row, below, nodes)
            case Find(child) if guard == ALWAYS:
                _, _, held = self.asked(nodes[0])
                found = Sql("?", (held.param(planned.ONLY, lambda id: id),))
                return self.one(child, found, row, below, nodes)
            case Many():
                return connecting.connection(self, declared.reads, guard, table, alias, row, below, nodes)
            case Each():
                reads = declared.reads
                belonging = self.tie(reads, table, alias), self.view.belonging(reads, table, alias)
                return self.each(reads.table, belonging, guard, alias, row, below, nodes)
        mark = declared.metadata.get("planned")
        handler = planned.HANDLERS.get(mark)
        if handler is None or (guard != ALWAYS and mark not in planned.GUARDED):
            raise Unplanned(f"{type_.name}.{nodes[0].name.value}")
        return handler(planned.Place(self, table, alias, row, guard, below, nodes))

    def _reference(self, column: str, table: str, alias: str) -> Sql:
        """The column that refers; a mutation's payload has its references from the mutation."""
        if table:
            return Sql(f"{alias}.{column}")
        given = Sql("?", (OfRow(column),))
        return "CAST(" + given + " AS uuid)" if self.dialect is Dialect.POSTGRES else given

    def _column(self, table: str, column: str, guard: Predicate, alias: str, row: Row) -> str:
        place = row.take(self.view.guarded(guard, self.json(table, column, alias), alias))
        write = writer(self.dialect, table, column)
        return place if write is None else f"{self.code.let('write', write)}({place})"

    def json(self, table: str, column: str, alias: str) -> Sql:
        """A column as a part of JSON."""
        is_json = type(MODELS[table]._meta.fields_map[column]).__name__ == "JSONField"
        return Sql(
            f"json({alias}.{column})" if is_json and self.dialect is Dialect.SQLITE else f"{alias}.{column}"
        )

    def _amount(
        self, units: Sql, currency: str, guard: Predicate, alias: str, row: Row, below: Any, nodes: Nodes
    ) -> str:
        amount = row.take(self.view.guarded(guard, units, alias))
        code = row.take(self.view.guarded(guard, Sql(currency), alias))
        made = self.money(amount, code, below, nodes)
        return f"(None if {amount} is None or {code} is None else {made})"

    def money(self, units: str, currency: str, below: Any, nodes: Nodes) -> str:
        """The code of an amount of money."""
        text = f"{self.code.let('money', money_text)}({units}, {currency})"
        return self.plain(below, nodes, {"amount": text, "currency": currency})

    def one(self, child: str, reference: Sql, row: Row, below: Any, nodes: Nodes) -> str:
        """The code of the row of `child` that `reference` refers to, where it is in sight."""
        if in_sight(child, self.view.viewer) == NEVER:
            return "None"
        name = self.code.name("one")
        alias = self.view.alias()
        tied = f"{alias}.id = " + reference + " AND " + self.view.rows(child, alias)
        if row.source.full:
            inner = self.row(name)
            made = self.object(below, nodes, child, alias, inner)
            found = "(SELECT " + inner.array() + f" FROM {physical(child)} {alias}" + inner.source.joined()
            place = row.take(found + " WHERE " + tied + ")")
        else:
            row.source.joins.append(f" LEFT JOIN {physical(child)} {alias} ON " + tied)
            inner = self.row(name, row.source)
            made = self.object(below, nodes, child, alias, inner)
            place = row.take(f"CASE WHEN {alias}.id IS NOT NULL THEN " + inner.array() + " END")
        return f"(None if ({name} := {place}) is None else {made})"

    def tie(self, reads: Related, table: str, alias: str) -> Tie | None:
        """What ties related rows to the row that goes by `alias`."""
        return None if reads.whole else lambda inside: reads.tie(inside, table, Sql(f"{alias}.id"))

    def each(
        self,
        child: str,
        belonging: tuple[Tie | None, Belonging | None],
        guard: Predicate,
        alias: str,
        row: Row,
        below: Any,
        nodes: Nodes,
    ) -> str:
        """The code of a plain list of rows of `child`, which belong to what goes by `alias`."""
        tie, known = belonging
        paging = Paging.of(self.view, child, tie, WHOLE, Later(-1), known)
        inner = self.row(self.code.name("each"))
        page = self.view.alias()
        made = self.object(below, nodes, child, page, inner)
        place = row.take(self.view.guarded(guard, self.listed(paging, page, inner), alias))
        listed = f"[{made} for {inner.name} in {place}]"
        return listed if guard == ALWAYS else f"(None if {place} is None else {listed})"

    def listed(self, paging: Paging, page: str, inner: Row) -> Sql:
        """The rows of a page, which go by `page`, in one array."""
        rows = gathered(self.dialect, inner.array(), paging.order_of_page(page)) + " FROM ("
        around = rows + inner.source.joined()
        return (
            "(SELECT "
            + rows
            + paging.rows(_columns(around, page))
            + f") {page}"
            + inner.source.joined()
            + ")"
        )


def _columns(around: Sql, page: str) -> list[str]:
    """The columns of a page that are used around it: SQLite would read all that a page has."""
    used = set(re.findall(rf"\b{page}\.([a-z_]+)\b", around.text))
    return sorted({"id", *used})


def whole(row: Row) -> Sql:
    """The statement of a whole operation: the account's access version, and all that is read."""
    version = "(SELECT v.access_version FROM account v WHERE v.id = " + value(planned.ACCOUNT) + ")"
    return "SELECT " + version + " AS version, " + row.array() + " AS data"
