"""The DAG as a whole, on the sample: what a run leaves behind, how it fails, and that any task can be run again."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from dags.runs import TASKS, Deployment, clear_and_run, make_report, states
from store_uptime.reports.request import report_id_of

HEADER = (
    "store_id,uptime_last_hour,uptime_last_day,uptime_last_week,"
    "downtime_last_hour,downtime_last_day,downtime_last_week\n"
)
FIGURES = "select * from report.store_uptime where report_id = :report_id order by store_key"


@pytest.fixture
def published(deployment: Deployment, first_report: UUID) -> bytes:
    """The CSV of the first report."""
    return Path(deployment.report(first_report).csv_path).read_bytes()


def test_a_run_publishes_one_row_for_each_store(deployment: Deployment, first_report: UUID, published: bytes) -> None:
    report = deployment.report(first_report)
    assert report.csv_path == f"{deployment.settings.reports}/{first_report}.csv"
    assert report.csv_sha256 == hashlib.sha256(published).hexdigest()
    assert published.decode().startswith(HEADER)
    assert len(published.splitlines()) == 1 + report.store_count == 1 + len(deployment.rows(FIGURES, first_report))
    assert (report.failed_task, report.failure_cause, report.as_of_limit) == (None, None, None)


def test_every_task_records_its_counts(deployment: Deployment, first_report: UUID) -> None:
    runs = deployment.rows(
        "select task, shard, counts, finished_at >= started_at as is_in_order from report.task_run"
        " where report_id = :report_id order by started_at",
        first_report,
    )
    assert [run.task for run in runs] == TASKS
    assert all(run.shard == 0 and run.is_in_order and run.counts for run in runs)


def test_counts_can_be_seen_in_airflow(deployment: Deployment, first_report: UUID) -> None:
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    dag_run_id = deployment.report(first_report).dag_run_id
    with create_session() as session:
        pushed = session.query(XComModel.task_id, XComModel.value).filter_by(run_id=dag_run_id, key="counts").all()
    assert {task_id for task_id, _ in pushed} == set(TASKS)
    assert all("seconds" in value for _, value in pushed)


def test_the_published_report_is_an_asset_event(first_report: UUID) -> None:
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session

    with create_session() as session:
        events = session.query(AssetEvent).filter_by(source_dag_id="store_uptime_report", source_task_id="export")
        assert {event.asset.name for event in events} == {"store_uptime_report"}


@pytest.mark.usefixtures("first_report")
def test_shards_are_mapped_tasks_and_change_nothing(deployment: Deployment, published: bytes) -> None:
    run_id = make_report(deployment, {"shards": 3})
    tries = states(run_id)
    assert {task: len(instances) for task, instances in tries.items()} == {
        "ingest": 1, "validate": 1, "localize": 3, "clip": 3, "interpolate": 3, "export": 1,
    }  # fmt: skip
    assert Path(deployment.report(report_id_of(run_id)).csv_path).read_bytes() == published


@pytest.mark.usefixtures("first_report")
def test_parameters_reach_the_report(deployment: Deployment) -> None:
    store_ids = ["no such store"]
    asked = {"as_of": "2023-01-20T10:00:00+01:00", "max_gap": "90m", "no_data": "down", "store_ids": store_ids}
    run_id = make_report(deployment, asked)
    report = deployment.report(report_id_of(run_id))
    assert report.as_of_requested == datetime(2023, 1, 20, 9, tzinfo=UTC)
    assert report.max_gap.total_seconds() == 90 * 60
    assert (report.no_data, report.store_ids) == ("down", store_ids)
    assert "no such store" in report.failure_cause


@pytest.mark.usefixtures("first_report")
def test_a_night_looks_back_from_that_night(deployment: Deployment) -> None:
    night = datetime(2023, 1, 24, 2, tzinfo=UTC)
    report = deployment.report(report_id_of(make_report(deployment, night=night)))
    assert report.as_of_limit == night
    assert report.as_of < night
    assert report.published_at is not None


@pytest.fixture(scope="module")
def sharded_run(deployment: Deployment, first_report: UUID) -> str:
    """A run in two shards, whose tasks are cleared again and again."""
    return make_report(deployment, {"shards": 2})


@pytest.mark.parametrize("cleared", [*([task] for task in TASKS), *(TASKS[start:] for start in range(len(TASKS) - 1))])
def test_any_task_can_be_cleared_alone_or_with_those_after_it(
    deployment: Deployment, published: bytes, sharded_run: str, cleared: list[str]
) -> None:
    report_id = report_id_of(sharded_run)
    figures = deployment.rows(FIGURES, report_id)
    clear_and_run(deployment, sharded_run, cleared)
    assert {state for instances in states(sharded_run).values() for state, _ in instances} == {"success"}
    assert deployment.rows(FIGURES, report_id) == figures
    assert Path(deployment.report(report_id).csv_path).read_bytes() == published


@pytest.mark.usefixtures("first_report")
def test_bad_input_is_not_tried_again_and_its_cause_is_kept(deployment: Deployment, data: Path) -> None:
    status = data / "store_status.csv"
    status.write_text(status.read_text().replace("timestamp_utc", "when", 1))
    run_id = make_report(deployment)
    assert states(run_id)["ingest"] == [("failed", 1)]
    assert {state for task in TASKS[1:] for state, _ in states(run_id)[task]} == {"upstream_failed"}
    report = deployment.report(report_id_of(run_id))
    assert (report.failed_task, report.csv_path) == ("ingest", None)
    assert "store_status.csv" in report.failure_cause
    assert "timestamp_utc" in report.failure_cause


@pytest.mark.usefixtures("first_report")
def test_a_failed_run_goes_on_when_its_input_is_mended(deployment: Deployment, data: Path, published: bytes) -> None:
    status = data / "store_status.csv"
    good = status.read_bytes()
    status.write_bytes(good.replace(b"timestamp_utc", b"when", 1))
    run_id = make_report(deployment)
    status.write_bytes(good)
    clear_and_run(deployment, run_id, TASKS)
    report = deployment.report(report_id_of(run_id))
    assert (report.failed_task, report.failure_cause) == (None, None)
    assert Path(report.csv_path).read_bytes() == published
