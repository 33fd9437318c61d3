"""The play: what happens in the demo, each act at its time, so that the past comes in order."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from datetime import datetime
from itertools import count
from typing import Any

from models import clock

Act = Callable[[], Awaitable[Any]]


class Play:
    """Acts that are still to come. Those after `end` never do."""

    def __init__(self, end: datetime) -> None:
        self.end = end
        self.instant = end
        self._acts: list[tuple[datetime, int, Act]] = []
        self._numbers = count()

    def at(self, instant: datetime, act: Act) -> None:
        """Let `act` happen at `instant`. An act may plan others, later than itself."""
        heapq.heappush(self._acts, (instant, next(self._numbers), act))

    async def perform(self) -> None:
        """Let everything happen, in order, the clock telling each act's own time; the caller's stays."""
        await asyncio.create_task(self._perform())

    async def _perform(self) -> None:
        clock.tell_time_with(lambda: self.instant)
        while self._acts and self._acts[0][0] <= self.end:
            self.instant, _, act = heapq.heappop(self._acts)
            await act()
