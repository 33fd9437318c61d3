"""Twins: the same to their viewer, and different elsewhere in many ways."""

import pytest

from tests.judge.twin import KINDS_OF_CHANGE, difference, seen, twin
from tests.judge.viewers import KINDS, Kind
from tests.judge.world import MODELS, World, generate

SEES_ALL = {"account manager", "administrator", "administrator, granular off", "API token"}


@pytest.fixture(scope="module")
def world() -> World:
    return generate(11)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_twin_is_the_same_to_its_viewer_and_differs_elsewhere(world: World, kind: Kind) -> None:
    settled = kind.settle(world)
    viewer = kind.viewer(settled)
    other = twin(settled, viewer, 5)
    assert seen(viewer.again(other)) == seen(viewer)
    assert other.broken() == []
    for table, rows in other.tables.items():
        assert all(MODELS[table](**row) for row in rows.values())
    assert difference(settled, other) > (20 if kind.name in SEES_ALL else 80)
    kinds_kept = [name for name, count in other.kept.items() if count]
    assert len(kinds_kept) >= (3 if kind.name in SEES_ALL else 10)
    assert other.kept["other account"] > 3


def test_the_world_that_is_twinned_is_left_as_it_was(world: World) -> None:
    settled = KINDS[0].settle(world)
    twin(settled, KINDS[0].viewer(settled), 5)
    assert settled.tables == KINDS[0].settle(world).tables


def test_a_seed_makes_one_twin(world: World) -> None:
    settled = KINDS[0].settle(world)
    viewer = KINDS[0].viewer(settled)
    assert twin(settled, viewer, 5).tables == twin(settled, viewer, 5).tables


def test_kinds_of_change_can_be_left_out(world: World) -> None:
    settled = KINDS[0].settle(world)
    other = twin(settled, KINDS[0].viewer(settled), 5, without=set(KINDS_OF_CHANGE) - {"other account"})
    assert set(other.kept) == {"other account"}
