"""The report: what an import did with each file."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from models.operations.importing.notebook import Notebook
from models.operations.importing.refusal import Refusal


@dataclass(slots=True)
class FileReport:
    """How many rows of a file were read, and what became of them; the four others make up `read`."""

    file: str
    rows: int
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0


@dataclass(slots=True)
class Report:
    """A whole import. Its refusals lie in the notebook: they are as many as there are bad rows."""

    notebook: Notebook
    files: list[FileReport] = field(default_factory=list)

    @property
    def refused(self) -> int:
        """How many rows were refused in all."""
        return sum(file.refused for file in self.files)

    def refusals(self) -> Iterator[Refusal]:
        """Every refusal, by file and line; the notebook is still open."""
        return self.notebook.refusals()
