"""The same tables as Tortoise models, with the columns that the bench asks about and no others."""

from typing import Any

from tortoise import fields
from tortoise.models import Model


class Account(Model):
    """A tenant and its switches."""

    id = fields.UUIDField(primary_key=True)
    currency = fields.CharField(max_length=3)
    granular_permissions = fields.BooleanField()
    isolation_mode = fields.CharField(max_length=16)
    unowned_visibility = fields.CharField(max_length=16)

    class Meta:
        table = "account"


class Role(Model):
    """What its holders may do, and how far they look."""

    id = fields.UUIDField(primary_key=True)
    built_in = fields.CharField(max_length=16, null=True)
    permissions: Any = fields.JSONField()
    scope = fields.CharField(max_length=16)
    reach = fields.CharField(max_length=16)

    class Meta:
        table = "role"


class Agent(Model):
    """A member of an account."""

    id = fields.UUIDField(primary_key=True)
    account: Any = fields.ForeignKeyField("models.Account")
    role: Any = fields.ForeignKeyField("models.Role")
    name = fields.TextField()
    name_folded = fields.TextField()
    status = fields.CharField(max_length=16)
    account_id: Any

    class Meta:
        table = "agent"


class TeamMember(Model):
    """An agent's membership in a team."""

    id = fields.UUIDField(primary_key=True)
    agent: Any = fields.ForeignKeyField("models.Agent", related_name="team_members")
    team_id = fields.UUIDField()
    agent_id: Any

    class Meta:
        table = "team_member"


class InboxMember(Model):
    """An agent's membership in an inbox."""

    id = fields.UUIDField(primary_key=True)
    agent: Any = fields.ForeignKeyField("models.Agent", related_name="inbox_members")
    inbox_id = fields.UUIDField()

    class Meta:
        table = "inbox_member"


class Token(Model):
    """A token given out."""

    id = fields.UUIDField(primary_key=True)
    kind = fields.CharField(max_length=16)
    agent: Any = fields.ForeignKeyField("models.Agent", null=True)
    expires_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "token"


class Contact(Model):
    """A customer."""

    id = fields.UUIDField(primary_key=True)
    account: Any = fields.ForeignKeyField("models.Account")
    owner: Any = fields.ForeignKeyField("models.Agent", null=True, related_name="contacts")
    team_id = fields.UUIDField(null=True)
    name = fields.TextField()
    company = fields.TextField(null=True)
    created_at = fields.DatetimeField()
    owner_id: Any

    class Meta:
        table = "contact"


class Deal(Model):
    """A sale in the making, won or lost."""

    id = fields.UUIDField(primary_key=True)
    account: Any = fields.ForeignKeyField("models.Account")
    owner: Any = fields.ForeignKeyField("models.Agent", null=True, related_name="deals")
    contact: Any = fields.ForeignKeyField("models.Contact", null=True, related_name="deals")
    team_id = fields.UUIDField(null=True)
    title = fields.TextField()
    stage = fields.TextField(null=True)
    status = fields.CharField(max_length=16)
    amount = fields.BigIntField(null=True)
    currency = fields.CharField(max_length=3, null=True)
    created_at = fields.DatetimeField()
    won_at = fields.DatetimeField(null=True)
    expected_close_on = fields.DateField(null=True)
    owner_id: Any
    contact_id: Any

    class Meta:
        table = "deal"
