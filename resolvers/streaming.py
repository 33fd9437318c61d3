"""Subscriptions as they run: who listens, each frame read through their view as it then stands.

Whatever carries frames to clients (resolvers/websocket.py, resolvers/sse.py) takes them from here one
at a time, and the next one is made only then: nothing is kept for whoever does not take theirs.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import orjson
from graphql import FieldNode, GraphQLError, GraphQLObjectType, OperationType, get_named_type
from graphql.execution import get_argument_values, get_variable_values

from authz.tokens import BadToken, Unproved
from authz.viewer import Viewer
from authz.viewers import Viewers
from models.database import Database
from models.relay import Feed, Relay
from models.turns import Turns
from resolvers.answering import DOCUMENTS, Asked
from resolvers.execution import formatted
from resolvers.schema import schema
from resolvers.subscribing import AccessChanged, Frame, Listener, Loaded
from schema.context import LONGEST_QUERY, Context
from schema.errors import Code, CodedError, bad_input
from schema.fields import GuardedField
from schema.reading.answering import Reading, Unread
from schema.reading.arguments import python_name
from schema.reading.documents import Document, Operation
from schema.reading.size import Size
from schema.refusals import FIELD, Walk

log = logging.getLogger("carteira.streams")

MOST_STREAMS = 1_000
"""That one viewer may have open at once, in one process."""

READ_AT_ONCE = 2
"""Frames that are read at once, so that requests beside them find connections free."""

READ_OF_ONE = 1
"""Frames of one person that are read at once, so that others need not wait for what is slow of theirs."""

JUDGE_AT_ONCE = 8
"""Listeners who judge an event at once, so that a thousand of them do not keep everyone else waiting."""


@dataclass(frozen=True, slots=True)
class Told:
    """A subscription's operation, understood: what tells, with which arguments, and what is selected."""

    document: Document
    operation: Operation
    asked: Asked
    variables: Any
    declared: GuardedField
    arguments: Mapping[str, Any]
    key: str
    below: Mapping[str, Sequence[FieldNode]]

    @property
    def fields(self) -> Mapping[str, str]:
        """The names of what is selected of a frame, by their response keys."""
        return {key: nodes[0].name.value for key, nodes in self.below.items()}


@dataclass(frozen=True, slots=True)
class Streams:
    """The open subscriptions of a process."""

    database: Database
    relay: Relay
    viewers: Viewers
    open: Counter[UUID] = field(default_factory=Counter)
    turns: Turns = field(default_factory=lambda: Turns(READ_OF_ONE))
    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(READ_AT_ONCE))
    fair: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(JUDGE_AT_ONCE))

    async def frames(
        self, context: Context, asked: Asked, begun: asyncio.Event | None = None
    ) -> AsyncGenerator[bytes, None]:
        """The bodies of a subscription's frames. Ends by raising CodedError or BadToken.

        `begun` is set once nothing that happens from then on is missed.
        """
        begun = begun or asyncio.Event()
        try:
            if context.unproved is None:
                raise CodedError(Code.UNAUTHENTICATED, "Sign in to subscribe.")
            loaded = await self._load(context, context.unproved, 0)
            context.viewer = loaded.viewer
            told = self._understood(context, asked)
            async with self._counted(loaded.viewer), self.relay.watching(loaded.viewer.account_id) as feed:
                listener = self._listener(context, told, feed, loaded, begun)
                async with aclosing(_frames(told, listener)) as frames:
                    async for frame in frames:
                        begun.set()
                        yield frame.body
        except (CodedError, BadToken):
            raise
        except Exception as error:
            incident = uuid4().hex
            log.exception("Incident %s", incident)
            message = "Something went wrong on our side. Tell us the id, and we find it in the log."
            raise CodedError(Code.INTERNAL_SERVER_ERROR, message, id=incident) from error

    @asynccontextmanager
    async def _counted(self, viewer: Viewer) -> AsyncIterator[None]:
        if self.open[viewer.actor_id] >= MOST_STREAMS:
            message = f"You have {MOST_STREAMS} subscriptions open; close some of them first."
            raise CodedError(Code.RATE_LIMITED, message)
        self.open[viewer.actor_id] += 1
        try:
            yield
        finally:
            self.open[viewer.actor_id] -= 1
            if not self.open[viewer.actor_id]:
                del self.open[viewer.actor_id]

    def _listener(
        self, context: Context, told: Told, feed: Feed, loaded: Loaded, begun: asyncio.Event
    ) -> Listener:
        async def load(unproved: Unproved, version: int) -> Loaded:
            return await self._load(context, unproved, version)

        async def read(viewer: Viewer, row: Mapping[str, Any], shared: dict[Any, Any]) -> Frame:
            return await self._shared(context, told, viewer, row, shared)

        return Listener(context, feed, load, read, loaded, begun, self.fair)

    # Viewers

    async def _load(self, context: Context, unproved: Unproved, version: int) -> Loaded:
        """The viewer as of this version or later, kept or loaded. Raises BadToken."""
        async with self.turn:
            kept = self.viewers.get(unproved) if version else None
            if kept is None or kept.viewer.access_version < version:
                context.viewer = None
                try:
                    await context.start_reading()
                finally:
                    await context.stop_reading()
                if context.viewer is None:
                    raise BadToken
                self.viewers.keep(unproved, context.viewer, context.expires_at)
                return Loaded(context.viewer, context.expires_at)
        context.viewer = kept.viewer
        return Loaded(kept.viewer, kept.expires_at)

    # Operations

    def _understood(self, context: Context, asked: Asked) -> Told:
        """The operation, its one field and that field's arguments. Raises CodedError."""
        document = DOCUMENTS.document(asked.query, introspects=context.may_introspect, signed_in=True)
        operation = document.operation(asked.operation_name)
        if operation is None or operation.node.operation is not OperationType.SUBSCRIPTION:
            raise bad_input("There is no such subscription: send one, or name one in `operationName`.")
        variables = get_variable_values(
            schema._schema, operation.node.variable_definitions or (), asked.variables or {}
        )
        if isinstance(variables, list):
            raise bad_input(formatted(variables[0], suggestions=context.may_introspect)["message"])
        walk = Walk(schema._schema, operation.fragments, variables, context.viewer, context.keys)
        walk.operation(operation.node)
        root = schema._schema.subscription_type
        assert root is not None
        selected = walk.selected(root, [operation.node])  # type: ignore[list-item]
        if len(selected) != 1:
            raise bad_input("A subscription selects one field; nothing is left of this one.")
        ((key, nodes),) = selected.items()
        if (key,) in walk.refused:
            error = formatted(walk.errors()[0], suggestions=False)
            raise CodedError(Code(error["extensions"]["code"]), error["message"])
        definition = root.fields[nodes[0].name.value]
        try:
            given = get_argument_values(definition, nodes[0], variables)
        except GraphQLError as error:
            raise bad_input(error.message) from None
        type_ = get_named_type(definition.type)
        assert isinstance(type_, GraphQLObjectType)
        arguments = {python_name(name): each for name, each in given.items()}
        declared = definition.extensions[FIELD]
        return Told(
            document, operation, asked, variables, declared, arguments, key, walk.selected(type_, nodes)
        )

    # Frames

    async def _shared(
        self, context: Context, told: Told, viewer: Viewer, row: Mapping[str, Any], shared: dict[Any, Any]
    ) -> Frame:
        """A frame, read once for all who are the same viewer, ask the same and are told the same."""
        key = (viewer, told.operation, repr(told.asked.variables), tuple(row.items()))
        reading = shared.get(key)
        if reading is None:
            reading = shared[key] = _Reading(asyncio.create_task(self._read(context, told, viewer, row)))
        try:
            return await reading.frame()
        finally:
            if reading.is_nobodys:
                del shared[key]

    async def _read(self, context: Context, told: Told, viewer: Viewer, row: Mapping[str, Any]) -> Frame:
        """A frame, by its plan, or where it has none one value at a time. Raises AccessChanged."""
        reading = Reading(schema._schema, self.database.dialect, context.keys, DOCUMENTS.memory)
        async with self.turns.of(viewer.actor_id), self.turn, _in_time():
            answered = None
            if context.planned:
                try:
                    answered = await reading.answer(
                        told.operation,
                        told.asked.variables,
                        viewer,
                        viewer.shape,
                        self.database.row,
                        left=row,
                    )
                except Unread:
                    answered = None
            if answered is None:
                return await self._executed(context, told, viewer, row)
        if answered.version != viewer.access_version:
            raise AccessChanged(answered.version)
        return _frame(told, answered.data, answered.errors, context.may_introspect)

    async def _executed(self, context: Context, told: Told, viewer: Viewer, row: Mapping[str, Any]) -> Frame:
        own = Context(
            context.database,
            context.keys,
            context.unproved,
            request_id=context.request_id,
            address=context.address,
            development=context.development,
            document=told.document,
            planned=context.planned,
        )
        try:
            await own.start_reading()
            assert own.viewer is not None
            if own.viewer.access_version != viewer.access_version:
                raise AccessChanged(own.viewer.access_version)
            result: Any = await schema.execute(
                told.asked.query,
                variable_values=told.asked.variables,
                context_value=own,
                root_value=told.declared.metadata["gives"].of(dict(row)),
                operation_name=told.asked.operation_name,
            )
            Size().data(result.data)
            return _frame(told, result.data, result.errors or (), context.may_introspect)
        finally:
            await own.stop_reading()


@dataclass(slots=True)
class _Reading:
    """A frame that is read, for as long as somebody waits for it."""

    task: asyncio.Task[Frame]
    waiting: int = 0

    async def frame(self) -> Frame:
        """The frame, once it is read. Raises AccessChanged, CodedError."""
        self.waiting += 1
        try:
            return await asyncio.shield(self.task)
        finally:
            self.waiting -= 1
            if self.is_nobodys:
                self.task.cancel()

    @property
    def is_nobodys(self) -> bool:
        """Whether all who waited have gone, and it is not read yet."""
        return not self.waiting and (not self.task.done() or self.task.cancelled())


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """A frame is read as long as a query may be. Raises CodedError."""
    try:
        async with asyncio.timeout(LONGEST_QUERY):
            yield
    except TimeoutError:
        message = f"To read this takes longer than {LONGEST_QUERY:g} seconds; subscribe to less at once."
        raise CodedError(Code.QUERY_TOO_COMPLEX, message) from None


async def _frames(told: Told, listener: Listener) -> AsyncGenerator[Frame, None]:
    async with aclosing(told.declared.metadata["tells"](listener, **told.arguments)) as frames:
        async for frame in frames:
            yield frame


def _frame(told: Told, data: Any, errors: Sequence[GraphQLError], suggestions: bool) -> Frame:
    body: dict[str, Any] = {"data": data}
    if errors:
        body["errors"] = [formatted(error, suggestions=suggestions) for error in errors]
    found = (data or {}).get(told.key) or {}
    empty = frozenset(name for key, name in told.fields.items() if found.get(key) is None)
    return Frame(orjson.dumps(body), empty)
