"""The notebook: what an import remembers of the rows it has read, on disk, so that memory stays flat."""

import sqlite3
from collections.abc import Iterator
from types import TracebackType

from models.operations.importing.refusal import Refusal

_TABLES = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE seen (file TEXT, key TEXT, line INTEGER, PRIMARY KEY (file, key)) WITHOUT ROWID;
    CREATE TABLE refusal (file TEXT, line INTEGER, place TEXT, reason TEXT);
"""


class Notebook:
    """The keys that were seen in each file, and what was refused. It vanishes with the import."""

    def __init__(self) -> None:
        # SQLite keeps a database without a name in a temporary file, once it outgrows its cache.
        self._pages = sqlite3.connect("", isolation_level=None)
        self._pages.executescript(_TABLES)
        # Never committed: nobody else reads it, and nothing of it is to stay.
        self._pages.execute("BEGIN")

    def __enter__(self) -> "Notebook":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pages.close()

    def first_line(self, file: str, key: str, line: int) -> int:
        """The line where `key` was first seen in `file`: `line` itself, if it was not seen before."""
        if self._pages.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (file, key, line)).rowcount:
            return line
        found = self._pages.execute("SELECT line FROM seen WHERE file = ? AND key = ?", (file, key))
        first: int = found.fetchone()[0]
        return first

    def refuse(self, refusal: Refusal) -> None:
        """Write a refusal down."""
        row = (refusal.file, refusal.line, refusal.column, refusal.reason)
        self._pages.execute("INSERT INTO refusal VALUES (?, ?, ?, ?)", row)

    def refusals(self) -> Iterator[Refusal]:
        """What was refused, by file in the order of reading, then by line."""
        files = "SELECT file, min(rowid) AS place FROM refusal GROUP BY file"
        ordered = f"SELECT r.* FROM refusal r JOIN ({files}) f USING (file) ORDER BY f.place, r.line, r.rowid"
        for file, line, column, reason in self._pages.execute(ordered):
            yield Refusal(file, line, column, reason)
