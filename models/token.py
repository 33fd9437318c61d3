"""Tokens: what a person or a program signs requests with, and who may issue them."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from models import clock
from models.base import Row, reference


class TokenKind(StrEnum):
    """Whose token it is: an agent's, a partner user's, a program's, or a wallboard's."""

    AGENT = "AGENT"
    PORTAL = "PORTAL"
    API = "API"
    DISPLAY = "DISPLAY"


class Token(Row):
    """A token given out. An API token's secret is kept as a hash alone, its permissions as a list.

    For the other kinds the token names this row, so that it can be revoked.
    """

    kind = fields.CharEnumField(TokenKind, max_length=16)
    name = fields.TextField(null=True)
    agent = reference("Agent")
    partner_user = reference("PartnerUser")
    secret_hash = fields.CharField(max_length=64, null=True, unique=True)
    permissions: Any = fields.JSONField(null=True)
    created_at = fields.DatetimeField(default=clock.now)
    expires_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)
    agent_id: Any
    partner_user_id: Any

    class Meta:
        table = "token"


class IdentityProvider(Row):
    """An outside issuer that an account trusts, with its key set, audience and algorithm."""

    issuer = fields.TextField()
    audience = fields.TextField()
    algorithm = fields.CharField(max_length=16)
    jwks_url = fields.TextField(null=True)
    jwks: Any = fields.JSONField(null=True)

    class Meta:
        table = "identity_provider"
        unique_together = (("issuer", "audience"),)


class Identity(Row):
    """Who a provider's subject is here: one agent or one partner user."""

    provider = reference("IdentityProvider", null=False)
    subject = fields.TextField()
    agent = reference("Agent")
    partner_user = reference("PartnerUser")
    provider_id: Any
    agent_id: Any
    partner_user_id: Any

    class Meta:
        table = "identity"
        unique_together = (("provider", "subject"),)
