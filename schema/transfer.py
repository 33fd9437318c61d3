"""The transfer: a batch of assignments, its records, and how far it is."""

from datetime import datetime

import strawberry

from authz.access import IN_SIGHT
from authz.transfer import TRANSFER
from schema.connection import Connection
from schema.enums import ItemState, TransferState
from schema.fields import column, computed, each_of, many, one
from schema.lazy import Agent, Record, TransferRule
from schema.node import Node
from schema.reading.marks import Mark
from schema.reading.progress import COLUMNS, PARTS, progress
from schema.reading.view import View
from schema.seen import Seen, see, table_type


@table_type("transfer_share")
class TransferShare(Seen):
    """An agent who gets records by a transfer, and how much beside the others."""

    agent: Agent | None = one(TRANSFER, "agent")
    weight: int | None = column(TRANSFER)


@table_type("transfer_item")
class TransferItem(Node):
    """A record of a transfer, and what became of it.

    LEFT and KEPT are those that had changed before the transfer, or its way back, came to them. Items have
    no number to be read: it would count those out of sight.
    """

    to: Agent | None = one(TRANSFER, "agent", "to_agent_id")
    state: ItemState | None = column(TRANSFER)

    @computed(TRANSFER, reads=Mark.ITEM_RECORD)
    async def record(self, info: strawberry.Info) -> Record | None:
        """The record, as it is in sight."""
        table = self.row["record_type"].value.lower()
        row = await info.context.find(table, self.row["record_id"])
        return None if row is None else see(table, row)


@strawberry.type
class TransferProgress(Seen):
    """How many of a transfer's records, as far as they are in sight, are in which state."""

    total: int | None = column(IN_SIGHT)
    waiting: int | None = column(IN_SIGHT)
    moved: int | None = column(IN_SIGHT)
    left: int | None = column(IN_SIGHT)
    returning: int | None = column(IN_SIGHT)
    reverted: int | None = column(IN_SIGHT)
    kept: int | None = column(IN_SIGHT)


@table_type("transfer")
class Transfer(Node):
    """A batch of assignments from one agent to others. Without a maker it made itself, by a rule."""

    from_agent: Agent | None = one(TRANSFER, "agent")
    made_by: Agent | None = one(TRANSFER, "agent")
    reverted_by: Agent | None = one(TRANSFER, "agent")
    rule: TransferRule | None = one(TRANSFER, "transfer_rule")
    state: TransferState | None = column(TRANSFER)
    reason: str | None = column(TRANSFER)
    created_at: datetime | None = column(TRANSFER)
    finished_at: datetime | None = column(TRANSFER)
    reverted_at: datetime | None = column(TRANSFER)
    version: int | None = column(TRANSFER)
    shares: list[TransferShare] | None = each_of(TRANSFER, "transfer_share", "transfer_id")
    items: Connection[TransferItem] | None = many(TRANSFER, "transfer_item", "transfer_id")

    @computed(TRANSFER, reads=Mark.TRANSFER_PROGRESS)
    async def progress(self, info: strawberry.Info) -> TransferProgress | None:
        """How far it is."""
        counted = progress(View(info.context.compiler()), self.row["id"])
        found = (await info.context.session.fetch(counted))[0]
        return TransferProgress.of({part: found[column] for part, column in zip(PARTS, COLUMNS, strict=True)})
