"""Writing a batch of arrivals: what is new is written at once, what is known changes where the export did.

A column of a known record is written when the export says something else than at its last import;
what was changed here in the meantime, and not there, stays. So an export that was imported before
changes nothing, whatever was done with its records.
"""

from collections.abc import Sequence
from copy import copy
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from models.agent import Agent, AgentStatus
from models.contact import Contact
from models.database import Session
from models.deal import Deal, DealStatus
from models.ids import new_id
from models.operations import outbox, ownership, timeline
from models.operations.access_version import hold
from models.operations.actor import Actor
from models.operations.change import all_locked, apply, born
from models.operations.importing.arrival import Arrival, Outcome
from models.operations.importing.known import known_ids
from models.operations.inserting import Columns, insert_rows
from models.operations.plain import Changes, plain
from models.operations.record_type import type_of
from models.operations.timeline import TimelineKind
from models.outbox import ChangeKind, OutboxEvent
from models.ownership import Ownership, OwnershipCause
from models.record import Record
from models.timeline import TimelineEntry

R = TypeVar("R", Contact, Deal)

_TOGETHER = (
    {"owner_id", "team_id", "inbox_id"},
    {"stage", "status", "won_at", "lost_at"},
    {"amount", "currency"},
)
"""Columns that make sense together alone: where the export changed one, all are the export's."""


async def write_arrivals(
    session: Session, by: Actor, model: type[R], source: str, arrivals: Sequence[Arrival], at: datetime
) -> Outcome:
    """Write the batch at the instant `at`. Importers take turns; account, agents and records are locked,
    in that order.
    """
    await hold(by.account_id)
    inactive = await _inactive({arrival.columns.get("owner_id") for arrival in arrivals})
    known = await _known(session, by, model, source, arrivals)
    told = await _last_told([record.id for record in known.values()])
    outcome = Outcome()
    blank, new = model(), list[R]()
    for arrival in arrivals:
        record = known.get(arrival.source_id)
        columns = _news(record, arrival, told[record.id]) if record else arrival.columns
        if columns.get("owner_id") in inactive:
            outcome.inactive.append(arrival.line)
        elif record is None:
            new.append(_new(by, blank, source, arrival, at))
        elif await _update(by, record, columns, at):
            outcome.updated += 1
        else:
            outcome.unchanged += 1
    await _create(session, model, new, at)
    outcome.created = len(new)
    return outcome


async def _inactive(owner_ids: set[UUID | None]) -> set[UUID]:
    """Those who get no new records; the others are held, so that they stay active."""
    agents = await all_locked(Agent, owner_ids)
    return {agent.id for agent in agents.values() if agent.status is not AgentStatus.ACTIVE}


async def _known(
    session: Session, by: Actor, model: type[R], source: str, arrivals: Sequence[Arrival]
) -> dict[str, R]:
    """The records that were imported before, by their source ids, locked."""
    ids = await known_ids(session, by, model, source, [arrival.source_id for arrival in arrivals])
    records = await all_locked(model, ids.values())
    return {source_id: records[record_id] for source_id, record_id in ids.items()}


async def _last_told(record_ids: list[UUID]) -> dict[UUID, dict[str, Any]]:
    """What the export said of each record's columns when it was last imported, as JSON has it."""
    told: dict[UUID, dict[str, Any]] = {record_id: {} for record_id in record_ids}
    if record_ids:
        entries = TimelineEntry.filter(record_id__in=record_ids, kind=TimelineKind.IMPORTED.value)
        for record_id, changes in await entries.order_by("number").values_list("record_id", "changes"):
            told[record_id] |= {column: after for column, (_, after) in changes.items()}
    return told


def _news(record: R, arrival: Arrival, told: dict[str, Any]) -> dict[str, Any]:
    """What the export says now and did not say last time; nothing of a contact that was erased on request."""
    if isinstance(record, Contact) and record.erased_at is not None:
        return {}
    changed = {column for column, value in arrival.columns.items() if plain(value) != told.get(column)}
    for together in _TOGETHER:
        changed |= together if changed & together else set()
    return {column: value for column, value in arrival.columns.items() if column in changed}


def _new(by: Actor, blank: R, source: str, arrival: Arrival, at: datetime) -> R:
    """A new record, made of a blank one; its columns are set as they are, since nobody saves it."""
    record = copy(blank)
    vars(record).update(
        id=new_id(),
        account_id=by.account_id,
        source=source,
        source_id=arrival.source_id,
        created_at=arrival.since,
        updated_at=at,
        **arrival.columns,
    )
    return record


async def _create(session: Session, model: type[R], records: list[R], at: datetime) -> None:
    """Write new records and their traces, in as many statements as there are tables."""
    await insert_rows(session, model, [vars(record) for record in records])
    await insert_rows(session, Ownership, [_interval(record) for record in records if record.owner_id])
    await insert_rows(session, TimelineEntry, [_first_entry(record, at) for record in records])
    await insert_rows(session, OutboxEvent, [_event(record, at) for record in records])


def _interval(record: Record) -> Columns:
    return {
        "id": new_id(),
        "account_id": record.account_id,
        "record_type": type_of(record),
        "record_id": record.id,
        "owner_id": record.owner_id,
        "team_id": record.team_id,
        "started_at": record.created_at,
        "cause": OwnershipCause.IMPORTED,
    }


def _first_entry(record: Record, at: datetime) -> Columns:
    return {
        "id": new_id(),
        "account_id": record.account_id,
        "record_type": type_of(record),
        "record_id": record.id,
        "number": 1,
        "kind": TimelineKind.IMPORTED.value,
        "at": at,
        "changes": born(record),
    }


def _event(record: Record, at: datetime) -> Columns:
    kind = ChangeKind.CREATED
    return outbox.event(record.account_id, type_of(record), record.id, kind, at, None, born(record))


async def _update(by: Actor, record: R, columns: dict[str, Any], at: datetime) -> bool:
    """Write what differs, with its traces; say whether anything did."""
    reopening = await _reopening(by, record, columns, at)
    if isinstance(record, Deal) and columns.get("status", record.status) is not DealStatus.WON:
        columns = columns | {"contract_started_at": None}
    changes = await apply(record, columns, at)
    if not changes:
        return False
    if changes.keys() & {"owner_id", "team_id"}:
        await ownership.follow(record, at, OwnershipCause.IMPORTED)
    await timeline.append(by, record, TimelineKind.IMPORTED, at, changes | reopening)
    await outbox.append(record, ChangeKind.UPDATED, at, changes)
    return True


async def _reopening(by: Actor, record: R, columns: dict[str, Any], at: datetime) -> Changes:
    """A won deal's amount changes only by reopening it: tell so, and return how it is won again."""
    if not isinstance(record, Deal) or record.status is not DealStatus.WON:
        return {}
    worth = (record.amount, record.currency)
    if columns.get("status", DealStatus.WON) is not DealStatus.WON or worth == (
        columns.get("amount", record.amount),
        columns.get("currency", record.currency),
    ):
        return {}
    won, won_at = DealStatus.WON.value, plain(record.won_at)
    opened = {"status": [won, DealStatus.OPEN.value], "won_at": [won_at, None]}
    await timeline.append(by, record, TimelineKind.REOPENED, at, opened)
    again = plain(columns.get("won_at", record.won_at))
    return {"status": [DealStatus.OPEN.value, won], "won_at": [None, again]}
