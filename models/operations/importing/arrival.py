"""The arrival: one row of an export as a record's columns, before anyone asked whether it is known."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models.operations.importing.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Arrival:
    """A record as the export has it: created, and owned, since the instant `since`."""

    line: int
    source_id: str
    since: datetime
    columns: dict[str, Any]


@dataclass(slots=True)
class Outcome:
    """What became of a batch: how many rows, and which were refused.

    `inactive` are lines whose owner gets no records any more; whoever knows their names refuses them.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    inactive: list[int] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    @property
    def wrote(self) -> bool:
        """Whether anything was written."""
        return bool(self.created or self.updated)
