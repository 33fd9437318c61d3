"""Teams: who may make and rename them."""

from typing import Any

import pytest

from models import Reach, Scope
from models.database import Database
from tests.resolvers.people_support import (
    DONE,
    FORBIDDEN,
    NOT_FOUND,
    PEOPLE,
    actors,
    expected,
    last_audit,
    outcome,
    tried,
)
from tests.resolvers.support import Scene, gid, make_scene, mutate, run

NUMBERS = iter(range(1_000_000))


@pytest.fixture
async def scene(database: Database) -> Scene:
    """Granular permissions on, everybody in their place."""
    return await make_scene(database)


async def new_name() -> dict[str, Any]:
    """A name that no team has."""
    return {"name": f"Team {next(NUMBERS)}"}


async def test_who_makes_a_team(scene: Scene) -> None:
    outcomes = await tried(scene, "createTeam", new_name, await actors(scene))
    assert outcomes == expected(administrator=DONE, people_in_the_account=DONE, program=DONE)


async def test_who_renames_north(scene: Scene) -> None:
    async def make() -> dict[str, Any]:
        return {"id": gid(scene.north), **await new_name()}

    who = await actors(scene)
    assert await tried(scene, "updateTeam", make, who) == expected(
        administrator=DONE,
        people_in_the_account=DONE,
        people_in_a_team=DONE,
        program=DONE,
        partner_user=NOT_FOUND,
    )
    await scene.set(granular_permissions=False)
    assert await tried(scene, "updateTeam", make, who) == expected(
        administrator=DONE, program=DONE, partner_user=NOT_FOUND
    )


async def test_a_team_out_of_the_scope_keeps_its_name(scene: Scene) -> None:
    lead = await scene.agent(await scene.role(Scope.TEAM, Reach.SCOPE, PEOPLE), [scene.north])
    input = {"id": gid(scene.south), "name": "Mine"}
    assert await outcome(scene.database, lead, "updateTeam", input) == FORBIDDEN
    assert (await scene.again(scene.south)).name == "South"


async def test_a_name_is_one_teams_alone(scene: Scene) -> None:
    assert await outcome(scene.database, scene.administrator, "createTeam", {"name": "NORTH"}) == "TAKEN"
    await make_scene(scene.database, "Other")
    assert await outcome(scene.database, scene.administrator, "createTeam", {"name": "West"}) == DONE
    input = {"id": gid(scene.south), "name": "west"}
    assert await outcome(scene.database, scene.administrator, "updateTeam", input) == "TAKEN"


async def test_what_makes_no_sense_is_told(scene: Scene) -> None:
    for name, code in ((" ", "BLANK"), ("x" * 201, "TOO_LONG")):
        assert await outcome(scene.database, scene.administrator, "createTeam", {"name": name}) == code
    input = {"id": gid(scene.north), "name": None}
    assert await outcome(scene.database, scene.administrator, "updateTeam", input) == "BLANK"
    stale = {"id": gid(scene.north), "name": "West", "expectedVersion": 2}
    assert await outcome(scene.database, scene.administrator, "updateTeam", stale) == "CONFLICT"
    assert (await scene.again(scene.north)).name == "North"


async def test_a_team_of_another_account_is_none(scene: Scene) -> None:
    other = await make_scene(scene.database, "Other")
    for id in (gid(other.north), gid(scene.mail), "nonsense"):
        input = {"id": id, "name": "Mine"}
        assert await outcome(scene.database, scene.administrator, "updateTeam", input) == NOT_FOUND


async def test_a_team_is_listed_and_audited(scene: Scene) -> None:
    selection = "team { name version agents { totalCount } }"
    payload, errors = await mutate(
        scene.database, scene.administrator, "createTeam", {"name": "West"}, selection
    )
    assert errors == []
    assert payload["team"] == {"name": "West", "version": 1, "agents": {"totalCount": 0}}
    entry = await last_audit(scene)
    assert (entry.action, entry.changes["name"]) == ("create_team", [None, "West"])
    data, _ = await run(scene.database, scene.ana, "{ teams { name } }")
    assert data == {"teams": [{"name": "North"}, {"name": "South"}, {"name": "West"}]}
