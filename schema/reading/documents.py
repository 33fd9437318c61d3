"""Known documents: parsed, validated, and what shapes a plan found in them, once.

What is kept is bounded by number and by size, whatever clients send; what it costs to find out whether
a document is valid, by who sends it.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Generic, TypeVar

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLField,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    Visitor,
    get_operation_ast,
    parse,
    validate,
    visit,
)
from graphql.validation.rules import overlapping_fields_can_be_merged as overlapping
from graphql.validation.validate import ValidationAbortedError

from schema.errors import Code, CodedError
from schema.reading.plan import Plan
from schema.wrong_values import RULES

MOST_CHARACTERS = 300_000
"""Of all documents that are kept: a parsed document takes a few hundred bytes a character."""

LONGEST_DOCUMENT = 20_000
"""Characters; longer ones are worked through each time, and nothing of them is kept."""

MOST_PLANS = 32_000_000
"""Bytes, roughly, of the plans of all documents: for different viewers, filters, orders and page sizes."""

MOST_ASKED = 16_000_000
"""Bytes, roughly, of what was asked lately with the same variables."""

MOST_TOKENS = 6_000

MOST_TOKENS_UNSIGNED = 250
"""Of who is not signed in, and so gets nothing but a token or, in development, the schema."""

LONGEST_TEXT = 300_000
"""Characters of any document: comments and texts in it count too."""

LONGEST_TEXT_UNSIGNED = 10_000

# Fields under one response key are compared each with each: this many units of work, and it is given up.
overlapping.MAX_COMPLEXITY_BUDGET = 50_000

_NUMBERS = count(1)

K = TypeVar("K")
V = TypeVar("V")


class Newest(Generic[K, V]):
    """A mapping that keeps what was used last, as long as the weights come to no more than `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._weight = 0
        self._held: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """What is kept under the key."""
        held = self._held.get(key)
        if held is None:
            return None
        self._held.move_to_end(key)
        return held[0]

    def put(self, key: K, held: V, weight: int = 1) -> V:
        """Keep something, unless it weighs more than all may, and give it back."""
        self.drop(key)
        if weight > self._most:
            return held
        self._held[key] = (held, weight)
        self._weight += weight
        while self._weight > self._most:
            _, (_, lighter) = self._held.popitem(last=False)
            self._weight -= lighter
        return held

    def drop(self, key: K) -> None:
        """Keep it no longer."""
        if key in self._held:
            self._weight -= self._held.pop(key)[1]

    def __len__(self) -> int:
        return len(self._held)


@dataclass(frozen=True, slots=True)
class Site:
    """A field with arguments, and its definition."""

    node: FieldNode
    definition: GraphQLField


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation of a document, with the fields and the switches that shape its plans.

    `number` is its own for good: what is kept of it goes by that, so as not to keep the document too.
    `kept`: whether anything is. `introspects`: whether it asks for the schema, which no plan reads.
    """

    number: int
    kept: bool
    introspects: bool
    node: OperationDefinitionNode
    sites: list[Site]
    switches: list[str]
    fragments: Mapping[str, FragmentDefinitionNode]


@dataclass(frozen=True, slots=True)
class Memory:
    """What was worked out of all documents, by the operation and what else it rests on."""

    plans: Newest[Any, Plan] = field(default_factory=lambda: Newest(MOST_PLANS))
    asked: Newest[Any, Any] = field(default_factory=lambda: Newest(MOST_ASKED))


class Document:
    """A document, and what is wrong with it: where that is something, it has no operations."""

    def __init__(
        self,
        schema: GraphQLSchema,
        node: DocumentNode | None,
        errors: Sequence[GraphQLError] = (),
        *,
        kept: bool = True,
    ) -> None:
        self.node = node
        self.errors = errors
        self._schema = schema
        self._kept = kept
        self._operations: dict[str | None, Operation] = {}

    def operation(self, name: str | None) -> Operation | None:
        """The operation by this name, or the only one."""
        if name not in self._operations:
            node = None if self.node is None or self.errors else get_operation_ast(self.node, name)
            if node is None:
                return None
            self._operations[name] = self._worked_out(node)
        return self._operations[name]

    def _worked_out(self, node: OperationDefinitionNode) -> Operation:
        assert self.node is not None
        fragments = {
            each.name.value: each
            for each in self.node.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        found = _Finding(TypeInfo(self._schema))
        for part in (node, *fragments.values()):
            visit(part, TypeInfoVisitor(found.types, found))
        number = next(_NUMBERS)
        switches = sorted(found.switches)
        return Operation(number, self._kept, found.introspects, node, found.sites, switches, fragments)


class _Finding(Visitor):
    """Finds the fields with arguments, and the variables of `@skip` and `@include`."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.types = types
        self.sites: list[Site] = []
        self.switches: set[str] = set()
        self.introspects = False

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Note a field with arguments, and one of the schema."""
        definition = self.types.get_field_def()
        self.introspects |= node.name.value in ("__schema", "__type")
        if definition is not None and definition.args:
            self.sites.append(Site(node, definition))

    def enter_directive(self, node: Any, *_: Any) -> None:
        """Note the variables of a directive."""
        self.switches |= {
            argument.value.name.value
            for argument in node.arguments or ()
            if isinstance(argument.value, VariableNode)
        }


class Documents:
    """The documents that were sent lately, and were valid."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self.memory = Memory()
        self._known: Newest[tuple[str, bool, bool], Document] = Newest(MOST_CHARACTERS)

    def document(self, text: str, *, introspects: bool, signed_in: bool) -> Document:
        """The document, judged once for all who may ask as much; with its errors, where it has some."""
        key = (text, introspects, signed_in)
        return self._known.get(key) or self._judged(text, key, introspects=introspects, signed_in=signed_in)

    def _judged(
        self, text: str, key: tuple[str, bool, bool], *, introspects: bool, signed_in: bool
    ) -> Document:
        try:
            node = _parsed(text, signed_in=signed_in)
        except GraphQLError as error:
            return Document(self._schema, None, [error])
        except RecursionError as error:
            return Document(self._schema, None, [GraphQLError(str(error), original_error=error)])
        errors = _wrongs(self._schema, node, introspects=introspects)
        document = Document(self._schema, node, errors, kept=len(text) <= LONGEST_DOCUMENT)
        if not errors and len(text) <= LONGEST_DOCUMENT:
            self._known.put(key, document, len(text))
        return document


def _parsed(text: str, *, signed_in: bool) -> DocumentNode:
    until = "" if signed_in else " until you sign in"
    longest = LONGEST_TEXT if signed_in else LONGEST_TEXT_UNSIGNED
    if len(text) > longest:
        message = f"A document holds at most {longest} characters{until}; send long texts as variables."
        raise CodedError(Code.QUERY_TOO_COMPLEX, message)
    most = MOST_TOKENS if signed_in else MOST_TOKENS_UNSIGNED
    try:
        return parse(text, max_tokens=most)
    except GraphQLSyntaxError as error:
        if f"more than {most} tokens" not in error.message:
            raise
        message = f"A document holds at most {most} tokens{until}; ask for less at once."
        raise CodedError(Code.QUERY_TOO_COMPLEX, message) from None


def _wrongs(schema: GraphQLSchema, node: DocumentNode, *, introspects: bool) -> list[GraphQLError]:
    rules = RULES if introspects else (*RULES, NoSchemaIntrospectionCustomRule)
    return [_coded(error) for error in validate(schema, node, rules)]


def _coded(error: GraphQLError) -> GraphQLError:
    if isinstance(error, ValidationAbortedError):
        message = "It is too much to validate: mistakes, repeated keys, or fragments nested too deep."
        return CodedError(Code.QUERY_TOO_COMPLEX, message)
    if "code" not in (error.extensions or {}):
        error.extensions = {**(error.extensions or {}), "code": Code.GRAPHQL_VALIDATION_FAILED.value}
    return error
