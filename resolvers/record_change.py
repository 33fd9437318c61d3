"""Watching records: what comes into one's view, changes in it, or leaves it."""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from strawberry import ID

from authz import cursors
from authz.access import SIGNED_IN
from authz.cursors import BadCursor
from authz.keys import Keys
from authz.scopes import visible
from authz.viewer import Viewer
from models import ChangeKind, Permission
from models.database import among
from models.outbox import Position
from models.record import RecordType
from models.relay import OutOfReach
from models.scene import Happening, Scene, read_since
from models.sql import Sql
from resolvers.subscribing import AccessChanged, Frame, Listener, subscription
from schema.errors import Code, CodedError, not_found
from schema.global_id import id_of, to_global
from schema.reading.marks import Mark
from schema.reading.noticing import Noticed, notice, sees
from schema.record_change import RecordChange
from schema.tables import physical, type_name

MOST_REMEMBERED = 10_000
"""Of the records that a stream has told of, the newest are remembered, to be told gone when access ends."""

Named = tuple[str, UUID]
"""A record, by its table and its id."""


@subscription(SIGNED_IN, gives=RecordChange, mark=Mark.RECORD_CHANGE)
async def record_changed(
    listener: Listener,
    types: list[RecordType] | None = None,
    owner_id: ID | None = None,
    after: str | None = None,
) -> AsyncGenerator[Frame, None]:
    """What becomes of the records in your view, in order: each as it then stands, through your view.

    `types`: of these alone. `ownerId`: of records that are, or were, this agent's. `after`: take up where
    a frame with this `cursor` was the last; where that is too long ago, INVALID_CURSOR says to start anew.
    """
    owner = None if owner_id is None else await _owner(listener, owner_id)
    kinds = frozenset(RecordType if types is None else (RecordType(each) for each in types))
    position = listener.feed.end if after is None else await _place(listener, after)
    async for frame in _Watch(listener, kinds, owner, position).frames():
        yield frame


@dataclass(slots=True)
class _Watch:
    """One stream. `told` are records that it has told of and not told gone; `gone` those that it has.

    Up to `changed`, events are older than the powers: what went then was not in this view, unless it was
    told of. `position` is how far it has looked, `last` where it last told something: cursors hold that
    alone, so that they betray nothing that was passed over.
    """

    listener: Listener
    kinds: frozenset[RecordType]
    owner: UUID | None
    position: Position
    last: Position = field(default=Position(0, 0))
    changed: Position = field(default=Position(0, 0))
    told: OrderedDict[Named, None] = field(default_factory=OrderedDict)
    gone: OrderedDict[Named, None] = field(default_factory=OrderedDict)

    async def frames(self) -> AsyncGenerator[Frame, None]:
        """What the viewer notices, for as long as they listen."""
        feed = self.listener.feed
        while True:
            stirred = feed.stirred
            scene = await feed.scene(self.position)
            async for frame in self._renewed(max(scene.version, feed.version)):
                yield frame
            for happening in scene.happenings:
                if happening.event.record_type in self.kinds:
                    async for frame in self._told(happening, scene):
                        yield frame
                self.position = happening.event.position
            if not scene.happenings:
                await self.listener.wait(stirred)

    async def _told(self, happening: Happening, scene: Scene) -> AsyncGenerator[Frame, None]:
        """What is told of one event, by the viewer as they stand when it is read."""
        while True:
            try:
                frame = await self._frame(happening, scene)
            except AccessChanged as changed:
                async for each in self._renewed(changed.version):
                    yield each
                continue
            if frame is not None:
                yield frame
            return

    async def _frame(self, happening: Happening, scene: Scene) -> Frame | None:
        event = happening.event
        async with self.listener.fair:
            noticed = await self._noticed(happening, scene)
        if noticed is None or (self.owner is not None and self.owner not in noticed.owners):
            return None
        named = (event.record_type.lower(), event.record_id)
        if noticed.kind is ChangeKind.GONE and not self._was_seen(named, event.position):
            return None
        frame = await self._read(noticed.kind, named, event.position, scene.shared)
        if noticed.kind is not ChangeKind.GONE and "record" in frame.empty:
            # It has left sight since the scene was read: a later event tells so.
            return None
        self.last = event.position
        self._remember(noticed.kind, named)
        return frame

    def _was_seen(self, named: Named, position: Position) -> bool:
        """Whether a record that leaves was in view until then, and not told gone already."""
        return named in self.told or (named not in self.gone and position > self.changed)

    async def _noticed(self, happening: Happening, scene: Scene) -> Noticed | None:
        """What the viewer notices, judged once for all who are the same viewer."""
        key = (happening.event.position, self.listener.viewer)
        if key not in scene.shared:
            scene.shared[key] = await notice(happening, scene, self.listener.viewer)
        noticed: Noticed | None = scene.shared[key]
        return noticed

    async def _renewed(self, version: int) -> AsyncGenerator[Frame, None]:
        """Take the viewer as they now stand, and tell at once which records that takes away.

        It is told because of the change of access; later events on these records tell nothing.
        """
        while await self.listener.renew(version):
            self.changed = self.listener.feed.end
            for each in await self._out_of_sight():
                try:
                    frame = await self._read(ChangeKind.GONE, each, self.last, {})
                except AccessChanged as changed:
                    version = changed.version
                    break
                self._remember(ChangeKind.GONE, each)
                yield frame

    async def _out_of_sight(self) -> list[Named]:
        """The records that were told of and are out of sight; those that came back are gone no more."""
        named = (*self.told, *self.gone)
        seen = await self._in_sight(named) if named else frozenset()
        for each in seen & self.gone.keys():
            del self.gone[each]
        return [each for each in self.told if each not in seen]

    async def _read(
        self, kind: ChangeKind, named: Named, position: Position, shared: dict[Any, Any]
    ) -> Frame:
        table, id = named
        row: dict[str, Any] = {
            "kind": kind,
            "record_id": to_global(type_name(table), id),
            "cursor": _cursor(self.listener, position),
        }
        if kind is not ChangeKind.GONE:
            row[f"{table}_id"] = id
        return await self.listener.frame(row, shared)

    def _remember(self, kind: ChangeKind, named: Named) -> None:
        now, no_more = (self.gone, self.told) if kind is ChangeKind.GONE else (self.told, self.gone)
        no_more.pop(named, None)
        now[named] = None
        now.move_to_end(named)
        if len(now) > MOST_REMEMBERED:
            now.popitem(last=False)

    async def _in_sight(self, named: Iterable[Named]) -> frozenset[Named]:
        """Which of these records the viewer has in sight as they were where the stream has looked to.

        What became of them after that is told by the events that it is yet to look at.
        """
        context, viewer = self.listener.context, self.listener.viewer
        try:
            await context.start_reading()
            ids = {id for _, id in named}
            scene = await read_since(context.session, viewer.account_id, self.position, ids)
            states = {each.event.record_id: each.before for each in reversed(scene.happenings)}
            found = {each for each in named if await sees(each[0], states.get(each[1]), scene, viewer)}
            return frozenset(
                found | await self._in_sight_now([each for each in named if each[1] not in states])
            )
        finally:
            await context.stop_reading()

    async def _in_sight_now(self, named: Iterable[Named]) -> set[Named]:
        context = self.listener.context
        found: set[Named] = set()
        for table in {table for table, _ in named}:
            ids = [id for of, id in named if of == table]
            sight = context.compiler().sql(visible(table, self.listener.viewer), "t")
            statement = Sql(f"SELECT t.id FROM {physical(table)} t WHERE ")
            statement = statement + among(context.session.dialect, "t.id", ids) + " AND " + sight
            found |= {(table, row["id"]) for row in await context.rows(table, statement)}
        return found


async def _owner(listener: Listener, global_id: str) -> UUID:
    """The agent that an id names, where they are in sight. Raises NOT_FOUND."""
    context = listener.context
    try:
        await context.start_reading()
        found = await context.find("agent", id_of("Agent", global_id))
    finally:
        await context.stop_reading()
    if found is None:
        raise not_found()
    id: UUID = found["id"]
    return id


async def _place(listener: Listener, cursor: str) -> Position:
    """The place that a cursor stands for. Raises INVALID_CURSOR."""
    try:
        xact, id = cursors.open(_keys(listener), _binding(listener.viewer), cursor)
        position = Position(int(xact), int(id))
        await listener.feed.require_kept(position)
    except BadCursor:
        message = (
            "This cursor is of no stream of yours. Start anew: subscribe without `after`, and read again."
        )
        raise CodedError(Code.INVALID_CURSOR, message) from None
    except OutOfReach:
        message = (
            "What came after this cursor is no longer kept. Start anew: subscribe without `after`, and read "
            "again what you show."
        )
        raise CodedError(Code.INVALID_CURSOR, message) from None
    return position


def _cursor(listener: Listener, position: Position) -> str:
    """As long whatever the position is, so that nobody can tell from it how much else there was."""
    place = [f"{position.xact:020}", f"{position.id:020}"]
    return cursors.seal(_keys(listener), _binding(listener.viewer), place)


def _binding(viewer: Viewer) -> bytes:
    """Whose the cursor is, and all that ruled their sight: by other powers, what they saw can't be told."""
    rules = (viewer.scope, viewer.reach, viewer.granular, viewer.isolation_mode, viewer.unowned_visibility)
    powers = [*map(str, rules), str(viewer.may(Permission.ACCOUNT_MANAGE)), str(viewer.partner_id)]
    powers += [*sorted(map(str, viewer.team_ids)), "|", *sorted(map(str, viewer.inbox_ids))]
    ruled = sha256(" ".join(powers).encode()).hexdigest()
    return f"recordChanged {viewer.kind} {viewer.account_id} {viewer.actor_id} {ruled}".encode()


def _keys(listener: Listener) -> Keys:
    return listener.context.keys
