"""The difference between a value that was not given and a value that is null."""

from enum import Enum
from typing import Any, Final


class Unset(Enum):
    """The type of UNSET alone."""

    UNSET = "UNSET"


UNSET: Final = Unset.UNSET
"""Not given: leave it as it is."""


def given(**columns: Any) -> dict[str, Any]:
    """The columns that were given a value, null included."""
    return {column: value for column, value in columns.items() if value is not UNSET}
