"""What a query may not have, found before anything runs (authorization.md, the contract, 3).

One walk of the selection asks each field's rule for this viewer, and the rules of what filters and
orders name. What no row could show is refused once, at its path down to the first list.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLIncludeDirective,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    GraphQLUnionType,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_directive_values,
    get_named_type,
)
from graphql.execution import get_argument_values

from authz.access import REFUSED
from authz.viewer import Viewer
from schema.errors import Code, CodedError
from schema.fields import GuardedField, rule_of
from schema.reading.listing import DEFAULT_PAGE
from schema.reading.reads import Many, One, Related
from schema.reading.view import guarded_fields
from schema.seen import TYPES

MOST_NODES = 50_000
MOST_PLACES = 5_000
MOST_VALUES = 300_000
MOST_WRITES = 20
DEEPEST = 40
GUESSED_LIST = 10
"""How many rows a list without pages is counted as."""

FIELD = "strawberry-definition"

Place = tuple[str, ...]
Selected = dict[str, list[tuple[GraphQLObjectType, FieldNode]]]


@dataclass(slots=True)
class Walk:
    """One walk of one operation. `refused` maps a place to the path of its error."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Any
    viewer: Viewer | None
    refused: dict[Place, tuple[Place, str]] = field(default_factory=dict)
    nodes: int = 0
    places: int = 0
    values: int = 0

    def operation(self, operation: OperationDefinitionNode) -> None:
        """Walk an operation from its root. Raises CodedError where it is too complex."""
        root = self.schema.get_root_type(operation.operation)
        assert root is not None
        self._selection({root: [operation.selection_set]}, (), None, 1)
        if operation.operation is OperationType.MUTATION and len(self.roots(operation)) > MOST_WRITES:
            raise _too_complex(f"A request holds at most {MOST_WRITES} mutations.")

    def roots(self, operation: OperationDefinitionNode) -> list[str]:
        """The names of the fields that an operation asks for at its root, but `__typename`."""
        root = self.schema.get_root_type(operation.operation)
        assert root is not None
        nodes = self._fields(root, operation.selection_set, set())
        return [node.name.value for node in nodes if node.name.value != "__typename"]

    def renew(self, path: Place, type_: GraphQLObjectType, nodes: list[FieldNode], viewer: Viewer) -> None:
        """Judge what is selected below a place for another viewer. Raises CodedError where too complex."""
        self.forget(path)
        self.viewer = viewer
        sets = [node.selection_set for node in nodes if node.selection_set is not None]
        self._selection({type_: sets}, path, None, 1)

    def forget(self, path: Place) -> None:
        """Refuse nothing below a place."""
        self.refused = {
            place: refusal for place, refusal in self.refused.items() if place[: len(path)] != path
        }

    def _selection(
        self,
        selections: dict[GraphQLObjectType, list[SelectionSetNode]],
        path: Place,
        first_list: Place | None,
        rows: int,
    ) -> None:
        if len(path) > DEEPEST:
            raise _too_complex(f"It is nested more than {DEEPEST} levels deep.")
        selected: Selected = {}
        for type_, sets in selections.items():
            # A fragment says the same however often it is spread at one place.
            spread: set[str] = set()
            for selection_set in sets:
                for node in self._fields(type_, selection_set, spread):
                    key = (node.alias or node.name).value
                    selected.setdefault(key, []).append((type_, node))
        for key, nodes in selected.items():
            self._count(rows)
            self._field(nodes, (*path, key), first_list, rows)

    def _count(self, rows: int) -> None:
        self.places += 1
        self.values += rows
        if self.places > MOST_PLACES:
            raise _too_complex(f"It asks for more than {MOST_PLACES} fields.")
        if self.values > MOST_VALUES:
            raise _too_complex(f"Its pages could hold more than {MOST_VALUES} values; ask for smaller ones.")

    def _field(
        self,
        nodes: list[tuple[GraphQLObjectType, FieldNode]],
        path: Place,
        first_list: Place | None,
        rows: int,
    ) -> None:
        kept: dict[GraphQLObjectType, list[SelectionSetNode]] = {}
        refusals: list[str] = []
        at_list = first_list
        times = 1
        for type_, node in nodes:
            definition = self.schema.get_field(type_, node.name.value)
            declared = definition.extensions.get(FIELD) if definition else None
            if definition is None or declared is None:
                continue
            given = self._arguments(definition, node)
            if not self._may(declared, type_, given):
                refusals.append(f"{type_.name}.{node.name.value}")
                continue
            if at_list is None and _is_list(definition.type):
                at_list = path
            times = max(times, _page(declared, given, _is_list(definition.type)))
            if node.selection_set is not None:
                for possible in self._possible(get_named_type(definition.type)):
                    kept.setdefault(possible, []).append(node.selection_set)
        if refusals and len(refusals) == len([1 for _, node in nodes if node.name.value != "__typename"]):
            self.refused[path] = (first_list or path, refusals[0])
        elif kept:
            self._selection(kept, path, at_list, rows * times)

    def _may(self, declared: Any, type_: GraphQLObjectType, given: Mapping[str, Any]) -> bool:
        table = getattr(getattr(type_.extensions.get(FIELD), "origin", None), "table", "")
        rule = rule_of(declared)
        if rule is None or rule.decide(self.viewer, table) is REFUSED:
            return False
        return self.viewer is None or not refuses_arguments(declared, given, self.viewer)

    def _arguments(self, definition: Any, node: FieldNode) -> Mapping[str, Any]:
        try:
            return get_argument_values(definition, node, self.variables)
        except GraphQLError:
            return {}

    def _possible(self, type_: Any) -> list[GraphQLObjectType]:
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            return list(self.schema.get_possible_types(type_))
        return [type_] if isinstance(type_, GraphQLObjectType) else []

    def _fields(
        self, type_: GraphQLObjectType, selection_set: SelectionSetNode, seen: set[str]
    ) -> Iterator[FieldNode]:
        for node in selection_set.selections:
            self.nodes += 1
            if self.nodes > MOST_NODES:
                raise _too_complex("Its fragments repeat themselves too often.")
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                yield node
                continue
            if isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name in seen or name not in self.fragments:
                    continue
                seen.add(name)
                node = self.fragments[name]  # type: ignore[assignment]
            if self._applies(type_, node):
                yield from self._fields(type_, node.selection_set, seen)  # type: ignore[attr-defined]

    def _applies(self, type_: GraphQLObjectType, fragment: Any) -> bool:
        if fragment.type_condition is None:
            return True
        condition = self.schema.get_type(fragment.type_condition.name.value)
        if condition is type_:
            return True
        abstract = isinstance(condition, GraphQLInterfaceType | GraphQLUnionType)
        return abstract and self.schema.is_sub_type(condition, type_)  # type: ignore[arg-type]

    def _included(self, node: Any) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return not (skip and skip["if"]) and (include is None or bool(include["if"]))

    def errors(self) -> list[GraphQLError]:
        """The refusals as errors of the contract, in the order of the query."""
        code = Code.UNAUTHENTICATED if self.viewer is None else Code.FORBIDDEN
        says = "Sign in to read {}." if self.viewer is None else "Your role may not read {}."
        return [
            GraphQLError(says.format(what), path=list(path), extensions={"code": code.value})
            for path, what in self.refused.values()
        ]


def refuses_arguments(declared: Any, given: Mapping[str, Any], viewer: Viewer) -> bool:
    """Whether a filter, an order or a group names a field that the viewer may read on no row."""
    table = _listed_table(declared)
    if table is None:
        return False
    filter = given.get("filter")
    named = {str(getattr(each["field"], "value", each["field"])) for each in given.get("orderBy") or ()}
    group = given.get("groupBy")
    if group is not None:
        named.add(str(getattr(group, "value", group)).lower())
    fields = guarded_fields(table)
    if any(name in fields and fields[name].rule.decide(viewer, table) is REFUSED for name in named):
        return True
    return isinstance(filter, Mapping) and _refuses_filter(table, filter, viewer)


def _refuses_filter(table: str, filter: Mapping[str, Any], viewer: Viewer) -> bool:
    fields = {_camel(name): each for name, each in guarded_fields(table).items()}
    for name, operand in filter.items():
        if operand is None:
            continue
        if name in ("all", "any"):
            if any(_refuses_filter(table, each, viewer) for each in operand):
                return True
        elif name == "not":
            if _refuses_filter(table, operand, viewer):
                return True
        elif name in fields and _refuses_operand(table, fields[name], operand, viewer):
            return True
    return False


def _refuses_operand(table: str, declared: GuardedField, operand: Any, viewer: Viewer) -> bool:
    if declared.rule.decide(viewer, table) is REFUSED:
        return True
    reads = declared.reads
    if not isinstance(reads, One | Related) or not isinstance(operand, Mapping):
        return False
    nested = (operand.get(name) for name in ("is", "some", "none", "every"))
    return any(isinstance(each, Mapping) and _refuses_filter(reads.table, each, viewer) for each in nested)


def _listed_table(declared: Any) -> str | None:
    if not isinstance(declared, GuardedField):
        return None
    if isinstance(declared.reads, Related):
        return declared.reads.table
    table = declared.metadata.get("lists")
    return table if table in TYPES else None


def _page(declared: Any, given: Mapping[str, Any], listed: bool) -> int:
    ids = given.get("ids")
    if isinstance(ids, list):
        return max(1, len(ids))
    if not isinstance(declared, GuardedField) or not isinstance(declared.reads, Many):
        return GUESSED_LIST if listed and not _of_connection(declared) else 1
    size = given.get("first") or given.get("last") or DEFAULT_PAGE
    return size if isinstance(size, int) else 1


def _of_connection(declared: Any) -> bool:
    """Whether it is a part of a connection, whose page is counted already."""
    return getattr(declared.origin, "__name__", "").endswith("Connection")


def _is_list(type_: Any) -> bool:
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    return isinstance(inner, GraphQLList)


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


def _too_complex(why: str) -> CodedError:
    return CodedError(Code.QUERY_TOO_COMPLEX, f"This query is too complex. {why}")
