"""Assigning many at once, with a reason, and what contacts take along."""

from typing import Any

import pytest

from models import AuditEntry, ConversationStatus, IsolationMode, Permission, Reach, Scope, TimelineEntry
from models.database import Database
from tests.resolvers.support import Scene, codes, gid, make_scene, mutate


@pytest.fixture
async def scene(database: Database) -> Scene:
    return await make_scene(database)


async def assign(scene: Scene, who: Any, to: Any, **input: Any) -> tuple[Any, Any]:
    given = {"ownerId": to and gid(to)} | input
    return await mutate(scene.database, who, "assignOwner", given, "assigned record { id }")


async def owners(scene: Scene, *records: Any) -> list[Any]:
    return [(await scene.again(record)).owner_id for record in records]


async def test_several_with_a_reason(scene: Scene) -> None:
    deals = [await scene.deal(owner=scene.ana, team=scene.north) for _ in range(3)]
    contact = await scene.contact(owner=scene.ben, team=scene.north)
    ids = [*map(gid, deals), gid(contact)]
    payload, errors = await assign(scene, scene.max, scene.ben, recordIds=ids, reason="Holidays")
    assert errors == []
    # The contact was Ben's already.
    assert payload == {"assigned": 3, "record": None, "userErrors": []}
    assert await owners(scene, *deals, contact) == [scene.ben.id] * 4
    async with scene.database.reading():
        entries = await TimelineEntry.filter(record_id__in=[deal.id for deal in deals])
        assert [(each.kind, each.reason) for each in entries] == [("OWNER_ASSIGNED", "Holidays")] * 3
        assert await AuditEntry.filter(action="assign_owner").count() == 3


async def test_a_contact_takes_its_open_work_along(scene: Scene) -> None:
    contact = await scene.contact(owner=scene.ana, team=scene.north)
    mine = {"owner": scene.ana, "team": scene.north}
    deal, bens = await scene.deal(contact=contact, **mine), await scene.deal(contact=contact, owner=scene.ben)
    won = await scene.deal(contact=contact, status="WON", **mine)
    talk = await scene.conversation(contact, **mine)
    closed = await scene.conversation(contact, status=ConversationStatus.CLOSED, **mine)
    hidden = await scene.deal(contact=contact, owner=scene.ana, team=scene.south)
    along = {"openDeals": True, "openConversations": True}
    payload, errors = await assign(scene, scene.max, scene.max, recordId=gid(contact), carryOver=along)
    assert errors == []
    assert (payload["assigned"], payload["record"]) == (3, {"id": gid(contact)})
    assert await owners(scene, contact, deal, talk) == [scene.max.id] * 3
    assert await owners(scene, won, closed, hidden, bens) == [scene.ana.id] * 3 + [scene.ben.id]


async def test_more_than_can_be_taken_along_is_told(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resolvers.taking_along.MOST_ALONG", 1)
    contact = await scene.contact(owner=scene.ana, team=scene.north)
    for _ in range(2):
        await scene.deal(contact=contact, owner=scene.ana, team=scene.north)
    payload, errors = await assign(
        scene, scene.max, scene.ben, recordId=gid(contact), carryOver={"openDeals": True}
    )
    assert errors == []
    assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [("TOO_MANY", "carryOver")]
    assert await owners(scene, contact) == [scene.ana.id]


async def test_to_nobody(scene: Scene) -> None:
    deals = [await scene.deal(owner=scene.ana, team=scene.north) for _ in range(2)]
    payload, errors = await assign(scene, scene.max, None, recordIds=[*map(gid, deals)])
    assert errors == []
    assert payload["assigned"] == 2
    assert await owners(scene, *deals) == [None, None]


class TestRefused:
    async def test_one_out_of_sight_among_many(self, scene: Scene) -> None:
        seen = await scene.deal(owner=scene.ana, team=scene.north)
        hidden = await scene.deal(owner=scene.cid, team=scene.south)
        _, errors = await assign(scene, scene.max, scene.ben, recordIds=[gid(seen), gid(hidden)])
        assert codes(errors) == ["NOT_FOUND"]
        assert await owners(scene, seen, hidden) == [scene.ana.id, scene.cid.id]

    async def test_one_that_may_not_be_changed(self, scene: Scene) -> None:
        await scene.set(isolation_mode=IsolationMode.OPEN)
        role = await scene.role(Scope.TEAM, Reach.OWN, [Permission.PORTFOLIO_ASSIGN])
        eva = await scene.agent(role, [scene.north])
        mine, theirs = [await scene.deal(owner=each, team=scene.north) for each in (eva, scene.ana)]
        _, errors = await assign(scene, eva, scene.ben, recordIds=[gid(mine), gid(theirs)])
        assert codes(errors) == ["FORBIDDEN"]
        assert await owners(scene, mine, theirs) == [eva.id, scene.ana.id]

    async def test_to_where_the_manager_does_not_reach(self, scene: Scene) -> None:
        deals = [await scene.deal(owner=scene.ana, team=scene.north) for _ in range(2)]
        _, errors = await assign(scene, scene.max, scene.cid, recordIds=[*map(gid, deals)])
        assert codes(errors) == ["FORBIDDEN"]

    async def test_sense(self, scene: Scene) -> None:
        deal = await scene.deal(owner=scene.ana, team=scene.north)
        payload, _ = await assign(scene, scene.max, scene.ben, recordIds=[gid(deal), gid(deal)])
        assert payload["userErrors"][0]["code"] == "REPEATED"
        payload, _ = await assign(scene, scene.max, scene.ben, recordIds=[])
        assert payload["userErrors"][0]["code"] == "BLANK"
        _, errors = await assign(scene, scene.max, scene.ben)
        assert codes(errors) == ["BAD_USER_INPUT"]
        _, errors = await assign(scene, scene.max, scene.ben, recordId=gid(deal), recordIds=[gid(deal)])
        assert codes(errors) == ["BAD_USER_INPUT"]
        _, errors = await assign(scene, scene.max, scene.ben, recordId=gid(deal), expectedVersion=9)
        assert codes(errors) == ["CONFLICT"]
        assert await owners(scene, deal) == [scene.ana.id]
