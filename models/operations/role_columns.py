"""What may be written in a role's columns."""

from collections.abc import Iterable
from typing import Any

from models.operations import text
from models.operations.problem import Problem
from models.permission import Permission


def permissions(names: Iterable[str], field: str = "permissions") -> list[str]:
    """The permissions, each once and in the order of the vocabulary; raises Problem INVALID."""
    wanted = set(names)
    known = [permission.value for permission in Permission]
    if not wanted.issubset(known):
        raise Problem("INVALID", f"A permission is one of {', '.join(known)}.", field)
    return [permission for permission in known if permission in wanted]


def checked(columns: dict[str, Any]) -> dict[str, Any]:
    """The columns, as they may be written; raises Problem BLANK, INVALID or TOO_LONG."""
    return text.checked(columns, {"name": text.name, "permissions": permissions})
