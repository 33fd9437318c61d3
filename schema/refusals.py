"""What a query may not have, found before anything runs (authorization.md, the contract, 3).

One walk of the selection asks each field's rule for this viewer, and the rules of what filters and
orders name. What no row could show is refused once, at its path down to the first list.
"""

from collections.abc import Iterable, Iterator, Mapping
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

from authz.access import Refused
from authz.keys import Keys
from authz.viewer import Viewer
from models.names import camel
from schema.errors import Code, CodedError, module_disabled
from schema.fields import GuardedField, rule_of
from schema.introspection import Introspection
from schema.reading.arguments import DEFAULT_PAGE, Asked, Given
from schema.reading.asking import ask
from schema.reading.reads import Many, One, Related
from schema.reading.view import guarded_fields
from schema.seen import TYPES

MOST_NODES = 50_000
MOST_PLACES = 5_000
MOST_VALUES = 300_000
MOST_SINGLY = 10_000
"""Values that are read one at a time, where there is no plan: nobody else is answered meanwhile."""

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
    keys: Keys
    refused: dict[Place, tuple[Place, str | CodedError]] = field(default_factory=dict)
    asked: dict[int, Asked | CodedError | None] = field(default_factory=dict)
    given: Given = field(default_factory=Given)
    introspection: Introspection = field(init=False)
    nodes: int = 0
    places: int = 0
    values: int = 0

    def __post_init__(self) -> None:
        self.introspection = Introspection(self.schema, self.selected, self._arguments)

    def operation(self, operation: OperationDefinitionNode) -> None:
        """Walk an operation from its root. Raises CodedError where it is too complex."""
        root = self.schema.get_root_type(operation.operation)
        assert root is not None
        self._selection({root: [operation.selection_set]}, (), None, 1)
        if operation.operation is OperationType.MUTATION and len(self.roots(operation)) > MOST_WRITES:
            raise _too_complex(f"A request holds at most {MOST_WRITES} mutations.")

    @property
    def too_much_singly(self) -> bool:
        """Whether it is too much to be read one value at a time."""
        return self.values > MOST_SINGLY

    def require_singly(self) -> None:
        """Raise CodedError where it is too much to be read one value at a time."""
        if self.too_much_singly:
            raise _too_complex("It can't be read by one statement, and holds too much to be read without.")

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
        refusals: list[str | CodedError] = []
        at_list = first_list
        times = 1
        for type_, node in nodes:
            definition = self.schema.get_field(type_, node.name.value)
            declared = definition.extensions.get(FIELD) if definition else None
            if definition is None:
                continue
            given = self._arguments(definition, node)
            if declared is None:
                self.introspection.add(node.name.value, given, [node])
                continue
            if given:
                self.given.add(given)
            refusal = self._refusal(declared, type_, node, given)
            if refusal is not None:
                refusals.append(refusal)
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

    def _refusal(
        self, declared: Any, type_: GraphQLObjectType, node: FieldNode, given: Mapping[str, Any]
    ) -> str | CodedError | None:
        """Why a field is not read: its rule says no, or what is asked of it can't be."""
        refused = self._refused(declared, type_, given)
        if refused is not None:
            return module_disabled() if refused.module else f"{type_.name}.{node.name.value}"
        asked = self._ask(declared, node, given)
        return asked if isinstance(asked, CodedError) else None

    def _ask(self, declared: Any, node: FieldNode, given: Mapping[str, Any]) -> Asked | CodedError | None:
        if self.viewer is None or (not given and not isinstance(declared, GuardedField)):
            return None
        if id(node) not in self.asked:
            self.asked[id(node)] = ask(self.keys, self.viewer, declared, given)
        return self.asked[id(node)]

    def answers(self, type_: GraphQLObjectType, node: FieldNode) -> bool:
        """Whether a field of this type is read at all."""
        definition = self.schema.get_field(type_, node.name.value)
        assert definition is not None
        given = self._arguments(definition, node)
        return self._refusal(definition.extensions.get(FIELD), type_, node, given) is None

    def selected(self, type_: GraphQLObjectType, nodes: Iterable[FieldNode]) -> dict[str, list[FieldNode]]:
        """The fields that are asked for below these nodes, on objects of this type, by response key."""
        found: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        for node in nodes:
            if node.selection_set is not None:
                for each in self._fields(type_, node.selection_set, spread):
                    found.setdefault((each.alias or each.name).value, []).append(each)
        return found

    def _refused(self, declared: Any, type_: GraphQLObjectType, given: Mapping[str, Any]) -> Refused | None:
        table = getattr(getattr(type_.extensions.get(FIELD), "origin", None), "table", "")
        rule = rule_of(declared)
        decision = Refused() if rule is None else rule.decide(self.viewer, table)
        if isinstance(decision, Refused):
            return decision
        return None if self.viewer is None else refused_arguments(declared, given, self.viewer)

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
        return [self._error(path, why) for path, why in self.refused.values()]

    def _error(self, path: Place, why: str | CodedError) -> GraphQLError:
        if isinstance(why, CodedError):
            return GraphQLError(why.message, path=list(path), extensions=why.extensions)
        code = Code.UNAUTHENTICATED if self.viewer is None else Code.FORBIDDEN
        return GraphQLError(self._says.format(why), path=list(path), extensions={"code": code.value})

    @property
    def _says(self) -> str:
        if self.viewer is None:
            return "Sign in to read {}."
        # A partner user has no role.
        return "Your role may not read {}." if self.viewer.is_agent else "You may not read {}."


def refused_arguments(declared: Any, given: Mapping[str, Any], viewer: Viewer) -> Refused | None:
    """Why a filter, an order or a group may not name what it names: a field to be read on no row."""
    table = _listed_table(declared)
    if table is None:
        return None
    filter = given.get("filter")
    named = {str(getattr(each["field"], "value", each["field"])) for each in given.get("orderBy") or ()}
    group = given.get("groupBy")
    if group is not None:
        named.add(str(getattr(group, "value", group)).lower())
    fields = guarded_fields(table)
    refusals = (_refused_field(table, fields[name], viewer) for name in sorted(named) if name in fields)
    by_filter = _refused_filter(table, filter, viewer) if isinstance(filter, Mapping) else None
    return _first(refusals) or by_filter


def _refused_filter(table: str, filter: Mapping[str, Any], viewer: Viewer) -> Refused | None:
    fields = {camel(name): each for name, each in guarded_fields(table).items()}
    return _first(
        _refused_part(table, fields, name, operand, viewer)
        for name, operand in filter.items()
        if operand is not None
    )


def _refused_part(
    table: str, fields: Mapping[str, GuardedField], name: str, operand: Any, viewer: Viewer
) -> Refused | None:
    if name in ("all", "any"):
        return _first(_refused_filter(table, each, viewer) for each in operand)
    if name == "not":
        return _refused_filter(table, operand, viewer)
    return _refused_operand(table, fields[name], operand, viewer) if name in fields else None


def _refused_operand(table: str, declared: GuardedField, operand: Any, viewer: Viewer) -> Refused | None:
    refused = _refused_field(table, declared, viewer)
    reads = declared.reads
    if refused is not None or not isinstance(reads, One | Related) or not isinstance(operand, Mapping):
        return refused
    nested = (operand.get(name) for name in ("is", "some", "none", "every"))
    return _first(_refused_filter(reads.table, each, viewer) for each in nested if isinstance(each, Mapping))


def _refused_field(table: str, declared: GuardedField, viewer: Viewer) -> Refused | None:
    decision = declared.rule.decide(viewer, table)
    return decision if isinstance(decision, Refused) else None


def _first(refusals: Iterable[Refused | None]) -> Refused | None:
    return next((refused for refused in refusals if refused is not None), None)


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


def _too_complex(why: str) -> CodedError:
    return CodedError(Code.QUERY_TOO_COMPLEX, f"This query is too complex. {why}")
