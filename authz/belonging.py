"""What is known of a row by where it was found: it belongs to a row that is in sight.

A message is in sight where its conversation is. Below a conversation that was itself read through its
scope there is nothing left to look up: the scope comes to what is asked of the conversation's own row.
"""

from dataclasses import dataclass

from authz.predicate import NEVER, All, AnyOf, Equals, Exists, Predicate, all_of, any_of


@dataclass(frozen=True, slots=True)
class Belonging:
    """Rows whose `column` is the id of the row of `table` that goes by `alias`, which is in sight.

    `sight` are the conditions that this row is known to meet. `kind`, if any, is a column of theirs and
    what it is known to hold.
    """

    column: str
    table: str
    alias: str
    sight: tuple[Predicate, ...]
    kind: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class OfOther:
    """The row that goes by `alias` satisfies `where`: for SQL alone, where both rows are at hand."""

    alias: str
    where: Predicate


def conditions(predicate: Predicate) -> tuple[Predicate, ...]:
    """The parts that all hold where the predicate does."""
    return predicate.parts if isinstance(predicate, All) else (predicate,)


def within(predicate: Predicate, known: Belonging) -> Predicate:
    """The predicate for rows that belong so, which it keeps as ever: what is known already is left out."""
    match predicate:
        case Equals(column, constant) if known.kind is not None and known.kind[0] == column:
            return all_of() if known.kind[1] == constant else NEVER
        case Exists(table, "id", outer, where) if (table, outer) == (known.table, known.column):
            left = all_of(*(part for part in conditions(where) if part not in known.sight))
            return left if left == all_of() else OfOther(known.alias, left)  # type: ignore[return-value]
        case All(parts):
            return all_of(*(within(part, known) for part in parts))
        case AnyOf(parts):
            return any_of(*(within(part, known) for part in parts))
    return predicate
