"""The audit: who did, or was refused, what, when, and with which request."""

from datetime import datetime

import strawberry

from authz.access import AUDIT
from schema.change import Change, changes_of
from schema.enums import AuditOutcome
from schema.fields import column, computed, one
from schema.lazy import Agent, PartnerUser
from schema.node import Node
from schema.reading.marks import Mark
from schema.seen import TYPES, see, table_type


@table_type("audit_entry")
class AuditEntry(Node):
    """One act. Without an actor: the operator, at the command line."""

    at: datetime | None = column(AUDIT)
    action: str | None = column(AUDIT)
    outcome: AuditOutcome | None = column(AUDIT)
    request_id: str | None = column(AUDIT)
    actor: Agent | None = one(AUDIT, "agent")
    actor_partner_user: PartnerUser | None = one(AUDIT, "partner_user")

    @computed(AUDIT, reads=Mark.SUBJECT)
    async def subject(self, info: strawberry.Info) -> Node | None:
        """What was acted on, where it is in sight."""
        table = self.row["subject_type"]
        if table not in TYPES:
            return None
        row = await info.context.find(table, self.row["subject_id"])
        return None if row is None else see(table, row)

    @computed(AUDIT, reads=Mark.CHANGES)
    async def changes(self, info: strawberry.Info) -> list[Change] | None:
        """What changed, field by field."""
        table = self.row["subject_type"] or ""
        row = await info.context.find(table, self.row["subject_id"]) if table in TYPES else None
        return await changes_of(info.context, table, row, self.row["changes"], info)
