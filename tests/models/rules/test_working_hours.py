"""Working hours: what the clock on the wall shows, whatever the zone does to it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.working_hours import at_work, is_wall_time

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = [{"day": day, "start": "09:00", "end": "18:00"} for day in range(1, 6)]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2026-03-27 07:59", False),  # a Friday in winter time
        ("2026-03-27 08:00", True),
        ("2026-03-27 16:59", True),
        ("2026-03-27 17:00", False),
        ("2026-03-28 10:00", False),  # Saturday
        ("2026-03-30 06:59", False),  # a Monday in summer time
        ("2026-03-30 07:00", True),
        ("2026-03-30 16:00", False),
    ],
)
def test_a_days_hours_are_the_walls(instant: str, expected: bool) -> None:
    assert at_work(OFFICE, utc(instant), BERLIN) is expected


def test_an_hour_that_is_skipped_or_repeated() -> None:
    night = [{"day": 7, "start": "02:00", "end": "03:00"}]
    spring = [utc("2026-03-29 00:00") + timedelta(minutes=30 * n) for n in range(8)]
    assert not any(at_work(night, instant, BERLIN) for instant in spring)
    autumn = [utc("2026-10-25 00:00") + timedelta(minutes=30 * n) for n in range(8)]
    assert [at_work(night, instant, BERLIN) for instant in autumn] == [True] * 4 + [False] * 4


def test_midnight_is_the_end_of_a_day() -> None:
    whole = [{"day": 1, "start": "00:00", "end": "24:00"}]
    monday = datetime(2026, 3, 2, tzinfo=BERLIN)
    assert at_work(whole, monday, BERLIN)
    assert at_work(whole, monday + timedelta(hours=23.99), BERLIN)
    assert not at_work(whole, monday + timedelta(days=1), BERLIN)


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(["UTC", "Asia/Kolkata"]))
def test_without_spans_it_is_always_so(instant: datetime, zone: str) -> None:
    assert at_work([], instant, ZoneInfo(zone))


@given(st.times())
def test_every_time_of_a_day_is_one(time: object) -> None:
    assert is_wall_time(str(time)[:5])


@pytest.mark.parametrize(
    "text", ["", "9:00", "24:00", "23:60", "12-00", "12:0", "\uff11\uff12:00", "ab:cd", "12:00:00"]
)
def test_what_is_no_time(text: str) -> None:
    assert not is_wall_time(text)
    assert is_wall_time(text, end=True) is (text == "24:00")
