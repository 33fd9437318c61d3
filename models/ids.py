"""The one place where ids come from: random, so that none tells when or beside what it was made."""

from collections.abc import Callable
from contextvars import ContextVar
from uuid import UUID, uuid4

_source: ContextVar[Callable[[], UUID] | None] = ContextVar("ids", default=None)


def new_id() -> UUID:
    """A random UUID (version 4, RFC 9562)."""
    source = _source.get()
    return source() if source else uuid4()


def draw_ids_from(source: Callable[[], UUID] | None) -> None:
    """Let `source` make the ids in this context; None makes them random again."""
    _source.set(source)
