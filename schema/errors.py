"""Errors as clients meet them: a sentence that teaches, and one of the codes of the contract."""

from enum import StrEnum
from typing import Any

from graphql import GraphQLError


class Code(StrEnum):
    """Every code that an error can carry in `extensions.code`."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    INVALID_CURSOR = "INVALID_CURSOR"
    CONFLICT = "CONFLICT"
    MODULE_DISABLED = "MODULE_DISABLED"
    RATE_LIMITED = "RATE_LIMITED"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"


class Unguarded(Exception):
    """A field has no access rule; the server does not start."""


class CodedError(GraphQLError):
    """An error of the contract."""

    def __init__(self, code: Code, message: str, **extensions: Any) -> None:
        super().__init__(message, extensions={"code": code.value, **extensions})
        self.code = code


class RefusedByRole(Exception):
    """What is asked for may be read on no row; the refusal is reported once, before execution."""


def not_found() -> CodedError:
    """The answer for an id that names nothing in sight, whatever the reason."""
    return CodedError(Code.NOT_FOUND, "Nothing in sight has this id.")


def forbidden(what: str) -> CodedError:
    """The answer for what the viewer's role may not do or read."""
    return CodedError(Code.FORBIDDEN, what)


def module_disabled() -> CodedError:
    """The answer for what belongs to the sales module, while the account has it off."""
    return CodedError(
        Code.MODULE_DISABLED,
        "This account's sales module is off; whoever operates the server switches it on.",
    )


def bad_input(message: str) -> CodedError:
    """The answer for input that is out of form."""
    return CodedError(Code.BAD_USER_INPUT, message)
