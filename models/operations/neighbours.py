"""The records that a conversation's inbox decides about too: its contact, and its deals without an inbox."""

from models import clock
from models.contact import Contact
from models.conversation import Conversation
from models.deal import Deal
from models.operations import outbox
from models.outbox import ChangeKind


async def announce(conversation: Conversation) -> None:
    """Say that others may see the conversation's contact and deals now."""
    at = clock.now()
    for contact in await Contact.filter(id=conversation.contact_id):
        await outbox.append(contact, ChangeKind.UPDATED, at)
    for deal in await Deal.filter(conversation_id=conversation.id, inbox_id=None).order_by("id"):
        await outbox.append(deal, ChangeKind.UPDATED, at)
