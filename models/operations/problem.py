"""What an operation answers when it makes no sense. Raising either rolls the transaction back."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")


class Problem(Exception):
    """A value that a form can mend; `field` is the input's name for it, in camelCase.

    `others` are what else is wrong with the same input.
    """

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.others: Sequence[Problem] = ()

    @property
    def every(self) -> "Sequence[Problem]":
        """This one, and the others."""
        return (self, *self.others)


@dataclass(frozen=True, slots=True)
class Problems:
    """Those that were found so far."""

    found: list[Problem] = field(default_factory=list)

    def check(self, check: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the check gives; nothing to be used, where it raises a Problem, which is kept."""
        try:
            return check(*args, **kwargs)
        except Problem as problem:
            self.found.extend(problem.every)
            return cast("T", None)

    def require_none(self) -> None:
        """Raise the first Problem, with the others, if there is any."""
        if self.found:
            first, *others = self.found
            first.others = others
            raise first


@contextmanager
def gathered(found: list[Problem] | None = None) -> Iterator[Problems]:
    """Make all checks of an input, so that a form is told at once all that is wrong. Raises Problem.

    `found` is where they are kept, those found before among them.
    """
    problems = Problems([] if found is None else found)
    try:
        yield problems
    except Problem as problem:
        problems.found.extend(problem.every)
    problems.require_none()


class Conflict(Exception):
    """The row has changed since the version that the writer has seen."""
