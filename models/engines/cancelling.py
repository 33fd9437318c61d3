"""What must not stop half-way when the task that asked for it is cancelled."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def to_the_end(work: Coroutine[Any, Any, Result]) -> Result:
    """Await `work` to its end, whatever happens to the awaiting task; a cancellation is passed on after it.

    Where both a cancellation and an error of the work's own come, the cancellation is raised, since
    whoever cancelled is waiting for it; the error is its cause.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None and not task.cancelled():
        raise cancelled from task.exception()
    return task.result()


async def stop(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks until they have ended: before Python 3.12 `wait_for`, in libraries too, may lose a
    cancellation that comes together with what it waits for.
    """
    left = [task for task in tasks if not task.done()]
    while left:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=1)
        left = [task for task in left if not task.done()]
