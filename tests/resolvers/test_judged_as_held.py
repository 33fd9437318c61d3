"""What is judged is what is held: whoever changes a record first is not undone by who comes second."""

from typing import Any

import pytest

from models import Contact, Deal, Transfer, TransferRule, TransferState
from models.database import Database, Dialect
from models.operations.actor import Actor
from models.operations.assign_owner import assign_owner
from models.operations.assign_team import assign_team
from models.operations.draft_transfer import Share
from models.operations.moving import held_records
from models.operations.update_transfer_rule import update_transfer_rule
from models.record import RecordType
from models.sql import Sql
from models.transfer import ItemState, TransferItem
from resolvers.writing import MUTATIONS
from tests.resolvers.support import Scene, codes, gid, make_scene, mutate
from tests.resolvers.waiting import meanwhile

pytestmark = pytest.mark.parametrize("dialect", [Dialect.POSTGRES], indirect=True)


@pytest.fixture
async def scene(database: Database) -> Scene:
    return await make_scene(database)


def by_administrator(scene: Scene) -> Actor:
    """The administrator, at work."""
    return Actor(scene.account.id, scene.administrator.id)


async def test_a_revert_leaves_what_somebody_else_got_meanwhile(scene: Scene) -> None:
    contact = await scene.contact(owner=scene.ana, team=scene.north)
    given = {"fromId": gid(scene.ana), "to": [{"agentId": gid(scene.ben)}]}
    made, _ = await mutate(scene.database, scene.max, "transferPortfolio", given, "transfer { id }")
    back = {"transferId": made["transfer"]["id"]}
    gives = "transfer { progress { reverted kept } }"
    async with meanwhile(scene.database) as first:
        await assign_owner(by_administrator(scene), await Contact.get(id=contact.id), owner_id=scene.cid.id)
        task = await first.comes(mutate(scene.database, scene.max, "revertTransfer", back, gives))
    assert (await scene.again(contact)).owner_id == scene.cid.id
    payload, errors = task.result()
    assert errors == []
    # The manager of North sees nothing of it any more: what is in South's hands is not counted.
    assert payload["transfer"]["progress"] == {"reverted": 0, "kept": 0}
    async with scene.database.reading():
        [item] = await TransferItem.all()
    assert item.state is ItemState.KEPT


async def test_what_left_the_scope_meanwhile_is_not_taken_along(scene: Scene) -> None:
    contact = await scene.contact(owner=scene.ana, team=scene.north)
    deal = await scene.deal(contact=contact, owner=scene.ana, team=scene.north)
    stays = await scene.deal(contact=contact, owner=scene.ana, team=scene.north)
    input = {"recordId": gid(contact), "ownerId": gid(scene.ben), "carryOver": {"openDeals": True}}
    async with meanwhile(scene.database) as first:
        await assign_team(by_administrator(scene), await Deal.get(id=deal.id), team_id=scene.south.id)
        task = await first.comes(mutate(scene.database, scene.max, "assignOwner", input, "assigned"))
    payload, errors = task.result()
    assert errors == []
    assert payload["assigned"] == 2
    left = await scene.again(deal)
    assert (left.owner_id, left.team_id) == (scene.ana.id, scene.south.id)
    assert (await scene.again(stays)).owner_id == scene.ben.id


async def test_what_comes_along_is_held_in_the_order_of_a_transfer(scene: Scene) -> None:
    contact = await scene.contact(owner=scene.ana, team=scene.north)
    conversation = await scene.conversation(contact, owner=scene.ana, team=scene.north)
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    input = {
        "recordIds": [gid(contact), gid(deal)],
        "ownerId": gid(scene.ben),
        "carryOver": {"openConversations": True},
    }
    async with meanwhile(scene.database) as first:
        await held_records(first.session, RecordType.CONVERSATION, [conversation.id])
        task = await first.comes(mutate(scene.database, scene.max, "assignOwner", input, "assigned"))
        await first.session.fetch(Sql("SET LOCAL lock_timeout = '5s'"))
        await held_records(first.session, RecordType.DEAL, [deal.id])
    payload, errors = task.result()
    assert (payload["assigned"], errors) == (3, [])


async def test_who_draws_up_a_transfer_of_what_is_on_its_way_is_told(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    input = {"fromId": gid(scene.ana), "to": [{"agentId": gid(scene.ben)}]}
    async with meanwhile(scene.database) as first:
        other = await Transfer.create(
            account_id=scene.account.id, from_agent_id=scene.cid.id, state=TransferState.RUNNING
        )
        await TransferItem.create(
            account_id=scene.account.id,
            transfer_id=other.id,
            record_type=RecordType.DEAL,
            record_id=deal.id,
            number=1,
            to_agent_id=scene.ben.id,
            state=ItemState.WAITING,
        )
        task = await first.comes(
            mutate(scene.database, scene.max, "transferPortfolio", input, "transfer { state }")
        )
    payload, errors = task.result()
    assert errors == []
    assert [each["code"] for each in payload["userErrors"]] == ["IN_TRANSFER"]


@pytest.mark.parametrize("change", ["another team", "every team", "out of sight"])
async def test_a_rule_that_was_taken_away_meanwhile_is_not_ones_to_change(scene: Scene, change: str) -> None:
    given = {
        "name": "Idle",
        "trigger": "IDLE",
        "idleDays": 30,
        "teamId": gid(scene.north),
        "to": [{"agentId": gid(scene.ben)}],
    }
    await mutate(scene.database, scene.administrator, "createTransferRule", given, "__typename")
    async with scene.database.reading():
        rule = await TransferRule.get()
    changes: dict[str, Any] = {
        "another team": {"team_id": scene.south.id},
        "every team": {"team_id": None},
        "out of sight": {"shares": [Share(scene.cid.id)]},
    }
    input = {"id": gid(rule), "enabled": False}
    async with meanwhile(scene.database) as first:
        await update_transfer_rule(by_administrator(scene), rule, **changes[change])
        task = await first.comes(mutate(scene.database, scene.max, "updateTransferRule", input, "__typename"))
    _, errors = task.result()
    assert codes(errors) == ["NOT_FOUND" if change == "out of sight" else "FORBIDDEN"]
    rule = await scene.again(rule)
    assert (rule.enabled, rule.saved_by_id) == (True, scene.administrator.id)


async def test_only_what_is_held_is_taken_along(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it had come to the contact once the rest was held."""

    async def nothing(_: Any) -> dict[str, Any]:
        return {}

    monkeypatch.setattr(MUTATIONS["assign_owner"].extensions[0], "holds", nothing)
    contact = await scene.contact(owner=scene.ana, team=scene.north)
    deal = await scene.deal(contact=contact, owner=scene.ana, team=scene.north)
    input = {"recordId": gid(contact), "ownerId": gid(scene.ben), "carryOver": {"openDeals": True}}
    payload, _ = await mutate(scene.database, scene.max, "assignOwner", input, "assigned")
    assert payload["assigned"] == 1
    assert (await scene.again(deal)).owner_id == scene.ana.id
