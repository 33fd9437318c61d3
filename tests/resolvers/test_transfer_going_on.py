"""A large transfer goes on by itself: who may have made it is asked again for each batch, and nobody else."""

import asyncio
import contextvars
from datetime import timedelta
from typing import Any

import pytest

from models import (
    Agent,
    Contact,
    Conversation,
    Deal,
    Ownership,
    Permission,
    Reach,
    Scope,
    TeamMember,
    Transfer,
    TransferState,
    clock,
)
from models.database import Crossed, Database, Dialect
from models.operations import transfer_batch
from models.operations.transfer_batch import go_on
from models.transfer import TransferItem
from resolvers import ruling
from resolvers.transfer_going_on import may_move
from tests.resolvers.support import Scene, api_token, gid, make_scene, mutate


@pytest.fixture
async def scene(database: Database, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Where every transfer is a large one."""
    monkeypatch.setattr("models.operations.transfer_portfolio.AT_ONCE", 0)
    monkeypatch.setattr("models.operations.revert_transfer.AT_ONCE", 0)
    return await make_scene(database)


async def portfolio(scene: Scene, owner: Agent) -> None:
    """A contact of North's, with a conversation and a deal."""
    contact = await scene.contact(owner=owner, team=scene.north)
    await scene.conversation(contact, owner=owner, team=scene.north)
    await scene.deal(contact=contact, owner=owner, team=scene.north)


async def done(scene: Scene, who: Any, name: str, input: dict[str, Any], gives: str = "__typename") -> Any:
    """What came of a mutation that nothing was wrong with."""
    payload, errors = await mutate(scene.database, who, name, input, gives)
    assert (errors, payload["userErrors"]) == ([], [])
    return payload


async def drawn_up(scene: Scene, who: Any, giver: Agent, to: Agent) -> Transfer:
    """A transfer of which nothing is moved yet."""
    input = {"fromId": gid(giver), "to": [{"agentId": gid(to)}]}
    payload = await done(scene, who, "transferPortfolio", input, "transfer { state }")
    assert payload["transfer"] == {"state": "RUNNING"}
    async with scene.database.reading():
        return await Transfer.get()


async def states(scene: Scene) -> list[str]:
    """What became of the items."""
    async with scene.database.reading():
        return [str(item.state) for item in await TransferItem.all().order_by("number")]


@pytest.mark.parametrize("granular", [True, False])
async def test_of_ones_own(scene: Scene, granular: bool) -> None:
    role = await scene.role(Scope.TEAM, Reach.OWN, [Permission.PORTFOLIO_TRANSFER])
    await scene.set(granular_permissions=granular)
    who = await scene.agent(role, [scene.north]) if granular else scene.max
    await portfolio(scene, who)
    transfer = await drawn_up(scene, who, who, scene.ben)
    await go_on(scene.database, may_move, transfer.id)
    assert await states(scene) == ["MOVED"] * 3


async def test_by_a_program(scene: Scene) -> None:
    program = await api_token(scene.database, scene.max, [Permission.PORTFOLIO_TRANSFER])
    await portfolio(scene, scene.ana)
    transfer = await drawn_up(scene, program, scene.ana, scene.ben)
    await go_on(scene.database, may_move, transfer.id)
    assert await states(scene) == ["MOVED"] * 3


async def test_back_by_another_than_made_it(scene: Scene) -> None:
    await portfolio(scene, scene.ana)
    transfer = await drawn_up(scene, scene.max, scene.ana, scene.ben)
    await go_on(scene.database, may_move, transfer.id)
    await done(scene, scene.administrator, "suspendAgent", {"id": gid(scene.max)})
    await done(scene, scene.administrator, "revertTransfer", {"transferId": gid(transfer)})
    await go_on(scene.database, may_move, transfer.id)
    assert await states(scene) == ["REVERTED"] * 3


async def test_back_no_farther_than_the_rights_of_who_brings_it_back(scene: Scene) -> None:
    await portfolio(scene, scene.ana)
    transfer = await drawn_up(scene, scene.administrator, scene.ana, scene.ben)
    await go_on(scene.database, may_move, transfer.id)
    await done(scene, scene.max, "revertTransfer", {"transferId": gid(transfer)})
    await done(scene, scene.administrator, "suspendAgent", {"id": gid(scene.max)})
    await go_on(scene.database, may_move, transfer.id)
    assert await states(scene) == ["KEPT"] * 3
    assert (await scene.again(transfer)).state is TransferState.REVERTED


@pytest.mark.parametrize("loses", [None, "permission", "receiver"])
async def test_a_rules_goes_as_far_as_who_saved_it(
    scene: Scene, loses: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def not_yet(*_: Any) -> None:
        """The transfer waits."""

    monkeypatch.setattr(ruling, "go_on", not_yet)
    to = [{"agentId": gid(scene.ben)}]
    await done(
        scene, scene.max, "createTransferRule", {"name": "Idle", "trigger": "IDLE", "idleDays": 30, "to": to}
    )
    await portfolio(scene, scene.ana)
    await lie_idle(scene)
    assert await ruling.rule_over_idle(scene.database) == 1
    async with scene.database.reading():
        transfer = await Transfer.get()
    assert transfer.state is TransferState.RUNNING
    if loses == "permission":
        role = await scene.role(Scope.TEAM, Reach.SCOPE, [Permission.PORTFOLIO_TRANSFER])
        input = {"agentId": gid(scene.max), "roleId": gid(role)}
        await done(scene, scene.administrator, "assignRole", input)
    if loses == "receiver":
        input = {"id": gid(scene.ben), "teamIds": [gid(scene.south)]}
        await done(scene, scene.administrator, "updateAgent", input)
    await go_on(scene.database, may_move, transfer.id)
    assert await states(scene) == (["LEFT"] if loses else ["MOVED"]) * 3


async def lie_idle(scene: Scene) -> None:
    """Nothing has happened to anything for two months."""
    async with scene.database.writing():
        for table in (Contact, Conversation, Deal):
            await table.all().update(updated_at=clock.now() - timedelta(days=60))


async def test_a_rule_leaves_out_what_would_leave_its_savers_scope(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.operations.transfer_portfolio.AT_ONCE", 1_000)
    to = [{"agentId": gid(scene.ben)}]
    rule = {"name": "Idle", "trigger": "IDLE", "idleDays": 30, "to": to}
    await done(scene, scene.max, "createTransferRule", rule)
    async with scene.database.writing():
        await TeamMember.create(account_id=scene.account.id, agent_id=scene.ben.id, team_id=scene.south.id)
        await Agent.filter(id=scene.ben.id).update(main_team_id=scene.south.id)
    teamless = await scene.deal(owner=scene.ana)
    norths = await scene.deal(owner=scene.ana, team=scene.north)
    await lie_idle(scene)
    assert await ruling.rule_over_idle(scene.database) == 1
    assert (await scene.again(teamless)).owner_id == scene.ana.id
    assert (await scene.again(norths)).owner_id == scene.ben.id
    assert await states(scene) == ["MOVED"]
    # What may never go makes no transfer of nothing, however often it is looked at.
    assert await ruling.rule_over_idle(scene.database) == 0
    async with scene.database.reading():
        assert await Transfer.all().count() == 1


async def test_what_would_come_to_lie_out_of_the_makers_scope_is_left(scene: Scene) -> None:
    async with scene.database.writing():
        for agent in (scene.max, scene.ben):
            await TeamMember.create(account_id=scene.account.id, agent_id=agent.id, team_id=scene.south.id)
        await Agent.filter(id=scene.ben.id).update(main_team_id=scene.south.id)
    teamless = await scene.deal(owner=scene.ana)
    norths = await scene.deal(owner=scene.ana, team=scene.north)
    transfer = await drawn_up(scene, scene.max, scene.ana, scene.ben)
    await done(
        scene, scene.administrator, "updateAgent", {"id": gid(scene.max), "teamIds": [gid(scene.north)]}
    )
    await go_on(scene.database, may_move, transfer.id)
    assert (await scene.again(teamless)).owner_id == scene.ana.id
    assert (await scene.again(norths)).owner_id == scene.ben.id


async def test_a_batch_that_is_crossed_begins_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    move, crossings = transfer_batch.move_batch, iter([True])

    async def crossed(*given: Any) -> bool:
        more = await move(*given)
        if next(crossings, False):
            raise Crossed
        return more

    monkeypatch.setattr(transfer_batch, "move_batch", crossed)
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    transfer = await drawn_up(scene, scene.max, scene.ana, scene.ben)
    await go_on(scene.database, may_move, transfer.id)
    assert (await scene.again(transfer)).state is TransferState.APPLIED
    async with scene.database.reading():
        assert await Ownership.filter(record_id=deal.id).count() == 2


@pytest.mark.parametrize("dialect", [Dialect.POSTGRES], indirect=True)
async def test_who_would_revert_it_meanwhile_is_told_without_waiting_for_it(scene: Scene) -> None:
    """Whoever waited would get it between two batches, and who goes on with it would leave it to them."""
    await portfolio(scene, scene.ana)
    transfer = await drawn_up(scene, scene.max, scene.ana, scene.ben)
    input = {"transferId": gid(transfer)}
    async with scene.database.writing():
        await Transfer.filter(id=transfer.id).select_for_update().get()
        reverting = mutate(scene.database, scene.max, "revertTransfer", input, "__typename")
        task = asyncio.create_task(reverting, context=contextvars.Context())
        payload, errors = await asyncio.wait_for(task, 20)
    assert errors == []
    assert [each["code"] for each in payload["userErrors"]] == ["NOT_FINISHED"]
