"""How a subscription is declared, and what its resolver has in hand while it is listened to.

    @subscription(SIGNED_IN, gives=RecordChange, mark=Mark.RECORD_CHANGE)
    async def record_changed(listener: Listener, after: str | None) -> AsyncGenerator[Frame, None]:
        '''What becomes of records.'''
        ...
        yield await listener.frame({"record_id": …})

A resolver says when to tell and of which row; what is told of it is read through the view that the
listener has then, the field's rule asked each time.
"""

import asyncio
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument

from authz.access import AccessRule
from authz.tokens import BadToken, Secret, Signed, Unproved
from authz.viewer import Viewer
from models import clock
from models.names import camel
from models.relay import Feed
from schema.context import Context
from schema.fields import Guard, GuardedField
from schema.reading.marks import Mark

SUBSCRIPTIONS: dict[str, GuardedField] = {}


class AccessChanged(Exception):
    """What the viewer is built from is another by now: what was read is thrown away."""

    def __init__(self, version: int) -> None:
        super().__init__(version)
        self.version = version


@dataclass(frozen=True, slots=True)
class Frame:
    """What is told once: the body as clients get it, and which fields at its top have nothing."""

    body: bytes
    empty: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Loaded:
    """A viewer, all that rules their sight, and when their token ends."""

    viewer: Viewer
    expires_at: Any


Resolver = Callable[..., AsyncGenerator["Frame", None]]


Load = Callable[[Unproved, int], Awaitable[Loaded]]
"""Proves the token and loads the viewer as of an access version or later. Raises BadToken."""

Read = Callable[[Viewer, Mapping[str, Any], dict[Any, Any]], Awaitable[Frame]]
"""Reads a frame of a row for the viewer, or finds it among what is shared. Raises AccessChanged."""


@dataclass(slots=True)
class Listener:
    """Whoever listens: the viewer as they now stand, the account's feed, and the way to read a frame."""

    context: Context
    feed: Feed
    load: Load
    read: Read
    loaded: Loaded
    begun: asyncio.Event
    fair: asyncio.Semaphore
    """Held while an event is judged, so that requests beside a thousand listeners get a turn. Reading a frame
    has turns of its own, or who waits for theirs would keep the others from judging."""

    @property
    def viewer(self) -> Viewer:
        """The viewer as they were last loaded."""
        return self.loaded.viewer

    async def renew(self, version: int) -> bool:
        """Load the viewer anew where what they are built from may have changed; say so. Raises BadToken."""
        self._require_time()
        unproved = self.context.unproved
        assert unproved is not None
        # What an outside issuer's sign-in rests on is not counted by the version.
        if self.viewer.access_version >= version and isinstance(unproved, Signed | Secret):
            return False
        before, self.loaded = self.viewer, await self.load(unproved, version)
        return before != self.viewer

    async def frame(self, row: Mapping[str, Any], shared: dict[Any, Any] | None = None) -> Frame:
        """What is told of the row; `shared` keeps what others were told alike. Raises AccessChanged."""
        return await self.read(self.viewer, row, {} if shared is None else shared)

    async def wait(self, stirred: asyncio.Event) -> None:
        """Wait until something may have changed. Raises BadToken once the token has ended."""
        self.begun.set()
        try:
            async with asyncio.timeout(self._seconds_left()):
                await stirred.wait()
        except TimeoutError:
            self._require_time()

    def _seconds_left(self) -> float | None:
        ends = self.loaded.expires_at
        return None if ends is None else max(0.0, (ends - clock.now()).total_seconds())

    def _require_time(self) -> None:
        ends = self.loaded.expires_at
        if ends is not None and clock.now() >= ends:
            raise BadToken


def subscription(
    rule: AccessRule, *, gives: Any, mark: Mark, nullable: bool = False
) -> Callable[[Resolver], Resolver]:
    """Declare a subscription by the function that tells; its arguments are those after the listener.

    `mark` says how a plan reads what is told of a row (schema/reading/planned.py); the ordinary way takes
    the row as an object of the type that it `gives`.
    """

    def declare(resolver: Resolver) -> Resolver:
        made = GuardedField(
            graphql_name=camel(resolver.__name__),
            is_subscription=True,
            type_annotation=StrawberryAnnotation(gives | None if nullable else gives),
            metadata={"rule": rule, "reads": None, "planned": mark, "tells": resolver, "gives": gives},
            extensions=[Guard(rule)],
            description=inspect.cleandoc(resolver.__doc__ or ""),
        )
        named = list(inspect.signature(resolver).parameters.values())[1:]
        made.arguments = [
            StrawberryArgument(each.name, None, StrawberryAnnotation(each.annotation)) for each in named
        ]
        SUBSCRIPTIONS[resolver.__name__] = made
        return resolver

    return declare
