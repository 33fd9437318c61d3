"""Changes in a plan: what timelines and audit entries keep, by the rule of the field that it was of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authz.access import Refused
from authz.predicate import ALWAYS, NEVER
from authz.scopes import RECORDS
from models.database import Dialect
from models.sql import Sql
from schema.change import is_out_of_sight, kept_of, money_text, plain_text
from schema.fields import GuardedField
from schema.reading.reads import Amount, Each, One
from schema.reading.row import Row
from schema.reading.view import guarded_fields
from schema.reading.wire import global_id
from schema.seen import TYPES
from schema.tables import physical, type_name

if TYPE_CHECKING:
    from schema.reading.planned import Place

Read = Callable[[Any], Any]
Text = Callable[[Any, int, Any], str | None]


@dataclass(frozen=True, slots=True)
class _Field:
    """A field whose changes are kept: its name, what was kept of it, whether it may be read, and as what."""

    name: str
    field: GuardedField
    readable: Read
    text: Text


def subjects() -> list[str]:
    """The tables that an audit entry may be about a row of."""
    return [table for table in TYPES if table != "portfolio"]


def changes(place: "Place") -> str:
    """The code of a list of changes."""
    of_record = place.table == "timeline_entry"
    tables = tuple(RECORDS) if of_record else subjects()
    type_column = f"{place.alias}.{'record_type' if of_record else 'subject_type'}"
    id_column = f"{place.alias}.{'record_id' if of_record else 'subject_id'}"
    known: dict[str, Sequence[_Field]] = {}
    whole = Sql(f"CASE {type_column}")
    for table in tables:
        alias, inner = place.planner.view.alias(), place.planner.row("")
        named = table.upper() if of_record else table
        known[named] = _fields(place, table, alias, inner)
        found = (
            "(SELECT "
            + inner.array()
            + f" FROM {physical(table)} {alias} WHERE {alias}.id = {id_column} AND "
        )
        whole = whole + f" WHEN '{named}' THEN " + (found + place.planner.view.rows(table, alias)) + ")"
    row = place.guarded(whole + " END")
    kept = place.guarded(place.planner.json(place.table, "changes", place.alias))
    of_type = place.guarded(Sql(type_column))
    listed = f"{place.planner.code.let('changes', _listing(known))}({of_type}, {kept}, {row})"
    made = place.planner.plain(
        place.below, place.nodes, {"field": "change[0]", "before": "change[1]", "after": "change[2]"}
    )
    code = f"[{made} for change in {listed}]"
    return code if place.guard == ALWAYS else f"(None if {kept} is None else {code})"


def _listing(
    known: Mapping[str, Sequence[_Field]],
) -> Callable[[str | None, Any, Any], list[tuple[Any, ...]]]:
    def listed(table: str | None, kept: Any, found: Any) -> list[tuple[Any, ...]]:
        changed = []
        for field in known.get(table or "", ()):
            pair = kept_of(field.field, kept)
            if pair is not None:
                readable = found is not None and field.readable(found)
                texts = [
                    field.text(held, side, found) if readable and held is not None else None
                    for side, held in enumerate(pair)
                ]
                if not is_out_of_sight(field.field, *texts):
                    changed.append((field.name, *texts))
        return changed

    return listed


def _fields(place: "Place", table: str, alias: str, row: Row) -> list[_Field]:
    definition = place.planner.schema.get_type(type_name(table))
    names = {
        field.extensions["strawberry-definition"].python_name: name
        for name, field in definition.fields.items()  # type: ignore[union-attr]
    }
    return [
        _Field(names[python_name], field, _readable(place, table, field, alias, row), text)
        for python_name, field in guarded_fields(table).items()
        if (text := _text(place, field, row)) is not None
    ]


def _readable(place: "Place", table: str, field: GuardedField, alias: str, row: Row) -> Read:
    decision = field.rule.decide(place.planner.view.viewer, table)
    if isinstance(decision, Refused) or decision == NEVER:
        return lambda found: False
    if decision == ALWAYS:
        return lambda found: True
    hidden = _taken(row, place.planner.view.hidden(decision, alias))
    return lambda found: hidden(found) == 0


def _text(place: "Place", field: GuardedField, row: Row) -> Text | None:
    match field.reads:
        case One(child):
            column = field.reads.column(field)
            sides = [_taken(row, _reference(place, child, column, side)) for side in (0, 1)]
            return lambda held, side, found: _global(child, sides[side](found))
        case Each(child, through=(_, _, there)):
            both = [_taken(row, _references(place, child, f"{there}s", side)) for side in (0, 1)]
            return lambda held, side, found: _globals(child, held, both[side](found))
        case Amount():
            return lambda held, side, found: money_text(held)
    return None if field.reads is None else lambda held, side, found: plain_text(held)


def _global(child: str, id: str | None) -> str | None:
    return None if id is None else global_id(type_name(child), id)


def _globals(child: str, held: Sequence[str], seen: Sequence[str]) -> str:
    return ", ".join(global_id(type_name(child), each) for each in held if each in seen)


def _taken(row: Row, sql: Sql) -> Read:
    row.take(sql)
    return row.getter(row.values.index(sql))


def _reference(place: "Place", child: str, column: str, side: int) -> Sql:
    """The id that a change kept, where it is still in sight."""
    alias = place.planner.view.alias()
    if place.planner.dialect is Dialect.POSTGRES:
        kept = f"CAST({place.alias}.changes -> '{column}' ->> {side} AS uuid)"
    else:
        kept = f"json_extract({place.alias}.changes, '$.{column}[{side}]')"
    head = f"(SELECT {alias}.id FROM {physical(child)} {alias} WHERE {alias}.id = {kept} AND "
    return head + place.planner.view.rows(child, alias) + ")"


def _references(place: "Place", child: str, column: str, side: int) -> Sql:
    """Those of the ids that a change kept which are still in sight."""
    alias = place.planner.view.alias()
    if place.planner.dialect is Dialect.POSTGRES:
        kept = f"{place.alias}.changes -> '{column}' -> {side}"
        listed = f"CASE WHEN jsonb_typeof({kept}) = 'array' THEN {kept} ELSE '[]' END"
        head = f"(SELECT COALESCE(json_agg({alias}.id), '[]') FROM {physical(child)} {alias} "
        among = f"WHERE CAST({alias}.id AS text) IN (SELECT jsonb_array_elements_text({listed})) AND "
    else:
        head = f"(SELECT json_group_array({alias}.id) FROM {physical(child)} {alias} "
        kept = f"json_extract({place.alias}.changes, '$.{column}[{side}]')"
        among = f"WHERE {alias}.id IN (SELECT value FROM json_each({kept})) AND "
    return head + among + place.planner.view.rows(child, alias) + ")"
