"""The sample, which holds every quirk, read a second time by the simplest means and computed by the oracle."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import available_timezones

import pytest
from sqlalchemy import Engine

from store_uptime.settings import PROJECT
from support import oracle
from support.pipeline import CLOCK, differences, run_report

SAMPLE = PROJECT / "data" / "sample"


def rows(name: str, columns: int) -> Iterator[dict[str, str]]:
    """The rows that name a store at all."""
    with (SAMPLE / name).open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if None not in row and None not in row.values() and len(row) == columns and row["store_id"].strip():
                yield row


def stores() -> dict[str, oracle.Store]:
    found: defaultdict[str, oracle.Store] = defaultdict(oracle.Store)
    for row in rows("timezones.csv", 3):
        store = found[row["store_id"]]
        if row["timezone_str"] in available_timezones():
            store.zone = row["timezone_str"]
    for row in rows("menu_hours.csv", 4):
        store = found[row["store_id"]]
        with suppress(ValueError, ArithmeticError):
            opening = oracle.Opening.read(int(row["day"]), row["start_time_local"], row["end_time_local"])
            day = timedelta(days=1)
            if (
                opening.weekday in range(7)
                and timedelta(0) <= opening.start < day
                and timedelta(0) <= opening.end <= day
            ):
                store.openings.append(opening)
    for row in rows("store_status.csv", 3):
        store = found[row["store_id"]]
        with suppress(ValueError):
            stamp = datetime.fromisoformat(row["timestamp_utc"].removesuffix(" UTC"))
            polled_at = (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).astimezone(UTC)
            word = row["status"].strip().lower()
            if word in ("active", "inactive") and polled_at <= CLOCK + timedelta(hours=1):
                store.polls[polled_at] = word == "active"
    return dict(found)


@pytest.mark.parametrize("max_gap", [None, timedelta(hours=2)], ids=["", "max_gap"])
@pytest.mark.parametrize("no_data", ["unknown", "down"])
def test_the_sample_is_computed_to_the_microsecond(
    engine: Engine, tmp_path: Path, max_gap: timedelta | None, no_data: str
) -> None:
    known = stores()
    newest = max(polled_at for store in known.values() for polled_at in store.polls)
    expected = oracle.report(known, newest, max_gap, no_data)
    published = run_report(engine, SAMPLE, tmp_path / "reports", max_gap=max_gap, no_data=no_data)
    assert differences(expected, published.figures) == []
    assert published.csv == oracle.csv(expected)
