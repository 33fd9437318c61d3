"""The account's settings: who may change them, and that they count at once."""

from typing import Any

import pytest

from models import Permission, Reach, Scope
from models.database import Database
from tests.resolvers.people_support import DONE, FORBIDDEN, actors, expected, last_audit, outcome, tried
from tests.resolvers.support import Scene, api_token, make_scene, mutate, run

NAME = "updateAccountSettings"


@pytest.fixture
async def scene(database: Database) -> Scene:
    """Granular permissions on, everybody in their place."""
    return await make_scene(database)


async def test_who_changes_the_settings(scene: Scene) -> None:
    zones = iter(("Europe/Paris", "Europe/Rome", "Europe/Oslo", "Asia/Tokyo", "Asia/Seoul") * 8)

    async def make() -> dict[str, Any]:
        return {"timeZone": next(zones)}

    who = await actors(scene)
    assert await tried(scene, NAME, make, who) == expected(administrator=DONE, settings=DONE, program=DONE)
    await scene.set(granular_permissions=False)
    assert await tried(scene, NAME, make, who) == expected(administrator=DONE, program=DONE)


async def test_account_manage_in_part_of_the_account_is_not_enough(scene: Scene) -> None:
    for scope in (Scope.TEAM, Scope.INBOX):
        role = await scene.role(scope, Reach.SCOPE, [Permission.ACCOUNT_MANAGE])
        lead = await scene.agent(role, [scene.north], [scene.mail])
        assert await outcome(scene.database, lead, NAME, {"isolationMode": "OPEN"}) == FORBIDDEN


async def test_a_program_needs_the_permission_on_its_list(scene: Scene) -> None:
    program = await api_token(scene.database, scene.administrator, [Permission.PEOPLE_MANAGE])
    assert await outcome(scene.database, program, NAME, {"isolationMode": "OPEN"}) == FORBIDDEN


async def test_all_settings_at_once(scene: Scene) -> None:
    input = {
        "isolationMode": "MASKED",
        "unownedVisibility": "SCOPE",
        "timeZone": "America/Sao_Paulo",
        "currency": "BRL",
        "firstDayOfWeek": 7,
        "fiscalYearStartMonth": 4,
    }
    selection = f"account {{ {' '.join(input)} salesModule granularPermissions }}"
    payload, errors = await mutate(scene.database, scene.administrator, NAME, input, selection)
    assert errors == []
    assert payload["account"] == {**input, "salesModule": True, "granularPermissions": True}


async def test_modules_and_capabilities_are_the_operators(scene: Scene) -> None:
    for name in ("salesModule", "granularPermissions", "name"):
        document = f"mutation {{ {NAME}(input: {{ {name}: true }}) {{ account {{ id }} }} }}"
        _, errors = await run(scene.database, scene.administrator, document)
        assert [error["extensions"]["code"] for error in errors] == ["GRAPHQL_VALIDATION_FAILED"]


async def test_what_makes_no_sense_is_told_at_its_field(scene: Scene) -> None:
    nonsense: dict[str, list[Any]] = {
        "timeZone": ["Mars/Olympus", "", None],
        "currency": ["XXY", "usd", None],
        "firstDayOfWeek": [0, 8, -1, 2**31 - 1, None],
        "fiscalYearStartMonth": [0, 13, None],
        "isolationMode": [None],
        "unownedVisibility": [None],
    }
    for field, values in nonsense.items():
        for value in values:
            payload, errors = await mutate(
                scene.database, scene.administrator, NAME, {field: value}, "account { id }"
            )
            assert errors == [], (field, value)
            assert [problem["field"] for problem in payload["userErrors"]] == [field], value


async def test_isolation_counts_from_the_next_request(scene: Scene) -> None:
    await scene.deal(owner=scene.ben, team=scene.north)
    query = "{ deals { nodes { title amount { amount } } } viewer { access { isolationMode } } }"
    seen = {}
    for mode in ("STRICT", "MASKED", "OPEN"):
        assert await outcome(scene.database, scene.administrator, NAME, {"isolationMode": mode}) == DONE
        data, errors = await run(scene.database, scene.ana, query)
        assert errors == []
        assert data["viewer"]["access"]["isolationMode"] == mode
        seen[mode] = data["deals"]["nodes"]
    assert seen == {
        "STRICT": [],
        "MASKED": [{"title": "Bikes", "amount": None}],
        "OPEN": [{"title": "Bikes", "amount": {"amount": "100.00"}}],
    }


async def test_unowned_records_come_into_sight_at_the_next_request(scene: Scene) -> None:
    await scene.deal(team=scene.north)
    for visibility, count in (("SCOPE", 1), ("MANAGERS", 0)):
        input = {"unownedVisibility": visibility}
        assert await outcome(scene.database, scene.administrator, NAME, input) == DONE
        data, _ = await run(scene.database, scene.ana, "{ deals { totalCount } }")
        assert data == {"deals": {"totalCount": count}}


async def test_a_change_of_settings_is_audited_and_bumps_the_version(scene: Scene) -> None:
    before = (await scene.again(scene.account)).access_version
    assert await outcome(scene.database, scene.administrator, NAME, {"isolationMode": "OPEN"}) == DONE
    entry = await last_audit(scene)
    assert (entry.action, entry.subject_id) == ("update_account_settings", scene.account.id)
    assert entry.changes == {"isolation_mode": ["STRICT", "OPEN"]}
    assert (await scene.again(scene.account)).access_version == before + 1


async def test_other_accounts_stay_as_they_are(scene: Scene) -> None:
    other = await make_scene(scene.database, "Other")
    assert await outcome(scene.database, scene.administrator, NAME, {"isolationMode": "OPEN"}) == DONE
    assert (await scene.again(other.account)).isolation_mode == "STRICT"
