"""Working hours: the spans of a week, as the clock on the wall shows them."""

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Any

MIDNIGHT = "24:00"
"""The end of a day, as the end of a span."""

Span = Mapping[str, Any]
"""{"day": 1 (Monday) to 7, "start": "09:00", "end": "18:00"}: the end is no part of it."""


def at_work(spans: Iterable[Span], instant: datetime, zone: tzinfo) -> bool:
    """Whether the clock in `zone` shows a time within one of the spans; without any, always.

    An hour that a change of clocks repeats counts twice, one that it skips not at all.
    """
    listed = list(spans)
    if not listed:
        return True
    local = instant.astimezone(zone)
    shown = local.strftime("%H:%M")
    today = (span for span in listed if span["day"] == local.isoweekday())
    return any(span["start"] <= shown < span["end"] for span in today)


def is_wall_time(text: str, *, end: bool = False) -> bool:
    """Whether it is a time as "HH:MM", from 00:00 to 23:59; an end may be 24:00."""
    if end and text == MIDNIGHT:
        return True
    hours, colon, minutes = text.partition(":")
    if not (text.isascii() and len(hours) == len(minutes) == 2 and colon and (hours + minutes).isdigit()):
        return False
    return int(hours) < 24 and int(minutes) < 60
