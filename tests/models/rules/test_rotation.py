"""Rotation: whom each contact goes to, whatever the pool and whoever is away."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from models.rules.rotation import Place, in_turn, least_loaded, round_robin, weighted

NUMBERS = st.lists(st.integers(1, 60), min_size=1, max_size=12, unique=True)
WEIGHTS = st.lists(st.integers(1, 9), min_size=1, max_size=7)


def places(numbers: Sequence[int]) -> list[Place]:
    return [Place(number) for number in numbers]


def hand_out(
    choose: Callable[[Sequence[Place], int], Place], pool: list[Place], count: int, turn: int
) -> list[int]:
    chosen = []
    for _ in range(count):
        turn = choose(pool, turn).number
        chosen.append(turn)
    return chosen


def by_weight(pool: list[Place], away: Sequence[frozenset[int]]) -> tuple[list[int], list[Place]]:
    """Who is chosen when these are away in each turn, and the pool as it is left."""
    turn, chosen = 0, []
    for absent in away:
        there = [place for place in pool if place.number not in absent]
        found, left = weighted(there, turn)
        turn = found.number
        chosen.append(turn)
        pool = [replace(place, credit=left.get(place.number, place.credit)) for place in pool]
    return chosen, pool


@given(NUMBERS, st.integers(0, 70), st.integers(1, 5))
def test_round_robin_gives_each_the_same(numbers: list[int], turn: int, times: int) -> None:
    chosen = hand_out(round_robin, places(numbers), times * len(numbers), turn)
    assert Counter(chosen) == dict.fromkeys(numbers, times)
    assert max(Counter(chosen[: times * len(numbers) - 1]).values(), default=0) <= times


@given(NUMBERS, st.integers(0, 70))
def test_the_turn_goes_round_the_ring(numbers: list[int], turn: int) -> None:
    ordered = [place.number for place in in_turn(places(numbers), turn)]
    later = sorted(number for number in numbers if number > turn)
    assert ordered == later + sorted(set(numbers) - set(later))


@given(st.integers(2, 8), st.integers(1, 40), st.integers(8, 40))
def test_round_robin_floods_nobody_who_comes_back(size: int, gone: int, then: int) -> None:
    pool = places(range(1, size + 1))
    turn = hand_out(round_robin, pool[1:], gone, 0)[-1]
    after = Counter(hand_out(round_robin, pool, then, turn))
    assert max(after.values()) - min(after.get(place.number, 0) for place in pool) <= 1


@given(st.lists(st.integers(0, 9), min_size=1, max_size=8), st.integers(0, 9))
def test_least_loaded_levels(loads: list[int], turn: int) -> None:
    pool = [Place(number, load=load) for number, load in enumerate(loads, 1)]
    chosen = least_loaded(pool, turn)
    assert chosen.load == min(loads)
    equals = [place for place in pool if place.load == chosen.load]
    assert chosen == in_turn(equals, turn)[0]


@given(WEIGHTS, st.integers(1, 4))
def test_weights_are_met_exactly_over_each_full_cycle(weights: list[int], cycles: int) -> None:
    pool = [Place(number, weight) for number, weight in enumerate(weights, 1)]
    for _ in range(cycles):
        chosen, pool = by_weight(pool, [frozenset()] * sum(weights))
        assert Counter(chosen) == dict(enumerate(weights, 1))
        assert {place.credit for place in pool} == {0}


@given(WEIGHTS, st.integers(0, 60))
def test_at_no_moment_has_anybody_a_turn_too_many(weights: list[int], turns: int) -> None:
    chosen, _ = by_weight([Place(n, w) for n, w in enumerate(weights, 1)], [frozenset()] * turns)
    whole = sum(weights)
    for number, weight in enumerate(weights, 1):
        assert abs(Counter(chosen)[number] * whole - turns * weight) < whole * len(weights)
        assert Counter(chosen)[number] * whole < turns * weight + whole


@given(WEIGHTS, st.integers(0, 30), st.integers(0, 60), st.data())
def test_weighted_floods_nobody_who_comes_back(
    weights: list[int], before: int, gone: int, data: st.DataObject
) -> None:
    """Once back, they get what their weight says from then on, and at most one turn more."""
    pool = [Place(number, weight) for number, weight in enumerate(weights, 1)]
    away = data.draw(st.sampled_from(pool)).number
    absent = frozenset({away}) if len(pool) > 1 else frozenset[int]()
    _, pool = by_weight(pool, [frozenset[int]()] * before + [absent] * gone)
    whole = sum(weights)
    chosen, _ = by_weight(pool, [frozenset()] * whole)
    weight = weights[away - 1]
    assert abs(Counter(chosen)[away] - weight) <= 2 * len(weights)
    assert Counter(chosen)[away] <= weight + 1 + (before > 0)


@given(WEIGHTS, st.lists(st.sets(st.integers(1, 7)), max_size=60))
def test_credits_always_sum_to_nothing(weights: list[int], away: list[set[int]]) -> None:
    some = [frozenset(each) for each in away if len(each & set(range(1, len(weights) + 1))) < len(weights)]
    _, pool = by_weight([Place(number, weight) for number, weight in enumerate(weights, 1)], some)
    assert sum(place.credit for place in pool) == 0
