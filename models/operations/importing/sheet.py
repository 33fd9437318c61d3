"""A sheet: one CSV file, read a line at a time, so that memory is the same for ten rows and for ten million.

What is broken is told and left behind: an opening quote that is never closed costs its own line, not
the rest of the file.
"""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

LONGEST_LINE = 1_000_000
"""Characters of one line of a file."""
MOST_LINES = 200
"""Lines that one row may take, where a field has line breaks in it."""


@dataclass(frozen=True, slots=True)
class Fields:
    """One row: the line where it begins, and its fields as they stand there."""

    line: int
    fields: list[str]


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that is no row."""

    line: int
    reason: str


def open_sheet(path: Path) -> TextIO:
    """The file as UTF-8 without its byte-order mark; a byte that is not UTF-8 is half a surrogate pair."""
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def read_fields(stream: TextIO, delimiter: str) -> Iterator[Fields | Broken]:
    """Every row of the file, the header first; blank lines are passed over."""
    lines = _Lines(stream)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    width = None
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except (csv.Error, _TooLong) as error:
            yield Broken(lines.begun, _reason(error))
            reader = csv.reader(lines.again(), delimiter=delimiter, strict=True)
            continue
        if width is not None and len(fields) != width and lines.taken > 1:
            yield Broken(lines.begun, "a quote opened here swallows the lines after it; close it")
            reader = csv.reader(lines.again(), delimiter=delimiter, strict=True)
            continue
        begun = lines.done()
        if fields and (len(fields) > 1 or fields[0].strip()):
            width = width or len(fields)
            yield Fields(begun, fields)


def _reason(error: Exception) -> str:
    said = str(error)
    if isinstance(error, _TooLong):
        return said
    if "unexpected end" in said:
        return "a quote is opened here and never closed; close it"
    if "expected after" in said:
        return (
            "something stands between a closing quote and the next field; write a quote inside a field twice"
        )
    return f"the line is no CSV: {said}"


class _TooLong(Exception):
    """A line, or a row over many lines, that has no end in sight."""


class _Lines:
    """The lines of a file, of which those of the row at hand can be given back."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: deque[str] = deque()
        self._row: list[str] = []
        self._next = 1

    @property
    def begun(self) -> int:
        """The number of the line where the row at hand begins."""
        return self._next - len(self._row)

    @property
    def taken(self) -> int:
        """How many lines the row at hand took."""
        return len(self._row)

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self._row) >= MOST_LINES:
            raise _TooLong(f"a quote is opened here and not closed within {MOST_LINES} lines; close it")
        line = self._waiting.popleft() if self._waiting else self._read()
        if not line:
            raise StopIteration
        self._row.append(line)
        self._next += 1
        if len(line) > LONGEST_LINE:
            raise _TooLong(f"the line has more than {LONGEST_LINE:,} characters")
        return line

    def done(self) -> int:
        """Forget the row at hand; say where it began."""
        begun = self.begun
        self._row.clear()
        return begun

    def again(self) -> "_Lines":
        """Leave the first line of the row at hand behind, and give back the others."""
        self._waiting.extendleft(reversed(self._row[1:]))
        self._next -= len(self._row) - 1
        self._row.clear()
        return self

    def _read(self) -> str:
        line = self._stream.readline(LONGEST_LINE + 1)
        rest = line
        while len(rest) > LONGEST_LINE and not rest.endswith(("\n", "\r")):
            rest = self._stream.readline(LONGEST_LINE + 1)
        return line
