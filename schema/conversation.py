"""The conversation: messages exchanged with a contact through an inbox."""

from datetime import datetime

from authz.access import ACTIVITY, IDENTITY, IN_SIGHT, PLACE, WORDS
from schema.connection import Connection
from schema.enums import ConversationStatus, MessageDirection
from schema.fields import column, many, one
from schema.lazy import Agent, Contact, Deal
from schema.lazy import Conversation as LazyConversation
from schema.node import Node
from schema.record import Record
from schema.seen import table_type


@table_type("message")
class Message(Node):
    """One message; without an author, it is the contact's."""

    conversation: LazyConversation | None = one(IN_SIGHT, "conversation")
    number: int | None = column(IN_SIGHT)
    direction: MessageDirection | None = column(IN_SIGHT)
    author: Agent | None = one(IN_SIGHT, "agent")
    body: str | None = column(IN_SIGHT)
    sent_at: datetime | None = column(IN_SIGHT)


@table_type("conversation")
class Conversation(Record):
    """An exchange with a contact."""

    subject: str | None = column(WORDS)
    status: ConversationStatus | None = column(IDENTITY)
    contact: Contact | None = one(PLACE, "contact")
    last_message_at: datetime | None = column(ACTIVITY)
    deals: Connection[Deal] | None = many(IDENTITY, "deal", "conversation_id")
    messages: Connection[Message] | None = many(WORDS, "message", "conversation_id")
