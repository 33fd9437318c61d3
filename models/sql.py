"""SQL in pieces: text with `?` for each parameter, and the parameters beside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of a statement. Its text holds one `?` for each of `params`, and no other `?`."""

    text: str
    params: tuple[Any, ...] = ()

    def __add__(self, other: "Sql | str") -> "Sql":
        if isinstance(other, str):
            return Sql(self.text + other, self.params)
        return Sql(self.text + other.text, self.params + other.params)

    def __radd__(self, other: str) -> "Sql":
        return Sql(other + self.text, self.params)


def join(separator: str, pieces: Iterable[Sql]) -> Sql:
    """The pieces, with `separator` between them."""
    listed = list(pieces)
    return Sql(
        separator.join(piece.text for piece in listed),
        tuple(param for piece in listed for param in piece.params),
    )


def value(param: Any) -> Sql:
    """One parameter."""
    return Sql("?", (param,))
