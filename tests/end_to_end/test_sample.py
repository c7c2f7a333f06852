"""The sample, which holds every quirk, read a second time by the simplest means and computed by the oracle.

The clean sample has no warning that changes figures, the dirty one has each of them.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import available_timezones

import pytest
from sqlalchemy import Engine

from store_uptime.db.statements import statement
from store_uptime.quality.expectations import IDS, STORES, files
from store_uptime.settings import PROJECT, Settings
from support import oracle
from support.pipeline import CLOCK, differences, run_report

SAMPLE, DIRTY = PROJECT / "data" / "sample", PROJECT / "data" / "sample-dirty"


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
    for row in rows("store_groups.csv", 3):
        if row["store_id"] in found and row["kind"] != "timezone" and row["name"].strip():
            found[row["store_id"]].groups.add((row["kind"], row["name"].strip()))
    special_hours, planned = list(special_dates()), list(planned_downtime())
    for store_id, store in found.items():
        store.take(store_id, special_hours, planned)
    return dict(found)


def scoped_rows(name: str) -> Iterator[tuple[oracle.Scope, dict[str, str]]]:
    """The rows that are about a store, a group or all stores, not about two of them."""
    with (SAMPLE / name).open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            group = (row["kind"], row["name"])
            if row["store_id"] == "*":
                yield oracle.Scope(), row
            elif not row["store_id"]:
                yield oracle.Scope(group=group), row
            elif not any(group):
                yield oracle.Scope(store_id=row["store_id"]), row


def special_dates() -> Iterator[tuple[oracle.Scope, oracle.SpecialHours]]:
    for scope, row in scoped_rows("special_hours.csv"):
        times = [oracle.clock(row[name]) for name in ("start_time_local", "end_time_local") if row[name]]
        yield scope, oracle.SpecialHours(date.fromisoformat(row["date"]), *times)


def planned_downtime() -> Iterator[tuple[oracle.Scope, oracle.PlannedDowntime]]:
    for scope, row in scoped_rows("planned_downtime.csv"):
        start, end = (
            datetime.fromisoformat(row[name].replace(" UTC", "Z")) if row[name] else None
            for name in ("starts_at", "ends_at")
        )
        assert start is not None
        if end is None or bool(end.tzinfo) != bool(start.tzinfo) or start < end:
            yield scope, oracle.PlannedDowntime(start, end)


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


def first_tier(engine: Engine, data: Path, settings: Settings, clock: datetime) -> dict[str, list[str]]:
    """The warnings that change figures, with their examples."""
    report = run_report(engine, data, settings.home / "reports", settings=settings, clock=clock)
    with engine.connect() as connection:
        results = connection.execute(statement("api/expectations"), {"report_id": report.report_id}).all()
    return {result.expectation: result.examples for result in results if result.changes_figures and not result.is_met}


def test_the_clean_sample_has_no_warning_that_changes_figures(engine: Engine, settings: Settings) -> None:
    assert first_tier(engine, SAMPLE, settings, CLOCK) == {}


def test_the_dirty_sample_has_each_warning_that_changes_figures(engine: Engine, settings: Settings) -> None:
    expected = {
        expectation.name
        for expectation in (*files(5).expectations, *IDS.expectations, *STORES.expectations)
        if expectation.changes_figures
    }
    # What a newer file lacks shows only where there is an older one, so the sample comes in two days.
    first = first_tier(engine, DIRTY, settings, CLOCK)
    second = first_tier(engine, DIRTY / "next-day", settings, CLOCK + timedelta(days=1))
    assert expected - first.keys() - second.keys() == set()
    assert expected - first.keys() == {
        "a_snapshot_keeps_the_stores_of_the_one_before",
        "hours_keep_nearly_all_stores_of_those_before",
    }
    assert all((first | second).values()), "each has an example"


def test_the_samples_are_what_the_script_writes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "data/generate_sample.py", str(tmp_path)], cwd=PROJECT, check=True)
    for sample in (SAMPLE, DIRTY):
        expected = {path.relative_to(sample): path.read_bytes() for path in sample.rglob("*.csv")}
        written = tmp_path / sample.name
        assert {path.relative_to(written): path.read_bytes() for path in written.rglob("*.csv")} == expected
