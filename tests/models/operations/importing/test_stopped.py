"""An import that is killed and begun again, and one that is very long."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from models import Contact, Deal, OutboxEvent, Ownership, TimelineEntry
from models.database import Database, Dialect
from tests.models.operations.importing.exporting import Importer, importer
from tests.models.operations.importing.exports import write_large_export

ROOT = Path(__file__).parents[4]


async def child(importer: Importer, *dying: int) -> tuple[int, str]:
    """Run the import in another process; its exit status, and what it printed."""
    command = [sys.executable, "-m", "tests.models.operations.importing.child"]
    arguments = [importer.database.url, importer.account.name, str(importer.directory), *map(str, dying)]
    process = await asyncio.create_subprocess_exec(
        *command, *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, printed.decode()


@pytest.mark.parametrize("dying", [1, 3, 4, 6, 7])
async def test_killed_and_begun_again_nothing_is_doubled(
    database: Database, tmp_path: Path, dying: int
) -> None:
    export = await importer(database, write_large_export(tmp_path / "export", 400))
    status, _ = await child(export, dying)
    assert status == -signal.SIGKILL
    written = len(await export.deals())
    assert written < 400
    assert written % 50 == 0
    counts, refusals = await export.run()
    assert refusals == []
    assert counts["sales_pipeline.csv"] == (400, 400 - written, 0, written, 0)
    assert len(await export.rows(Deal)) == 400
    assert len(await export.rows(Ownership)) == 400
    assert len(await export.rows(TimelineEntry)) == len(await export.rows(OutboxEvent)) == 402
    assert len(await export.rows(Contact)) == 2


async def test_two_imports_at_once_double_nothing(database: Database, tmp_path: Path) -> None:
    export = await importer(database, write_large_export(tmp_path / "export", 2500))
    both = await asyncio.gather(child(export), child(export))
    assert [status for status, _ in both] == [0, 0]
    assert len(await export.rows(Deal)) == len(await export.rows(Ownership)) == 2500
    assert len(await export.rows(Contact)) == 2


@pytest.mark.parametrize("dialect", [Dialect.SQLITE])
async def test_memory_is_flat(database: Database, tmp_path: Path) -> None:
    """Rows that are taken and rows that are refused; docs/import.md has what a million of them need."""
    peaks = []
    for name, rows, bad in (("Small", 2_000, 2_000), ("Large", 10_000, 200_000)):
        export = await importer(database, write_large_export(tmp_path / name, rows, bad), name=name)
        status, printed = await child(export)
        assert status == 0
        assert len(await export.deals()) == rows
        peaks.append(int(printed))
    assert peaks[1] - peaks[0] < 12 * 1024
