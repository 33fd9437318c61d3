"""Saying what is wrong in the words that were typed."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from models.operations.problem import Problem


@contextmanager
def as_typed(**options: str) -> Iterator[None]:
    """A problem with a field, by its name in the API, is one with the option or argument that gave it.

    Raises ClickException.
    """
    try:
        yield
    except Problem as problem:
        for each in problem.every:
            each.field = options.get(each.field or "", each.field)
        raise said(problem) from problem


def said(problem: Problem) -> click.ClickException:
    """What is wrong, a line each; what is taken is a failure, and anything else a wrong call."""
    is_taken = problem.code == "TAKEN"
    named = "{}: {}" if is_taken else "Invalid value for {}: {}"
    lines = [named.format(each.field, each.message) if each.field else each.message for each in problem.every]
    return (click.ClickException if is_taken else click.UsageError)("\n".join(lines))
