"""The inbox: a channel that conversations come through."""

from authz.access import INBOX_MEMBERS, NAME
from schema.connection import Connection
from schema.fields import column, many_through
from schema.lazy import Agent
from schema.node import Node
from schema.seen import table_type


@table_type("inbox")
class Inbox(Node):
    """A channel."""

    name: str | None = column(NAME)
    version: int | None = column(INBOX_MEMBERS)
    agents: Connection[Agent] | None = many_through(
        INBOX_MEMBERS, "agent", "inbox_member", "inbox_id", "agent_id"
    )
