"""The one place where the time comes from, so that a test can hold it still."""

from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime

_source: ContextVar[Callable[[], datetime] | None] = ContextVar("clock", default=None)


def now() -> datetime:
    """The present instant, in UTC."""
    source = _source.get()
    return source() if source else datetime.now(UTC)


def tell_time_with(source: Callable[[], datetime] | None) -> None:
    """Let `source` tell the time in this context; None gives the machine's clock back."""
    _source.set(source)
