"""The record: what contacts, conversations and deals share. Owner, team and inbox decide who sees it."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from models import clock
from models.base import Row, reference


class RecordType(StrEnum):
    """The kinds of record."""

    CONTACT = "CONTACT"
    CONVERSATION = "CONVERSATION"
    DEAL = "DEAL"


class Record(Row):
    """A row with an owner or none, a team or none, an inbox or none.

    `source` and `source_id` say where an imported record came from; the same one is imported once.
    """

    owner = reference("Agent")
    team = reference("Team")
    inbox = reference("Inbox")
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField(default=clock.now)
    updated_at = fields.DatetimeField(default=clock.now)
    archived_at = fields.DatetimeField(null=True)
    source = fields.TextField(null=True)
    source_id = fields.TextField(null=True)
    owner_id: Any
    team_id: Any
    inbox_id: Any

    class Meta:
        abstract = True
