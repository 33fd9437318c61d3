"""Values on their way into a statement, as every database takes them alike."""

import re
from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Any

from models.engines.errors import BadValue

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_WIDEST = range(-(2**63), 2**63)


def refuse_unstorable(values: Iterable[Any]) -> None:
    """Refuse what one database would take and another not.

    Raises BadValue for a NUL or half a surrogate pair, a whole number beyond 64 bits, and an instant
    without a time zone, in lists too.
    """
    for value in values:
        match value:
            case str() if _UNSTORABLE.search(value):
                raise BadValue("text holds a NUL or half a surrogate pair, which no column can keep")
            case int() if value not in _WIDEST:
                raise BadValue("a whole number is beyond 64 bits, which no column can keep")
            case datetime(tzinfo=None):
                raise BadValue(f"the instant {value} needs a time zone")
            case list() | tuple():
                refuse_unstorable(value)


def plain(value: Any) -> Any:
    """An enum's value; anything else as it is."""
    return value.value if isinstance(value, Enum) else value
