"""When a subscription is due, across clock changes, and which period that is about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_uptime.calendar.periods import CalendarPeriod, previous_period
from store_uptime.calendar.zones import zone
from store_uptime.delivery.schedules import check_schedule, due_until, next_due, period_at
from store_uptime.errors import InvalidFieldError

CHICAGO = "America/Chicago"  # 2023: clocks go forward on 12 March at 02:00, back on 5 November at 02:00


def due(cron: str, timezone: str, start: str, end: str) -> list[str]:
    first = next_due(cron, timezone, datetime.fromisoformat(start))
    return [f"{at:%m-%d %H:%M}" for at in due_until(cron, timezone, first, datetime.fromisoformat(end))]


@pytest.mark.parametrize(
    ("cron", "start", "end", "expected"),
    [
        ("0 7 * * 1", "2023-03-05T00:00Z", "2023-03-20T23:00Z", ["03-06 13:00", "03-13 12:00", "03-20 12:00"]),
        ("30 2 * * *", "2023-03-11T00:00Z", "2023-03-13T12:00Z", ["03-11 08:30", "03-12 08:00", "03-13 07:30"]),
        ("30 1 * * *", "2023-11-04T00:00Z", "2023-11-06T12:00Z", ["11-04 06:30", "11-05 06:30", "11-06 07:30"]),
        (
            "0 * * * *",
            "2023-03-12T06:30Z",
            "2023-03-12T10:00Z",
            ["03-12 07:00", "03-12 08:00", "03-12 09:00", "03-12 10:00"],
        ),
        ("0 0 1 * *", "2023-01-01T07:00Z", "2023-03-02T00:00Z", ["02-01 06:00", "03-01 06:00"]),
    ],
)
def test_due(cron: str, start: str, end: str, expected: list[str]) -> None:
    assert due(cron, CHICAGO, start, end) == expected


@given(
    st.sampled_from(["*/15 * * * *", "30 2 * * *", "0 * * * *", "15 1 * * 0"]),
    st.sampled_from([CHICAGO, "Australia/Lord_Howe", "Europe/Berlin", "Pacific/Apia", "UTC"]),
    st.integers(0, 400_000_000),
)
def test_it_is_always_later_and_what_the_clock_reads(cron: str, timezone: str, seconds: int) -> None:
    instants = [datetime(2011, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)]
    for _ in range(10):
        instants.append(next_due(cron, timezone, instants[-1]))
    assert all(before < after for before, after in pairwise(instants))
    for at in instants[1:]:
        local = at.astimezone(zone(timezone))
        minutes = {"*/15 * * * *": {0, 15, 30, 45}, "30 2 * * *": {30}, "0 * * * *": {0}, "15 1 * * 0": {15}}[cron]
        skipped = local.utcoffset() != (at - timedelta(hours=1)).astimezone(zone(timezone)).utcoffset()
        assert local.minute in minutes or skipped


@pytest.mark.parametrize(
    ("cron", "timezone", "field"),
    [
        ("0 7 * *", "UTC", "cron"),
        ("0 7 31 2 *", "UTC", "cron"),
        ("@daily", "UTC", "cron"),
        ("0 7 * * 1", "Mars/Olympus", "timezone"),
        ("0 7 * * 1", "", "timezone"),
    ],
)
def test_what_is_no_schedule(cron: str, timezone: str, field: str) -> None:
    with pytest.raises(InvalidFieldError) as raised:
        check_schedule(cron, timezone)
    assert raised.value.field == field


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("day", CalendarPeriod("2023-12-31", date(2023, 12, 31), date(2023, 12, 31))),
        ("week", CalendarPeriod("2023-W52", date(2023, 12, 25), date(2023, 12, 31))),
        ("month", CalendarPeriod("2023-12", date(2023, 12, 1), date(2023, 12, 31))),
        ("quarter", CalendarPeriod("2023-Q4", date(2023, 10, 1), date(2023, 12, 31))),
        ("year", CalendarPeriod("2023", date(2023, 1, 1), date(2023, 12, 31))),
    ],
)
def test_the_previous_complete_period(unit: str, expected: CalendarPeriod) -> None:
    assert previous_period(date(2024, 1, 1), unit) == expected
    assert period_at(datetime(2024, 1, 1, 6, tzinfo=UTC), CHICAGO, unit) == expected
    assert period_at(datetime(2024, 1, 1, 5, 59, tzinfo=UTC), CHICAGO, unit) != expected
