"""What people on call are told rests on reports as nights make them, whatever else is asked for in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from store_uptime.db.statements import statement
from store_uptime.errors import OutputFolderError
from store_uptime.reports import export
from store_uptime.settings import Settings
from support import small
from support.pipeline import CLOCK, run_report

ASKED = {
    "another instant": {"as_of": CLOCK - timedelta(days=1)},
    "some stores": {"store_ids": ["0042"]},
    "a gap": {"max_gap": timedelta(minutes=10)},
    "gaps as downtime": {"no_data": "down"},
}


def new_warnings(engine: Engine, report_id: UUID) -> list[str]:
    with engine.connect() as connection:
        rows = connection.execute(statement("alerts/new_warnings"), {"report_id": report_id})
        return [row.expectation for row in rows]


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_metrics_are_of_the_newest_report_as_nights_make_it(
    engine: Engine, tmp_path: Path, asked: dict[str, Any]
) -> None:
    data = small.write(tmp_path / "data")
    plain = run_report(engine, data, tmp_path, clock=CLOCK)
    run_report(engine, data, tmp_path, clock=CLOCK + timedelta(hours=1), **asked)
    with engine.connect() as connection:
        assert connection.execute(statement("api/metrics_report")).one().report_id == plain.report_id


def test_what_has_been_wrong_for_days_is_told_once(engine: Engine, tmp_path: Path, settings: Settings) -> None:
    data = small.write(tmp_path / "data")
    reports = [
        run_report(engine, data, tmp_path, settings=settings, clock=CLOCK + timedelta(hours=hour), **asked)
        for hour, asked in enumerate([{}, {"as_of": datetime(2023, 1, 23, tzinfo=UTC)}, {"store_ids": ["0042"]}, {}])
    ]
    first, *others = (new_warnings(engine, report.report_id) for report in reports)
    assert len(first) > 0
    assert others == [[], [], []]


def test_a_folder_that_cannot_be_written_to_is_named_with_its_setting(engine: Engine, tmp_path: Path) -> None:
    report = run_report(engine, small.write(tmp_path / "data"), tmp_path / "reports")
    (tmp_path / "file").touch()
    with pytest.raises(OutputFolderError, match=r"/file\) cannot be written to: .*STORE_UPTIME_REPORTS"):
        export.export(engine, report.report_id, tmp_path / "file", CLOCK)
