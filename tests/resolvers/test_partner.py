"""Partners and their users: who may take them in and change them."""

from typing import Any

import pytest

from authz.tokens import BadToken
from models import Permission, Reach, Scope
from models.database import Database
from tests.resolvers.people_support import DONE, FORBIDDEN, NOT_FOUND, actors, expected, outcome, tried
from tests.resolvers.support import Scene, gid, make_scene, mutate, run

NUMBERS = iter(range(1_000_000))


@pytest.fixture
async def scene(database: Database) -> Scene:
    """Granular permissions on, everybody in their place."""
    return await make_scene(database)


async def new_name() -> dict[str, Any]:
    """A name that no partner has."""
    return {"name": f"Partner {next(NUMBERS)}"}


WIDE = {"administrator": DONE, "people_in_the_account": DONE, "program": DONE}
OFF = {"administrator": DONE, "program": DONE}


async def test_who_takes_a_partner_in(scene: Scene) -> None:
    who = await actors(scene)
    assert await tried(scene, "createPartner", new_name, who) == expected(**WIDE)
    await scene.set(granular_permissions=False)
    assert await tried(scene, "createPartner", new_name, who) == expected(**OFF)


async def test_who_renames_a_partner(scene: Scene) -> None:
    async def make() -> dict[str, Any]:
        return {"id": gid(scene.kin), **await new_name()}

    who = await actors(scene)
    assert await tried(scene, "updatePartner", make, who) == expected(**WIDE)
    await scene.set(granular_permissions=False)
    assert await tried(scene, "updatePartner", make, who) == expected(**OFF)


async def test_who_takes_a_partner_user_in(scene: Scene) -> None:
    async def make() -> dict[str, Any]:
        return {"partnerId": gid(scene.kin), "name": "Petra", "portalAccess": True}

    who = await actors(scene)
    assert await tried(scene, "createPartnerUser", make, who) == expected(**WIDE)
    await scene.set(granular_permissions=False)
    assert await tried(scene, "createPartnerUser", make, who) == expected(**OFF)


async def test_who_changes_a_partner_user(scene: Scene) -> None:
    async def make() -> dict[str, Any]:
        return {"id": gid(scene.paul), "email": f"paul{next(NUMBERS)}@kin.example"}

    who = await actors(scene)
    assert await tried(scene, "updatePartnerUser", make, who) == expected(**WIDE)
    await scene.set(granular_permissions=False)
    assert await tried(scene, "updatePartnerUser", make, who) == expected(**OFF)


async def test_a_partner_user_knows_no_other_company(scene: Scene) -> None:
    for name, row in (("updatePartner", scene.other), ("updatePartnerUser", scene.otto)):
        input = {"id": gid(row), "name": "Mine"}
        assert await outcome(scene.database, scene.pia, name, input) == NOT_FOUND
    own = {"id": gid(scene.pia), "portalAccess": True}
    assert await outcome(scene.database, scene.pia, "updatePartnerUser", own) == FORBIDDEN
    input = {"partnerId": gid(scene.other), "name": "Petra"}
    assert await outcome(scene.database, scene.pia, "createPartnerUser", input) == NOT_FOUND


async def test_nothing_of_another_account_is_there(scene: Scene) -> None:
    other = await make_scene(scene.database, "Other")
    for name, row in (("updatePartner", other.kin), ("updatePartnerUser", other.pia)):
        input = {"id": gid(row), "name": "Mine"}
        assert await outcome(scene.database, scene.administrator, name, input) == NOT_FOUND
    input = {"partnerId": gid(other.kin), "name": "Petra"}
    assert await outcome(scene.database, scene.administrator, "createPartnerUser", input) == NOT_FOUND


async def test_what_makes_no_sense_is_told(scene: Scene) -> None:
    ada = scene.administrator
    user = {"partnerId": gid(scene.kin), "name": "Petra"}
    tries: list[tuple[str, dict[str, Any], str]] = [
        ("createPartner", {"name": "KIN"}, "TAKEN"),
        ("createPartner", {"name": " "}, "BLANK"),
        ("updatePartner", {"id": gid(scene.kin), "name": None}, "BLANK"),
        ("updatePartner", {"id": gid(scene.kin), "name": "New", "expectedVersion": 3}, "CONFLICT"),
        ("createPartnerUser", {**user, "email": "nobody"}, "INVALID"),
        ("createPartnerUser", {**user, "portalAccess": None}, "BLANK"),
        ("updatePartnerUser", {"id": gid(scene.pia), "portalAccess": None}, "BLANK"),
        ("updatePartnerUser", {"id": gid(scene.pia), "name": ""}, "BLANK"),
        ("updatePartnerUser", {"id": gid(scene.pia), "name": "", "expectedVersion": 3}, "CONFLICT"),
    ]
    for name, input, code in tries:
        assert await outcome(scene.database, ada, name, input) == code


async def test_emails_may_be_the_same(scene: Scene) -> None:
    input = {"partnerId": gid(scene.kin), "name": "Petra", "email": "same@kin.example"}
    for _ in range(2):
        assert await outcome(scene.database, scene.administrator, "createPartnerUser", input) == DONE


async def test_a_partner_user_is_there_at_once(scene: Scene) -> None:
    input = {"partnerId": gid(scene.kin), "name": "Petra", "email": "petra@kin.example"}
    selection = "partnerUser { name email portalAccess version partner { name } }"
    payload, errors = await mutate(scene.database, scene.administrator, "createPartnerUser", input, selection)
    assert errors == []
    assert payload["partnerUser"] == {
        "name": "Petra",
        "email": "petra@kin.example",
        "portalAccess": False,
        "version": 1,
        "partner": {"name": "Kin"},
    }
    data, _ = await run(
        scene.database,
        scene.ana,
        "query($id: ID!) { partner(id: $id) { name } partners { totalCount } }",
        {"id": gid(scene.kin)},
    )
    assert data == {"partner": {"name": "Kin"}, "partners": {"totalCount": 2}}


async def test_portal_access_counts_from_the_next_request(scene: Scene) -> None:
    deal = await scene.deal(partner=scene.kin, assigned_user=scene.pia)
    data, _ = await run(scene.database, scene.pia, "{ deals { totalCount } }")
    assert data == {"deals": {"totalCount": 1}}
    input = {"id": gid(scene.pia), "portalAccess": False}
    assert await outcome(scene.database, scene.administrator, "updatePartnerUser", input) == DONE
    with pytest.raises(BadToken):
        await run(scene.database, scene.pia, "{ deals { totalCount } }")
    assert (await scene.again(deal)).assigned_user_id is None
    assert (await scene.again(deal)).partner_id == scene.kin.id


async def test_a_token_from_before_access_was_withdrawn_stays_dead(scene: Scene) -> None:
    assert (await run(scene.database, scene.pia, "{ deals { totalCount } }"))[1] == []
    for access in (False, True):
        input = {"id": gid(scene.pia), "portalAccess": access}
        assert await outcome(scene.database, scene.administrator, "updatePartnerUser", input) == DONE
        with pytest.raises(BadToken):
            await run(scene.database, scene.pia, "{ deals { totalCount } }")
    assert (await run(scene.database, scene.paul, "{ deals { totalCount } }"))[1] == []


async def test_who_keeps_access_stays_signed_in(scene: Scene) -> None:
    assert (await run(scene.database, scene.pia, "{ deals { totalCount } }"))[1] == []
    for changes in ({"name": "Pia Pereira"}, {"portalAccess": True}):
        input = {"id": gid(scene.pia), **changes}
        assert await outcome(scene.database, scene.administrator, "updatePartnerUser", input) == DONE
    assert (await run(scene.database, scene.pia, "{ deals { totalCount } }"))[1] == []


async def test_people_manage_in_part_of_the_account_is_not_enough(scene: Scene) -> None:
    for scope in (Scope.TEAM, Scope.INBOX):
        role = await scene.role(scope, Reach.SCOPE, [Permission.PEOPLE_MANAGE])
        lead = await scene.agent(role, [scene.north], [scene.mail])
        assert await outcome(scene.database, lead, "createPartner", await new_name()) == FORBIDDEN


@pytest.mark.parametrize("reach", list(Reach))
@pytest.mark.parametrize("assigned", [True, False], ids=["deals", "no deals"])
async def test_portal_access_is_taken_away_by_who_sees_every_record(
    assigned: bool, reach: Reach, scene: Scene
) -> None:
    """It takes the user's deals from them: whoever may not see them all can't tell whether there are some."""
    role = await scene.role(Scope.ACCOUNT, reach, [Permission.PEOPLE_MANAGE])
    people = await scene.agent(role, name="Hanna")
    assigned_user = scene.pia if assigned else None
    deal = await scene.deal(owner=scene.ana, team=scene.north, partner=scene.kin, assigned_user=assigned_user)
    taken = {"id": gid(scene.pia), "portalAccess": False}
    sees_all = reach is Reach.SCOPE
    assert await outcome(scene.database, people, "updatePartnerUser", taken) == (
        DONE if sees_all else FORBIDDEN
    )
    after = await scene.again(deal)
    assert after.assigned_user_id == (scene.pia.id if assigned and not sees_all else None)
    assert after.version == deal.version + (assigned and sees_all)
    assert (await scene.again(scene.pia)).portal_access is not sees_all
    for changes in ({"name": "Pia Pereira"}, {"portalAccess": True}):
        given = {"id": gid(scene.pia), **changes}
        assert await outcome(scene.database, people, "updatePartnerUser", given) == DONE
