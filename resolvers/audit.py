"""The audit log."""

import strawberry

from authz.access import AUDIT
from schema.audit import AuditEntry
from schema.connection import Connection
from schema.fields import many
from schema.seen import Seen


@strawberry.type
class AuditQueries(Seen):
    """What can be asked about who did what."""

    audit_log: Connection[AuditEntry] | None = many(AUDIT, "audit_entry")
