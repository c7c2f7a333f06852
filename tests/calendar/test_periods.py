"""The periods of a report are the same in Python, in types and in the database."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import get_args

from sqlalchemy import Engine, text

from store_uptime.calendar.periods import PERIODS, PeriodName


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
