"""The periods of a report are the same in Python, in types and in the database; those of the calendar have no gaps."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from store_uptime.calendar.periods import CALENDAR_UNITS, PERIODS, CalendarPeriod, PeriodName, calendar_periods


def test_the_type_names_each_period() -> None:
    assert list(get_args(PeriodName)) == list(PERIODS)


def test_the_view_has_each_period(engine: Engine) -> None:
    with engine.connect() as connection:
        definition = connection.scalar(text("select pg_get_viewdef('report.store_period'::regclass)"))
    assert re.findall(r"'(\w+)'::text", definition) == list(PERIODS)


def test_each_period_ends_with_the_report_and_is_read_in_its_unit() -> None:
    read = {name: (period.length / timedelta(hours=1), period.unit, period.unit_us) for name, period in PERIODS.items()}
    assert read == {
        "last_hour": (1, "minutes", 60_000_000),
        "last_day": (24, "hours", 3_600_000_000),
        "last_week": (168, "hours", 3_600_000_000),
    }


@pytest.mark.parametrize(
    ("unit", "start", "end", "expected"),
    [
        ("range", "2022-12-30", "2023-01-02", ["range 2022-12-30 2023-01-02"]),
        ("day", "2022-12-31", "2023-01-01", ["2022-12-31 2022-12-31 2022-12-31", "2023-01-01 2023-01-01 2023-01-01"]),
        ("week", "2020-12-31", "2021-01-04", ["2020-W53 2020-12-31 2021-01-03", "2021-W01 2021-01-04 2021-01-04"]),
        ("week", "2024-12-30", "2024-12-30", ["2025-W01 2024-12-30 2024-12-30"]),
        ("month", "2024-02-10", "2024-03-01", ["2024-02 2024-02-10 2024-02-29", "2024-03 2024-03-01 2024-03-01"]),
        ("quarter", "2023-03-31", "2023-07-01", [
            "2023-Q1 2023-03-31 2023-03-31", "2023-Q2 2023-04-01 2023-06-30", "2023-Q3 2023-07-01 2023-07-01"
        ]),
        ("year", "2023-12-31", "2024-01-01", ["2023 2023-12-31 2023-12-31", "2024 2024-01-01 2024-01-01"]),
        ("week", "9999-12-30", "9999-12-31", ["9999-W52 9999-12-30 9999-12-31"]),
    ],
)  # fmt: skip
def test_calendar_periods(unit: str, start: str, end: str, expected: list[str]) -> None:
    found = calendar_periods(date.fromisoformat(start), date.fromisoformat(end), unit)
    assert [f"{one.period} {one.from_date} {one.until_date}" for one in found] == expected


@given(
    unit=st.sampled_from(CALENDAR_UNITS),
    start=st.dates(date(1, 1, 1), date(9998, 1, 1)),
    days=st.integers(0, 700),
)
def test_calendar_periods_have_each_date_once(unit: str, start: date, days: int) -> None:
    end = start + timedelta(days=days)
    found: list[CalendarPeriod] = list(calendar_periods(start, end, unit))
    assert found[0].from_date == start
    assert found[-1].until_date == end
    assert all(one.from_date <= one.until_date for one in found)
    for before, after in pairwise(found):
        assert after.from_date - before.until_date == timedelta(days=1)
    assert len({one.period for one in found}) == len(found)
