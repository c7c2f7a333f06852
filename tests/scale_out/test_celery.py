"""One report on three machines that share nothing but a database, a queue and a bucket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest

from support.cluster import REPORT_SECONDS, expectations_of, tasks_of
from support.system import WORKERS, System, files

SHARDS = 6
TASKS = [*len(WORKERS) * ["ingest"], "validate", "export", *SHARDS * ["localize", "clip", "interpolate"]]


@pytest.fixture(scope="module")
def report_id(system: System) -> Iterator[UUID]:
    asked = system.web.trigger(SHARDS)
    system.cluster.wait_for(lambda: system.web.state(asked) in ("Complete", "Failed"), "the report", REPORT_SECONDS)
    return asked


def test_every_worker_does_a_part_and_no_task_is_done_twice(system: System, report_id: UUID) -> None:
    taken = {name: tasks_of(system.cluster.machines[name], report_id) for name in WORKERS}
    assert all(taken.values()), taken
    assert sorted(task for tasks in taken.values() for task in tasks) == sorted(TASKS)
    assert set(system.web.tries(report_id)) == {(task, "success", 1) for task in TASKS}


def test_the_workers_load_each_row_once_between_them(system: System, report_id: UUID) -> None:
    rows = sum(content.count(b"\n") - 1 for content in files().values())
    query = "select counts from report.task_run where task = 'ingest' and report_id = %(report_id)s"
    with system.owner.connect() as connection:
        counts = connection.exec_driver_sql(query, {"report_id": report_id}).scalars().all()
        (partitions,) = connection.exec_driver_sql("select count(*) from core.file_partition").scalars()
    assert [count["files"] for count in counts] == len(WORKERS) * [len(files())]
    assert sum(count["files_loaded"] for count in counts) >= len(files())
    assert sum(count["rows_read"] for count in counts) == rows
    assert partitions == 0


def test_the_report_is_the_one_that_a_single_process_makes(
    system: System, report_id: UUID, sample_report: bytes
) -> None:
    assert system.bucket.Object(f"reports/{report_id}.csv").get()["Body"].read() == sample_report
    answer = system.web.client.get(f"/store-uptime/get_report/{report_id}")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.content == sample_report


def test_the_web_shows_what_another_machine_found_about_the_input(system: System, report_id: UUID) -> None:
    found = json.loads(system.bucket.Object(f"quality/{report_id}.json").get()["Body"].read())
    detail = system.web.get(f"/store-uptime/quality/{report_id}")
    assert expectations_of(detail) == {one["expectation"]: one["is_met"] for one in found["results"]}
    way_in = system.web.client.get(f"/store-uptime/{detail['data_docs']}")
    site = system.web.url + way_in.headers["location"].removesuffix("index.html")
    index = httpx.get(f"{site}index.html", timeout=60)
    assert index.headers["content-type"].startswith("text/html")
    assert f"runs/{report_id}.html" in index.text
    run = httpx.get(f"{site}runs/{report_id}.html", timeout=60)
    assert run.headers["content-security-policy"] == index.headers["content-security-policy"]
    assert str(report_id) in run.text
    assert httpx.get(f"{site}static/data_docs.css", timeout=60).headers["content-type"].startswith("text/css")
    for path in ("no", "runs", "runs/no.html", f"..%2f{report_id}.json", f"%2e%2e/{report_id}.json"):
        assert httpx.get(f"{site}{path}", timeout=60).status_code == 404, path


def test_the_web_shows_the_log_of_a_task_on_another_machine(system: System, report_id: UUID) -> None:
    path = f"/api/v2/dags/store_uptime_report/dagRuns/{report_id}/taskInstances/ingest/logs/1"
    query = {"map_index": 0, "full_content": True}
    log = system.web.client.get(path, params=query, headers={"Accept": "application/json"}).raise_for_status().json()
    assert any("ingest: " in str(line) for line in log["content"])


def test_no_home_holds_a_file_that_others_need(system: System, report_id: UUID) -> None:
    homes = [system.cluster.home(name) / "home" for name in (*WORKERS, "api-server", "scheduler", "dag-processor")]
    kept = [str(file) for home in homes for file in home.rglob("*") if file.is_file() and str(report_id) in str(file)]
    assert all(home.is_dir() for home in homes)
    assert kept == []
