"""Whom each record of a transfer goes to: a share of all, and nearly that of each kind."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from models import Contact, Conversation, Deal, DealStatus, RecordType, clock
from models.database import Database
from models.ids import new_id
from models.operations.inserting import insert_rows
from models.operations.transfer_items import Giver, items
from models.rules.shares import LARGEST_WEIGHT
from models.sql import Sql
from tests.resolvers.support import Scene, make_scene

KINDS = tuple(RecordType)
MOST_WHO_GET = 50


async def owned(scene: Scene, numbers: Sequence[int]) -> None:
    """Ana's: so many contacts, conversations of somebody else's contact, and deals of nobody's."""
    somebody = await scene.contact(owner=scene.ben)
    columns = {"account_id": scene.account.id, "owner_id": scene.ana.id, "team_id": scene.north.id}
    columns |= {"created_at": clock.now(), "updated_at": clock.now(), "version": 1}
    of_kind: list[tuple[Any, dict[str, Any]]] = [
        (Contact, {"name": "Bia"}),
        (
            Conversation,
            {"contact_id": somebody.id, "inbox_id": scene.mail.id, "subject": "Hi", "status": "OPEN"},
        ),
        (Deal, {"title": "Bikes", "status": DealStatus.OPEN, "currency": "USD", "amount": 1}),
    ]
    async with scene.database.writing() as session:
        for number, (model, more) in zip(numbers, of_kind, strict=True):
            rows = [{"id": new_id(), **columns, **more} for _ in range(number)]
            await insert_rows(session, model, rows)


async def listed(scene: Scene, weights: dict[UUID, int]) -> list[tuple[str, UUID, UUID]]:
    """Kind, id and new owner of all that goes, in the order of the numbers."""
    giver, chosen = Giver(scene.account.id, scene.ana.id), dict.fromkeys(KINDS, Sql("TRUE"))
    async with scene.database.reading() as session:
        source = items(session.dialect, giver, chosen, weights)
        rows = await session.fetch("SELECT * FROM (" + source + ") item ORDER BY number")
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    return [(row["record_type"], UUID(str(row["record_id"])), UUID(str(row["to_agent_id"]))) for row in rows]


@pytest.mark.parametrize("numbers", [(200, 0, 0), (137, 60, 3), (5, 1, 90), (1, 1, 1)])
@pytest.mark.parametrize("getting", [2, 3, MOST_WHO_GET])
async def test_each_gets_their_share(database: Database, numbers: Sequence[int], getting: int) -> None:
    """Weights that have no common divisor, and the largest there are."""
    scene = await make_scene(database)
    await owned(scene, numbers)
    agents = [await scene.agent(teams=[scene.north]) for _ in range(getting)]
    weights = {agent.id: LARGEST_WEIGHT - number for number, agent in enumerate(agents)}
    found, whole = await listed(scene, weights), sum(weights.values())
    assert len({id for _, id, _ in found}) == len(found) == sum(numbers)
    had = Counter(agent for _, _, agent in found)
    of_kind = Counter((kind, agent) for kind, _, agent in found)
    for agent, weight in weights.items():
        assert abs(had[agent] - len(found) * weight / whole) < 1
        for kind, number in zip(KINDS, numbers, strict=True):
            assert abs(of_kind[kind, agent] - number * weight / whole) < 3
    assert found == await listed(scene, weights)


async def test_what_belongs_to_a_contact_goes_with_it(database: Database) -> None:
    scene = await make_scene(database)
    whose: dict[UUID, UUID] = {}
    for _ in range(9):
        contact = await scene.contact(owner=scene.ana)
        conversation = await scene.conversation(contact, owner=scene.ana)
        deal = await scene.deal(contact=contact, owner=scene.ana)
        whose |= {conversation.id: contact.id, deal.id: contact.id}
    found = await listed(scene, {scene.ben.id: 2, scene.cid.id: 1})
    given = {id: agent for _, id, agent in found}
    assert Counter(given.values()) == {scene.ben.id: 18, scene.cid.id: 9}
    assert all(given[id] == given[contact] for id, contact in whose.items())


async def test_one_record_goes_to_whoever_has_most(database: Database) -> None:
    scene = await make_scene(database)
    contact = await scene.contact(owner=scene.ana)
    found = await listed(scene, {scene.cid.id: 1, scene.ben.id: 5, scene.max.id: 1})
    assert found == [("CONTACT", contact.id, scene.ben.id)]
