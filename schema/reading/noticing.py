"""What a viewer notices of an event: judged by the states around it, and by nothing else that happened.

(authorization.md, the contract, 8: a frame is sent when the subscriber's view changed)
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from authz.access import Refused
from authz.judging import holds
from authz.predicate import ALWAYS, Predicate
from authz.scopes import RECORDS, visible
from authz.viewer import Viewer
from models import ChangeKind
from models.outbox import VIA
from models.scene import Happening, Scene, State
from schema.fields import GuardedField
from schema.reading.reads import Amount, Column, Many, One
from schema.reading.view import guarded_fields


@dataclass(frozen=True, slots=True)
class Noticed:
    """What became of a record in someone's view, and who was seen to own it, before and after."""

    kind: ChangeKind
    owners: frozenset[UUID | None]


async def notice(happening: Happening, scene: Scene, viewer: Viewer) -> Noticed | None:
    """What the viewer notices of an event; None where their view is as it was.

    A record that a later event has taken out of sight since is not told of: that event tells it.
    """
    noticing = _Noticing(happening.event.record_type.lower(), scene, viewer)
    before = happening.before if await noticing.sees(happening.before) else None
    after = happening.after if await noticing.sees(happening.after) else None
    owners = frozenset(state["owner_id"] for state in (before, after) if state is not None)
    if after is None:
        return None if before is None else Noticed(ChangeKind.GONE, owners)
    if happening.now is not happening.after and not await noticing.sees(happening.now):
        return None
    if before is None:
        return Noticed(ChangeKind.CREATED, owners)
    changed = await noticing.reads_any(_changed_columns(happening), (before, after))
    return Noticed(ChangeKind.UPDATED, owners) if changed else None


async def sees(table: str, state: State | None, scene: Scene, viewer: Viewer) -> bool:
    """Whether a record was in the viewer's sight as it was in this state."""
    return await _Noticing(table, scene, viewer).sees(state)


@dataclass(frozen=True, slots=True)
class _Noticing:
    table: str
    scene: Scene
    viewer: Viewer

    async def sees(self, state: State | None) -> bool:
        """Whether the record was in sight as it was in this state."""
        return state is not None and await self._holds(visible(self.table, self.viewer), state)

    async def reads_any(self, columns: frozenset[str], states: Sequence[State]) -> bool:
        """Whether the viewer reads any of these columns in any of these states."""
        for field in _fields_of(self.table, columns):
            decision = field.rule.decide(self.viewer, self.table)
            if isinstance(decision, Refused):
                continue
            for state in states:
                if await self._holds(decision, state) and await self._leads_into_sight(field, states):
                    return True
        return False

    async def _leads_into_sight(self, field: GuardedField, states: Iterable[State]) -> bool:
        """Whether a reference was, or is, to something in sight; out of sight it is null both times."""
        if not isinstance(field.reads, One) or field.reads.table not in RECORDS:
            return True
        column, target = field.reads.column(field), field.reads.table
        sight = visible(target, self.viewer)
        for id in {state[column] for state in states if state[column] is not None}:
            for row in await self._now(target, "id", id):
                if await holds(sight, row, self.viewer, self._now):
                    return True
        return False

    async def _holds(self, predicate: Predicate, state: State) -> bool:
        if predicate == ALWAYS:
            return True

        async def related(table: str, column: str, held: Any) -> Sequence[State]:
            if state.get(VIA) is not None and (table, column, held) == self._by_conversation(state):
                return [{"account_id": self.scene.account_id, "inbox_id": id} for id in state[VIA]]
            return await self._now(table, column, held)

        return await holds(predicate, state, self.viewer, related)

    def _by_conversation(self, state: State) -> tuple[str, str, Any]:
        """How a scope looks for the conversations by which a record may be seen."""
        if self.table == "contact":
            return "conversation", "contact_id", state["id"]
        return "conversation", "id", state.get("conversation_id")

    async def _now(self, table: str, column: str, held: Any) -> Sequence[State]:
        return self.scene.related[table, column][held]


def _changed_columns(happening: Happening) -> frozenset[str]:
    event = happening.event
    return event.columns if event.of_neighbour else event.columns | {"version", "updated_at"}


@lru_cache(maxsize=1024)
def _fields_of(table: str, columns: frozenset[str]) -> tuple[GuardedField, ...]:
    """The fields that read these columns; of a list, that has one more (`message_id`)."""
    return tuple(field for field in guarded_fields(table).values() if columns & set(_columns(field)))


def _columns(field: GuardedField) -> Iterator[str]:
    match field.reads:
        case Column():
            yield field.column_name
        case Amount(name, currency):
            yield from (name, currency)
        case One():
            yield field.reads.column(field)
        case Many(table):
            yield f"{table}_id"
