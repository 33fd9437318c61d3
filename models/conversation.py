"""The conversation: messages exchanged with a contact through an inbox."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from models.base import Row, reference
from models.record import Record
from models.text import FoldedField


class ConversationStatus(StrEnum):
    """Whether anything is still to be answered."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"


class MessageDirection(StrEnum):
    """From the contact, to the contact, or a note between agents."""

    INBOUND = "INBOUND"
    OUTBOUND = "OUTBOUND"
    NOTE = "NOTE"


class Conversation(Record):
    """An exchange with a contact; it always has an inbox."""

    contact = reference("Contact", null=False)
    subject = fields.TextField(null=True)
    subject_folded = FoldedField("subject")
    status = fields.CharEnumField(ConversationStatus, max_length=16, default=ConversationStatus.OPEN)
    last_message_at = fields.DatetimeField(null=True)
    contact_id: Any

    class Meta:
        table = "conversation"
        unique_together = (("account", "source", "source_id"),)


class Message(Row):
    """One message of a conversation; `number` is its place in it, from 1. No author: the contact."""

    conversation = reference("Conversation", null=False)
    number = fields.IntField()
    direction = fields.CharEnumField(MessageDirection, max_length=16)
    author = reference("Agent")
    body = fields.TextField()
    body_folded = FoldedField("body")
    sent_at = fields.DatetimeField()
    conversation_id: Any
    author_id: Any

    class Meta:
        table = "message"
        unique_together = (("conversation", "number"),)
