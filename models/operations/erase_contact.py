"""Erasing a contact's personal data on request, everywhere, leaving the fact that there was something."""

from hashlib import sha256
from uuid import UUID

from models import clock
from models.contact import Contact
from models.conversation import Conversation, Message
from models.operations.actor import Actor
from models.operations.change import locked
from models.operations.contact_text import PERSONAL
from models.operations.erase_history import erase_history
from models.operations.plain import plain
from models.operations.record_change import touch_record
from models.operations.timeline import TimelineKind

ERASED_NAME = "Erased contact"
"""The name of everyone who was erased."""
_ERASED = dict.fromkeys(PERSONAL, None) | {"name": ERASED_NAME}


def erased_source_id(source_id: str) -> str:
    """What stands in place of an erased contact's source id, so that an import knows it again, unnamed."""
    return (
        source_id if source_id.startswith("erased:") else "erased:" + sha256(source_id.encode()).hexdigest()
    )


async def erase_contact(by: Actor, contact: Contact, *, expected_version: int | None = None) -> Contact:
    """The contact, unnamed: its columns, its conversations' subjects and messages, and their history.

    Where everything is erased already, nothing is written. Raises Conflict.
    """
    contact = await locked(contact, expected_version)
    conversations = Conversation.filter(contact_id=contact.id).order_by("id").select_for_update(no_key=True)
    for conversation in await conversations:
        await _erase_conversation(by, conversation)
    await erase_history(contact.id, PERSONAL)
    return await _erase_columns(by, contact)


async def _erase_columns(by: Actor, contact: Contact) -> Contact:
    columns = _ERASED | {"source_id": contact.source_id and erased_source_id(contact.source_id)}
    columns["erased_at"] = contact.erased_at or clock.now()
    if all(getattr(contact, column) == value for column, value in columns.items()):
        return contact
    told = {"erased_at": [plain(contact.erased_at), plain(columns["erased_at"])]}
    return await touch_record(
        by, contact, columns, action="erase_contact", kind=TimelineKind.ERASED, changes=told
    )


async def _erase_conversation(by: Actor, conversation: Conversation) -> None:
    await erase_history(conversation.id, ("subject",))
    bodies = await _erase_bodies(conversation.id)
    if bodies or conversation.subject is not None:
        columns = {"subject": None}
        await touch_record(
            by, conversation, columns, action="erase_contact", kind=TimelineKind.ERASED, changes={}
        )


async def _erase_bodies(conversation_id: UUID) -> int:
    messages = Message.filter(conversation_id=conversation_id).exclude(body="")
    return await messages.update(body="", body_folded="")
