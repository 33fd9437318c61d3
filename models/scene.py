"""A scene: what a batch of events is about, as one snapshot has it.

Whoever watches judges each event by the states that the record was in before it and after it. The
outbox holds the one before; the one after is what the record's next event holds as its before, or the
record's row as it now is. So what each watcher is told never rests on when they were told it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from models.contact import Contact
from models.conversation import Conversation
from models.database import Session, among, hydrate
from models.operations.record_type import MODELS
from models.outbox import Event, Position, event_of
from models.record import RecordType
from models.sql import Sql
from models.team import TeamMember

State = Mapping[str, Any]
"""A record's columns at some moment, and VIA: by which inboxes it was seen, None: by those of now."""

_LEADING = {"contact_id": Contact, "conversation_id": Conversation}
"""Columns of records that lead to other records."""


@dataclass(frozen=True, slots=True)
class Happening:
    """An event with the states around it; None: there was no such record."""

    event: Event
    before: State | None
    after: State | None
    now: State | None


@dataclass(slots=True)
class Scene:
    """Events, the access version, and the rows that judging them looks into.

    `related` maps a table and a column to the rows by what they hold there. `shared` is for those who
    tell of the same scene alike.
    """

    account_id: UUID
    happenings: Sequence[Happening]
    version: int
    related: dict[tuple[str, str], Mapping[Any, Sequence[State]]] = field(default_factory=dict)
    shared: dict[Any, Any] = field(default_factory=dict)


async def read_scene(session: Session, account_id: UUID, events: Sequence[Event]) -> Scene:
    """The scene of these events, which follow one another in the outbox."""
    version = await session.fetch(Sql("SELECT access_version FROM account WHERE id = ?", (account_id,)))
    rows = await _records(session, events)
    later = await _later(session, account_id, events)
    happenings = _chained(account_id, events, later, rows)
    scene = Scene(account_id, happenings, int(version[0]["access_version"]))
    await _relate(session, scene)
    return scene


async def read_since(session: Session, account_id: UUID, position: Position, ids: Iterable[UUID]) -> Scene:
    """The scene of all that happened to these records after `position`, settled or not."""
    events = await _of_records(session, account_id, position, ids)
    return await read_scene(session, account_id, events)


async def _records(session: Session, events: Iterable[Event]) -> dict[UUID, State]:
    found: dict[UUID, State] = {}
    for record_type, model in MODELS.items():
        ids = {event.record_id for event in events if event.record_type is record_type}
        found |= {row["id"]: row for row in await _rows(session, model, "id", ids)}
    return found


async def _later(session: Session, account_id: UUID, events: Sequence[Event]) -> list[Event]:
    """What became of these records after the last of the events, settled or not: all the snapshot has."""
    if not events:
        return []
    return await _of_records(session, account_id, events[-1].position, {event.record_id for event in events})


async def _of_records(
    session: Session, account_id: UUID, position: Position, ids: Iterable[UUID]
) -> list[Event]:
    head = "SELECT * FROM outbox_event WHERE account_id = ? AND (xact, id) > (?, ?) AND "
    statement = Sql(head, (account_id, position.xact, position.id))
    statement = statement + among(session.dialect, "record_id", ids) + " ORDER BY xact, id"
    return [event_of(row) for row in await session.fetch(statement)]


def _chained(
    account_id: UUID, events: Sequence[Event], later: Sequence[Event], rows: Mapping[UUID, State]
) -> list[Happening]:
    """From the newest event back to the oldest, what a state does not say is as in the next one."""
    states: dict[UUID, State | None] = {}
    happenings: list[Happening] = []
    for event in (*reversed(later), *reversed(events)):
        now = rows.get(event.record_id)
        after = states.get(event.record_id, now)
        known = after or now or {"id": event.record_id, "account_id": account_id}
        before = None if event.before is None else {**known, **event.before}
        states[event.record_id] = before
        happenings.append(Happening(event, before, after, now))
    return happenings[len(later) :][::-1]


async def _relate(session: Session, scene: Scene) -> None:
    """Read what scopes look into: who is in which team, conversations, and the records led to."""
    states = [state for each in scene.happenings for state in (each.before, each.after, each.now) if state]
    for column, model in _LEADING.items():
        ids = {state.get(column) for state in states}
        found = await _rows(session, model, "id", ids)
        scene.related[model._meta.db_table, "id"] = _by("id", ids, found)
        states += found
    contacts = {
        each.event.record_id for each in scene.happenings if each.event.record_type is RecordType.CONTACT
    } | {state.get("contact_id") for state in states}
    conversations = await _rows(session, Conversation, "contact_id", contacts)
    scene.related["conversation", "contact_id"] = _by("contact_id", contacts, conversations)
    owners = {state.get("owner_id") for state in states}
    members = await _rows(session, TeamMember, "agent_id", owners)
    scene.related["team_member", "agent_id"] = _by("agent_id", owners, members)


async def _rows(session: Session, model: Any, column: str, held: Iterable[Any]) -> list[dict[str, Any]]:
    ids = {each for each in held if each is not None}
    if not ids:
        return []
    statement = f"SELECT * FROM {model._meta.db_table} WHERE " + among(session.dialect, column, ids)
    return [dict(hydrate(model, row)) for row in await session.fetch(statement)]


def _by(column: str, held: Iterable[Any], rows: Iterable[State]) -> Mapping[Any, Sequence[State]]:
    found: dict[Any, list[State]] = defaultdict(list)
    for row in rows:
        found[row[column]].append(row)
    return {each: found.get(each, []) for each in held}
