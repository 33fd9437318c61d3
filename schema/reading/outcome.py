"""How a plan reads an outcome: its values as they are, and the rows that it names, all at once.

Whatever an outcome names of one table at one place is looked up by its ids in one array of the statement,
under the table's scope; the shape finds each there, and null in the place of what is out of sight.
"""

from typing import TYPE_CHECKING, Any

from graphql import GraphQLList, get_nullable_type, is_leaf_type

from authz.predicate import ALWAYS, NEVER
from authz.scopes import RECORDS, in_sight
from schema.reading import planned
from schema.reading.late import OfOutcome
from schema.reading.plan import Unplanned
from schema.reading.reads import Column, NamedRows, One

if TYPE_CHECKING:
    from schema.reading.planning import Nodes, Planner

Path = tuple[str, ...]


def column(planner: "Planner", name: str, type_: Any, nodes: "Nodes") -> str:
    """The code of what the outcome in hand has in a column."""
    return _held(planner, type_, nodes, f"run.row[{name!r}]", (name,))


def _held(planner: "Planner", type_: Any, nodes: "Nodes", held: str, path: Path) -> str:
    """A value, an outcome, or a list of either; `path` leads to it."""
    below = planner.named_type(type_, nodes[0])
    one = planner.code.name("one")
    if _is_list(planner, type_, nodes):
        return f"(None if {held} is None else [{_one(planner, below, nodes, one, path)} for {one} in {held}])"
    return f"(None if ({one} := {held}) is None else {_one(planner, below, nodes, one, path)})"


def _one(planner: "Planner", below: Any, nodes: "Nodes", one: str, path: Path) -> str:
    if is_leaf_type(below):
        return f"{planner.code.let('leaf', below.serialize)}({one})"
    return planner.displayed(below, nodes, lambda group: _field(planner, below, group, f"{one}.row", path))


def _field(planner: "Planner", type_: Any, nodes: "Nodes", row: str, path: Path) -> str:
    if nodes[0].name.value == "__typename":
        return repr(type_.name)
    declared, guard = planner.guarded(type_, nodes[0], "")
    if guard in (None, NEVER):
        return "None"
    match declared.reads:
        case Column() if guard == ALWAYS:
            name = declared.column_name
            return _held(planner, type_, nodes, f"{row}[{name!r}]", (*path, name))
        case One(table) if guard == ALWAYS:
            name = declared.reads.column(declared)
            return _find(_found(planner, table, nodes, (*path, name)), repr(table), f"{row}[{name!r}]")
        case NamedRows() if guard == ALWAYS:
            name = declared.column_name
            return _named(planner, nodes, f"{row}[{name!r}]", (*path, name))
    raise Unplanned(f"{type_.name}.{nodes[0].name.value}")


def _named(planner: "Planner", nodes: "Nodes", held: str, path: Path) -> str:
    """Rows of several tables, as far as they are in sight."""
    found = "{" + ", ".join(f"**{_found(planner, table, nodes, path)}" for table in RECORDS) + "}"
    all_found = planner.code.name("found")
    planner.prepared.append(f"{all_found} = {found}")
    return f"[made for table, id in {held} if (made := {_find(all_found, 'table', 'id')}) is not None]"


def _find(found: str, table: str, id: str) -> str:
    return f"{found}.get(({table}, str({id})))"


def _found(planner: "Planner", table: str, nodes: "Nodes", path: Path) -> str:
    """A name for the objects of the rows of `table` that are named at the end of `path`, by table and id."""
    if in_sight(table, planner.view.viewer) == NEVER:
        return "{}"
    name = planner.code.name("found")
    ids = OfOutcome(table, path, planned.ids_of(planner.dialect))
    planner.prepared.append(f"{name} = dict({planned.among(planner, table, ids, nodes, planner.root)})")
    return name


def _is_list(planner: "Planner", type_: Any, nodes: "Nodes") -> bool:
    definition = planner.schema.get_field(type_, nodes[0].name.value)
    assert definition is not None
    return isinstance(get_nullable_type(definition.type), GraphQLList)
