"""Around each execution: what is refused is found beforehand, and every error gets a code."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSyntaxError,
    get_operation_ast,
)
from graphql.execution import get_variable_values
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from schema.context import LONGEST_QUERY
from schema.errors import Code, CodedError, bad_input
from schema.reading.size import Size
from schema.refusals import Walk
from schema.wrong_values import wrong_variables

log = logging.getLogger("carteira.graphql")
_SUGGESTION = re.compile(r",? ?Did you mean [^?]*\?")


class Execution(SchemaExtension):
    """Refuses by role before anything runs, and adds the refusals to the answer."""

    async def on_parse(self) -> AsyncIterator[None]:
        """Take the document as it was parsed: bounded by who sent it."""
        document = self.execution_context.context.document
        if document.node is None:
            raise document.errors[0]
        self.execution_context.graphql_document = document.node
        yield

    async def on_validate(self) -> AsyncIterator[None]:
        """Take what was found wrong with it."""
        self.execution_context.pre_execution_errors = list(self.execution_context.context.document.errors)
        yield

    async def on_execute(self) -> AsyncIterator[None]:
        """Walk the selection, execute, and join the errors of both.

        A mutation writes to its end; what it gives back is read in time (schema/reading/executor.py).
        """
        walk, wrong = self._walk()
        mutation = self.execution_context.operation_type is OperationType.MUTATION
        async with asyncio.timeout(None if mutation else LONGEST_QUERY):
            yield
        result = self.execution_context.result
        if wrong and result is not None:
            result.errors = wrong
        if walk is not None and walk.refused and result is not None:
            result.errors = [*walk.errors(), *(result.errors or [])]

    def _walk(self) -> tuple[Walk | None, list[GraphQLError]]:
        """The walk of the operation, or what is wrong with its variables."""
        asked = self.execution_context
        document, context = asked.graphql_document, asked.context
        assert document is not None
        operation = get_operation_ast(document, asked._provided_operation_name)
        if operation is None:
            raise bad_input("There is no one operation to run: name one of them in `operationName`.")
        schema = asked.schema._schema
        fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        definitions, given = operation.variable_definitions or (), asked.variables or {}
        variables = get_variable_values(schema, definitions, given)
        if isinstance(variables, list):
            return None, wrong_variables(schema, definitions, given)
        walk = Walk(schema, fragments, variables, context.viewer, context.keys)
        walk.operation(operation)
        Size().errors(walk.errors())
        if context.planned and asked.operation_type is not OperationType.MUTATION:
            # It comes here for want of a plan.
            walk.require_singly()
        context.walk = walk
        return walk, []


def formatted(error: GraphQLError, *, suggestions: bool) -> dict[str, Any]:
    """The error as clients meet it: with a code, and nothing that was not meant for them."""
    shown = error.formatted
    extensions = dict(shown.get("extensions") or {})
    if "code" not in extensions:
        extensions = _coded(error)
    message = shown["message"]
    if extensions["code"] == Code.INTERNAL_SERVER_ERROR.value:
        message = "Something went wrong on our side. Tell us the id, and we find it in the log."
    if isinstance(error.original_error, TimeoutError):
        message = f"This took longer than {LONGEST_QUERY:g} seconds; ask for less at once."
    if isinstance(error.original_error, RecursionError):
        message = "This is nested too deep, or too long; ask in simpler terms."
    if not suggestions:
        message = _SUGGESTION.sub("", message)
    return {**shown, "message": message, "extensions": extensions}


def _coded(error: GraphQLError) -> dict[str, Any]:
    original = error.original_error
    if isinstance(error, GraphQLSyntaxError):
        return {"code": Code.GRAPHQL_PARSE_FAILED.value}
    if isinstance(original, CodedError):
        return dict(original.extensions or {})
    if isinstance(original, RecursionError | TimeoutError):
        return {"code": Code.QUERY_TOO_COMPLEX.value}
    if original is None or isinstance(original, GraphQLError):
        return {"code": Code.BAD_USER_INPUT.value}
    incident = uuid4().hex
    log.error("Incident %s at %s", incident, error.path, exc_info=original)
    return {"code": Code.INTERNAL_SERVER_ERROR.value, "id": incident}
