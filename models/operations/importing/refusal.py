"""The refusal: which row was not taken, and why."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """Where something is wrong and what; `line` counts from 1, the header's; no column: the whole line."""

    file: str
    line: int | None
    column: str | None
    reason: str

    def __str__(self) -> str:
        line = f", line {self.line}" if self.line else ""
        column = f", column {self.column}" if self.column else ""
        return f"{self.file}{line}{column}: {self.reason}"


class Refused(Exception):
    """A row can't be taken because of the value in `column`."""

    def __init__(self, column: str | None, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


def shown(value: str) -> str:
    """A value as a message shows it: quoted, nothing in it that a terminal would obey, and never long."""
    text = value if len(value) <= 60 else value[:57] + "…"
    return '"' + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text) + '"'
