"""Giving records new owners and teams, many at once, with all their traces.

Each step is a statement for all of them, so that a hundred thousand move in batches in seconds. The
caller has seen to it that whoever gets them is active, and stays so until the transaction ends.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from models import clock
from models.database import Dialect, Session, among, hydrate
from models.ids import new_id
from models.operations import outbox
from models.operations.actor import Actor
from models.operations.inserting import insert_rows
from models.operations.plain import Changes, changes_between, plain
from models.operations.record_type import MODELS
from models.operations.timeline import TimelineKind
from models.operations.updating import update_rows
from models.outbox import ChangeKind, OutboxEvent
from models.ownership import Ownership, OwnershipCause
from models.record import RecordType
from models.sql import Sql
from models.timeline import TimelineEntry

_COLUMNS = {
    RecordType.CONTACT: "id, owner_id, team_id, inbox_id",
    RecordType.CONVERSATION: "id, owner_id, team_id, inbox_id, contact_id",
    RecordType.DEAL: "id, owner_id, team_id, inbox_id, contact_id, conversation_id, partner_id",
}
"""What says where a record is (models/operations/outbox.py), beside its id."""

Places = Mapping[UUID, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Move:
    """A record that is held, as it is, and whose it is to be; nobody's where there is no owner."""

    record_type: RecordType
    record: Mapping[str, Any]
    owner_id: UUID | None
    team_id: UUID | None
    interval_id: UUID = field(default_factory=new_id)

    @property
    def changes(self) -> Changes:
        """What differs."""
        after = {"owner_id": self.owner_id, "team_id": self.team_id}
        return changes_between({column: self.record[column] for column in after}, after)


@dataclass(frozen=True, slots=True)
class Telling:
    """What is told of moves wherever they are told."""

    by: Actor
    kind: TimelineKind
    cause: OwnershipCause
    reason: str | None = None
    transfer_id: UUID | None = None
    at: datetime = field(default_factory=clock.now)


async def held_records(session: Session, record_type: RecordType, ids: Iterable[UUID]) -> Places:
    """Where the records of these ids are, held until the transaction ends, in the order of their ids."""
    hold = " FOR NO KEY UPDATE" if session.dialect is Dialect.POSTGRES else ""
    model = MODELS[record_type]
    head = f"SELECT {_COLUMNS[record_type]} FROM {model._meta.db_table} WHERE "
    rows = await session.fetch(head + among(session.dialect, "id", ids) + f" ORDER BY id{hold}")
    return {row["id"]: row for row in (hydrate(model, found) for found in rows)}


async def move_records(session: Session, moves: Sequence[Move], telling: Telling) -> None:
    """Change owners and teams where they differ: records, ownership, timelines, outbox. No audit entry."""
    for record_type, model in MODELS.items():
        moved = [move for move in moves if move.record_type is record_type and move.changes]
        if moved:
            columns = [_columns(move, telling.at) for move in moved]
            await update_rows(session, model, columns, also="version = version + 1")
            await _follow(session, telling, moved)
            await _tell(session, telling, moved)


def _columns(move: Move, at: datetime) -> dict[str, Any]:
    return {
        "id": move.record["id"],
        "owner_id": move.owner_id,
        "team_id": move.team_id,
        "updated_at": at,
    }


async def _follow(session: Session, telling: Telling, moves: Sequence[Move]) -> None:
    """End the open intervals, and begin those of the new owners, never before what was there."""
    starts = await _starts(session, telling.at, moves)
    ends = [{"record_id": id, "ended_at": at} for id, at in starts.items()]
    await update_rows(session, Ownership, ends, key="record_id", only="ownership.ended_at IS NULL")
    begun = [
        {
            "id": move.interval_id,
            "account_id": telling.by.account_id,
            "record_type": move.record_type,
            "record_id": move.record["id"],
            "owner_id": move.owner_id,
            "team_id": move.team_id,
            "started_at": starts[move.record["id"]],
            "cause": telling.cause,
        }
        for move in moves
        if move.owner_id is not None
    ]
    await insert_rows(session, Ownership, begun)


async def _starts(session: Session, at: datetime, moves: Sequence[Move]) -> dict[UUID, datetime]:
    """When each new interval begins: at `at`, or where the last one stands if a clock went back."""
    ids = [move.record["id"] for move in moves]
    lasting = Sql(
        "SELECT record_id, max(started_at) AS started_at, max(ended_at) AS ended_at FROM ownership WHERE "
    )
    rows = await session.fetch(lasting + among(session.dialect, "record_id", ids) + " GROUP BY record_id")
    last = {row["record_id"]: row for row in (hydrate(Ownership, found) for found in rows)}
    return {
        id: max(at, *(each for each in (last[id]["started_at"], last[id]["ended_at"]) if each))
        if id in last
        else at
        for id in ids
    }


async def _tell(session: Session, telling: Telling, moves: Sequence[Move]) -> None:
    numbers = await _numbers(session, [move.record["id"] for move in moves])
    await insert_rows(
        session, TimelineEntry, [_entry(telling, move, numbers[move.record["id"]]) for move in moves]
    )
    await insert_rows(session, OutboxEvent, [_event(telling, move) for move in moves])


async def _numbers(session: Session, ids: Sequence[UUID]) -> dict[UUID, int]:
    """The number of each record's next entry."""
    counted = Sql("SELECT record_id, max(number) AS number FROM timeline_entry WHERE ")
    rows = await session.fetch(counted + among(session.dialect, "record_id", ids) + " GROUP BY record_id")
    last = {row["record_id"]: row["number"] for row in (hydrate(TimelineEntry, found) for found in rows)}
    return {id: last.get(id, 0) + 1 for id in ids}


def _entry(telling: Telling, move: Move, number: int) -> dict[str, Any]:
    return {
        "id": new_id(),
        "account_id": telling.by.account_id,
        "record_type": move.record_type,
        "record_id": move.record["id"],
        "number": number,
        "kind": telling.kind.value,
        "at": telling.at,
        "author_id": telling.by.agent_id,
        "changes": move.changes,
        "reason": telling.reason,
        "transfer_id": telling.transfer_id,
    }


def _event(telling: Telling, move: Move) -> dict[str, Any]:
    before = {column: plain(held) for column, held in move.record.items() if column != "id"}
    return outbox.event(
        telling.by.account_id,
        move.record_type,
        move.record["id"],
        ChangeKind.UPDATED,
        telling.at,
        before,
        move.changes,
    )
