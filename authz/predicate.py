"""Predicates over a table, as data: written once, compiled to SQL, evaluated in Python.

Both faces have SQL's three-valued logic. A predicate names what the viewer has (`Param`) and never
holds a value of its own viewer's, so that viewers of one kind share one predicate, and one plan.
"""

from dataclasses import dataclass
from enum import StrEnum


class Param(StrEnum):
    """What a predicate may ask of the viewer. Those in the plural are sets of ids."""

    ACCOUNT = "account_id"
    AGENT = "agent_id"
    PARTNER = "partner_id"
    PARTNER_USER = "partner_user_id"
    ROLE = "role_id"
    TEAMS = "team_ids"
    INBOXES = "inbox_ids"


@dataclass(frozen=True, slots=True)
class Is:
    """The column equals the viewer's `param`."""

    column: str
    param: Param


@dataclass(frozen=True, slots=True)
class In:
    """The column is among the viewer's `param`."""

    column: str
    param: Param


@dataclass(frozen=True, slots=True)
class Equals:
    """The column equals a constant of the rule's own."""

    column: str
    constant: str | bool


@dataclass(frozen=True, slots=True)
class Null:
    """The column holds nothing."""

    column: str


@dataclass(frozen=True, slots=True)
class Exists:
    """Some row of `table` has `inner` equal to this row's `outer`, and satisfies `where`."""

    table: str
    inner: str
    outer: str
    where: "Predicate"


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple["Predicate", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Some part holds."""

    parts: tuple["Predicate", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold; unknown stays unknown."""

    part: "Predicate"


@dataclass(frozen=True, slots=True)
class Constant:
    """Holds for every row, or for none."""

    holds: bool


Predicate = Is | In | Equals | Null | Exists | All | AnyOf | Not | Constant

ALWAYS = Constant(True)
NEVER = Constant(False)


def all_of(*parts: Predicate) -> Predicate:
    """Every part holds; what is always so is left out, and one impossible part decides."""
    return _combine(All, ALWAYS, NEVER, parts)


def any_of(*parts: Predicate) -> Predicate:
    """Some part holds; what is never so is left out, and one certain part decides."""
    return _combine(AnyOf, NEVER, ALWAYS, parts)


def negate(part: Predicate) -> Predicate:
    """The opposite of `part`."""
    return Constant(not part.holds) if isinstance(part, Constant) else Not(part)


def exists(table: str, inner: str, outer: str, where: Predicate = ALWAYS) -> Predicate:
    """Some related row satisfies `where`; none can where `where` never holds."""
    return NEVER if where == NEVER else Exists(table, inner, outer, where)


def _combine(
    kind: type[All] | type[AnyOf], neutral: Constant, decisive: Constant, parts: tuple[Predicate, ...]
) -> Predicate:
    kept: list[Predicate] = []
    for part in parts:
        for piece in part.parts if isinstance(part, kind) else (part,):
            if piece == decisive:
                return decisive
            if piece != neutral and piece not in kept:
                kept.append(piece)
    if not kept:
        return neutral
    return kept[0] if len(kept) == 1 else kind(tuple(kept))


Decided = bool | None
