"""What goes on by itself once a request is answered: kept, logged where it fails, stopped with the server."""

import asyncio
import logging

from schema.context import Work

log = logging.getLogger("carteira.background")


class Background:
    """The work of one process. Whatever is stopped half-way is gone on with by whoever comes next."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Work) -> None:
        """Begin it; nobody waits for it."""
        task = asyncio.ensure_future(_told(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Stop all of it, and wait until it has stopped."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _told(work: Work) -> None:
    try:
        await work()
    except Exception:
        log.exception("Work in the background failed; `tick` goes on with it.")
