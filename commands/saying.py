"""Saying what is wrong in the words that were typed."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from models.operations.problem import Problem


@contextmanager
def as_typed(**options: str) -> Iterator[None]:
    """A problem with a field, by its name in the API, is one with the option or argument that gave it.

    What is taken is a failure, and anything else a wrong call. Raises ClickException.
    """
    try:
        yield
    except Problem as problem:
        typed = options.get(problem.field or "", problem.field)
        if problem.code == "TAKEN":
            raise click.ClickException(f"{typed}: {problem.message}") from problem
        raise click.BadParameter(problem.message, param_hint=typed) from problem
