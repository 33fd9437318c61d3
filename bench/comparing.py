"""Before anything is timed: the servers give one answer, and there is something in it."""

import difflib
from collections.abc import Mapping
from typing import Any

import orjson

from bench.queries import Query
from bench.requests import ask
from bench.servers import Server

CURSORS = ("startCursor", "endCursor", "cursor")
"""Each server makes these its own way."""

MOST_LINES = 60


class Differs(Exception):
    """Two servers answer differently, or one of them nothing; the message shows where."""


def compared(
    query: Query, servers: Mapping[str, Server], bearer: str, variables: Mapping[str, dict[str, Any]]
) -> Any:
    """The answer of all the servers to a query, cursors left out. Raises Differs."""
    answers = {
        name: without_cursors(ask(server.port, bearer, query.document, variables[name]))
        for name, server in servers.items()
    }
    for name, answer in answers.items():
        if "errors" in answer or empty(answer.get("data")):
            raise Differs(f"({query.letter}) {name} answers nothing worth timing:\n{_text(answer)[:3000]}")
    first = next(iter(answers))
    for name, answer in answers.items():
        if answer != answers[first]:
            raise Differs(difference(query.letter, first, answers[first], name, answer))
    return answers[first]


def without_cursors(answer: Any) -> Any:
    """The answer, but for places in lists."""
    if isinstance(answer, dict):
        return {name: without_cursors(each) for name, each in answer.items() if name not in CURSORS}
    return [without_cursors(each) for each in answer] if isinstance(answer, list) else answer


def empty(data: Any) -> bool:
    """Whether there is nothing in it: no value at all, or a list without rows."""
    if isinstance(data, dict):
        return all(empty(each) for each in data.values())
    return data is None or data is False or data == []


def difference(letter: str, one: str, ones: Any, other: str, others: Any) -> str:
    """Where two answers part, line by line."""
    lines = difflib.unified_diff(
        _text(ones).splitlines(), _text(others).splitlines(), one, other, lineterm="", n=2
    )
    shown = list(lines)
    more = f"\n… and {len(shown) - MOST_LINES} lines more" if len(shown) > MOST_LINES else ""
    return f"({letter}) {one} and {other} differ:\n" + "\n".join(shown[:MOST_LINES]) + more


def _text(answer: Any) -> str:
    return orjson.dumps(answer, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode()
