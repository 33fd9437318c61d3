"""How a value that a client gave takes part in a statement: now, or when the statement's plan is run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from schema.reading.arguments import Slot

Adapt = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Late:
    """A parameter that each request gives: that of `slot`, among the values of the field `site`."""

    site: int
    slot: int
    adapt: Adapt


class Held(Protocol):
    """The values of one field's arguments."""

    def param(self, slot: Slot, adapt: Adapt) -> Any:
        """The parameter for the value in a slot, once `adapt` has made it what columns hold."""


@dataclass(frozen=True, slots=True)
class Now:
    """Values in hand."""

    values: Sequence[Any]

    def param(self, slot: Slot, adapt: Adapt) -> Any:
        """The value itself."""
        return adapt(self.values[slot.number])


@dataclass(frozen=True, slots=True)
class Later:
    """Values that come with each request."""

    site: int

    def param(self, slot: Slot, adapt: Adapt) -> Any:
        """Where to find the value."""
        return Late(self.site, slot.number, adapt)


def as_it_is(held: Any) -> Any:
    """The value, unchanged."""
    return held
