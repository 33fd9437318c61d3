"""The Python face of a predicate: judge a row in hand, with SQL's three-valued logic."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from authz.predicate import (
    All,
    AnyOf,
    Constant,
    Decided,
    Equals,
    Exists,
    In,
    Is,
    Not,
    Null,
    Predicate,
)

if TYPE_CHECKING:
    from authz.viewer import Viewer

Columns = Mapping[str, Any]
Related = Callable[[str, str, Any], Awaitable[Iterable[Columns]]]
"""Given a table, a column and a value: the rows of the table that hold the value there."""


async def judge(predicate: Predicate, row: Columns, viewer: "Viewer", related: Related) -> Decided:
    """True, False, or None where it cannot be known; `related` reads the rows that it looks into."""
    match predicate:
        case Constant(holds):
            return holds
        case Is(column, param):
            return _equal(row[column], getattr(viewer, param))
        case In(column, param):
            return _member(row[column], getattr(viewer, param))
        case Equals(column, constant):
            return _equal(row[column], constant)
        case Null(column):
            return row[column] is None
        case Not(part):
            held = await judge(part, row, viewer, related)
            return None if held is None else not held
        case All(parts):
            return await _all(parts, row, viewer, related)
        case AnyOf(parts):
            opposite = await _all(tuple(Not(part) for part in parts), row, viewer, related)
            return None if opposite is None else not opposite
        case Exists():
            return await _exists(predicate, row, viewer, related)


async def holds(predicate: Predicate, row: Columns, viewer: "Viewer", related: Related) -> bool:
    """Whether it is known to hold; what is unknown denies."""
    return await judge(predicate, row, viewer, related) is True


async def _all(parts: tuple[Predicate, ...], row: Columns, viewer: "Viewer", related: Related) -> Decided:
    outcome: Decided = True
    for part in parts:
        held = await judge(part, row, viewer, related)
        if held is False:
            return False
        if held is None:
            outcome = None
    return outcome


async def _exists(predicate: Exists, row: Columns, viewer: "Viewer", related: Related) -> bool:
    outer = row[predicate.outer]
    if outer is None:
        return False
    for other in await related(predicate.table, predicate.inner, outer):
        if await holds(predicate.where, other, viewer, related):
            return True
    return False


def _equal(left: Any, right: Any) -> Decided:
    return None if left is None or right is None else bool(left == right)


def _member(left: Any, among: frozenset[Any]) -> Decided:
    if not among:
        return False
    return None if left is None else left in among
