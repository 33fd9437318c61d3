"""Conversations and their messages."""

from datetime import timedelta

import pytest

from models import Contact, Conversation, ConversationStatus, Message, MessageDirection, OutboxEvent
from models.operations.add_message import add_message
from models.operations.assign_inbox import assign_inbox
from models.operations.create_contact import create_contact
from models.operations.create_conversation import create_conversation
from models.operations.create_deal import create_deal
from models.operations.create_inbox import create_inbox
from models.operations.problem import Conflict
from models.operations.update_conversation import update_conversation
from tests.models.operations.world import Clock, World, audit, refused, timeline, traces


async def begun(world: World) -> tuple[Contact, Conversation]:
    """A contact, and a conversation of theirs."""
    contact = await create_contact(world.by, name="Bo")
    return contact, await create_conversation(
        world.by, contact_id=contact.id, inbox_id=world.inbox.id, subject="Hello"
    )


async def test_a_conversation_is_changed_like_any_record(world: World) -> None:
    async with world.writing():
        _, conversation = await begun(world)
        assert (conversation.status, conversation.inbox_id) == (ConversationStatus.OPEN, world.inbox.id)
        closed = await update_conversation(
            world.by, conversation, subject="HELLO", status=ConversationStatus.CLOSED, expected_version=1
        )
        assert (await Conversation.get(id=closed.id)).subject_folded == "hello"
        assert (await timeline(closed))[-1].changes == {
            "subject": ["Hello", "HELLO"],
            "status": ["OPEN", "CLOSED"],
        }
        with pytest.raises(Conflict):
            await update_conversation(world.by, closed, subject=None, expected_version=1)
        async with refused("INVALID", "subject"):
            await update_conversation(world.by, closed, subject="\0")


async def test_messages_are_numbered_and_the_latest_is_known(world: World, time: Clock) -> None:
    async with world.writing():
        _, conversation = await begun(world)
        first = await add_message(world.by, conversation, direction=MessageDirection.INBOUND, body="Hi ÀB")
        time.forward(hours=1)
        second = await add_message(
            world.by, conversation, direction=MessageDirection.OUTBOUND, body="Yes", expected_version=2
        )
        earlier = await add_message(
            world.by,
            conversation,
            direction=MessageDirection.NOTE,
            body="later told",
            sent_at=time.now - timedelta(days=1),
        )
        assert [m.number for m in (first, second, earlier)] == [1, 2, 3]
        assert [m.author_id for m in (first, second, earlier)] == [None, *[world.administrator.id] * 2]
        assert (await Message.get(id=first.id)).body_folded == "hi àb"
        again = await Conversation.get(id=conversation.id)
        assert (again.last_message_at, again.version) == (time.now, 4)
        entry = (await timeline(conversation))[-1]
        assert (entry.kind, entry.changes["message_id"]) == ("MESSAGE_ADDED", [None, str(earlier.id)])
        assert "later told" not in str([e.changes for e in await audit(conversation)])


async def test_messages_that_make_no_sense_are_refused(world: World, time: Clock) -> None:
    async with world.writing():
        _, conversation = await begun(world)
        before = await traces()
        async with refused("BLANK", "body"):
            await add_message(world.by, conversation, direction=MessageDirection.NOTE, body=" ")
        async with refused("IN_FUTURE", "sentAt"):
            at = time.now + timedelta(seconds=1)
            await add_message(world.by, conversation, direction=MessageDirection.NOTE, body="x", sent_at=at)
        with pytest.raises(Conflict):
            await add_message(
                world.by, conversation, direction=MessageDirection.NOTE, body="", expected_version=9
            )
        assert await traces() == before


async def test_a_conversation_always_has_an_inbox_and_its_move_is_told_to_those_it_decides_about(
    world: World,
) -> None:
    async with world.writing():
        contact, conversation = await begun(world)
        deal = await create_deal(world.by, title="D", conversation_id=conversation.id)
        async with refused("BLANK", "inboxId"):
            await assign_inbox(world.by, conversation, inbox_id=None)
        other = await create_inbox(world.by, name="Chat")
        last = (await OutboxEvent.get(record_id=deal.id)).id
        moved = await assign_inbox(world.by, conversation, inbox_id=other.id)
        assert (moved.inbox_id, moved.version) == (other.id, 2)
        told = [event.record_id for event in await OutboxEvent.filter(id__gt=last).order_by("id")]
        assert told == [conversation.id, contact.id, deal.id]
        before = await traces()
        await assign_inbox(world.by, conversation, inbox_id=other.id)
        assert await traces() == before
