"""The partner: a company that sells with the account, and its users."""

from typing import Any

from tortoise import fields

from models.base import Row, reference
from models.text import FoldedField


class Partner(Row):
    """A company that sells with the account."""

    name = fields.TextField()
    name_folded = FoldedField("name")
    version = fields.IntField(default=1)

    class Meta:
        table = "partner"
        unique_together = (("account", "name_folded"),)


class PartnerUser(Row):
    """A contact of a partner; one with portal access can sign in."""

    partner = reference("Partner", null=False)
    name = fields.TextField()
    name_folded = FoldedField("name")
    email = fields.TextField(null=True)
    email_folded = FoldedField("email")
    password_hash = fields.TextField(null=True)
    portal_access = fields.BooleanField(default=False)
    version = fields.IntField(default=1)
    partner_id: Any

    class Meta:
        table = "partner_user"
        indexes = (("email_folded",),)
