"""An import in a process of its own, to be killed or weighed: URL, account, directory, when to die.

With a number as the last argument it kills itself at that batch, in the middle of its transaction or,
for an odd number, right after it. Prints the peak of its memory, in KiB.
"""

import asyncio
import os
import resource
import signal
import sys
from pathlib import Path

from models import Account
from models.database import Database
from models.operations.importing import arriving, run
from models.operations.importing.import_directory import import_directory
from models.operations.importing.mapping import load_mapping
from models.operations.importing.notebook import Notebook
from models.operations.importing.report import FileReport


def die() -> None:
    """As if the plug were pulled."""
    os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, account_name: str, directory: str, dying: int | None) -> None:
    """Import; or part of it."""
    database = await Database.open(url)
    try:
        async with database.reading():
            account = await Account.get(name=account_name)
        if dying is not None:
            run.BATCH = 50
            kill_at(dying)
        batches = 0

        def progress(report: FileReport) -> None:
            nonlocal batches
            batches += 1
            if dying is not None and dying % 2 and batches == dying:
                die()

        with Notebook() as notebook:
            await import_directory(database, account, Path(directory), load_mapping(), notebook, progress)
    finally:
        await database.close()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def kill_at(dying: int) -> None:
    """Let the import die while it writes its `dying`th batch of records, the rows written and no more."""
    create, batches = arriving._create, 0

    async def create_and_die(*args: object) -> None:
        nonlocal batches
        await create(*args)  # type: ignore[arg-type]
        batches += 1
        if dying % 2 == 0 and batches == dying:
            die()

    arriving._create = create_and_die  # type: ignore[assignment]


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]) if sys.argv[4:] else None))
