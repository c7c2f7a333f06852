"""The clock is an argument of the tasks that need one; it may be wrong, and may go back between runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from faults.breakable import assert_nothing_is_left
from store_uptime.errors import ExpectationFailedError
from store_uptime.settings import Settings
from support import small
from support.pipeline import CLOCK, run_report

NEWEST_POLL = datetime(2023, 1, 25, 18, 13, 22, 479220, tzinfo=UTC)


def test_a_clock_before_the_polls(engine: Engine, owner: Engine, settings: Settings, tmp_path: Path) -> None:
    """All polls are ahead of it, so the file is rejected; the next run, on time, loads it as if nothing had been."""
    folder = small.write(tmp_path / "data")
    with pytest.raises(ExpectationFailedError, match=r"store_status\.csv") as caught:
        run_report(engine, folder, tmp_path / "reports", settings=settings, clock=datetime(2022, 1, 1, tzinfo=UTC))
    assert "more than an hour ahead of the clock" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert_nothing_is_left(owner, tmp_path / "reports")
    late = run_report(engine, folder, tmp_path / "reports", settings=settings)
    assert late.figures["0042"]["last_hour"].down == 3_600_000_000
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from core.poll")).scalar() == 5
    assert_nothing_is_left(owner, tmp_path / "reports")


def test_a_clock_that_is_slow_by_less_than_an_hour(engine: Engine, tmp_path: Path) -> None:
    """Polls may be a little ahead; one microsecond more than an hour, and a row is kept out."""
    folder = small.write(tmp_path / "data")
    run_report(engine, folder, tmp_path / "reports", clock=NEWEST_POLL - timedelta(hours=1))
    newer = small.STATUS.replace("22.47922", "22.479221").replace("17:00:00", "17:00:01")
    run_report(
        engine,
        small.write(folder, store_status=newer),
        tmp_path / "reports",
        clock=NEWEST_POLL - timedelta(hours=1),
    )
    with engine.connect() as connection:
        assert connection.execute(text("select rows_quarantined from core.file order by file_id")).scalars().all() == [
            *(0, 0, 0),
            1,
        ]


def test_a_clock_set_back_between_runs(engine: Engine, owner: Engine, settings: Settings, tmp_path: Path) -> None:
    """What came later counts as later: no order rests on the clock."""
    folder = small.write(tmp_path / "data")
    first = run_report(engine, folder, tmp_path / "reports", settings=settings)
    set_back = CLOCK - timedelta(days=1000)
    assert run_report(engine, folder, tmp_path / "reports", settings=settings, clock=set_back).csv == first.csv
    hours = small.HOURS.replace("23:59:00", "12:00:00")
    status = small.STATUS.replace("0042,inactive", "0042,active")
    small.write(folder, business_hours=hours, store_status=status)
    corrected = run_report(engine, folder, tmp_path / "reports", settings=settings, clock=set_back)
    assert corrected.figures["0042"]["last_week"].open == 12 * 3_600_000_000
    assert corrected.figures["0042"]["last_week"].down == 0
    assert run_report(engine, folder, tmp_path / "reports", settings=settings).csv == corrected.csv
    assert_nothing_is_left(owner, tmp_path / "reports")
