"""What a conversation's inbox decides about its contact and deals is told with the inboxes of before."""

from typing import Any
from uuid import UUID

from models import Contact, Conversation, Deal, OutboxEvent
from models.database import Database
from models.operations.assign_inbox import assign_inbox
from models.operations.create_contact import create_contact
from models.operations.create_conversation import create_conversation
from models.operations.create_deal import create_deal
from models.operations.create_inbox import create_inbox
from models.operations.update_deal import update_deal
from models.outbox import VIA
from tests.models.operations.world import World, make_world


async def _last(record: Contact | Conversation | Deal) -> Any:
    event = await OutboxEvent.filter(record_id=record.id).order_by("-id").first()
    assert event is not None
    return event.before


async def _made(world: World) -> tuple[Contact, Conversation, Deal, UUID]:
    web = (await create_inbox(world.by, name="Web")).id
    contact = await create_contact(world.by, name="Bia")
    conversation = await create_conversation(world.by, contact_id=contact.id, inbox_id=world.inbox.id)
    deal = await create_deal(world.by, title="Bikes", contact_id=contact.id, conversation_id=conversation.id)
    return contact, conversation, deal, web


async def test_a_new_conversation_tells_by_which_inboxes_its_contact_was_seen(database: Database) -> None:
    async with database.writing():
        world = await make_world(database)
        contact, _, _, web = await _made(world)
        assert (await _last(contact))[VIA] == []
        await create_conversation(world.by, contact_id=contact.id, inbox_id=web)
        assert (await _last(contact))[VIA] == [str(world.inbox.id)]


async def test_one_that_changes_inbox_tells_it_of_its_contact_and_deals(database: Database) -> None:
    async with database.writing():
        world = await make_world(database)
        contact, conversation, deal, web = await _made(world)
        await create_conversation(world.by, contact_id=contact.id, inbox_id=web)
        await assign_inbox(world.by, conversation, inbox_id=web)
        assert (await _last(contact))[VIA] == sorted([str(world.inbox.id), str(web)])
        assert (await _last(deal))[VIA] == [str(world.inbox.id)]


async def test_a_deal_that_changes_conversation_tells_the_inbox_of_the_one_before(database: Database) -> None:
    async with database.writing():
        world = await make_world(database)
        contact, _, deal, web = await _made(world)
        other = await create_conversation(world.by, contact_id=contact.id, inbox_id=web)
        deal = await update_deal(world.by, deal, conversation_id=other.id)
        assert (await _last(deal))[VIA] == [str(world.inbox.id)]
        deal = await assign_inbox(world.by, deal, inbox_id=world.inbox.id)
        assert (await _last(deal))[VIA] == [str(web)]
        await update_deal(world.by, deal, title="Trucks")
        assert VIA not in await _last(deal)
