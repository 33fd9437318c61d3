"""Answering a request: a query by its plan, everything else one value at a time."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, OperationType

from authz.viewer import Viewer
from resolvers.schema import schema
from schema.context import LONGEST_QUERY, Context
from schema.errors import bad_input
from schema.reading.answering import Answered, Fetch, Reading, Unread
from schema.reading.documents import Documents
from schema.reading.size import Size, TooLarge
from schema.seen import Seen

DOCUMENTS = Documents(schema._schema)

LISTENED_TO = (
    "A subscription is listened to: send it over graphql-transport-ws, or with `Accept: text/event-stream`."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A GraphQL request's body."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """An answer before it goes over the wire."""

    data: dict[str, Any] | None
    errors: Sequence[GraphQLError] = ()


async def answer(context: Context, asked: Asked) -> Result:
    """The answer to a request that has begun to read. Raises what Strawberry raises for no operation."""
    context.document = DOCUMENTS.document(
        asked.query, introspects=context.may_introspect, signed_in=context.viewer is not None
    )
    context.memory = DOCUMENTS.memory
    if is_subscription(context, asked):
        raise bad_input(LISTENED_TO)
    if context.planned and context.viewer is not None:
        viewer = context.viewer
        answered = await planned(context, asked, viewer, viewer.shape, context.row)
        if isinstance(answered, Result):
            return answered
        if answered is not None:
            return Result(answered.data, answered.errors)
    return await _executed(context, asked)


def is_subscription(context: Context, asked: Asked) -> bool:
    """Whether it is a valid document whose operation is a subscription. Who asks has been proved by then."""
    # Whoever may not introspect is told so when it is run.
    signed_in = context.unproved is not None
    known = context.document or DOCUMENTS.document(asked.query, introspects=True, signed_in=signed_in)
    operation = known.operation(asked.operation_name)
    return operation is not None and operation.node.operation is OperationType.SUBSCRIPTION


async def _executed(context: Context, asked: Asked) -> Result:
    result: Any = await schema.execute(
        asked.query,
        variable_values=asked.variables,
        context_value=context,
        root_value=Seen.of({}),
        operation_name=asked.operation_name,
    )
    return _measured(context, asked, Result(result.data, result.errors or ()))


def _measured(context: Context, asked: Asked, result: Result) -> Result:
    """The answer, where it is not too long. A mutation's tells what was done: its payloads were measured."""
    operation = context.document.operation(asked.operation_name)
    if operation is not None and operation.node.operation is OperationType.MUTATION:
        return result
    size = Size()
    try:
        size.data(result.data)
        size.errors(result.errors)
    except TooLarge as error:
        return Result(None, [error])
    return result


async def planned(
    context: Context, asked: Asked, viewer: Viewer, shape: Viewer, fetch: Fetch
) -> Answered | Result | None:
    """The answer to a query by its plan; what went wrong, where something did; None where it has none."""
    operation = context.document and context.document.operation(asked.operation_name)
    if operation is None:
        return None
    reading = Reading(schema._schema, context.database.dialect, context.keys, DOCUMENTS.memory)
    try:
        async with asyncio.timeout(LONGEST_QUERY):
            return await reading.answer(operation, asked.variables, viewer, shape, fetch)
    except Unread:
        await context.begin_again()
        return None
    except Exception as error:  # noqa: BLE001 whatever it is, the log has it and the client an id
        return Result(None, [GraphQLError(str(error), original_error=error)])
