"""The record: what contacts, conversations and deals share."""

from datetime import datetime
from typing import Any

import strawberry

from authz.access import ACTIVITY, IDENTITY, IN_SIGHT, PLACE, WORDS, Refused
from authz.judging import holds
from authz.policies import record_actions
from models import RecordType
from schema.connection import Connection
from schema.context import Context
from schema.fields import GuardedField, column, computed, many_of_record, one
from schema.lazy import Agent, Inbox, Ownership, Team, TimelineEntry
from schema.node import Node
from schema.reading.marks import Mark
from schema.seen import Seen, see


@strawberry.type
class RecordActions(Seen):
    """What the viewer may do to a record now."""

    update: bool = column(IN_SIGHT)
    assign: bool = column(IN_SIGHT)
    transfer: bool = column(IN_SIGHT)
    archive: bool = column(IN_SIGHT)


@strawberry.interface
class Record(Node):
    """A contact, a conversation or a deal."""

    owner: Agent | None = one(IDENTITY, "agent")
    team: Team | None = one(PLACE, "team")
    inbox: Inbox | None = one(PLACE, "inbox")
    version: int | None = column(ACTIVITY)
    created_at: datetime | None = column(IDENTITY)
    updated_at: datetime | None = column(ACTIVITY)
    archived_at: datetime | None = column(IDENTITY)
    timeline: Connection[TimelineEntry] | None = many_of_record(WORDS, "timeline_entry")

    @computed(PLACE, reads=Mark.OWNERSHIPS)
    async def ownerships(self, info: strawberry.Info) -> list[Ownership] | None:
        """Who owned it when, from the first on."""
        return [see("ownership", row) for row in await _ownerships(self, info.context)]

    @computed(PLACE, reads=Mark.OWNER_AT)
    async def owner_at(self, info: strawberry.Info, instant: datetime) -> Agent | None:
        """Who owned it at an instant."""
        for row in await _ownerships(self, info.context):
            if row["started_at"] <= instant and (row["ended_at"] is None or instant < row["ended_at"]):
                owner = await info.context.find("agent", row["owner_id"])
                return None if owner is None else see("agent", owner)
        return None

    @computed(IN_SIGHT, reads=Mark.MASKED)
    async def masked_fields(self, info: strawberry.Info) -> list[str]:
        """The fields of this type that are hidden from the viewer on this row, be there a value or not."""
        context: Context = info.context
        names = [
            info.schema.config.name_converter.from_field(field)
            for field in type(self).__strawberry_definition__.fields  # type: ignore[attr-defined]
            if isinstance(field, GuardedField) and await _hides(field, self, context)
        ]
        return sorted(names)

    @computed(IN_SIGHT, reads=Mark.ACTIONS)
    async def viewer_can(self, info: strawberry.Info) -> RecordActions:
        """What the viewer may do to it now."""
        context: Context = info.context
        actions = record_actions(context.known_viewer, self.table)
        allowed = {
            name: await holds(predicate, self.row, context.known_viewer, context.related)
            for name, predicate in actions.items()
        }
        return RecordActions.of(allowed)


async def _hides(field: GuardedField, record: Seen, context: Context) -> bool:
    decision = field.rule.decide(context.viewer, record.table)
    if isinstance(decision, Refused):
        return True
    return not await holds(decision, record.row, context.known_viewer, context.related)


async def _ownerships(record: Seen, context: Context) -> list[dict[str, Any]]:
    kind = RecordType(record.table.upper())
    rows = await context.related("ownership", "record_id", record.row["id"])
    return sorted((row for row in rows if row["record_type"] is kind), key=_beginning)


def _beginning(interval: dict[str, Any]) -> tuple[datetime, Any]:
    return interval["started_at"], interval["id"]
