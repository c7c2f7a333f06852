"""The Airflow of `make up`: its scheduler is killed in the middle of a run, and many runs come at once."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, NullPool, text

from commands.stack_state import read_stack
from faults.breakable import assert_nothing_is_left, somebody_waits, wait_until
from pipeline import run_report
from stack import Site, running_site
from store_uptime import embedded
from store_uptime.database import connect
from store_uptime.settings import PROJECT, Settings

SECONDS = 180
NIGHTS = ("2023-01-23T02:00:00Z", "2023-01-24T02:00:00Z")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory(prefix="store-uptime-faults-") as home:
        data = Path(shutil.copytree(PROJECT / "data" / "sample", Path(home) / "data"))
        with running_site(Path(home) / "home", data, schedule="0 2 * * *") as site:
            yield site


@pytest.fixture
def onlooker(site: Site) -> Engine:
    settings = Settings.from_environment({"STORE_UPTIME_DATABASE_URL": embedded.url_of(site.home)})
    return connect(settings, "owner", poolclass=NullPool)


@pytest.fixture(scope="module")
def expected(new_engine: Any, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The report of the sample, by the functions alone."""
    with new_engine() as engine:
        return run_report(engine, PROJECT / "data" / "sample", tmp_path_factory.mktemp("expected")).csv


def airflow(site: Site, method: str, path: str, **options: Any) -> Any:
    answer = httpx.request(
        method,
        f"{site.url}/api/v2/{path}",
        headers={"Authorization": f"Bearer {site.token}"},
        timeout=60,
        **options,
    )
    return answer.raise_for_status().json()


def unfinished(site: Site) -> list[str]:
    """The runs that are not over; none may have failed."""
    runs = airflow(site, "GET", "dags/store_uptime_report/dagRuns?limit=100")["dag_runs"]
    assert [run["dag_run_id"] for run in runs if run["state"] == "failed"] == []
    return [run["dag_run_id"] for run in runs if run["state"] != "success"]


def test_two_nights_and_five_reports_at_once(site: Site, onlooker: Engine, expected: bytes) -> None:
    body = {"dag_id": "store_uptime_report", "from_date": NIGHTS[0], "to_date": NIGHTS[1]}
    airflow(site, "POST", "backfills", json=body)
    asked = [site.trigger({"shards": 1 + number % 2}) for number in range(5)]
    wait_until(lambda: unfinished(site) == [], "all runs to end", SECONDS)
    assert [site.text(f"get_report/{report_id}").encode() for report_id in asked] == [expected] * 5
    with onlooker.connect() as connection:
        nights = connection.execute(
            text("select report_id, as_of, csv_path from report.report where as_of_limit < '2023-02-01' order by as_of")
        ).all()
        assert len(nights) == len(NIGHTS)
        assert len({night.as_of for night in nights}) == len(NIGHTS)
        files, accepted, polls, rows = connection.execute(
            text(
                "select (select count(*) from core.file), (select count(*) from core.acceptance),"
                " (select count(*) from core.poll),"
                " (select rows_read - rows_quarantined - rows_replaced from core.file where kind = 'store_status')"
            )
        ).one()
        assert (files, accepted, polls) == (3, 3, rows)
    assert_nothing_is_left(onlooker, site.home / "reports")


def test_a_killed_scheduler(site: Site, onlooker: Engine, expected: bytes) -> None:
    """`make up` again starts what is missing, and the run goes on where it was."""
    with onlooker.begin() as blocker:
        blocker.exec_driver_sql("lock table report.open_time in access exclusive mode")
        report_id = site.trigger({})
        wait_until(lambda: somebody_waits(onlooker), "clip to wait", SECONDS)
        scheduler, _ = read_stack(site.home).processes["scheduler"]
        os.kill(scheduler, signal.SIGKILL)
    site.command("up")
    site.sign_in()
    site.wait_for(report_id, "Complete", SECONDS)
    assert site.text(f"get_report/{report_id}").encode() == expected
    assert unfinished(site) == []
    assert_nothing_is_left(onlooker, site.home / "reports")
