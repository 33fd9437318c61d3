"""The audit: who did, or was refused, what, when, and with which request."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from models.base import Row, reference


class AuditOutcome(StrEnum):
    """Whether the act was done or refused."""

    DONE = "DONE"
    REFUSED = "REFUSED"


class AuditEntry(Row):
    """One act. `subject_type` is a table's name; no actor at all: the operator, at the command line.

    `changes` maps a column to [before, after], references as ids, so that each value is read by
    the field's own rule.
    """

    at = fields.DatetimeField()
    actor = reference("Agent")
    actor_partner_user = reference("PartnerUser")
    request_id = fields.TextField(null=True)
    action = fields.CharField(max_length=64)
    outcome = fields.CharEnumField(AuditOutcome, max_length=16)
    subject_type = fields.CharField(max_length=32, null=True)
    subject_id = fields.UUIDField(null=True)
    changes: Any = fields.JSONField(default=dict)
    actor_id: Any
    actor_partner_user_id: Any

    class Meta:
        table = "audit_entry"
        indexes = (("account", "at"), ("subject_id",))
