"""Turns: how much one asker may use at once, be it a person or an account, so that others find some left."""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Asker:
    """Whoever has a turn, or waits for one: how many of theirs there are."""

    turn: asyncio.Semaphore
    here: int = 0


@dataclass(frozen=True, slots=True)
class Turns:
    """Who has a turn now; each may have `at_once` of them."""

    at_once: int
    _askers: dict[Hashable, _Asker] = field(default_factory=dict)

    @asynccontextmanager
    async def of(self, asker: Hashable) -> AsyncIterator[None]:
        """A turn of the asker's, once they have fewer than `at_once`."""
        known = self._askers.setdefault(asker, _Asker(asyncio.Semaphore(self.at_once)))
        known.here += 1
        try:
            async with known.turn:
                yield
        finally:
            known.here -= 1
            if not known.here:
                del self._askers[asker]
