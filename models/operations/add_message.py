"""Adding a message to a conversation."""

from datetime import datetime
from uuid import UUID

from models.conversation import Conversation, Message, MessageDirection
from models.operations import text
from models.operations.actor import Actor
from models.operations.change import locked
from models.operations.instant import past
from models.operations.plain import plain
from models.operations.problem import gathered
from models.operations.record_change import touch_record
from models.operations.timeline import TimelineKind


async def add_message(
    by: Actor,
    conversation: Conversation,
    *,
    direction: MessageDirection,
    body: str,
    sent_at: datetime | None = None,
    expected_version: int | None = None,
) -> Message:
    """The new message, sent now if nothing else is said; raises Conflict, or Problem BLANK, INVALID,
    TOO_LONG or IN_FUTURE. What came in has no author: it is the contact's.
    """
    conversation = await locked(conversation, expected_version)
    with gathered() as problems:
        problems.check(text.required, body, "body")
        sent = problems.check(past, sent_at, "sentAt")
    message = Message(
        account_id=conversation.account_id,
        conversation_id=conversation.id,
        number=await _next_number(conversation.id),
        direction=direction,
        author_id=None if direction is MessageDirection.INBOUND else by.agent_id,
        body=body,
        sent_at=sent,
    )
    await message.save(force_create=True)
    await _tell(by, conversation, message)
    return message


async def _next_number(conversation_id: UUID) -> int:
    last = await Message.filter(conversation_id=conversation_id).order_by("-number").first()
    return last.number + 1 if last else 1


async def _tell(by: Actor, conversation: Conversation, message: Message) -> None:
    before = conversation.last_message_at
    latest = max(before or message.sent_at, message.sent_at)
    changes = {
        "message_id": [None, plain(message.id)],
        "last_message_at": [plain(before), plain(latest)],
    }
    await touch_record(
        by,
        conversation,
        {"last_message_at": latest},
        action="add_message",
        kind=TimelineKind.MESSAGE_ADDED,
        changes=changes,
    )
