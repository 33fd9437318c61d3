"""The timeline: what happened to a record, in order, with its author."""

from datetime import datetime

import strawberry

from authz.access import IN_SIGHT
from models.operations.timeline import TimelineKind
from schema.change import Change, changes_of
from schema.fields import column, computed, one
from schema.lazy import Agent, Transfer
from schema.node import Node
from schema.reading.marks import Mark
from schema.seen import table_type


@table_type("timeline_entry")
class TimelineEntry(Node):
    """One thing that happened, with the reason that was given for it, and the transfer that it was part of.

    Without an author it happened by itself, or by the operator.
    """

    number: int | None = column(IN_SIGHT)
    kind: str | None = column(IN_SIGHT, description=f"What happened: {', '.join(TimelineKind)}.")
    at: datetime | None = column(IN_SIGHT)
    author: Agent | None = one(IN_SIGHT, "agent")
    reason: str | None = column(IN_SIGHT)
    transfer: Transfer | None = one(IN_SIGHT, "transfer")

    @computed(IN_SIGHT, reads=Mark.CHANGES)
    async def changes(self, info: strawberry.Info) -> list[Change] | None:
        """What changed, field by field."""
        table = self.row["record_type"].value.lower()
        record = await info.context.find(table, self.row["record_id"])
        return await changes_of(info.context, table, record, self.row["changes"], info)
