"""Text as it comes in: any script, never cut, never changed; what no database can hold is refused."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from models.names import camel
from models.operations.problem import Problem, gathered

Checks = Mapping[str, Callable[[Any, str], Any]]
"""A check for each column; it takes the value and the input's name for it; returns what may be written."""

LONGEST = 100_000
"""Characters of one text."""
LONGEST_NAME = 200
"""Characters of a text that must be unique: a database's index holds no more of it."""
LONGEST_EMAIL = 320
"""Characters of an email (RFC 3696: 64, the @, 255)."""


def required(text: str | None, field: str, longest: int = LONGEST) -> str:
    """`text`, which is there and not blank; raises Problem BLANK, INVALID or TOO_LONG."""
    if text is None or not text.strip():
        raise Problem("BLANK", f"{field} must not be blank; write something in it.", field)
    return _sound(text, field, longest)


def optional(text: str | None, field: str, longest: int = LONGEST) -> str | None:
    """`text`, or None; raises Problem INVALID or TOO_LONG."""
    return None if text is None else _sound(text, field, longest)


def name(text: str | None, field: str = "name") -> str:
    """A name which is unique among its kind; raises Problem BLANK, INVALID or TOO_LONG."""
    return required(text, field, LONGEST_NAME)


def email(text: str | None, field: str = "email") -> str | None:
    """An email: one @ with something on both sides, no white space. Raises Problem INVALID or TOO_LONG."""
    if text is None:
        return None
    local, at, domain = _sound(text, field, LONGEST_EMAIL).partition("@")
    if not (local and at and domain) or "@" in domain or any(map(str.isspace, text)):
        raise Problem("INVALID", f"{field} is no email address; write it as in ana@example.com.", field)
    return text


class Unchecked(TypeError):
    """A text comes in that nothing checks: a column was added, and its check was forgotten."""


def checked(columns: Mapping[str, Any], checks: Checks) -> dict[str, Any]:
    """The columns, each checked by its own; what is no text may do without. Raises Problem, Unchecked."""
    for column, value in columns.items():
        if column not in checks and isinstance(value, str) and not isinstance(value, Enum):
            raise Unchecked(f"{column} is a text that nothing checks: give it a check, as `title` has one.")
    with gathered() as problems:
        return {
            column: problems.check(checks[column], value, camel(column)) if column in checks else value
            for column, value in columns.items()
        }


def _sound(text: str, field: str, longest: int) -> str:
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise Problem("INVALID", f"{field} has a NUL or half a surrogate pair in it; leave it out.", field)
    if len(text) > longest:
        raise Problem("TOO_LONG", f"{field} has at most {longest:,} characters.", field)
    return text
