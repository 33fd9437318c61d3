"""Owner, team and inbox: who may own, which team comes along, and what it does to ownership."""

from datetime import datetime, timedelta

import pytest

from models import Contact, Ownership, OwnershipCause
from models.operations.assign_inbox import assign_inbox
from models.operations.assign_owner import assign_owner
from models.operations.assign_team import assign_team
from models.operations.create_agent import create_agent
from models.operations.create_contact import create_contact
from models.operations.deactivate_agent import deactivate_agent
from models.operations.problem import Conflict
from models.operations.suspend_agent import suspend_agent
from tests.models.operations.world import Clock, World, audit, ownerships, refused, timeline, traces

Told = list[tuple[object, object, datetime, datetime | None]]


def told(intervals: list[Ownership]) -> Told:
    """Owner, team, start and end of each."""
    return [(o.owner_id, o.team_id, o.started_at, o.ended_at) for o in intervals]


async def test_ownership_follows_owner_and_team(world: World, time: Clock) -> None:
    ana, ben, north, south = (row.id for row in (world.ana, world.ben, world.north, world.south))
    t0 = time.now
    async with world.writing():
        contact = await create_contact(world.by, name="Bo", team_id=south)
        t1 = time.forward(days=1)
        contact = await assign_owner(world.by, contact, owner_id=ana, expected_version=1)
        assert (contact.owner_id, contact.team_id) == (ana, north)
        t2 = time.forward(days=1)
        contact = await assign_team(world.by, contact, team_id=south)
        assert (contact.owner_id, contact.team_id) == (ana, south)
        t3 = time.forward(days=1)
        contact = await assign_owner(world.by, contact, owner_id=ben)
        assert contact.team_id == south
        t4 = time.forward(days=1)
        contact = await assign_owner(world.by, contact, owner_id=None)
        assert (contact.owner_id, contact.team_id) == (None, south)
        assert told(await ownerships(contact)) == [
            (ana, north, t1, t2),
            (ana, south, t2, t3),
            (ben, south, t3, t4),
        ]
        assert t0 < t1
        assert [entry.kind for entry in await timeline(contact)][1:] == [
            "OWNER_ASSIGNED",
            "TEAM_ASSIGNED",
            "OWNER_ASSIGNED",
            "OWNER_ASSIGNED",
        ]
        assert (await audit(contact))[1].changes == {
            "owner_id": [None, str(ana)],
            "team_id": [str(south), str(north)],
        }


async def test_only_an_active_agent_becomes_owner(world: World) -> None:
    async with world.writing():
        contact = await create_contact(world.by, name="Bo", owner_id=world.ana.id)
        await suspend_agent(world.by, world.ana)
        await deactivate_agent(world.by, world.ben)
        before = await traces()
        assert (await assign_owner(world.by, contact, owner_id=world.ana.id)).version == 1
        async with refused("NOT_ACTIVE", "ownerId"):
            await assign_owner(world.by, contact, owner_id=world.ben.id)
        with pytest.raises(Conflict):
            await assign_owner(world.by, contact, owner_id=world.ben.id, expected_version=2)
        assert await traces() == before
        assert (await assign_owner(world.by, contact, owner_id=None)).owner_id is None
        async with refused("NOT_ACTIVE", "ownerId"):
            await assign_owner(world.by, contact, owner_id=world.ana.id)


async def test_an_owner_in_the_records_team_leaves_it_and_one_with_no_team_takes_it_away(
    world: World,
) -> None:
    async with world.writing():
        both = await create_agent(
            world.by, name="Eve", role_id=world.rep.id, team_ids=[world.north.id, world.south.id]
        )
        contact = await create_contact(world.by, name="Bo", team_id=world.south.id)
        assert (await assign_owner(world.by, contact, owner_id=both.id)).team_id == world.south.id
        assert (await assign_owner(world.by, contact, owner_id=world.administrator.id)).team_id is None
        assert (await ownerships(contact))[-1].team_id is None


async def test_a_clock_that_goes_back_makes_no_overlap(world: World, time: Clock) -> None:
    async with world.writing():
        contact = await create_contact(world.by, name="Bo", owner_id=world.ana.id)
        start = time.now
        time.forward(hours=-1)
        await assign_owner(world.by, contact, owner_id=None)
        await assign_owner(world.by, contact, owner_id=world.ben.id, cause=OwnershipCause.DISTRIBUTED)
        ana, ben = await ownerships(contact)
        assert (ana.started_at, ana.ended_at, ben.started_at, ben.ended_at) == (start, start, start, None)
        assert (ana.cause, ben.cause) == (OwnershipCause.ASSIGNED, OwnershipCause.DISTRIBUTED)


async def test_the_inbox_changes_no_ownership(world: World, time: Clock) -> None:
    async with world.writing():
        contact = await create_contact(world.by, name="Bo", owner_id=world.ana.id)
        time.now += timedelta(days=1)
        await assign_inbox(world.by, contact, inbox_id=world.inbox.id)
        await assign_inbox(world.by, contact, inbox_id=None)
        assert len(await ownerships(contact)) == 1
        assert (await Contact.get(id=contact.id)).version == 3
        assert [entry.kind for entry in await timeline(contact)][1:] == ["INBOX_ASSIGNED"] * 2


async def test_a_refused_act_leaves_nothing(world: World) -> None:
    async with world.writing():
        contact = await create_contact(world.by, name="Bo", owner_id=world.ana.id)
        await suspend_agent(world.by, world.ben)
        before = await traces()
    async with refused("NOT_ACTIVE", "ownerId"), world.writing():
        await assign_owner(world.by, contact, owner_id=None)
        await assign_owner(world.by, contact, owner_id=world.ben.id)
    async with world.database.reading():
        assert await traces() == before
        assert (await Contact.get(id=contact.id)).owner_id == world.ana.id
