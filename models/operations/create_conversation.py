"""Beginning a conversation with a contact."""

from uuid import UUID

from models.contact import Contact
from models.conversation import Conversation
from models.operations import neighbours
from models.operations.actor import Actor
from models.operations.change import locked
from models.operations.conversation_text import checked
from models.operations.problem import Problem
from models.operations.record_change import create_record
from models.operations.source import from_source


async def create_conversation(
    by: Actor,
    *,
    contact_id: UUID,
    inbox_id: UUID,
    subject: str | None = None,
    owner_id: UUID | None = None,
    team_id: UUID | None = None,
    source: str | None = None,
    source_id: str | None = None,
) -> Conversation:
    """The new conversation; raises Problem ERASED, INVALID, TOO_LONG, TAKEN or NOT_ACTIVE."""
    places = {"owner_id": owner_id, "team_id": team_id, "inbox_id": inbox_id} | from_source(source, source_id)
    conversation = Conversation(
        account_id=by.account_id,
        contact_id=contact_id,
        **checked({"subject": subject}),
        **places,
    )
    conversation = await create_record(by, conversation, "create_conversation")
    await _require_not_erased(contact_id)
    await neighbours.announce(conversation, None)
    return conversation


async def _require_not_erased(contact_id: UUID) -> None:
    contact = await locked(Contact(id=contact_id))
    if contact.erased_at is not None:
        raise Problem(
            "ERASED", "Its personal data was erased on request; choose another contact.", "contactId"
        )
