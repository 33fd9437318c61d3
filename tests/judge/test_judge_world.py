"""Generated worlds: the same for a seed, whole, and rich enough that rules are met."""

from pathlib import Path

import pytest

from models.database import Database
from models.migrating import migrate
from tests.judge.oracle import FIELDS, Standing, Unjudged, standing, view
from tests.judge.viewers import KINDS, Kind
from tests.judge.world import MODELS, RECORDS, columns_of, generate


def test_a_seed_makes_one_world_and_another_another() -> None:
    assert generate(1).tables == generate(1).tables
    assert generate(1).tables != generate(2).tables


@pytest.mark.parametrize("seed", range(5))
def test_every_reference_is_to_a_row_of_the_same_account(seed: int) -> None:
    assert generate(seed).broken() == []


@pytest.mark.parametrize("seed", range(3))
def test_all_standings_are_met(seed: int) -> None:
    world = generate(seed)
    met = {
        (table, standing(viewer, table, row))
        for viewer in (kind.look(world) for kind in KINDS)
        for table in RECORDS
        for row in viewer.world[table].values()
    }
    expected = {(table, one) for table in RECORDS for one in Standing if one is not Standing.COMPANY}
    assert met == expected | {("deal", Standing.COMPANY)}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_of_viewer_sees_deals_and_not_all(kind: Kind) -> None:
    viewer = kind.look(generate(1))
    assert 0 < len(view(viewer)["Deal"]) < len(viewer.world["deal"])


@pytest.mark.parametrize("table", MODELS)
def test_the_rows_have_every_column_of_their_tables(table: str) -> None:
    known = set(columns_of(MODELS[table]))
    lacking = {column for row in generate(3)[table].values() for column in known - row.keys()}
    assert lacking == set(), f"give each {table} in tests/judge/world.py these, some of them no value"


def test_a_field_that_the_judge_does_not_know_says_where_to_add_it() -> None:
    for type_name, place in (("Contact", "RECORD_FIELDS"), ("Team", "PLAIN_FIELDS")):
        with pytest.raises(
            Unjudged, match=rf"{type_name}\.x: add it to {type_name} in {place} in tests/judge"
        ):
            FIELDS[type_name]["x"]


async def test_what_is_stored_is_loaded_again(tmp_path: Path) -> None:
    world = generate(3)
    database = await Database.open(f"sqlite://{tmp_path}/world.db")
    try:
        await migrate(database)
        await world.store(database)
        loaded = type(world)
        assert (await loaded.load(database)).tables == world.tables
    finally:
        await database.close()
