"""Listening in process: a subscription as it runs, and what it is told.

async with listening(database, scene.ana) as stream:
    await update_deal(…)
    assert await stream.told() == [{"kind": "UPDATED", "recordId": gid(deal)}]
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import orjson

from authz.tokens import BadToken
from authz.viewers import Viewers
from models.database import Database
from models.outbox import Position
from models.relay import Relay
from models.sql import Sql
from resolvers.answering import Asked
from resolvers.streaming import Streams
from resolvers.subscribing import Listener
from schema.context import Context
from schema.errors import CodedError
from tests.resolvers.support import KEYS, Viewer, signed_in

WATCH = "subscription { recordChanged { kind recordId } }"


class Observed(Listener):
    """A listener who tells when there is nothing left to look at."""

    idle: asyncio.Event

    async def wait(self, stirred: asyncio.Event) -> None:
        """Tell, and wait."""
        self.idle.set()
        await super().wait(stirred)


@dataclass(frozen=True)
class ObservedStreams(Streams):
    """Subscriptions whose listeners are observed; `seen` holds the last that began."""

    seen: list[Observed] = field(default_factory=list)

    def _listener(self, *given: Any) -> Listener:
        plain = super()._listener(*given)
        made = Observed(
            plain.context, plain.feed, plain.load, plain.read, plain.loaded, plain.begun, plain.fair
        )
        made.idle = asyncio.Event()
        self.seen.append(made)
        return made


def streams_of(database: Database) -> ObservedStreams:
    """The subscriptions of a process of its own."""
    return ObservedStreams(database, Relay(database), Viewers())


@dataclass
class Stream:
    """A subscription that is listened to; `ended` is the code of what ended it."""

    streams: ObservedStreams
    context: Context
    asked: Asked
    bodies: list[bytes] = field(default_factory=list)
    ended: str | None = None
    task: Any = None
    listener: Any = None
    taken: int = 0

    async def begin(self) -> None:
        """Listen, until there is nothing more to hear for now."""
        begun = asyncio.Event()
        known = len(self.streams.seen)
        self.task = asyncio.create_task(self._listen(begun))
        await _either(begun, self.task)
        if len(self.streams.seen) > known:
            self.listener = self.streams.seen[-1]
            await _either(self.listener.idle, self.task)

    async def _listen(self, begun: asyncio.Event) -> None:
        try:
            async with aclosing(self.streams.frames(self.context, self.asked, begun)) as frames:
                async for body in frames:
                    self.bodies.append(body)
        except BadToken:
            self.ended = "UNAUTHENTICATED"
        except CodedError as error:
            self.ended = error.code.value

    async def settle(self) -> None:
        """Wait until it has looked at all that there is by now, or has ended."""
        end, version = await _state(self.context.database, self.listener.viewer.account_id)
        while not self.task.done():
            reached = self.listener.feed.end >= end and self.listener.feed.version >= version
            self.listener.idle.clear()
            self.streams.relay._woken.set()
            await _either(self.listener.idle, self.task)
            if reached:
                return

    async def told(self) -> list[Any]:
        """What it was told since it was asked last: what is selected of each frame."""
        await self.settle()
        return [_shown(orjson.loads(body)) for body in self.new()]

    def new(self) -> list[bytes]:
        """The bodies since it was asked last."""
        new, self.taken = self.bodies[self.taken :], len(self.bodies)
        return new

    async def end(self) -> None:
        """Stop listening."""
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task


@asynccontextmanager
async def listening(
    database: Database,
    viewer: Viewer,
    document: str = WATCH,
    variables: dict[str, Any] | None = None,
    *,
    streams: ObservedStreams | None = None,
    planned: bool = True,
) -> AsyncIterator[Stream]:
    """A subscription of the viewer's, in a process of its own unless `streams` is another's."""
    unproved = await signed_in(database, viewer)
    context = Context(database, KEYS, unproved, request_id=uuid4().hex, planned=planned)
    stream = Stream(streams or streams_of(database), context, Asked(document, variables))
    await stream.begin()
    try:
        yield stream
    finally:
        await stream.end()


async def _either(event: asyncio.Event, task: "asyncio.Task[None]") -> None:
    waiting = asyncio.ensure_future(event.wait())
    await asyncio.wait([waiting, task], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


async def _state(database: Database, account_id: UUID) -> tuple[Position, int]:
    async with database.reading() as session:
        newest = await session.fetch(
            Sql(
                "SELECT xact, id FROM outbox_event WHERE account_id = ? ORDER BY xact DESC, id DESC LIMIT 1",
                (account_id,),
            )
        )
        version = await session.fetch(Sql("SELECT access_version FROM account WHERE id = ?", (account_id,)))
    end = Position(newest[0]["xact"], newest[0]["id"]) if newest else Position(0, 0)
    return end, version[0]["access_version"]


def _shown(body: dict[str, Any]) -> Any:
    (told,) = (body.get("data") or {"": None}).values()
    return told
