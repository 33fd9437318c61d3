"""The records that a conversation's inbox decides about too: its contact, and its deals without an inbox."""

from uuid import UUID

from models import clock
from models.contact import Contact
from models.conversation import Conversation
from models.deal import Deal
from models.operations import outbox
from models.outbox import ChangeKind


async def announce(conversation: Conversation, inbox_before: UUID | None) -> None:
    """Say that others may see the conversation's contact and deals now; it was in `inbox_before` until now,
    or is new.
    """
    at = clock.now()
    before = [] if inbox_before is None else [inbox_before]
    for contact in await Contact.filter(id=conversation.contact_id):
        via = {*before, *await _other_inboxes(conversation)}
        await outbox.append(contact, ChangeKind.UPDATED, at, {}, via)
    for deal in await Deal.filter(conversation_id=conversation.id, inbox_id=None).order_by("id"):
        await outbox.append(deal, ChangeKind.UPDATED, at, {}, before)


async def _other_inboxes(conversation: Conversation) -> list[UUID]:
    others = Conversation.filter(contact_id=conversation.contact_id).exclude(id=conversation.id)
    return await others.values_list("inbox_id", flat=True)  # type: ignore[return-value]
