"""Limits: so many tries within the window, and room for so many keys."""

from datetime import timedelta

import pytest

from authz.rate_limit import MovingWindow, RateLimited


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def window(clock: Clock, limit: int = 3, size: int = 100) -> MovingWindow:
    return MovingWindow(limit, timedelta(seconds=60), size=size, now=clock)


def test_one_try_too_many_is_told_when_the_next_may_succeed() -> None:
    clock = Clock()
    tries = window(clock)
    for _ in range(3):
        tries.take("ana")
        clock.now += 10
    with pytest.raises(RateLimited) as refused:
        tries.take("ana")
    assert refused.value.retry_after == 30
    tries.take("bea")


def test_the_window_moves() -> None:
    clock = Clock()
    tries = window(clock)
    tries.take("ana")
    clock.now += 59
    tries.take("ana")
    tries.take("ana")
    clock.now += 1
    tries.take("ana")
    with pytest.raises(RateLimited):
        tries.take("ana")


def test_a_refused_try_does_not_count() -> None:
    clock = Clock()
    tries = window(clock, limit=1)
    tries.take("ana")
    clock.now += 59
    with pytest.raises(RateLimited):
        tries.take("ana")
    clock.now += 1
    tries.take("ana")


def test_what_is_given_back_was_never_tried() -> None:
    tries = window(Clock(), limit=1)
    for _ in range(5):
        tries.give_back("ana", tries.take("ana"))
    assert len(tries) == 0
    tries.give_back("ana", 0.0)


def test_memory_is_bounded_and_the_quietest_is_forgotten_first() -> None:
    tries = window(Clock(), limit=1, size=10)
    for number in range(1000):
        tries.take(str(number))
    assert len(tries) == 10
    tries.take("0")
    with pytest.raises(RateLimited):
        tries.take("999")
