"""How much of the schema an operation asks for, counted before it is answered.

The schema is full of circles: a few words ask for it a hundred times over. So what is asked for is gone
through beforehand, without being answered, until it is too much.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    introspection_types,
)

from schema.errors import Code, CodedError

MOST_INTROSPECTED = 60_000
"""Values; the introspection that tools send asks for some 20,000."""

Selected = Callable[[GraphQLObjectType, Sequence[FieldNode]], Mapping[str, list[FieldNode]]]
Arguments = Callable[[GraphQLField, FieldNode], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Field:
    """A selected field of introspection; `below` is the type of the objects that it gives, if it does."""

    definition: GraphQLField
    given: Mapping[str, Any]
    below: GraphQLObjectType | None
    nodes: Sequence[FieldNode]

    @property
    def listed(self) -> bool:
        """Whether it gives a list of them."""
        type_ = self.definition.type
        return isinstance(type_.of_type if isinstance(type_, GraphQLNonNull) else type_, GraphQLList)


@dataclass(slots=True)
class Introspection:
    """Counts the values that `__schema` and `__type` will answer with."""

    schema: GraphQLSchema
    selected: Selected
    arguments: Arguments
    values: int = 0
    _fields: dict[Any, list[_Field]] = field(default_factory=dict)

    def add(self, name: str, given: Mapping[str, Any], nodes: Sequence[FieldNode]) -> None:
        """Count what one of the two is asked for. Raises CodedError where all of it is too much."""
        if name == "__schema":
            self._object(_type("__Schema"), self.schema, nodes)
        elif name == "__type":
            found = self.schema.get_type(given.get("name") or "")
            if found is not None:
                self._object(_type("__Type"), found, nodes)

    def _object(self, type_: GraphQLObjectType, source: Any, nodes: Sequence[FieldNode]) -> None:
        fields = self._selected(type_, nodes)
        self.values += len(fields)
        if self.values > MOST_INTROSPECTED:
            message = f"It asks for more than {MOST_INTROSPECTED} values of the schema; ask for less at once."
            raise CodedError(Code.QUERY_TOO_COMPLEX, message)
        for each in fields:
            if each.below is not None:
                self._below(each, each.below, source)

    def _below(self, asked: _Field, type_: GraphQLObjectType, source: Any) -> None:
        assert asked.definition.resolve is not None
        found = asked.definition.resolve(source, SimpleNamespace(schema=self.schema), **asked.given)
        if found is None:
            return
        for each in found if asked.listed else (found,):
            self._object(type_, each, asked.nodes)

    def _selected(self, type_: GraphQLObjectType, nodes: Sequence[FieldNode]) -> list[_Field]:
        key = (type_.name, *map(id, nodes))
        if key not in self._fields:
            selected = self.selected(type_, nodes).values()
            self._fields[key] = [self._field(type_, group) for group in selected]
        return self._fields[key]

    def _field(self, type_: GraphQLObjectType, nodes: Sequence[FieldNode]) -> _Field:
        definition = self.schema.get_field(type_, nodes[0].name.value)
        assert definition is not None
        below = get_named_type(definition.type)
        objects = below if isinstance(below, GraphQLObjectType) else None
        return _Field(definition, self.arguments(definition, nodes[0]), objects, nodes)


def _type(name: str) -> GraphQLObjectType:
    found = introspection_types[name]
    assert isinstance(found, GraphQLObjectType)
    return found
