"""One store with ten million polls: loaded and reported in flat memory, to the microsecond."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from sqlalchemy import Engine

from faults.breakable import assert_nothing_is_left
from faults.task_process import TaskProcess
from store_uptime.settings import Settings
from support import oracle, small
from support.pipeline import figures, start

POLLS = 10_000_000
APART_US = 60_000  # nearly a week in all
AS_OF = datetime(2023, 1, 25, tzinfo=UTC)
HELD_POLLS = 7  # of the same status: 420 ms active, 420 ms inactive, and so on
MOST_MEMORY_BYTES = 400 * 2**20
MICROSECONDS = timedelta(microseconds=1)


def write(folder: Path) -> Path:
    """Polls that end one step before AS_OF, in the order of the clock."""
    small.write(folder, store_status=None, business_hours=None, store_timezones=None)
    number = np.arange(POLLS)
    first_us = int(AS_OF.timestamp()) * 1_000_000 - POLLS * APART_US
    pl.DataFrame(
        {
            "store_id": pl.repeat("a", POLLS, eager=True),
            "status": pl.Series((number // HELD_POLLS) % 2 == 0).replace_strict({True: "active", False: "inactive"}),
            "timestamp_utc": pl.Series(first_us + number * APART_US).cast(pl.Datetime("us")),
        }
    ).write_csv(folder / "store_status.csv", datetime_format="%Y-%m-%d %H:%M:%S%.3f UTC")
    return folder


def expected(length: timedelta) -> oracle.Figures:
    """By division: how many steps of the period fall into active runs (the first poll holds backwards)."""
    steps = length // timedelta(microseconds=APART_US)
    before = max(steps - POLLS, 0)
    number = np.arange(max(POLLS - steps, 0), POLLS)
    up = (before + int(((number // HELD_POLLS) % 2 == 0).sum())) * APART_US
    total = length // MICROSECONDS
    return oracle.Figures(open=total, up=up, down=total - up, unknown=0)


def test_ten_million_polls_of_one_store(
    process: TaskProcess, engine: Engine, owner: Engine, settings: Settings, tmp_path: Path
) -> None:
    folder = write(tmp_path / "data")
    report_id = start(engine, as_of=AS_OF)
    peaks = {}
    for stage in ("ingest", "accept", "localize", "clip", "interpolate", "export"):
        place = tmp_path / "reports" if stage == "export" else folder
        process.start(stage, settings.database_url, report_id, place)
        end = process.end()
        assert end["status"] == 0, end["error"]
        peaks[stage] = end["peak_memory_bytes"]
    assert max(peaks.values()) < MOST_MEMORY_BYTES, peaks
    assert figures(engine, report_id) == {"a": {period: expected(length) for period, length in oracle.PERIODS.items()}}
    assert_nothing_is_left(owner, tmp_path / "reports")
