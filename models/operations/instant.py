"""When something happened, as it comes in."""

from datetime import UTC, datetime

from models import clock
from models.operations.problem import Problem


def past(instant: datetime | None, field: str) -> datetime:
    """When it happened, in UTC: now if nothing else was said; raises Problem IN_FUTURE."""
    now = clock.now()
    if instant is None:
        return now
    if instant > now:
        raise Problem("IN_FUTURE", f"{field} is still to come; write when it happened.", field)
    return instant.astimezone(UTC)
