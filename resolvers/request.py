"""What a request says: who asks, by which token, and what; however it comes."""

import json
import re
from collections.abc import Callable
from typing import Any

from graphql import Source, get_location

from authz.tokens import BadToken
from resolvers.answering import Asked
from schema.errors import Code, CodedError, bad_input

DEEPEST_VARIABLE = 60
MOST_VALUES = 5_000
LARGEST_BODY = 2 * 1024 * 1024
"""Bytes of a request, and of a message over a WebSocket."""

Where = tuple[str | int, ...]
"""The way to a value in the variables: names, and numbers in lists."""

_NUL = "text can't hold the character NUL (U+0000); leave it out."
_NUL_ESCAPE = re.compile(r"\\u(0000|\{0+\})")


def bearer_of(authorization: str) -> str:
    """The token in "Bearer …". Raises BadToken."""
    scheme, _, bearer = authorization.partition(" ")
    if scheme.lower() != "bearer" or not bearer.strip():
        raise BadToken
    return bearer.strip()


def asked_of(body: bytes) -> Asked:
    """What a request asks. Raises CodedError."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        raise bad_input('The body is not JSON. Send {"query": "…", "variables": {…}}.') from None
    return asked_in(parsed)


def asked_in(parsed: Any) -> Asked:
    """The same, of a body that was read already."""
    if isinstance(parsed, list):
        raise bad_input("Batches are not taken: send a request for each query.")
    query = parsed.get("query") if isinstance(parsed, dict) else None
    if not isinstance(query, str):
        raise bad_input('The body has no query. Send {"query": "…", "variables": {…}}.')
    variables, name = parsed.get("variables"), parsed.get("operationName")
    if not isinstance(variables, dict | None) or not isinstance(name, str | None):
        raise bad_input("`variables` is an object, and `operationName` a text.")
    _check_text(query, lambda at: _in_document(query, at))
    if escape := _NUL_ESCAPE.search(query):
        raise bad_input(f"{_in_document(query, escape.start())}: {_NUL}")
    if _check_texts(variables, ()) > MOST_VALUES:
        message = f"Variables hold at most {MOST_VALUES} values; send several requests."
        raise CodedError(Code.QUERY_TOO_COMPLEX, message)
    return Asked(query, variables, name)


def _check_texts(given: Any, where: Where) -> int:
    """Refuse what is no text, and tell how many values there are."""
    if len(where) > DEEPEST_VARIABLE:
        raise bad_input(f"Variables may be nested {DEEPEST_VARIABLE} levels deep; these are deeper.")
    if isinstance(given, str):
        _check_text(given, lambda _: _path(where))
    if isinstance(given, dict):
        for name in given:
            _check_text(name, lambda _: f"A name in {_path(where)}")
        return 1 + sum(_check_texts(each, (*where, name)) for name, each in given.items())
    if isinstance(given, list):
        return 1 + sum(_check_texts(each, (*where, number)) for number, each in enumerate(given))
    return 1


def _check_text(text: str, place: Callable[[int], str]) -> None:
    """Refuse a NUL and half a surrogate pair; `place` says what holds the character at a position."""
    if "\0" in text:
        raise bad_input(f"{place(text.index(chr(0)))}: {_NUL}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        message = f"{place(error.start)}: text can't hold half of a surrogate pair; send whole characters."
        raise bad_input(message) from None


def _in_document(query: str, at: int) -> str:
    line, column = get_location(Source(query), at)
    return f"The document, line {line}, column {column}"


def _path(where: Where) -> str:
    """As a client writes it: `$input.members.0.agentId`."""
    return f"${'.'.join(map(str, where))}" if where else "the variables"
