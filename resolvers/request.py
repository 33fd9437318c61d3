"""What a request says: who asks, by which token, and what; however it comes."""

import json
import re
from typing import Any

from authz.tokens import BadToken
from resolvers.answering import Asked
from schema.errors import Code, CodedError, bad_input
from schema.scalars import check_text

DEEPEST_VARIABLE = 60
MOST_VALUES = 5_000
LARGEST_BODY = 2 * 1024 * 1024
"""Bytes of a request, and of a message over a WebSocket."""

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
    check_text(query)
    if _NUL_ESCAPE.search(query):
        raise bad_input("Text can't hold the character NUL (U+0000); leave it out.")
    if _check_texts(variables, 0) > MOST_VALUES:
        message = f"Variables hold at most {MOST_VALUES} values; send several requests."
        raise CodedError(Code.QUERY_TOO_COMPLEX, message)
    return Asked(query, variables, name)


def _check_texts(given: Any, depth: int) -> int:
    """Refuse what is no text, and tell how many values there are."""
    if depth > DEEPEST_VARIABLE:
        raise bad_input(f"Variables may be nested {DEEPEST_VARIABLE} levels deep; these are deeper.")
    if isinstance(given, str):
        check_text(given)
    if isinstance(given, dict):
        for name in given:
            check_text(name)
        return 1 + sum(_check_texts(each, depth + 1) for each in given.values())
    if isinstance(given, list):
        return 1 + sum(_check_texts(each, depth + 1) for each in given)
    return 1
