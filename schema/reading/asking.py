"""What a field's arguments ask of what it reads, whichever kind of field it is."""

from collections.abc import Mapping
from typing import Any

from authz.keys import Keys
from authz.viewer import Viewer
from schema.errors import CodedError, bad_input
from schema.fields import GuardedField
from schema.global_id import from_global, id_of
from schema.node import Node
from schema.reading.arguments import LARGEST_PAGE, Asked, Lifting, asked_of_list, plain, python_name
from schema.reading.filtering import NO_ID
from schema.reading.marks import Mark
from schema.reading.reads import Find, Many
from schema.seen import TYPES
from schema.tables import type_name


def ask(keys: Keys, viewer: Viewer, declared: Any, arguments: Mapping[str, Any]) -> Asked | CodedError | None:
    """What the arguments ask; an error where they can't be asked, None where there is nothing to ask."""
    if not isinstance(declared, GuardedField):
        return None
    given = {python_name(name): held for name, held in arguments.items()}
    try:
        match declared.reads:
            case Many(table):
                return asked_of_list(keys, viewer, table, given)
            case Find(table):
                return _only(("find",), id_of(type_name(table), given["id"]) or NO_ID)
        return _of_mark(viewer, declared.metadata.get("planned"), given)
    except CodedError as error:
        # It may be kept, and the frames that it came through with it.
        return error.with_traceback(None)


def _of_mark(viewer: Viewer, mark: Mark | None, given: Mapping[str, Any]) -> Asked | None:
    match mark:
        case Mark.OWNER_AT:
            return _only(("at",), given["instant"])
        case Mark.PORTFOLIO:
            owner = given.get("owner_id")
            id = viewer.agent_id if owner is None else id_of("Agent", owner)
            return _only(("portfolio",), id or NO_ID)
        case Mark.DEAL_STATS:
            return _deal_stats(viewer, given)
        case Mark.NODE:
            table, id = named_node(given["id"]) or (None, NO_ID)
            return _only(("node", table), id)
        case Mark.NODES:
            return _nodes(given["ids"])
    return None


def _only(form: tuple[Any, ...], held: Any) -> Asked:
    return Asked(form, (held,))


def _deal_stats(viewer: Viewer, given: Mapping[str, Any]) -> Asked:
    lifting = Lifting(viewer.currency)
    filter, group_by = given.get("filter"), given.get("group_by")
    form = None if filter is None else lifting.filter(filter)
    return Asked(("stats", form, None if group_by is None else plain(group_by)), tuple(lifting.values))


def _nodes(ids: list[str]) -> Asked:
    if len(ids) > LARGEST_PAGE:
        raise bad_input(f"Ask for at most {LARGEST_PAGE} ids at once; these are {len(ids)}.")
    named = [named_node(each) for each in ids]
    tables = tuple(sorted({each[0] for each in named if each is not None}))
    asked = [None if each is None else (each[0], str(each[1])) for each in named]
    of_tables = [[each[1] for each in named if each is not None and each[0] == table] for table in tables]
    return Asked(("nodes", tables, len(ids)), (asked, *of_tables))


def named_node(global_id: str) -> tuple[str, Any] | None:
    """The table and the id that a global id names, where there are nodes of that type."""
    named = from_global(global_id)
    tables = {type_name(table): table for table, type_ in TYPES.items() if issubclass(type_, Node)}
    return None if named is None or named[0] not in tables else (tables[named[0]], named[1])
