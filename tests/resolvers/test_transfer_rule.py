"""Transfer rules: written, and at work within the scope of who saved them."""

from datetime import timedelta
from typing import Any

import pytest

from models import AgentStatus, Deal, Permission, Reach, Scope, Transfer, TransferRule, clock
from models.database import Database
from resolvers.ruling import rule_over_idle
from tests.resolvers.support import Scene, codes, gid, make_scene, mutate, run

RULE = """transferRule { name trigger idleDays team { name } recordTypes enabled savedBy { name }
    shares { agent { name } weight } }"""


@pytest.fixture
async def scene(database: Database) -> Scene:
    return await make_scene(database)


async def written(scene: Scene, who: Any, input: dict[str, Any], name: str = "createTransferRule") -> Any:
    payload, errors = await mutate(scene.database, who, name, input, RULE)
    assert errors == []
    assert payload["userErrors"] == []
    return payload["transferRule"]


def idle(scene: Scene, *to: Any, **more: Any) -> dict[str, Any]:
    shares = [{"agentId": gid(each)} for each in to]
    return {"name": "Idle", "trigger": "IDLE", "idleDays": 30, "to": shares} | more


async def long_ago(scene: Scene, *deals: Deal) -> None:
    async with scene.database.writing():
        for deal in deals:
            await Deal.filter(id=deal.id).update(updated_at=clock.now() - timedelta(days=40))


async def owner_of(scene: Scene, deal: Deal) -> Any:
    return (await scene.again(deal)).owner_id


class TestWriting:
    async def test_a_rule_is_its_savers(self, scene: Scene) -> None:
        made = await written(scene, scene.max, idle(scene, scene.ben))
        assert made == {
            "name": "Idle",
            "trigger": "IDLE",
            "idleDays": 30,
            "team": None,
            "recordTypes": ["CONTACT", "CONVERSATION", "DEAL"],
            "enabled": True,
            "savedBy": {"name": "Max"},
            "shares": [{"agent": {"name": "Ben"}, "weight": 1}],
        }
        async with scene.database.reading():
            rule = await TransferRule.get()
        changes = {"id": gid(rule), "enabled": False, "recordTypes": ["DEAL"]}
        changed = await written(scene, scene.administrator, changes, "updateTransferRule")
        assert (changed["enabled"], changed["recordTypes"], changed["savedBy"]) == (
            False,
            ["DEAL"],
            {"name": "Ada"},
        )

    @pytest.mark.parametrize(
        ("wrong", "code", "field"),
        [
            ({"idleDays": None}, "INVALID", "idleDays"),
            ({"idleDays": 0}, "INVALID", "idleDays"),
            ({"trigger": "TEAM_CHANGED"}, "INVALID", "idleDays"),
            ({"name": " "}, "BLANK", "name"),
            ({"to": []}, "BLANK", "to"),
            ({"recordTypes": []}, "BLANK", "recordTypes"),
        ],
    )
    async def test_sense(self, scene: Scene, wrong: dict[str, Any], code: str, field: str) -> None:
        input = idle(scene, scene.ben) | wrong
        payload, errors = await mutate(scene.database, scene.max, "createTransferRule", input, RULE)
        assert errors == []
        [problem] = payload["userErrors"]
        assert (problem["code"], problem["field"]) == (code, field)
        async with scene.database.reading():
            assert await TransferRule.all().count() == 0

    async def test_who_may_not(self, scene: Scene) -> None:
        for who, to in ((scene.ana, scene.ben), (scene.max, scene.cid)):
            _, errors = await mutate(scene.database, who, "createTransferRule", idle(scene, to), RULE)
            assert set(codes(errors)) == {"FORBIDDEN"}
        south = idle(scene, scene.ben, teamId=gid(scene.south))
        _, errors = await mutate(scene.database, scene.max, "createTransferRule", south, RULE)
        assert set(codes(errors)) == {"FORBIDDEN"}

    @pytest.mark.parametrize("place", ["south", None], ids=["another team's", "every team's"])
    async def test_who_may_not_make_a_rule_may_not_take_it_over(
        self, scene: Scene, place: str | None
    ) -> None:
        of = {"teamId": place and gid(getattr(scene, place))}
        await written(scene, scene.administrator, idle(scene, scene.ben, **of))
        async with scene.database.reading():
            rule = await TransferRule.get()
        for change in ({"enabled": False}, {"teamId": gid(scene.north)}, {"name": "Mine"}):
            input = {"id": gid(rule), **change}
            _, errors = await mutate(scene.database, scene.max, "updateTransferRule", input, RULE)
            assert codes(errors) == ["FORBIDDEN"]
        assert (await scene.again(rule)).saved_by_id == scene.administrator.id

    async def test_a_teams_rule_is_its_managers_to_change(self, scene: Scene) -> None:
        await written(scene, scene.administrator, idle(scene, scene.ben, teamId=gid(scene.north)))
        async with scene.database.reading():
            rule = await TransferRule.get()
        changed = await written(scene, scene.max, {"id": gid(rule), "idleDays": 60}, "updateTransferRule")
        assert (changed["idleDays"], changed["savedBy"]) == (60, {"name": "Max"})

    async def test_who_sees_them(self, scene: Scene) -> None:
        await written(scene, scene.max, idle(scene, scene.ben))
        await written(scene, scene.administrator, idle(scene, scene.cid, name="South"))
        data, _ = await run(scene.database, scene.max, "{ transferRules { name } }")
        assert data == {"transferRules": [{"name": "Idle"}]}
        data, errors = await run(scene.database, scene.ana, "{ transferRules { name } }")
        assert data == {"transferRules": None}
        assert codes(errors) == ["FORBIDDEN"]


class TestIdle:
    async def test_what_lay_idle_goes_and_goes_once(self, scene: Scene) -> None:
        old, new = [await scene.deal(owner=scene.ana, team=scene.north) for _ in range(2)]
        await long_ago(scene, old)
        await written(scene, scene.max, idle(scene, scene.ben))
        assert await rule_over_idle(scene.database) == 1
        assert (await owner_of(scene, old), await owner_of(scene, new)) == (scene.ben.id, scene.ana.id)
        assert await rule_over_idle(scene.database) == 0
        async with scene.database.reading():
            transfer = await Transfer.get()
        assert (transfer.made_by_id, transfer.state) == (None, "APPLIED")

    async def test_what_is_closed_or_put_away_stays(self, scene: Scene) -> None:
        won = await scene.deal(owner=scene.ana, team=scene.north, status="WON", won_at=clock.now())
        away = await scene.deal(owner=scene.ana, team=scene.north, archived_at=clock.now())
        await long_ago(scene, won, away)
        await written(scene, scene.max, idle(scene, scene.ben))
        assert await rule_over_idle(scene.database) == 0

    async def test_nothing_beyond_the_savers_scope(self, scene: Scene) -> None:
        far = await scene.deal(owner=scene.cid, team=scene.south)
        await long_ago(scene, far)
        await written(scene, scene.max, idle(scene, scene.ben))
        assert await rule_over_idle(scene.database) == 0

    @pytest.mark.parametrize("loses", ["role", "status", "enabled", "module"])
    async def test_a_saver_who_may_no_more_rules_no_more(self, scene: Scene, loses: str) -> None:
        old = await scene.deal(owner=scene.ana, team=scene.north)
        await long_ago(scene, old)
        await written(scene, scene.max, idle(scene, scene.ben))
        if loses == "module":
            await scene.set(sales_module=False)
        async with scene.database.writing():
            if loses == "role":
                await type(scene.max).filter(id=scene.max.id).update(role_id=scene.ana.role_id)
            if loses == "status":
                await type(scene.max).filter(id=scene.max.id).update(status=AgentStatus.SUSPENDED)
            if loses == "enabled":
                await TransferRule.all().update(enabled=False)
        assert await rule_over_idle(scene.database) == 0
        assert await owner_of(scene, old) == scene.ana.id

    async def test_who_can_get_nothing_gets_nothing(self, scene: Scene) -> None:
        old = await scene.deal(owner=scene.ana, team=scene.north)
        mine = await scene.deal(owner=scene.ben, team=scene.north)
        await long_ago(scene, old, mine)
        await written(scene, scene.max, idle(scene, scene.ben))
        async with scene.database.writing():
            await type(scene.ben).filter(id=scene.ben.id).update(status=AgentStatus.SUSPENDED)
        assert await rule_over_idle(scene.database) == 0


async def test_a_leavers_records_go_by_the_rule(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    far = await scene.deal(owner=scene.ana, team=scene.south)
    rule = {"name": "Leavers", "trigger": "OWNER_DEACTIVATED", "to": [{"agentId": gid(scene.ben)}]}
    await written(scene, scene.max, rule)
    input = {"id": gid(scene.ana)}
    payload, errors = await mutate(
        scene.database, scene.administrator, "deactivateAgent", input, "agent { status }"
    )
    # What the rule may not take needs word still, and nothing was done.
    assert [each["code"] for each in payload["userErrors"]] == ["OWNS_RECORDS"]
    assert await owner_of(scene, deal) == scene.ana.id
    input |= {"leaveUnowned": True}
    payload, errors = await mutate(
        scene.database, scene.administrator, "deactivateAgent", input, "agent { status }"
    )
    assert errors == []
    assert payload["agent"] == {"status": "DEACTIVATED"}
    assert (await owner_of(scene, deal), await owner_of(scene, far)) == (scene.ben.id, None)
    async with scene.database.reading():
        transfer = await Transfer.get()
    assert (transfer.state, transfer.reverted_at) == ("APPLIED", None)
    assert transfer.finished_at is not None


async def test_a_record_that_comes_into_a_team_goes_to_its_people(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    rule = {
        "name": "South's own",
        "trigger": "TEAM_CHANGED",
        "teamId": gid(scene.south),
        "to": [{"agentId": gid(scene.cid)}],
    }
    await written(scene, scene.administrator, rule)
    input = {"recordId": gid(deal), "teamId": gid(scene.south), "reason": "Lisbon's customer"}
    document = "record { owner { name } timeline { nodes { kind reason } } }"
    payload, errors = await mutate(scene.database, scene.administrator, "assignTeam", input, document)
    assert errors == []
    assert payload["record"]["owner"] == {"name": "Cid"}
    assert payload["record"]["timeline"]["nodes"] == [
        {"kind": "TEAM_ASSIGNED", "reason": "Lisbon's customer"},
        {"kind": "TRANSFERRED", "reason": None},
    ]


async def test_a_rule_by_one_who_sees_their_own_takes_their_own_alone(scene: Scene) -> None:
    role = await scene.role(Scope.TEAM, Reach.OWN, [Permission.SALES_MANAGE])
    eva = await scene.agent(role, [scene.north])
    mine, anas = [await scene.deal(owner=owner, team=scene.north) for owner in (eva, scene.ana)]
    await long_ago(scene, mine, anas)
    await written(scene, eva, idle(scene, scene.ben))
    assert await rule_over_idle(scene.database) == 1
    assert (await owner_of(scene, mine), await owner_of(scene, anas)) == (scene.ben.id, scene.ana.id)
