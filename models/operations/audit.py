"""Appending to the audit: what was done."""

from datetime import datetime
from typing import Any

from tortoise import Model

from models import clock
from models.audit import AuditEntry, AuditOutcome
from models.operations.actor import Actor
from models.operations.plain import Changes


async def append(
    by: Actor, action: str, subject: Model | None, changes: Changes | None = None, at: datetime | None = None
) -> AuditEntry:
    """Who did `action` to `subject`, when, in which request, and what it changed."""
    return await AuditEntry.create(
        account_id=by.account_id,
        at=at or clock.now(),
        actor_id=by.agent_id,
        actor_partner_user_id=by.partner_user_id,
        request_id=by.request_id,
        action=action,
        outcome=AuditOutcome.DONE,
        changes=changes or {},
        **_about(subject),
    )


def _about(subject: Model | None) -> dict[str, Any]:
    return {"subject_type": subject._meta.db_table, "subject_id": subject.pk} if subject else {}
