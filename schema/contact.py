"""The contact: a person or company that the account sells to."""

from datetime import datetime

from authz.access import DETAILS, IDENTITY, WORDS
from schema.connection import Connection
from schema.fields import column, many
from schema.lazy import Conversation, Deal
from schema.record import Record
from schema.seen import table_type


@table_type("contact")
class Contact(Record):
    """A customer."""

    name: str | None = column(IDENTITY)
    company: str | None = column(IDENTITY)
    email: str | None = column(DETAILS)
    phone: str | None = column(DETAILS)
    address: str | None = column(DETAILS)
    notes: str | None = column(WORDS)
    erased_at: datetime | None = column(IDENTITY)
    conversations: Connection[Conversation] | None = many(IDENTITY, "conversation", "contact_id")
    deals: Connection[Deal] | None = many(IDENTITY, "deal", "contact_id")
