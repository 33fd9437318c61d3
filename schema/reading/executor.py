"""The executor's inner part that planned reading needs: what a mutation leaves, or a calculation comes to,
is read by one statement.

graphql-core's `complete_object_value` is touched here and nowhere else; its version is pinned. By then
a mutation has been made for good: where reading what it left takes too long, or comes to too much,
the payload tells what was done, and its objects are null, each with an error.
"""

from collections.abc import Callable, Sequence
from typing import Any

from graphql import FieldNode, GraphQLError, GraphQLObjectType, OperationType
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from schema.context import Context
from schema.errors import Code
from schema.fields import GuardedField
from schema.reading.answering import Reading, Unread
from schema.reading.reads import Column, One
from schema.reading.size import TooLarge
from schema.refusals import FIELD
from schema.seen import Outcome, Seen

Ordinary = Callable[[Seen], Any]
"""Completes a payload one value at a time."""

DONE = "It was done, but what was asked of it takes too long to read or is too much; read it by itself."


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's, that reads outcomes by a plan, and no longer than a request may read."""

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: Any,
        info: Any,
        path: Any,
        result: Any,
        position_context: Any,
    ) -> Any:
        """An outcome by its plan; anything else, and what has no plan, one value at a time."""

        def ordinary(result: Any) -> Any:
            return super(Executor, self).complete_object_value(
                return_type, field_details_list, info, path, result, position_context
            )

        if path.prev is not None or not isinstance(result, Outcome):
            return ordinary(result)
        nodes = [each.node for each in field_details_list]
        if self.operation.operation is OperationType.QUERY:
            return self._read(return_type, nodes, result, ordinary)
        return self._payload(return_type, nodes, path.as_list(), result, ordinary)

    async def _payload(
        self,
        type_: GraphQLObjectType,
        nodes: Sequence[FieldNode],
        path: list[str | int],
        result: Seen,
        ordinary: Ordinary,
    ) -> Any:
        context: Context = self.context_value
        try:
            async with context.reading_in_time():
                answer = await self._read(type_, nodes, result, ordinary)
            context.size.data(answer)
        except (TimeoutError, TooLarge):
            await context.begin_again()
            self._tell_unread(type_, nodes, path, result)
            return await self._awaited(ordinary(_without_references(result)))
        return answer

    async def _read(
        self, type_: GraphQLObjectType, nodes: Sequence[FieldNode], result: Seen, ordinary: Ordinary
    ) -> Any:
        context: Context = self.context_value
        if context.planned and context.document is not None and context.viewer is not None:
            answer = await self._planned(type_, nodes, result)
            if answer is not None:
                return answer
            if context.walk.too_much_singly:
                raise TooLarge
        return await self._awaited(ordinary(result))

    async def _planned(self, type_: GraphQLObjectType, nodes: Sequence[FieldNode], result: Seen) -> Any:
        context: Context = self.context_value
        reading = Reading(self.schema, context.database.dialect, context.keys, context.memory)
        operation = context.document.operation(self.operation.name and self.operation.name.value)
        viewer, below = context.known_viewer, (type_, nodes)
        # Others of a query's fields read the same snapshot, perhaps at the same moment.
        is_query = self.operation.operation is OperationType.QUERY
        fetch = context.row_attempted if is_query else context.row
        try:
            return await reading.payload(operation, self.variable_values, viewer, below, result.row, fetch)
        except Unread:
            if not is_query:
                await context.begin_again()
            return None

    async def _awaited(self, made: Any) -> Any:
        return await made if self.is_awaitable(made) else made

    def _tell_unread(
        self, type_: GraphQLObjectType, nodes: Sequence[FieldNode], path: list[str | int], result: Seen
    ) -> None:
        """Add an error for each object that the mutation gives back, and that is not read."""
        walk = self.context_value.walk
        for key, group in walk.selected(type_, nodes).items():
            definition = self.schema.get_field(type_, group[0].name.value)
            if definition is not None and _refers(definition.extensions.get(FIELD), result):
                place = [*path, key]
                if tuple(place) not in walk.refused:
                    extensions = {"code": Code.QUERY_TOO_COMPLEX.value}
                    error = GraphQLError(DONE, path=place, extensions=extensions)
                    self.collected_errors.errors.append(error)


def _refers(declared: Any, result: Seen) -> bool:
    """Whether a payload's field is an object that the mutation gives back."""
    if not isinstance(declared, GuardedField):
        return False
    if isinstance(declared.reads, One):
        return result.row.get(declared.reads.column(declared)) is not None
    if isinstance(declared.reads, Column):
        return _refer(result.row.get(declared.column_name))
    return declared.reads is None and any(_references(result).values())


def _references(result: Seen) -> dict[str, Any]:
    return {name: held for name, held in result.row.items() if name.endswith("_id") or _refer(held)}


def _refer(held: Any) -> bool:
    """Whether it is a list of outcomes that refer to rows."""
    return isinstance(held, list) and any(_references(each) for each in held if isinstance(each, Outcome))


def _without_references(result: Seen) -> Seen:
    """The payload as it is where the mutation gives back no objects: nothing of it has to be read."""
    return type(result).of({**result.row, **dict.fromkeys(_references(result))})
