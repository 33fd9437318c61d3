"""Objects of the schema: a row in hand, and the type that clients know it by."""

from collections.abc import Callable
from inspect import cleandoc
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

import strawberry

T = TypeVar("T", bound=type)

TYPES: dict[str, Any] = {}
"""The schema's type for each table."""


class Seen:
    """A row that the viewer has in sight. Its columns are raw: only guarded fields hand them out."""

    table: ClassVar[str] = ""
    row: dict[str, Any]

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        """The object of this row."""
        seen = cls.__new__(cls)
        object.__setattr__(seen, "row", row)
        return seen


class Outcome(Seen):
    """What an act left, or was worked out: no row of a table. What it refers to is read through the view."""


@dataclass_transform()
def table_type(table: str, **options: Any) -> Callable[[T], T]:
    """Declare the type that clients know a table's rows by."""

    def declare(cls: T) -> T:
        described = {"description": cleandoc(cls.__doc__ or ""), **options}
        declared = strawberry.type(cls, **described)
        declared.table = table  # type: ignore[attr-defined]
        TYPES[table] = declared
        return declared

    return declare


def see(table: str, row: dict[str, Any]) -> Any:
    """The object of a row of `table`."""
    return TYPES[table].of(row)
