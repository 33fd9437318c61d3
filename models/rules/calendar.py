"""The calendar: which instants make up a day in a time zone.

A zone may skip midnight, or a whole day; a day starts at its first instant that exists.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_SECOND = timedelta(seconds=1)


def day_start(day: date, zone: tzinfo) -> datetime:
    """The first instant of `day` in `zone`, in UTC. A skipped day starts where the next one does."""
    midnight = datetime.combine(day, time.min, zone)
    if (instant := _utc(midnight)) in (_FIRST, _LAST):
        return instant
    if instant.astimezone(zone).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return instant
    return _change(_utc(midnight.replace(fold=1)), instant, zone)


def day_end(day: date, zone: tzinfo) -> datetime:
    """The first instant after `day` in `zone`, in UTC: [day_start, day_end) is the day."""
    return _LAST if day == date.max else day_start(day + timedelta(days=1), zone)


def day_of(instant: datetime, zone: tzinfo) -> date:
    """The day that `instant` lies in, in `zone`."""
    try:
        return instant.astimezone(zone).date()
    except OverflowError:
        return instant.astimezone(UTC).date()


def _utc(local: datetime) -> datetime:
    """`local` in UTC, or the nearest instant where the calendar ends."""
    try:
        return local.astimezone(UTC)
    except OverflowError:
        return _FIRST if local.year == 1 else _LAST


def _change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The first instant between `before` and `after` that has the offset of `after`."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + timedelta(seconds=(after - before) // _SECOND // 2)
        before, after = (before, middle) if middle.astimezone(zone).utcoffset() == offset else (middle, after)
    return after
