"""A value that must be unique and is in use: told by the database, which alone can know."""

from collections.abc import Iterator
from contextlib import contextmanager

from tortoise.exceptions import IntegrityError

from models.operations.problem import Problem


@contextmanager
def unique(field: str | None) -> Iterator[None]:
    """Raise Problem TAKEN for `field` where the database refuses a second row of the same; None: none may."""
    try:
        yield
    except IntegrityError as error:
        if field is None or "unique" not in str(error).lower():
            raise
        raise Problem("TAKEN", f"This {field} is in use already; choose another one.", field) from error
