"""Days in every time zone: where they start, and that they follow on each other."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.calendar import day_end, day_of, day_start

ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
DAYS = st.dates(date(1850, 1, 1), date(2100, 1, 1))


@pytest.mark.parametrize(
    ("day", "zone", "start"),
    [
        ("2026-03-01", "UTC", "2026-03-01T00:00:00"),
        ("2026-03-01", "America/New_York", "2026-03-01T05:00:00"),
        # Midnight was skipped: the day began at one o'clock.
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00"),
        ("2023-04-28", "Africa/Cairo", "2023-04-27T22:00:00"),
        # Midnight came twice: the first counts.
        ("2018-02-18", "America/Sao_Paulo", "2018-02-18T03:00:00"),
        ("2020-11-01", "America/Havana", "2020-11-01T04:00:00"),
        # The whole day was skipped: it starts where the next one does.
        ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00"),
        ("2011-12-31", "Pacific/Apia", "2011-12-30T10:00:00"),
    ],
)
def test_a_day_starts_at_its_first_instant(day: str, zone: str, start: str) -> None:
    expected = datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert day_start(date.fromisoformat(day), ZoneInfo(zone)) == expected


@given(DAYS, ZONES)
def test_the_first_instant_is_of_the_day_and_the_one_before_is_not(day: date, zone: ZoneInfo) -> None:
    start, end = day_start(day, zone), day_end(day, zone)
    assert start <= end
    assert end == day_start(day + timedelta(days=1), zone)
    assert day_of(start - timedelta(microseconds=1), zone) != day
    if start < end:
        assert day_of(start, zone) == day


def test_the_ends_of_the_calendar_have_days_too() -> None:
    for zone in (ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago"), UTC):
        for day in (date.min, date.max):
            start, end = day_start(day, zone), day_end(day, zone)
            assert start < end
            assert day_of(start, zone).year in (1, 9999)
