"""Roles: who may make, change and give them; nobody gives away what is not theirs."""

from typing import Any

import pytest

from models import BuiltIn, Permission, Reach, Scope
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
from tests.resolvers.support import Scene, api_token, gid, make_scene, mutate, run

NUMBERS = iter(range(1_000_000))


@pytest.fixture
async def scene(database: Database) -> Scene:
    """Granular permissions on, everybody in their place."""
    return await make_scene(database)


async def new_role(**changes: Any) -> dict[str, Any]:
    """The input for a role that has next to nothing."""
    return {"name": f"Role {next(NUMBERS)}", "scope": "TEAM", "reach": "OWN", **changes}


async def team_lead(scene: Scene, *more: Permission) -> Any:
    """Manages the people and roles of North."""
    return await scene.agent(await scene.role(Scope.TEAM, Reach.SCOPE, (*PEOPLE, *more)), [scene.north])


async def test_who_makes_a_role(scene: Scene) -> None:
    who = await actors(scene)
    assert await tried(scene, "createRole", new_role, who) == expected(
        administrator=DONE, people_in_the_account=DONE, people_in_a_team=DONE
    )
    assert await tried(scene, "createRole", lambda: new_role(scope="INBOX"), who) == expected(
        administrator=DONE, people_in_the_account=DONE, people_in_an_inbox=DONE
    )
    await scene.set(granular_permissions=False)
    assert await tried(scene, "createRole", new_role, who) == expected(administrator=DONE)


async def test_who_changes_a_role(scene: Scene) -> None:
    async def make() -> dict[str, Any]:
        name = f"Role {next(NUMBERS)}"
        return {"id": gid(await scene.role()), "name": name, "permissions": ["people.manage"]}

    who = await actors(scene)
    assert await tried(scene, "updateRole", make, who) == expected(
        administrator=DONE, people_in_the_account=DONE, partner_user=NOT_FOUND
    )
    await scene.set(granular_permissions=False)
    assert await tried(scene, "updateRole", make, who) == expected(administrator=DONE, partner_user=NOT_FOUND)


async def test_who_gives_a_rep_of_north_a_role(scene: Scene) -> None:
    role = await scene.role()

    async def make() -> dict[str, Any]:
        return {"agentId": gid(await scene.agent(teams=[scene.north])), "roleId": gid(role)}

    who = await actors(scene)
    assert await tried(scene, "assignRole", make, who) == expected(
        administrator=DONE, people_in_the_account=DONE, people_in_a_team=DONE, partner_user=NOT_FOUND
    )
    await scene.set(granular_permissions=False)
    assert await tried(scene, "assignRole", make, who) == expected(administrator=DONE, partner_user=NOT_FOUND)


@pytest.mark.parametrize(
    "beyond", [{"scope": "ACCOUNT"}, {"scope": "INBOX"}, {"permissions": ["people.manage", "audit.read"]}]
)
async def test_nobody_makes_a_role_beyond_their_own(scene: Scene, beyond: dict[str, Any]) -> None:
    lead = await team_lead(scene)
    assert await outcome(scene.database, lead, "createRole", await new_role(**beyond)) == FORBIDDEN
    async with scene.database.reading():
        own = {"id": gid(await lead.role)}
    assert await outcome(scene.database, lead, "updateRole", {**own, **beyond}) == FORBIDDEN


async def test_nobody_makes_a_role_that_reaches_further(scene: Scene) -> None:
    clerk = await scene.agent(await scene.role(Scope.TEAM, Reach.OWN, PEOPLE), [scene.north])
    assert await outcome(scene.database, clerk, "createRole", await new_role(reach="SCOPE")) == FORBIDDEN
    assert await outcome(scene.database, clerk, "createRole", await new_role()) == DONE


async def test_nobody_changes_a_role_above_theirs(scene: Scene) -> None:
    people = await scene.agent(await scene.role(Scope.ACCOUNT, Reach.SCOPE, PEOPLE))
    above = [
        await scene.role(Scope.ACCOUNT, Reach.SCOPE, [Permission.ACCOUNT_MANAGE]),
        scene.roles[BuiltIn.ADMINISTRATOR],
        scene.roles[BuiltIn.SALES_MANAGER],
    ]
    for role in above:
        for changes in ({"name": "Mine"}, {"permissions": ["people.manage"]}):
            input = {"id": gid(role), **changes}
            assert await outcome(scene.database, people, "updateRole", input) == FORBIDDEN
        assert (await scene.again(role)).name == role.name


async def test_a_role_held_beyond_the_scope_stays_as_it_is(scene: Scene) -> None:
    role = await scene.role(Scope.TEAM, Reach.SCOPE, PEOPLE)
    lead = await scene.agent(role, [scene.north])
    input = {"id": gid(role), "permissions": ["roles.manage"]}
    await scene.agent(role, [scene.south])
    assert await outcome(scene.database, lead, "updateRole", input) == FORBIDDEN
    alone = await scene.role(Scope.TEAM, Reach.SCOPE, PEOPLE)
    lead = await scene.agent(alone, [scene.north])
    assert await outcome(scene.database, lead, "updateRole", {**input, "id": gid(alone)}) == DONE


async def test_a_built_in_role_stays_as_it_is(scene: Scene) -> None:
    for role in scene.roles.values():
        input = {"id": gid(role), "name": "Mine"}
        assert await outcome(scene.database, scene.administrator, "updateRole", input) == "BUILT_IN"
        assert (await scene.again(role)).name == role.name


async def test_what_makes_no_sense_is_told(scene: Scene) -> None:
    ada = scene.administrator
    nonsense = (
        ({"permissions": ["fly"]}, "INVALID"),
        ({"permissions": None}, "BLANK"),
        ({"name": ""}, "BLANK"),
    )
    for changes, code in nonsense:
        assert await outcome(scene.database, ada, "createRole", await new_role(**changes)) == code
    role = await scene.role()
    for changes in ({"scope": None}, {"reach": None}, {"permissions": None}, {"name": None}):
        assert await outcome(scene.database, ada, "updateRole", {"id": gid(role), **changes}) == "BLANK"
    assert await outcome(scene.database, ada, "createRole", await new_role(name="rep")) == "TAKEN"
    stale = {"id": gid(role), "reach": "SCOPE", "expectedVersion": 2}
    assert await outcome(scene.database, ada, "updateRole", stale) == "CONFLICT"


async def test_nobody_gives_a_role_above_theirs(scene: Scene) -> None:
    lead = await team_lead(scene)
    above = [
        scene.roles[BuiltIn.SALES_MANAGER],
        scene.roles[BuiltIn.ADMINISTRATOR],
        await scene.role(Scope.ACCOUNT),
        await scene.role(Scope.INBOX),
        await scene.role(Scope.TEAM, Reach.OWN, [Permission.AUDIT_READ]),
    ]
    for role in above:
        for agent in (scene.ana, lead):
            input = {"agentId": gid(agent), "roleId": gid(role)}
            assert await outcome(scene.database, lead, "assignRole", input) == FORBIDDEN
    assert (await scene.again(lead)).role_id == lead.role_id


async def test_nobody_takes_a_role_above_theirs_away(scene: Scene) -> None:
    lead = await team_lead(scene)
    input = {"agentId": gid(scene.max), "roleId": gid(scene.roles[BuiltIn.REP])}
    assert await outcome(scene.database, lead, "assignRole", input) == FORBIDDEN
    assert (await scene.again(scene.max)).role_id == scene.max.role_id


async def test_nobody_gives_roles_beyond_their_scope(scene: Scene) -> None:
    lead = await team_lead(scene)
    input = {"agentId": gid(scene.cid), "roleId": gid(scene.roles[BuiltIn.REP])}
    assert await outcome(scene.database, lead, "assignRole", input) == FORBIDDEN


async def test_nobody_gives_a_role_where_it_reaches_beyond_their_teams(scene: Scene) -> None:
    lead = await team_lead(scene)
    role = await scene.role(Scope.TEAM, Reach.SCOPE)
    await scene.deal(owner=scene.cid, team=scene.south)
    both = await scene.agent(teams=[scene.north, scene.south])
    for given in (role, await scene.role()):
        input = {"agentId": gid(both), "roleId": gid(given)}
        assert await outcome(scene.database, lead, "assignRole", input) == FORBIDDEN
    data, _ = await run(scene.database, both, "{ deals { totalCount } }")
    assert data == {"deals": {"totalCount": 0}}
    for agent in (scene.ana, lead):
        input = {"agentId": gid(agent), "roleId": gid(role)}
        assert await outcome(scene.database, lead, "assignRole", input) == DONE


async def test_nobody_takes_a_role_away_where_it_reaches_beyond_their_teams(scene: Scene) -> None:
    lead = await team_lead(scene)
    peer = await scene.agent(await scene.role(Scope.TEAM, Reach.SCOPE, PEOPLE), [scene.north, scene.south])
    input = {"agentId": gid(peer), "roleId": gid(scene.roles[BuiltIn.REP])}
    assert await outcome(scene.database, lead, "assignRole", input) == FORBIDDEN
    assert await outcome(scene.database, scene.administrator, "assignRole", input) == DONE


async def test_nobody_gives_a_role_where_it_reaches_beyond_their_inboxes(scene: Scene) -> None:
    lead = await scene.agent(await scene.role(Scope.INBOX, Reach.SCOPE, PEOPLE), inboxes=[scene.mail])
    own, wide = await scene.role(Scope.INBOX), await scene.role(Scope.INBOX, Reach.SCOPE)
    for inboxes, came in (([scene.mail, scene.web], FORBIDDEN), ([scene.mail], DONE)):
        agent = await scene.agent(own, [scene.south], inboxes)
        input = {"agentId": gid(agent), "roleId": gid(wide)}
        assert await outcome(scene.database, lead, "assignRole", input) == came


async def test_a_role_that_comes_to_more_in_a_holders_hands_stays_as_it_is(scene: Scene) -> None:
    role = await scene.role(Scope.TEAM, Reach.SCOPE, PEOPLE)
    lead = await scene.agent(role, [scene.north])
    input = {"id": gid(role), "permissions": ["roles.manage"]}
    await scene.agent(role, [scene.north, scene.south])
    assert await outcome(scene.database, lead, "updateRole", input) == FORBIDDEN
    assert (await scene.again(role)).permissions == role.permissions
    assert await outcome(scene.database, scene.administrator, "updateRole", input) == DONE


async def test_people_manage_alone_gives_no_roles(scene: Scene) -> None:
    role = await scene.role(Scope.ACCOUNT, Reach.SCOPE, [Permission.PEOPLE_MANAGE])
    people = await scene.agent(role)
    input = {"agentId": gid(scene.ana), "roleId": gid(scene.roles[BuiltIn.REP])}
    assert await outcome(scene.database, people, "assignRole", input) == FORBIDDEN
    assert await outcome(scene.database, people, "createRole", await new_role()) == FORBIDDEN


async def test_a_program_changes_no_roles(scene: Scene) -> None:
    program = await api_token(scene.database, scene.administrator, Permission)
    assert await outcome(scene.database, program, "createRole", await new_role()) == FORBIDDEN
    input = {"agentId": gid(scene.ana), "roleId": gid(await scene.role())}
    assert await outcome(scene.database, program, "assignRole", input) == FORBIDDEN


async def test_a_role_or_agent_of_another_account_is_none(scene: Scene) -> None:
    other = await make_scene(scene.database, "Other")
    pairs = (
        (gid(other.ana), gid(scene.roles[BuiltIn.REP])),
        (gid(scene.ana), gid(other.roles[BuiltIn.REP])),
        (gid(scene.ana), gid(scene.north)),
    )
    for agent, role in pairs:
        input = {"agentId": agent, "roleId": role}
        assert await outcome(scene.database, scene.administrator, "assignRole", input) == NOT_FOUND


async def test_the_last_administrator_stays_one(scene: Scene) -> None:
    ada = scene.administrator
    input = {"agentId": gid(ada), "roleId": gid(scene.roles[BuiltIn.REP])}
    assert await outcome(scene.database, ada, "assignRole", input) == "LAST_ADMINISTRATOR"
    second = await scene.agent(BuiltIn.ADMINISTRATOR)
    assert await outcome(scene.database, ada, "assignRole", input) == DONE
    assert await outcome(scene.database, ada, "assignRole", input) == FORBIDDEN
    back = {"agentId": gid(ada), "roleId": gid(scene.roles[BuiltIn.ADMINISTRATOR])}
    assert await outcome(scene.database, ada, "assignRole", back) == FORBIDDEN
    assert await outcome(scene.database, second, "assignRole", back) == DONE


async def test_the_last_administering_role_keeps_its_permission(scene: Scene) -> None:
    role = await scene.role(Scope.ACCOUNT, Reach.SCOPE, Permission)
    boss = await scene.agent(role)
    away = {"agentId": gid(scene.administrator), "roleId": gid(scene.roles[BuiltIn.REP])}
    assert await outcome(scene.database, boss, "assignRole", away) == DONE
    for changes in ({"permissions": ["roles.manage"]}, {"scope": "TEAM"}):
        input = {"id": gid(role), **changes}
        assert await outcome(scene.database, boss, "updateRole", input) == "LAST_ADMINISTRATOR"


async def test_a_role_counts_from_the_next_request(scene: Scene) -> None:
    await scene.deal(owner=scene.ben, team=scene.north)
    query = "{ deals { totalCount } viewer { permissions access { scope reach } } }"
    before, _ = await run(scene.database, scene.ana, query)
    assert before == {
        "deals": {"totalCount": 0},
        "viewer": {"permissions": [], "access": {"scope": "TEAM", "reach": "OWN"}},
    }
    role = await scene.role()
    given = {"agentId": gid(scene.ana), "roleId": gid(role)}
    assert await outcome(scene.database, scene.administrator, "assignRole", given) == DONE
    widened = {"id": gid(role), "reach": "SCOPE", "permissions": ["portfolio.assign"]}
    assert await outcome(scene.database, scene.administrator, "updateRole", widened) == DONE
    after, _ = await run(scene.database, scene.ana, query)
    assert after == {
        "deals": {"totalCount": 1},
        "viewer": {"permissions": ["portfolio.assign"], "access": {"scope": "TEAM", "reach": "SCOPE"}},
    }


async def test_a_change_of_role_is_audited(scene: Scene) -> None:
    role = await scene.role()
    given = {"agentId": gid(scene.ana), "roleId": gid(role)}
    assert await outcome(scene.database, scene.administrator, "assignRole", given) == DONE
    entry = await last_audit(scene)
    assert (entry.action, entry.subject_id) == ("assign_role", scene.ana.id)
    assert entry.changes == {"role_id": [str(scene.roles[BuiltIn.REP].id), str(role.id)]}
    narrowed = {"id": gid(role), "reach": "SCOPE"}
    assert await outcome(scene.database, scene.administrator, "updateRole", narrowed) == DONE
    entry = await last_audit(scene)
    assert (entry.action, entry.subject_id) == ("update_role", role.id)
    assert entry.changes == {"reach": ["OWN", "SCOPE"]}


async def test_a_new_role_is_there_at_once(scene: Scene) -> None:
    input = {"name": "Clerk", "scope": "INBOX", "reach": "OWN", "permissions": ["audit.read", "audit.read"]}
    selection = "role { name builtIn scope reach permissions version }"
    payload, errors = await mutate(scene.database, scene.administrator, "createRole", input, selection)
    assert errors == []
    assert payload["role"] == {
        "name": "Clerk",
        "builtIn": None,
        "scope": "INBOX",
        "reach": "OWN",
        "permissions": ["audit.read"],
        "version": 1,
    }
    data, _ = await run(scene.database, scene.ana, "{ roles { name } }")
    assert {"name": "Clerk"} in data["roles"]
