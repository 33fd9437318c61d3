"""Changes in a form that JSON holds: a column to its value before and after."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

Changes = dict[str, list[Any]]
"""Column → [before, after]: ids as text, instants in ISO 8601 and UTC, money in minor units."""


def plain(value: Any) -> Any:
    """`value` as JSON has it."""
    match value:
        case Enum():
            return value.value
        case UUID():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
        case _:
            return value


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """What differs between two mappings of the same columns."""
    return {
        column: [plain(before[column]), plain(after[column])]
        for column in after
        if before[column] != after[column]
    }
