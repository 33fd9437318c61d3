"""Conversations: finding, listing and writing them, and their messages."""

from datetime import datetime

import strawberry
from strawberry import ID, UNSET

from authz.access import AGENT
from authz.policies import CHANGE_RECORD, CREATE_RECORD
from models import Conversation as ConversationRow
from models import ConversationStatus, MessageDirection
from models.operations.add_message import add_message as add
from models.operations.archive import archive
from models.operations.create_conversation import create_conversation as create
from models.operations.problem import Problem
from models.operations.unarchive import unarchive
from models.operations.update_conversation import update_conversation as update
from resolvers.act import Act, Named
from resolvers.handing_out import hand_out_who_writes
from resolvers.placing import new, placed
from resolvers.writing import mutation
from schema.connection import Connection
from schema.conversation import Conversation
from schema.fields import find, many
from schema.seen import Seen

CONVERSATION = Named("conversation")


@strawberry.type
class ConversationQueries(Seen):
    """What can be asked about conversations."""

    conversation: Conversation | None = find(AGENT, "conversation")
    conversations: Connection[Conversation] | None = many(AGENT, "conversation")


@strawberry.input
class CreateConversationInput:
    """A new conversation with a contact, in an inbox: the viewer's own, unless another owner is named."""

    contact_id: ID
    inbox_id: ID
    subject: str | None = UNSET
    owner_id: ID | None = UNSET
    team_id: ID | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(
    CREATE_RECORD,
    links={"contact_id": "contact", "inbox_id": "inbox", "owner_id": "agent", "team_id": "team"},
    leaves=new("conversation"),
    gives=("conversation",),
)
async def create_conversation(act: Act, input: CreateConversationInput) -> ConversationRow:
    """Begin a conversation with a contact; one of nobody's is handed out by the policy of the inbox."""
    conversation = await create(act.by, **act.values("contact_id", "subject"), **await placed(act))
    hand_out_who_writes(act, conversation)
    return conversation


@strawberry.input
class UpdateConversationInput:
    """What is to change; what is left out stays."""

    id: ID
    subject: str | None = UNSET
    status: ConversationStatus | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(CHANGE_RECORD, subject=CONVERSATION, gives=("conversation",))
async def update_conversation(act: Act, input: UpdateConversationInput) -> ConversationRow:
    """Change a conversation's subject or status."""
    if input.status is None:
        raise Problem("BLANK", "A conversation always has a status; choose one.", "status")
    values = act.values("subject", "status", "expected_version")
    return await update(act.by, await act.subject(ConversationRow), **values)


@strawberry.input
class ArchiveConversationInput:
    """The conversation to put away."""

    id: ID
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(CHANGE_RECORD, subject=CONVERSATION, gives=("conversation",))
async def archive_conversation(act: Act, input: ArchiveConversationInput) -> ConversationRow:
    """Put a conversation away; its owner stays."""
    return await archive(act.by, await act.subject(ConversationRow), **act.values("expected_version"))


@strawberry.input
class UnarchiveConversationInput:
    """The conversation to take out again."""

    id: ID
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(CHANGE_RECORD, subject=CONVERSATION, gives=("conversation",))
async def unarchive_conversation(act: Act, input: UnarchiveConversationInput) -> ConversationRow:
    """Take a conversation out of the archive."""
    return await unarchive(act.by, await act.subject(ConversationRow), **act.values("expected_version"))


@strawberry.input
class AddMessageInput:
    """What was said, by whom to whom, and when: now, if nothing is said. What came in is the contact's."""

    conversation_id: ID
    body: str
    direction: MessageDirection = MessageDirection.OUTBOUND
    sent_at: datetime | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(CHANGE_RECORD, subject=Named("conversation", "conversation_id"), gives=("message", "conversation"))
async def add_message(act: Act, input: AddMessageInput) -> dict[str, object]:
    """Add a message to a conversation."""
    values = act.values("direction", "body", "sent_at", "expected_version")
    message = await add(act.by, await act.subject(ConversationRow), **values)
    return {"message_id": message.id, "conversation_id": message.conversation_id}
