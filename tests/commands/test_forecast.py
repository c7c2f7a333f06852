"""`make forecast` as its user sees it: the path of the file, and why it has no rows."""

from __future__ import annotations

from pathlib import Path

from store_uptime.db.engine import connected
from store_uptime.settings import Settings
from support.programs import run_on

HEADING = "store_id,hour_start,probability_down,brier_score,brier_climatology,brier_persistence"
RUN = """
    insert into history.forecast_run (settlement_id, made_at, stores, of_stores, weights)
    select max(settlement_id), '2023-01-25', 0, 9, '{}' from history.settlement where published_at is not null
"""


def test_a_file_without_rows_comes_with_the_reason(settled: Settings) -> None:
    before = run_on(settled, "forecast")
    assert (before.returncode, before.stdout) == (1, "")
    with connected(settled, "owner") as engine, engine.begin() as connection:
        connection.exec_driver_sql(RUN)
    try:
        finished = run_on(settled, "forecast")
    finally:
        with connected(settled, "owner") as engine, engine.begin() as connection:
            connection.exec_driver_sql("delete from history.forecast_run")
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr.splitlines()[-1] == (
        "store-uptime: no forecast yet: they are compared with what happened once days of five weeks are known"
    )
    assert Path(finished.stdout.strip()).read_text().splitlines() == [HEADING]
