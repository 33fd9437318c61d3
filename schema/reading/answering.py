"""Answering a query by its plan: one statement, whatever is asked."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import FieldNode, GraphQLError, GraphQLObjectType, GraphQLSchema, OperationType
from graphql.execution import VariableValues, get_argument_values, get_variable_values

from authz.keys import Keys
from authz.viewer import Viewer
from models.database import BadValue, Dialect
from models.engines.errors import TooDeep
from schema.errors import CodedError
from schema.reading import planning
from schema.reading.arguments import Given
from schema.reading.asking import ask
from schema.reading.documents import Memory, Operation, Site
from schema.reading.late import LateCompiler, Run
from schema.reading.plan import Plan, Unplanned, made
from schema.reading.planning import Planner
from schema.reading.size import LARGEST_ANSWER, Size, TooLarge
from schema.reading.view import View
from schema.refusals import FIELD, Walk

Fetch = Callable[[str, Sequence[Any]], Awaitable[Mapping[str, Any]]]
"""Runs a statement, with its parameters, that answers with one row."""


LONGEST_KEPT = 2_000
"""Characters of variables that are kept with what they ask."""


class Unread(Exception):
    """The database can't read the statement, or a cursor would be too long: value by value it may do."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The data, the errors, and the access version of the account as it stood when the data were read."""

    data: dict[str, Any]
    errors: Sequence[GraphQLError]
    version: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A schema and a database: what plans are made for."""

    schema: GraphQLSchema
    dialect: Dialect
    keys: Keys
    memory: Memory

    async def answer(
        self,
        operation: Operation,
        variables: Mapping[str, Any] | None,
        viewer: Viewer,
        shape: Viewer,
        fetch: Fetch,
        left: Mapping[str, Any] | None = None,
    ) -> Answered | None:
        """The answer to a query, or to a subscription what it tells of the row `left`.

        None where it is to be executed one value at a time. Raises Unread, TooLarge.
        """
        if operation.node.operation is not (
            OperationType.QUERY if left is None else OperationType.SUBSCRIPTION
        ):
            return None
        if operation.introspects:
            return None
        try:
            coerced, asked = self._known(operation, variables, viewer)
            plan = self._plan(operation, coerced, asked, shape)
        except (GraphQLError, Unplanned, RecursionError):
            # Whoever executes it value by value says at its place what is wrong, or can do it.
            return None
        data, version = await _run(plan, Run(viewer, self.keys, asked, left or {}), fetch)
        return Answered(data, plan.errors, version)

    def _known(
        self, operation: Operation, variables: Mapping[str, Any] | None, viewer: Viewer
    ) -> tuple[Any, Sequence[Any]]:
        """The variables as the schema takes them, and what they ask. Raises Unplanned where they are wrong.

        Frontends ask the same again and again; cursors are the asker's own, so that is kept by asker. An
        asker's id may be the driver's own kind of UUID, so it is kept by database too.
        """
        given = repr(variables)
        key = (operation.number, self.dialect, viewer.actor_id, viewer.currency, given)
        known = self.memory.asked.get(key)
        if known is None:
            definitions = operation.node.variable_definitions or ()
            coerced = get_variable_values(self.schema, definitions, dict(variables or {}))
            if isinstance(coerced, list):
                raise Unplanned("the variables are wrong")
            # Where they came from are nodes of the document, which is not to be kept by this.
            coerced = VariableValues({}, coerced.coerced)
            known = (coerced, self.asked(operation, coerced, viewer))
            if operation.kept and len(given) <= LONGEST_KEPT:
                self.memory.asked.put(key, known, len(given) + _weight(known[1]))
        found: tuple[Any, Sequence[Any]] = known
        return found

    async def payload(
        self,
        operation: Operation,
        variables: Any,
        viewer: Viewer,
        below: tuple[GraphQLObjectType, Sequence[FieldNode]],
        left: Mapping[str, Any],
        fetch: Fetch,
    ) -> dict[str, Any] | None:
        """What is selected of a mutation's payload, whose row is `left`; None as in `answer`.

        Raises Unread, TooLarge.
        """
        try:
            asked = self.asked(operation, variables, viewer)
            plan = self._plan(operation, variables, asked, viewer.shape, below)
        except (GraphQLError, Unplanned, RecursionError):
            return None
        return (await _run(plan, Run(viewer, self.keys, asked, left), fetch))[0]

    def asked(self, operation: Operation, variables: Any, viewer: Viewer) -> list[Any]:
        """What each field with arguments is asked for, in the order of the operation's sites.

        Raises GraphQLError where they are given too much, all together, or what is out of form.
        """
        given = Given()
        return [self._asked(site, variables, viewer, given) for site in operation.sites]

    def _asked(self, site: Site, variables: Any, viewer: Viewer, given: Given) -> Any:
        declared = site.definition.extensions.get(FIELD)
        arguments = get_argument_values(site.definition, site.node, variables)
        given.add(arguments)
        return ask(self.keys, viewer, declared, arguments)

    def _plan(
        self,
        operation: Operation,
        variables: Any,
        asked: Sequence[Any],
        shape: Viewer,
        below: tuple[GraphQLObjectType, Sequence[Any]] | None = None,
    ) -> Plan:
        """The plan of what is selected below, or of the whole operation."""
        key = self._key(operation, variables, asked, shape, () if below is None else tuple(map(id, below[1])))
        plan = self.memory.plans.get(key)
        if plan is None:
            root = self.schema.get_root_type(operation.node.operation)
            assert root is not None
            plan = self._made(operation, variables, asked, shape, below or (root, [operation.node]))
            if operation.kept:
                self.memory.plans.put(key, plan, plan.weight + _weight(asked))
        return plan

    def _key(
        self,
        operation: Operation,
        variables: Any,
        asked: Sequence[Any],
        shape: Viewer,
        below: tuple[int, ...],
    ) -> Any:
        """All that shapes a plan. Never a value; never who asks."""
        switches = tuple(variables.coerced.get(name) for name in operation.switches)
        return operation.number, self.dialect, shape, switches, tuple(map(_form, asked)), below

    def _made(
        self,
        operation: Operation,
        variables: Any,
        asked: Sequence[Any],
        shape: Viewer,
        below: tuple[GraphQLObjectType, Sequence[Any]],
    ) -> Plan:
        type_, nodes = below
        walk = Walk(self.schema, operation.fragments, variables, shape, self.keys)
        numbered = {id(site.node): number for number, site in enumerate(operation.sites)}
        walk.asked = {node: asked[number] for node, number in numbered.items()}
        if nodes == [operation.node]:
            walk.operation(operation.node)
        sites = {node: (number, asked[number]) for node, number in numbered.items()}
        planner = Planner(walk, View(LateCompiler(self.dialect, shape)), sites, self.schema)
        answer = planner.object(type_, nodes, "", "", planner.root)
        planner.code.function("answer", "row, run", [*planner.prepared, f"return {answer}"])
        errors = walk.errors()
        Size().errors(errors)
        return made(planning.whole(planner.root), planner.code, errors, planner.repeats)


async def _run(plan: Plan, run: Run, fetch: Fetch) -> tuple[dict[str, Any], int]:
    try:
        row = await fetch(plan.text, plan.params(run))
        data = row["data"]
        run.size.add(len(data))
        answer = plan.shape(orjson.loads(data), run)
    except TooLarge:
        raise
    except (CodedError, TooDeep, BadValue) as error:
        raise Unread from error
    if plan.may_be_longer(data, LARGEST_ANSWER):
        Size().data(answer)
    return answer, row["version"]


def _weight(asked: Sequence[Any]) -> int:
    """Roughly the bytes that it takes to keep what is asked, and its form."""
    return (
        sum(200 if each is None else 1_000 + 300 * len(getattr(each, "values", ())) for each in asked) + 1_000
    )


def _form(asked: Any) -> Any:
    if isinstance(asked, CodedError):
        return (asked.code, asked.message)
    return None if asked is None else asked.form
