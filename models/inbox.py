"""The inbox: a channel that conversations come through, with its members."""

from typing import Any

from tortoise import fields

from models.base import Row, reference
from models.text import FoldedField


class Inbox(Row):
    """A channel; its name is unique in the account."""

    name = fields.TextField()
    name_folded = FoldedField("name")
    version = fields.IntField(default=1)

    class Meta:
        table = "inbox"
        unique_together = (("account", "name_folded"),)


class InboxMember(Row):
    """An agent's membership in an inbox."""

    inbox = reference("Inbox", null=False)
    agent = reference("Agent", null=False)
    inbox_id: Any
    agent_id: Any

    class Meta:
        table = "inbox_member"
        unique_together = (("inbox", "agent"),)
