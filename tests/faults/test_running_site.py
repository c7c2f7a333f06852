"""The Airflow of `make up`: many runs come at once, processes are killed and the database goes away in the middle."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from sqlalchemy import Connection, Engine, NullPool, text

from commands.stack_state import read_stack
from faults.breakable import assert_nothing_is_left, somebody_waits, wait_until
from store_uptime.db import embedded_postgres
from store_uptime.db.engine import connect
from store_uptime.db.statements import statement
from store_uptime.settings import PROJECT, Settings
from support.pipeline import run_report
from support.stack import Site, running_site

SAMPLE = PROJECT / "data" / "sample"
SECONDS = 120
NIGHTS = ("2023-01-23T02:00:00Z", "2023-01-24T02:00:00Z")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory(prefix="store-uptime-faults-") as home:
        data = Path(shutil.copytree(SAMPLE, Path(home) / "data"))
        with running_site(Path(home) / "home", data, schedule="0 2 * * *") as site:
            yield site


@pytest.fixture
def onlooker(site: Site) -> Engine:
    settings = Settings.from_environment({"STORE_UPTIME_DATABASE_URL": embedded_postgres.url_of(site.home)})
    return connect(settings, "owner", poolclass=NullPool)


@pytest.fixture(scope="module")
def expected(new_engine: Any, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The report of the sample, by the functions alone."""
    with new_engine() as engine:
        return run_report(engine, SAMPLE, tmp_path_factory.mktemp("expected")).csv


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
        assert (files, accepted) == (len(list(SAMPLE.glob("*.csv"))),) * 2
        assert polls == rows
    assert_nothing_is_left(onlooker, site.home / "reports")


def hold_up(blocker: Connection, onlooker: Engine, site: Site, table: str, words: str) -> str:
    """A new report, one of whose tasks waits for the table with this statement."""
    blocker.exec_driver_sql(f"lock table {table} in exclusive mode")
    report_id = site.trigger({})
    wait_until(lambda: somebody_waits(onlooker, words), f"{words} to wait", SECONDS)
    return report_id


def state_of(site: Site, report_id: str) -> str:
    """Of a report; without the database it is to be asked again later."""
    headers = {"Authorization": f"Bearer {site.token}"}
    answer = httpx.get(f"{site.url}/store-uptime/reports/{report_id}", headers=headers, timeout=60)
    if answer.status_code == 503:
        assert answer.headers["Retry-After"]
        return "unknown"
    return answer.raise_for_status().json()["state"]


def is_well(site: Site) -> bool:
    return httpx.get(f"{site.url}/store-uptime/health", timeout=60).status_code == 200


def test_a_database_that_goes_away(site: Site, onlooker: Engine, expected: bytes) -> None:
    """In the middle of a load, of the arithmetic and of a publication, with all of Airflow's tables: nobody helps."""
    with onlooker.connect() as counting, onlooker.connect() as publishing, onlooker.connect() as loading:
        asked = [hold_up(counting, onlooker, site, "report.observed_status", "report.observed_status")]
        row = text("select from report.report where report_id = :report_id for no key update")
        publishing.execute(row, {"report_id": asked[0]})
        counting.rollback()
        publication = statement("report/4_export/publication/publish").text.splitlines()[0]
        wait_until(lambda: somebody_waits(onlooker, publication), "export to wait", SECONDS)
        asked.append(hold_up(counting, onlooker, site, "report.observed_status", "report.observed_status"))
        # Polls that are known already, in a file that is not; the newest, which correct others but are not corrected.
        head, *polls = (site.data / "store_status.csv").read_bytes().splitlines(keepends=True)
        (site.data / "store_status_2.csv").write_bytes(b"".join([head, *polls[-1000:]]))
        asked.append(hold_up(loading, onlooker, site, "report.source_file", "report.source_file"))
        data = embedded_postgres.data_folder(site.home)
        server = psutil.Process(embedded_postgres.postmaster_pid(site.home))
        # Not with -w: pg_ctl takes the server that the supervisor starts at once for the one that it stops.
        embedded_postgres.run("pg_ctl", "-D", str(data), "-m", "immediate", "-W", "stop", data=data)
        server.wait(SECONDS)
        for connection in (counting, publishing, loading):
            connection.invalidate()
    wait_until(lambda: {state_of(site, one) for one in asked} <= {"Complete", "Failed"}, "the reports to end", SECONDS)
    assert [site.text(f"get_report/{report_id}").encode() for report_id in asked] == [expected] * len(asked)
    wait_until(lambda: is_well(site), "all parts to be well", SECONDS)
    assert site.text(f"get_report/{site.wait_for(site.trigger({}), 'Complete')}").encode() == expected
    wait_until(lambda: unfinished(site) == [], "all runs to end", SECONDS)  # a report is complete before its run
    with onlooker.connect() as connection:
        once = (
            "select name, state, rows_read - rows_quarantined - rows_replaced = count(poll.file_id)"
            " from core.file left outer join core.poll using (file_id)"
            " where kind = 'store_status' group by file_id order by name"
        )
        files = connection.exec_driver_sql(once).all()
        assert files == [("store_status.csv", "accepted", True), ("store_status_2.csv", "accepted", True)]
    assert_nothing_is_left(onlooker, site.home / "reports")


def test_a_killed_scheduler(site: Site, onlooker: Engine, expected: bytes) -> None:
    """`make up` again starts what is missing, and the run goes on where it was."""
    with onlooker.begin() as blocker:
        blocker.exec_driver_sql("lock table report.open_time in access exclusive mode")
        report_id = site.trigger({})
        wait_until(lambda: somebody_waits(onlooker), "clip to wait", SECONDS)
        stack = read_stack(site.home)
        # The supervisor would start the scheduler again by itself, as the test above shows.
        for pid, _ in (stack.supervisor, stack.processes["scheduler"]):
            os.kill(pid, signal.SIGKILL)
    site.command("up")
    site.sign_in()
    site.wait_for(report_id, "Complete", SECONDS)
    assert site.text(f"get_report/{report_id}").encode() == expected
    wait_until(lambda: unfinished(site) == [], "all runs to end", SECONDS)
    assert_nothing_is_left(onlooker, site.home / "reports")


def test_a_failure_that_no_task_could_note(site: Site, onlooker: Engine) -> None:
    """As when a task has no database to say it in: the web takes it from the run."""
    with onlooker.connect() as blocker:
        report_id = hold_up(blocker, onlooker, site, "report.observed_status", "report.observed_status")
        airflow(site, "PATCH", f"dags/store_uptime_report/dagRuns/{report_id}", json={"state": "failed"})
        failed = site.get(f"get_report/{report_id}")
    assert (failed["status"], failed["failed_task"]) == ("Failed", None)
    assert failed["cause"] == "Its DAG run ended before a task could record why; see the task logs in Airflow."
    wait_until(lambda: not somebody_waits(onlooker), "the task to end", SECONDS)
