"""What documents reach of the schema: its fields, their arguments, and what may be given to queries'."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    get_nullable_type,
    is_input_type,
    parse,
    type_from_ast,
    visit,
)

from tests.proofs.generating import Document
from tests.proofs.judging import published


def reachable() -> Iterator[str]:
    """All that the schema offers: `Type.field`, `Type.field(argument)`, `Input.field`, `Enum.VALUE`.

    What mutations and subscriptions take is not among it: what they read is their payload, or an event.
    """
    for type_ in published().type_map.values():
        if type_.name.startswith("__"):
            continue
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in type_.fields.items():
                yield f"{type_.name}.{name}"
                yield from (f"{type_.name}.{name}({argument})" for argument in field.args)
        elif type_.name in _given_types():
            if isinstance(type_, GraphQLInputObjectType):
                yield from (f"{type_.name}.{name}" for name in type_.fields)
            if isinstance(type_, GraphQLEnumType):
                yield from (f"{type_.name}.{name}" for name in type_.values)


def _given_types() -> set[str]:
    """The inputs and enums that arguments take, and those in them."""
    waiting: list[Any] = [
        argument.type
        for type_ in published().type_map.values()
        if isinstance(type_, GraphQLObjectType)
        and not type_.name.startswith(("__", "Mutation", "Subscription"))
        for field in type_.fields.values()
        for argument in field.args.values()
    ]
    found: set[str] = set()
    while waiting:
        type_ = get_named_type(waiting.pop())
        if type_.name not in found:
            found.add(type_.name)
            if isinstance(type_, GraphQLInputObjectType):
                waiting.extend(field.type for field in type_.fields.values())
    return found


def reached(document: Document) -> set[str]:
    """What a document asks for, its variables included."""
    node = parse(document.text)
    finding = _Finding()
    visit(node, TypeInfoVisitor(finding.info, finding))
    (operation,) = (each for each in node.definitions if each.kind == "operation_definition")
    for each in operation.variable_definitions or ():  # type: ignore[attr-defined]
        type_ = type_from_ast(published(), each.type)
        if is_input_type(type_):
            finding.found.update(_in_value(type_, document.variables.get(each.variable.name.value)))
    return finding.found


class _Finding(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.info = TypeInfo(published())
        self.found: set[str] = set()

    def enter_field(self, node: Any, *_: Any) -> None:
        parent, field = self.info.get_parent_type(), self.info.get_field_def()
        if parent is not None and field is not None:
            self.found.add(f"{parent.name}.{node.name.value}")
            for argument in node.arguments or ():
                self.found.add(f"{parent.name}.{node.name.value}({argument.name.value})")

    def enter_object_field(self, node: Any, *_: Any) -> None:
        # `get_parent_input_type` is the object's, as long as its field is not left.
        parent = get_named_type(self.info.get_parent_input_type())
        if parent is not None:
            self.found.add(f"{parent.name}.{node.name.value}")

    def enter_enum_value(self, node: Any, *_: Any) -> None:
        type_ = get_named_type(self.info.get_input_type())
        if type_ is not None:
            self.found.add(f"{type_.name}.{node.value}")


def _in_value(type_: Any, value: Any) -> Iterator[str]:
    if value is None:
        return
    inner = get_nullable_type(type_)
    if isinstance(inner, GraphQLList):
        for each in value if isinstance(value, list) else [value]:
            yield from _in_value(inner.of_type, each)
    elif isinstance(inner, GraphQLEnumType):
        yield f"{inner.name}.{value}"
    elif isinstance(inner, GraphQLInputObjectType):
        assert isinstance(value, Mapping)
        for name, each in value.items():
            yield f"{inner.name}.{name}"
            yield from _in_value(inner.fields[name].type, each)
