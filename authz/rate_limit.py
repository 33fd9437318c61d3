"""Limits on how often something may be tried: moving windows, in memory, bounded in size."""

import math
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import timedelta

from models import clock


def _seconds() -> float:
    return clock.now().timestamp()


class RateLimited(Exception):
    """Too many tries; `retry_after` says in how many whole seconds the next one may succeed."""

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(f"Too many tries. Try again in {retry_after} seconds.")


class MovingWindow:
    """At most `limit` tries of one key within `window`, for the `size` keys that were last heard of.

    When all places are taken the key that was quiet longest is forgotten, so memory stays bounded
    and nobody can lock others out by filling it.
    """

    def __init__(
        self, limit: int, window: timedelta, *, size: int = 50_000, now: Callable[[], float] = _seconds
    ) -> None:
        self._limit = limit
        self._window = window.total_seconds()
        self._size = size
        self._now = now
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tries)

    def take(self, key: str) -> float:
        """Count one try of `key` and return its receipt. Raises RateLimited; a refused try isn't counted."""
        now = self._now()
        tries = self._recent(key, now)
        if len(tries) >= self._limit:
            raise RateLimited(max(1, math.ceil(tries[0] + self._window - now)))
        tries.append(now)
        return now

    def give_back(self, key: str, receipt: float) -> None:
        """Uncount the try that `receipt` was given for: it was no guess."""
        tries = self._tries.get(key)
        if tries is None:
            return
        if receipt in tries:
            tries.remove(receipt)
        if not tries:
            del self._tries[key]

    def _recent(self, key: str, now: float) -> deque[float]:
        tries = self._tries.setdefault(key, deque())
        self._tries.move_to_end(key)
        while tries and tries[0] <= now - self._window:
            tries.popleft()
        while len(self._tries) > self._size:
            self._tries.popitem(last=False)
        return tries
