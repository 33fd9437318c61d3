"""Shares: whatever the weights and however many things, each gets their share of them to within one."""

import sqlite3
import time
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.shares import LARGEST_WEIGHT, ends, found, place, placed, whose

WEIGHTS = st.lists(st.integers(1, LARGEST_WEIGHT), min_size=1, max_size=50)


def shared(weights: Sequence[int], count: int) -> list[int]:
    """Who gets each of so many things, by index."""
    stretches = ends(weights)
    return [whose(place(nth, count, stretches[-1]), stretches) for nth in range(1, count + 1)]


@given(WEIGHTS, st.integers(1, 3_000))
def test_each_gets_their_share_rounded_up_or_down(weights: list[int], count: int) -> None:
    had = Counter(shared(weights, count))
    for index, weight in enumerate(weights):
        assert abs(had[index] * sum(weights) - count * weight) < sum(weights)
    assert set(had) <= set(range(len(weights)))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=9), st.integers(1, 30))
def test_what_divides_is_shared_exactly(weights: list[int], times: int) -> None:
    had = Counter(shared(weights, times * sum(weights)))
    assert had == {index: times * weight for index, weight in enumerate(weights)}


@given(WEIGHTS, st.integers(1, 200))
def test_sql_says_the_same(weights: list[int], count: int) -> None:
    stretches = ends(weights)
    located = f"SELECT n, {placed('n', 'many', stretches[-1])} AS p FROM thing"
    counting = "WITH RECURSIVE thing (n, many) AS (SELECT 1, ? UNION ALL SELECT n + 1, many FROM thing "
    statement = f"{counting} WHERE n < many) SELECT {found('p', stretches)} FROM ({located}) ORDER BY n"
    memory = sqlite3.connect(":memory:")
    try:
        assert [who for (who,) in memory.execute(statement, (count,))] == shared(weights, count)
    finally:
        memory.close()


def test_the_heaviest_weights_are_as_cheap_as_others() -> None:
    """The statement of 50 weights that have nothing in common: short, and made at once."""
    begun = time.process_time()
    for most in range(LARGEST_WEIGHT, LARGEST_WEIGHT - 100, -1):
        assert len(found("p", ends(range(most, most - 50, -1)))) < 3_000
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("weights", [[], [0], [1, -1], [LARGEST_WEIGHT + 1]])
def test_what_is_no_weight_is_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="whole numbers"):
        ends(weights)
