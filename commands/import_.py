"""`import`: another CRM's export, read into an account; what was taken and what was refused is printed."""

import asyncio
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from commands.finding import account_called
from commands.opening import opened
from models.operations.importing.checking import BadFiles
from models.operations.importing.import_directory import import_directory as run_import
from models.operations.importing.mapping import DEFAULT, BadMapping, Mapping, load_mapping
from models.operations.importing.notebook import Notebook
from models.operations.importing.report import FileReport, Report

_COLUMNS = ("read", "created", "updated", "unchanged", "refused")


@click.command("import")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
@click.option("--account", required=True, metavar="NAME", help="The account that gets the records.")
@click.option(
    "--mapping",
    "mapping_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    default=DEFAULT,
    help="Which column is what; docs/import.md says how to write one.",
)
def import_directory(directory: Path, account: str, mapping_file: Path) -> None:
    """Import a CRM's export: the CSV files in DIR.

    All files are checked before anything is written. Run it again at will: what is known stays as it is.
    Exit status 0: every row was taken; 1: some were refused, or nothing was written; 2: a wrong call.
    """
    try:
        mapping = load_mapping(mapping_file)
    except BadMapping as error:
        raise click.BadParameter(str(error), param_hint="--mapping") from None
    refused = asyncio.run(_import(directory, account, mapping))
    if refused:
        raise SystemExit(1)


async def _import(directory: Path, account_name: str, mapping: Mapping) -> int:
    """Import, and print the report; returns how many rows were refused."""
    async with opened() as database:
        async with database.reading():
            account = await account_called(account_name)
        with Notebook() as notebook, _Bar() as bar:
            try:
                report = await run_import(database, account, directory, mapping, notebook, bar)
            except BadFiles as bad:
                raise click.ClickException(_told(bad)) from None
            bar.stop()
            _print(report)
        await database.analyze()
    return report.refused


def _told(bad: BadFiles) -> str:
    return "\n".join(["nothing was imported:", *map(str, bad.faults)])


def _print(report: Report) -> None:
    width = max((len(file.file) for file in report.files), default=0)
    click.echo(" " * width + "".join(f"{column:>12}" for column in _COLUMNS))
    for file in report.files:
        click.echo(file.file.ljust(width) + "".join(f"{getattr(file, column):>12,}" for column in _COLUMNS))
    for number, refusal in enumerate(report.refusals()):
        if number == 0:
            click.echo("\nRefused:")
        click.echo(str(refusal))


class _Bar(Progress):
    """How far each file is, on standard error."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        super().__init__(*columns, console=Console(stderr=True))
        self._tasks_by_file: dict[str, TaskID] = {}

    def __enter__(self) -> "_Bar":
        self.start()
        return self

    def __call__(self, report: FileReport) -> None:
        """Move the bar of the report's file, and those before it, to where they are."""
        if report.file not in self._tasks_by_file:
            name = Text(report.file).markup
            self._tasks_by_file[report.file] = self.add_task(name, total=report.rows)
        self.update(self._tasks_by_file[report.file], completed=report.read)
