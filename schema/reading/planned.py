"""How a plan reads what computed fields read, each by its mark."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import FieldNode, GraphQLInterfaceType

from authz.access import Refused
from authz.policies import record_actions
from authz.predicate import ALWAYS, NEVER, Predicate
from authz.scopes import RECORDS
from models.database import Dialect
from models.sql import Sql, value
from schema.fields import GuardedField
from schema.reading import changed
from schema.reading.arguments import Slot
from schema.reading.late import OfRow, OfViewer
from schema.reading.marks import Mark
from schema.reading.progress import planned_progress
from schema.reading.reads import Many
from schema.reading.row import Row
from schema.reading.summed import deal_stats, portfolio_stats
from schema.reading.wire import global_id
from schema.tables import physical, type_name

if TYPE_CHECKING:
    from schema.reading.planning import Planner

ONLY = Slot(0)
ACCOUNT = OfViewer("account_id")


@dataclass(frozen=True, slots=True)
class Place:
    """A computed field's place in a plan: the row that it is of, its guard, and what is selected below it."""

    planner: "Planner"
    table: str
    alias: str
    row: Row
    guard: Predicate
    below: Any
    nodes: Sequence[FieldNode]

    def guarded(self, sql: Sql) -> str:
        """Read a value where the field may be read."""
        return self.row.take(self.planner.view.guarded(self.guard, sql, self.alias))


def _id(place: Place) -> str:
    made = place.planner.code.let("global_id", global_id)
    return f"{made}({type_name(place.table)!r}, {place.guarded(Sql(f'{place.alias}.id'))})"


def _masked_fields(place: Place) -> str:
    pairs = [(name, _hides(place, field)) for name, field in _named(place).items()]
    listed = "".join(f"({name!r}, {hidden}), " for name, hidden in sorted(pairs) if hidden != "0")
    return f"[name for name, hidden in ({listed}) if hidden]"


def _named(place: Place) -> dict[str, GuardedField]:
    definition = place.planner.schema.get_type(type_name(place.table))
    assert definition is not None
    names = {name: field.extensions["strawberry-definition"] for name, field in definition.fields.items()}  # type: ignore[attr-defined]
    return {name: field for name, field in names.items() if isinstance(field, GuardedField)}


def _hides(place: Place, field: GuardedField) -> str:
    view = place.planner.view
    decision = field.rule.decide(view.viewer, place.table)
    if isinstance(decision, Refused) or decision == NEVER:
        return "1"
    return "0" if decision == ALWAYS else place.row.take(view.hidden(decision, place.alias))


def _viewer_can(place: Place) -> str:
    actions = record_actions(place.planner.view.viewer, place.table)
    return place.planner.plain(
        place.below, place.nodes, {name: _holds(place, allowed) for name, allowed in actions.items()}
    )


def _holds(place: Place, predicate: Predicate) -> str:
    if predicate in (ALWAYS, NEVER):
        return repr(predicate == ALWAYS)
    hidden = place.row.take(place.planner.view.hidden(predicate, place.alias))
    return f"({hidden} == 0)"


def _of_record(place: Place, inside: str) -> Sql:
    return f"{inside}.record_id = {place.alias}.id AND {inside}.record_type = " + value(place.table.upper())


def _ownerships(place: Place) -> str:
    reads = Many("ownership", "record_id", of_record=True)
    known = place.planner.view.belonging(reads, place.table, place.alias)
    return place.planner.each(
        "ownership",
        (lambda inside: _of_record(place, inside), known),
        place.guard,
        place.alias,
        place.row,
        place.below,
        place.nodes,
    )


def _owner_at(place: Place) -> str:
    if place.guard == NEVER:
        return "None"
    _, _, held = place.planner.asked(place.nodes[0])
    instant = value(held.param(ONLY, lambda at: at))
    inside = place.planner.view.alias()
    owner = (
        f"(SELECT {inside}.owner_id FROM ownership {inside} WHERE "
        + _of_record(place, inside)
        + f" AND {inside}.started_at <= "
        + instant
        + f" AND ({inside}.ended_at IS NULL OR {inside}.ended_at > "
        + instant
        + f") ORDER BY {inside}.started_at, {inside}.id LIMIT 1)"
    )
    reference = place.planner.view.guarded(place.guard, owner, place.alias)
    return place.planner.one("agent", reference, place.row, place.below, place.nodes)


def _node(place: Place) -> str:
    _, (_, table), held = place.planner.asked(place.nodes[0])
    if table is None:
        return "None"
    found = value(held.param(ONLY, lambda id: id))
    return place.planner.one(table, found, place.row, place.planner.type_of(table), place.nodes)


def _nodes(place: Place) -> str:
    site, (_, tables, _), held = place.planner.asked(place.nodes[0])
    adapt = ids_of(place.planner.dialect)
    found = [
        among(place.planner, table, held.param(Slot(n + 1), adapt), place.nodes, place.row)
        for n, table in enumerate(tables)
    ]
    pairs = "".join(f"*{each}, " for each in found)
    lines = [
        f"found = dict(({pairs}))",
        f"return [found.get(named) for named in run.asked[{site}].values[0]]",
    ]
    name = place.planner.code.function(place.planner.code.name("nodes"), f"{place.row.name}, run", lines)
    return f"{name}({place.row.name}, run)"


def ids_of(dialect: Dialect) -> Callable[[Any], Any]:
    """What makes ids a parameter of `among`."""
    if dialect is Dialect.POSTGRES:
        return list
    return lambda ids: "[" + ",".join(f'"{id}"' for id in ids) + "]"


def among(planner: "Planner", table: str, ids: Any, nodes: Sequence[FieldNode], row: Row) -> str:
    """The code of pairs: table and id of each row, of those given, that is in sight, and its object."""
    alias, inner = planner.view.alias(), planner.row(planner.code.name("node"))
    id = inner.take(Sql(f"{alias}.id"))
    made = planner.object(planner.type_of(table), nodes, table, alias, inner)
    within = " = ANY(" if planner.dialect is Dialect.POSTGRES else " IN (SELECT value FROM json_each("
    end = ")" if planner.dialect is Dialect.POSTGRES else "))"
    wanted = f"{alias}.id{within}" + value(ids) + end + " AND " + planner.view.rows(table, alias)
    function = "json_agg" if planner.dialect is Dialect.POSTGRES else "json_group_array"
    listed = f"(SELECT {function}(" + inner.array() + f") FROM {physical(table)} {alias}"
    taken = row.take(listed + inner.source.joined() + " WHERE " + wanted + ")")
    return f"((({table!r}, {id}), {made}) for {inner.name} in {taken} or ())"


def _subject(place: Place) -> str:
    """What an audit entry is about, of whichever type that is."""
    return _of_any(place, {table: table for table in changed.subjects()}, "subject_type", "subject_id")


def _item_record(place: Place) -> str:
    """The record that a transfer's item is about."""
    return _of_any(place, {table: table.upper() for table in RECORDS}, "record_type", "record_id")


def _of_any(place: Place, named: Mapping[str, str], type_column: str, id_column: str) -> str:
    """The row, of one of the tables, that the columns name: each table by the word that stands for it."""
    planner = place.planner
    cases: list[Sql] = []
    makers: list[str] = []
    for table, word in named.items():
        if not _possible(place, table):
            continue
        alias, inner = planner.view.alias(), planner.row("one")
        made = planner.object(place.planner.type_of(table), place.nodes, table, alias, inner)
        maker = planner.code.function(planner.code.name("subject"), "one, run", [f"return {made}"])
        makers.append(f"{word!r}: {maker}")
        cases.append(
            f" WHEN '{word}' THEN (SELECT "
            + inner.array()
            + f" FROM {physical(table)} {alias}"
            + inner.source.joined()
            + f" WHERE {alias}.id = {place.alias}.{id_column} AND "
            + planner.view.rows(table, alias)
            + ")"
        )
    whole = Sql(f"CASE {place.alias}.{type_column}")
    for case in cases:
        whole = whole + case
    found, table_of = place.guarded(whole + " END"), place.guarded(Sql(f"{place.alias}.{type_column}"))
    return f"(None if {found} is None else {{{', '.join(makers)}}}[{table_of}]({found}, run))"


def _possible(place: Place, table: str) -> bool:
    type_ = place.planner.schema.get_type(type_name(table))
    assert isinstance(place.below, GraphQLInterfaceType)
    return type_ is not None and place.planner.schema.is_sub_type(place.below, type_)


def _changes(place: Place) -> str:
    return changed.changes(place)


def _portfolio(place: Place) -> str:
    _, _, held = place.planner.asked(place.nodes[0])
    found = value(held.param(ONLY, lambda id: id))
    return place.planner.one("portfolio", found, place.row, place.below, place.nodes)


def _viewer(place: Place) -> str:
    """Whoever asks: what they are is the same for all that share the plan, who they are is not."""
    planner, shape = place.planner, place.planner.view.viewer
    access = {
        "mode": repr(shape.access_mode.value),
        "isolation_mode": repr(shape.isolation_mode.value),
        "scope": repr(shape.scope.value),
        "reach": repr(shape.reach.value),
    }

    def one(table: str) -> Callable[[Any, Sequence[FieldNode]], str]:
        found = value(OfViewer(f"{table}_id"))
        return lambda below, nodes: planner.one(table, found, place.row, below, nodes)

    return planner.plain(
        place.below,
        place.nodes,
        {
            "kind": repr(shape.kind.value),
            "permissions": repr(sorted(permission.value for permission in shape.permissions)),
            "access": lambda below, nodes: planner.plain(below, nodes, access),
            **{table: one(table) for table in ("agent", "partner_user", "account")},
            "tokens": lambda below, nodes: planner.each(
                "token", (None, None), ALWAYS, place.alias, place.row, below, nodes
            ),
        },
    )


def _record(place: Place) -> str:
    """The record that a mutation gives back, of whichever type it is."""
    code = "None"
    for table in reversed(RECORDS):
        given = value(OfRow(f"{table}_id"))
        if place.planner.dialect is Dialect.POSTGRES:
            given = "CAST(" + given + " AS uuid)"
        name = place.planner.code.name("record")
        made = place.planner.one(table, given, place.row, place.planner.type_of(table), place.nodes)
        code = f"({name} if ({name} := {made}) is not None else {code})"
    return code


def _transfer(place: Place) -> str:
    """The transfer that is told of."""
    given = value(OfRow("transfer_id"))
    if place.planner.dialect is Dialect.POSTGRES:
        given = "CAST(" + given + " AS uuid)"
    return place.planner.one("transfer", given, place.row, place.below, place.nodes)


def _working_hours(place: Place) -> str:
    spans = place.guarded(place.planner.json(place.table, "working_hours", place.alias))
    values = {name: f"span[{name!r}]" for name in ("day", "start", "end")}
    return f"[{place.planner.plain(place.below, place.nodes, values)} for span in {spans}]"


def _load(place: Place) -> str:
    inside = place.planner.view.alias()
    owned = f"{inside}.owner_id = {place.alias}.id AND {inside}.archived_at IS NULL"
    return place.guarded(Sql(f"(SELECT COUNT(*) FROM contact {inside} WHERE {owned})"))


def _record_change(place: Place) -> str:
    """What is told of a record: no row of its own, but what whoever tells it left to read."""
    return place.planner.object(place.below, place.nodes, "", "", place.row)


GUARDED = frozenset(
    {
        Mark.ID,
        Mark.OWNERSHIPS,
        Mark.OWNER_AT,
        Mark.CHANGES,
        Mark.SUBJECT,
        Mark.PORTFOLIO_STATS,
        Mark.ITEM_RECORD,
        Mark.TRANSFER_PROGRESS,
        Mark.LOAD,
    }
)
"""Those that can be hidden on some rows alone; any other whose rule came to say so is read value by value."""

HANDLERS: dict[Any, Callable[[Place], str]] = {
    Mark.ID: _id,
    Mark.MASKED: _masked_fields,
    Mark.ACTIONS: _viewer_can,
    Mark.OWNERSHIPS: _ownerships,
    Mark.OWNER_AT: _owner_at,
    Mark.CHANGES: _changes,
    Mark.SUBJECT: _subject,
    Mark.PORTFOLIO_STATS: portfolio_stats,
    Mark.DEAL_STATS: deal_stats,
    Mark.NODE: _node,
    Mark.NODES: _nodes,
    Mark.PORTFOLIO: _portfolio,
    Mark.VIEWER: _viewer,
    Mark.RECORD: _record,
    Mark.TRANSFER: _transfer,
    Mark.ITEM_RECORD: _item_record,
    Mark.TRANSFER_PROGRESS: planned_progress,
    Mark.WORKING_HOURS: _working_hours,
    Mark.LOAD: _load,
    Mark.RECORD_CHANGE: _record_change,
}
