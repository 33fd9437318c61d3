"""Going on with a transfer in a process of its own, to be killed: URL, transfer, at which batch it dies.

It dies in the middle of that batch's transaction, its rows written, or, for an odd number, right after it.
"""

import asyncio
import os
import signal
import sys
from uuid import UUID

from models.database import Database
from models.operations import transfer_batch
from resolvers.transfer_going_on import may_move


def die() -> None:
    """As if the plug were pulled."""
    os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, transfer_id: str, dying: int) -> None:
    """Go on with it, for so many batches."""
    move, batches = transfer_batch.move_batch, 0

    async def move_and_die(*args: object) -> bool:
        nonlocal batches
        if dying % 2 and batches == dying:
            die()
        more = await move(*args)  # type: ignore[arg-type]
        batches += 1
        if dying % 2 == 0 and batches == dying:
            die()
        return more

    transfer_batch.move_batch = move_and_die  # type: ignore[assignment]
    database = await Database.open(url)
    try:
        await transfer_batch.go_on(database, may_move, UUID(transfer_id))
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
