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
    NoSchemaIntrospectionCustomRule,
    get_operation_ast,
)
from graphql.execution import get_variable_values
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from schema.errors import Code, CodedError, bad_input
from schema.refusals import Walk

LONGEST_QUERY = 10
"""Seconds: a query that takes longer is given up, its statement interrupted."""

MOST_TOKENS = 6_000
log = logging.getLogger("carteira.graphql")
_SUGGESTION = re.compile(r",? ?Did you mean [^?]*\?")


class Execution(SchemaExtension):
    """Refuses by role before anything runs, and adds the refusals to the answer."""

    async def on_operation(self) -> AsyncIterator[None]:
        """Bound what is parsed: the time that validation takes grows with the document."""
        self.execution_context.parse_options["max_tokens"] = MOST_TOKENS
        yield

    async def on_validate(self) -> AsyncIterator[None]:
        """Keep the schema from those who may not introspect, and give each error its code."""
        asked = self.execution_context
        if not asked.context.may_introspect:
            asked.validation_rules = (*asked.validation_rules, NoSchemaIntrospectionCustomRule)
        yield
        for error in asked.pre_execution_errors or ():
            if not isinstance(error.original_error, CodedError):
                error.extensions = {**(error.extensions or {}), "code": Code.GRAPHQL_VALIDATION_FAILED.value}

    async def on_execute(self) -> AsyncIterator[None]:
        """Walk the selection, execute, and join the errors of both."""
        walk = self._walk()
        query = self.execution_context.operation_type is OperationType.QUERY
        async with asyncio.timeout(LONGEST_QUERY if query else None):
            yield
        result = self.execution_context.result
        if walk is not None and walk.refused and result is not None:
            result.errors = [*walk.errors(), *(result.errors or [])]

    def _walk(self) -> Walk | None:
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
        variables = get_variable_values(schema, operation.variable_definitions or (), asked.variables or {})
        if isinstance(variables, list):
            return None
        walk = Walk(schema, fragments, variables, context.viewer)
        walk.operation(operation)
        context.walk = walk
        return walk


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
        message = f"This took longer than {LONGEST_QUERY} seconds; ask for less at once."
    if isinstance(error.original_error, RecursionError):
        message = "This is nested too deep; ask in simpler terms."
    if not suggestions:
        message = _SUGGESTION.sub("", message)
    return {**shown, "message": message, "extensions": extensions}


def _coded(error: GraphQLError) -> dict[str, Any]:
    original = error.original_error
    if isinstance(error, GraphQLSyntaxError):
        many = "tokens" in error.message and str(MOST_TOKENS) in error.message
        return {"code": (Code.QUERY_TOO_COMPLEX if many else Code.GRAPHQL_PARSE_FAILED).value}
    if isinstance(original, CodedError):
        return dict(original.extensions or {})
    if isinstance(original, RecursionError | TimeoutError):
        return {"code": Code.QUERY_TOO_COMPLEX.value}
    if original is None or isinstance(original, GraphQLError):
        return {"code": Code.BAD_USER_INPUT.value}
    incident = uuid4().hex
    log.error("Incident %s at %s", incident, error.path, exc_info=original)
    return {"code": Code.INTERNAL_SERVER_ERROR.value, "id": incident}
