"""One run of an import: rows are read, gathered, written a transaction a batch, and counted."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

from models import clock
from models.account import Account
from models.database import BadValue, Database, IntegrityError, Session
from models.operations import audit
from models.operations.actor import Actor
from models.operations.importing.arrival import Outcome
from models.operations.importing.line import Line, read_lines
from models.operations.importing.mapping import Mapping, SheetMapping
from models.operations.importing.notebook import Notebook
from models.operations.importing.refusal import Refusal, Refused, shown
from models.operations.importing.report import FileReport, Report
from models.operations.problem import Problem

BATCH = 1000
"""Rows of one transaction."""

Progress = Callable[[FileReport], None]
"""Is called with a file's report, so far, after every batch."""

T = TypeVar("T")
Item = tuple[Line, T]
Read = Callable[[Line], T]
Write = Callable[[Session, list[Item[T]]], Awaitable[Outcome]]


class Run:
    """What all steps of an import share. It acts as the operator, at one instant."""

    def __init__(
        self,
        database: Database,
        account: Account,
        directory: Path,
        mapping: Mapping,
        notebook: Notebook,
        progress: Progress,
    ) -> None:
        self.account = account
        self.mapping = mapping
        self.by = Actor(account.id)
        self.at: datetime = clock.now()
        self.report = Report(notebook)
        self._database = database
        self._directory = directory
        self._progress = progress
        self._audited = False

    def lines(self, sheet: SheetMapping) -> Iterator[Line | Refusal]:
        """Every line of the file as it stands there."""
        return read_lines(self._directory, sheet, self.mapping.delimiter)

    def rows(self, sheet: SheetMapping, report: FileReport, read: Read[T]) -> Iterator[Item[T]]:
        """Every line of the file with what `read` makes of it; what it refuses is told and left out."""
        for line in self.lines(sheet):
            report.read += 1
            if isinstance(line, Refusal):
                self._refuse(report, line)
                continue
            try:
                made = read(line)
            except Refused as refused:
                self._refuse(report, refusal_of(report.file, line, refused))
            else:
                yield line, made

    async def write_all(
        self, sheet: SheetMapping, report: FileReport, read: Read[T], write: Write[T], size: int | None = None
    ) -> None:
        """Read the file and write it, `size` rows a transaction, or as many as is usual."""
        items = self.rows(sheet, report, read)
        while batch := list(islice(items, size or BATCH)):
            await self._commit(report, batch, write)
            self._progress(report)
        self._progress(report)

    def require_first(self, report: FileReport, line: Line, name: str, key: str) -> None:
        """Raise Refused when another line of the file has the same `key` in the field `name`."""
        first = self.report.notebook.first_line(report.file, key, line.number)
        if first != line.number:
            raise line.refused(name, f"{shown(key)} is in line {first} already")

    async def _commit(self, report: FileReport, batch: list[Item[T]], write: Write[T]) -> None:
        """Write the batch; where the database refuses it, halve it until the bad row stands alone."""
        try:
            async with self._database.writing() as session:
                outcome = await write(session, batch)
                if outcome.wrote and not self._audited:
                    await self._audit()
        except (BadValue, IntegrityError, Problem) as error:
            if len(batch) == 1:
                self._refuse(
                    report, Refusal(report.file, batch[0][0].number, None, f"can't be kept: {error}")
                )
                return
            middle = len(batch) // 2
            await self._commit(report, batch[:middle], write)
            await self._commit(report, batch[middle:], write)
            return
        self._audited |= outcome.wrote
        self._count(report, outcome)

    def _count(self, report: FileReport, outcome: Outcome) -> None:
        report.created += outcome.created
        report.updated += outcome.updated
        report.unchanged += outcome.unchanged
        for refusal in outcome.refusals:
            self._refuse(report, refusal)

    def _refuse(self, report: FileReport, refusal: Refusal) -> None:
        report.refused += 1
        self.report.notebook.refuse(refusal)

    async def _audit(self) -> None:
        """One entry a run, with the first batch that changes anything, so that no change is without it."""
        told = {"source": self.mapping.source, "files": [sheet.file for sheet in self.mapping.sheets]}
        changes = {name: [None, value] for name, value in told.items()}
        await audit.append(self.by, "import", self.account, changes, self.at)


def refusal_of(file: str, line: Line, refused: Refused) -> Refusal:
    """Where in which file the row was refused, and why."""
    return Refusal(file, line.number, refused.column, refused.reason)
