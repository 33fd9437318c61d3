"""Changing a conversation's subject or status."""

from models.conversation import Conversation, ConversationStatus
from models.operations.actor import Actor
from models.operations.change import locked
from models.operations.conversation_text import checked
from models.operations.record_change import change_record
from models.operations.timeline import TimelineKind
from models.operations.unset import UNSET, Unset, given


async def update_conversation(
    by: Actor,
    conversation: Conversation,
    *,
    subject: str | Unset | None = UNSET,
    status: ConversationStatus | Unset = UNSET,
    expected_version: int | None = None,
) -> Conversation:
    """The conversation; raises Conflict, or Problem INVALID or TOO_LONG."""
    conversation = await locked(conversation, expected_version)
    columns = checked(given(subject=subject, status=status))
    return await change_record(
        by, conversation, columns, action="update_conversation", kind=TimelineKind.UPDATED
    )
