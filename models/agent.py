"""The agent: a person's membership in an account."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from models.base import Row, reference
from models.text import FoldedField


class AgentStatus(StrEnum):
    """Active; suspended (can't sign in, keeps records); deactivated (the same, and owns nothing)."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    DEACTIVATED = "DEACTIVATED"


class Agent(Row):
    """A member of an account. Emails are not unique: a clash would tell of agents out of sight."""

    name = fields.TextField()
    name_folded = FoldedField("name")
    email = fields.TextField(null=True)
    email_folded = FoldedField("email")
    password_hash = fields.TextField(null=True)
    status = fields.CharEnumField(AgentStatus, max_length=16, default=AgentStatus.ACTIVE)
    available = fields.BooleanField(default=True)
    role = reference("Role", null=False)
    main_team = reference("Team")
    version = fields.IntField(default=1)
    role_id: Any
    main_team_id: Any

    class Meta:
        table = "agent"
        indexes = (("email_folded",),)
