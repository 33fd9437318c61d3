"""A plan: one statement for all that an operation reads, and the function that makes its row the answer."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from models.sql import Sql
from schema.reading.late import Bind, Run, binder

Shape = Callable[[Any, Run], dict[str, Any]]

MOST_PARAMETERS = 32_000
"""Databases take little more in one statement."""

_BYTES_OF_SHAPE = 6
_BYTES_OF_BINDER = 300
_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")


class Unplanned(Exception):
    """Something in the operation is read one value at a time alone."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What serves every request of one form, by every viewer of one shape.

    `errors` are what the viewer is refused, and what was asked wrongly, in the order of the query.
    `written` is how long the shape's own text is, and `repeats` how often at most it writes one value.
    """

    text: str
    binders: Sequence[Bind]
    shape: Shape
    errors: Sequence[Any]
    written: int
    repeats: int

    @property
    def weight(self) -> int:
        """Roughly the bytes that it takes."""
        return len(self.text) + _BYTES_OF_SHAPE * self.written + _BYTES_OF_BINDER * len(self.binders)

    def may_be_longer(self, data: str, characters: int) -> bool:
        """Whether the answer that is made of `data` could be longer than this.

        A part of the shape is written at most once for each array that is read, a value at most `repeats`
        times; what is written of a value, or by a name, may be longer than it is here by as much again.
        """
        return 2 * (len(data) * self.repeats + data.count("[") * self.written) > characters

    def params(self, run: Run) -> list[Any]:
        """The statement's parameters for one request."""
        return [bind(run) for bind in self.binders]


def made(statement: Sql, code: "Code", errors: Sequence[Any], repeats: int) -> Plan:
    """The plan of a statement and of the code that shapes its row. Raises Unplanned."""
    if len(statement.params) > MOST_PARAMETERS:
        raise Unplanned(f"{len(statement.params)} parameters")
    binders = [binder(param) for param in statement.params]
    return Plan(statement.text, binders, code.compiled(), errors, code.written, repeats)


class Code:
    """The shape in the making: Python's own text, of names from the schema and nothing that a client wrote.

    Interpreting the selection for each row takes two to four times as long: decision 12.
    """

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}
        self._functions: list[str] = []
        self._numbers = 0

    def name(self, prefix: str) -> str:
        """A name not yet used."""
        self._numbers += 1
        return f"{prefix}{self._numbers}"

    def let(self, prefix: str, held: Any) -> str:
        """A name for something that the shape uses."""
        for name, known in self.known.items():
            if known is held:
                return name
        name = self.name(prefix)
        self.known[name] = held
        return name

    def function(self, name: str, parameters: str, lines: Sequence[str]) -> str:
        """Add a function to the shape."""
        self._functions.append("\n    ".join([f"def {name}({parameters}):", *lines]))
        return name

    @property
    def written(self) -> int:
        """How long the text is."""
        return sum(map(len, self._functions))

    def compiled(self) -> Shape:
        """The function by the name `answer`."""
        names = dict(self.known)
        exec("\n".join(self._functions), names)  # noqa: S102 our own text: see above
        shape: Shape = names["answer"]
        return shape


def literal(name: str) -> str:
    """A response key as the shape has it; graphql-core lets nothing else through."""
    if not _NAME.fullmatch(name):
        raise Unplanned(name)
    return repr(name)
