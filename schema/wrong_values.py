"""Values that are out of form, told the same way whether they stand in the document or in variables.

A wrong value is BAD_USER_INPUT, at its place; a name that the schema does not have, in an input too,
is GRAPHQL_VALIDATION_FAILED.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    ArgumentNode,
    ASTValidationRule,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLSchema,
    Node,
    ValueNode,
    ValuesOfCorrectTypeRule,
    VariableDefinitionNode,
    VisitorAction,
    get_named_type,
    specified_rules,
)
from graphql.execution import get_variable_values
from graphql.language import SKIP
from graphql.pyutils import print_path_list
from graphql.utilities.validate_input_value import validate_input_literal

from schema.errors import Code

_UNKNOWN = re.compile(
    r"Expected value of type '(\w+)' not to include unknown field '(\w+)'(\.[^?]*\? F|, f)ound"
)
_WORD = re.compile(r"(: )(None|True|False)(\.?)$")
_JSON = {"None": "null", "True": "true", "False": "false"}
_NULL = re.compile(r"not to be None\.$")
_DEEPER = ("is", "some")
"""The fields of a reference's or list's filter under which the conditions on what it refers to stand."""


class WrongValues(ValuesOfCorrectTypeRule):
    """The specified rule, that tells of each wrong value where it stands, and that it is the user's."""

    _where = ""

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        """Note whose value comes next."""
        self._where = f"Argument '{node.name.value}'"

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> None:
        """Note whose value comes next."""
        self._where = f"Variable '${node.variable.name.value}'"

    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> VisitorAction:
        """Report what is wrong with a value."""

        def report(error: GraphQLError, path: Sequence[str | int]) -> None:
            message = f"{self._where} has invalid value{print_path_list(path)}: {error.message}"
            # What the library put together anew stands nowhere in the document.
            nodes = [each for each in error.nodes or () if each.loc] or [node]
            self.report_error(_told(self.context.schema, message, nodes))

        if input_type:
            hidden = self.context.hide_suggestions
            validate_input_literal(node, input_type, report, hide_suggestions=hidden)
        return SKIP


RULES: tuple[type[ASTValidationRule], ...] = tuple(
    WrongValues if rule is ValuesOfCorrectTypeRule else rule for rule in specified_rules
)


def wrong_variables(
    schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode], given: Mapping[str, Any]
) -> list[GraphQLError]:
    """What is wrong with variables that are known to be wrong."""
    values = get_variable_values(schema, definitions, {name: _shown(each) for name, each in given.items()})
    assert isinstance(values, list)
    return [_told(schema, error.message, error.nodes) for error in values]


def _told(schema: GraphQLSchema, message: str, nodes: Sequence[Node] | None) -> GraphQLError:
    unknown = _UNKNOWN.search(message)
    code = Code.GRAPHQL_VALIDATION_FAILED if unknown else Code.BAD_USER_INPUT
    if unknown and (word := _under(schema, *unknown.group(1, 2))):
        meant = f"'. Did you mean `{word}: {{{unknown[2]}: …}}`? Found"
        message = message[: unknown.start(3) - 1] + meant + message[unknown.end() :]
    message = _NULL.sub("not to be null.", message)
    message = _WORD.sub(lambda found: found[1] + _JSON[found[2]] + found[3], message)
    return GraphQLError(message, nodes, extensions={"code": code.value})


def _under(schema: GraphQLSchema, type_name: str, field: str) -> str | None:
    """Under which field of an input the one that is not there stands."""
    input_ = schema.get_type(type_name)
    if isinstance(input_, GraphQLInputObjectType):
        for word in _DEEPER:
            below = get_named_type(input_.fields[word].type) if word in input_.fields else None
            if isinstance(below, GraphQLInputObjectType) and field in below.fields:
                return word
    return None


def _shown(given: Any) -> Any:
    """The value, that shows itself in messages as JSON has it."""
    match given:
        case str():
            return _Text(given)
        case dict():
            return _Object({name: _shown(each) for name, each in given.items()})
        case list():
            return _List(map(_shown, given))
    return given


class _Text(str):
    __slots__ = ()

    def __repr__(self) -> str:
        return json.dumps(self, ensure_ascii=False)


class _Object(dict[str, Any]):
    def __inspect__(self) -> str:
        return json.dumps(self, ensure_ascii=False)


class _List(list[Any]):
    def __inspect__(self) -> str:
        return json.dumps(self, ensure_ascii=False)
