"""The maintenance DAG: what it is made of, and a run of it on reports of the sample."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from dags.runs import Deployment, make_report
from store_uptime.db.engine import connect
from store_uptime.operations.maintenance import rows_of_tables
from store_uptime.reports.request import report_id_of
from support.pipeline import dump

EDGES = {
    "create_months": {"vacuum"},
    "delete_reports": {"drop_polls", "delete_quality"},
    "drop_polls": {"vacuum"},
    "merge_polls": {"vacuum"},
    "delete_quality": {"vacuum"},
    "delete_history": {"vacuum"},
    "delete_deliveries": {"vacuum"},
    "delete_left_overs": {"vacuum"},
    "delete_logs": {"vacuum"},
    "clean_airflow": {"vacuum"},
    "vacuum": set(),
}


def test_it_is_daily_and_documented(deployment: Deployment) -> None:
    dag = deployment.maintenance
    assert {task.task_id: task.downstream_task_ids for task in dag.tasks} == EDGES
    assert (dag.schedule, dag.catchup, dag.max_active_runs, dag.max_active_tasks) == ("30 4 * * *", False, 1, 1)
    assert dag.tags == {"stores", "uptime"}
    for task in dag.tasks:
        assert f"`{task.task_id}`" in dag.doc_md
        assert task.doc_md, task.task_id
        assert (task.owner, task.retries, bool(task.execution_timeout)) == ("store-uptime", 3, True)
        assert not task.on_failure_callback, task.task_id


def test_the_schedule_is_a_setting(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_UPTIME_MAINTENANCE_SCHEDULE", "none")
    assert deployment.maintenance.schedule is None


def test_the_form_explains_every_field(deployment: Deployment) -> None:
    params = deployment.maintenance.params
    assert {name: params.get_param(name).value for name in params} == {"dry_run": False, "lock_seconds": 10}
    assert all(params.get_param(name).description and params.get_param(name).schema["title"] for name in params)


@pytest.mark.parametrize(
    ("name", "value"), [("dry_run", "yes"), ("dry_run", None), ("lock_seconds", 0), ("lock_seconds", 601)]
)
def test_parameters_that_are_not(deployment: Deployment, name: str, value: object) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        deployment.maintenance.params.get_param(name).resolve(value)


@pytest.fixture
def old_report(deployment: Deployment, first_report: UUID, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """A report and its DAG run, older than all that is kept; the first report is young."""
    run_id = make_report(deployment)
    report_id, long_ago = report_id_of(run_id), datetime.now(UTC) - timedelta(days=50)
    owner = connect(deployment.settings, "owner")
    with owner.begin() as connection:
        for command in (
            "update report.report set created_at = :at, published_at = :at where report_id = :report_id",
            "update report.task_run set finished_at = :at where report_id = :report_id",
            "update public.dag_run set start_date = :at where run_id = :run_id",
        ):
            connection.execute(text(command), {"at": long_ago, "report_id": report_id, "run_id": run_id})
    owner.dispose()
    for kept in ("REPORTS", "QUALITY", "RUNS"):
        monkeypatch.setenv(f"STORE_UPTIME_KEEP_{kept}_DAYS", "40")
    return report_id


def run(dag: Any, **conf: Any) -> dict[str, dict[str, int]]:
    """Runs the DAG; what each task counted."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    dag_run = dag.test(run_conf=conf)
    assert dag_run.state == "success"
    with create_session() as session:
        rows = session.query(XComModel.task_id, XComModel.value).filter_by(run_id=dag_run.run_id, key="counts").all()
    return {row.task_id: row.value for row in rows}


def dag_runs(deployment: Deployment, report_id: UUID) -> int:
    query = "select count(*) from public.dag_run where run_id = cast(:report_id as text)"
    owner = connect(deployment.settings, "owner")
    with owner.connect() as connection:
        found = connection.execute(text(query), {"report_id": report_id}).scalar_one()
    owner.dispose()
    return found


def test_a_dry_run_tells_what_a_run_then_does(
    deployment: Deployment, first_report: UUID, old_report: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    before = dump(deployment.engine)
    path = Path(deployment.report(old_report).csv_path)
    would = run(deployment.maintenance, dry_run=True)
    assert dump(deployment.engine) == before
    assert path.exists()
    assert dag_runs(deployment, old_report) == 1
    assert set(would) == set(EDGES) - {"vacuum"}
    assert would["delete_reports"] == {"reports": 1, "files": 1}
    assert would["create_months"] == {"months": 1}
    assert would["drop_polls"] == {"months": 0, "polls": 0}
    assert would["clean_airflow"]["rows"] > 0
    assert f"delete_reports (dry run): {path}" in caplog.text

    did = run(deployment.maintenance)
    assert {task: did[task] for task in ("delete_reports", "create_months", "drop_polls", "clean_airflow")} == {
        task: would[task] for task in ("delete_reports", "create_months", "drop_polls", "clean_airflow")
    }
    assert not path.exists()
    assert dag_runs(deployment, old_report) == 0
    assert not (deployment.settings.home / "quality" / f"{old_report}.json").exists()
    assert (deployment.settings.home / "quality" / f"{first_report}.json").exists()
    assert Path(deployment.report(first_report).csv_path).exists()


def test_reports_in_a_bucket_go_too(
    deployment: Deployment,
    first_report: UUID,
    bucket: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STORE_UPTIME_DATA", str(deployment.settings.data))
    monkeypatch.setenv("STORE_UPTIME_KEEP_REPORTS_DAYS", "40")
    monkeypatch.setenv("STORE_UPTIME_KEEP_RUNS_DAYS", "none")
    old, young = (report_id_of(make_report(deployment)) for _ in range(2))
    owner = connect(deployment.settings, "owner")
    with owner.begin() as connection:
        for table, column in (("report", "created_at"), ("report", "published_at"), ("task_run", "finished_at")):
            command = f"update report.{table} set {column} = {column} - interval '50 days' where report_id = :id"
            connection.execute(text(command), {"id": old})
    owner.dispose()
    bucket.put_object(Key="reports/.11111111-1111-1111-1111-111111111111.partial")
    counts = run(deployment.maintenance)
    assert deployment.report(young).csv_path == f"s3://{bucket.name}/reports/{young}.csv"
    assert counts["delete_reports"] == {"reports": 1, "files": 1}
    assert counts["clean_airflow"] == {"rows": 0}
    # Unfinished, but not older than a day.
    assert counts["delete_left_overs"]["files"] == 0
    assert {item.key for item in bucket.objects.filter(Prefix="reports/")} == {
        f"reports/{young}.csv",
        "reports/.11111111-1111-1111-1111-111111111111.partial",
    }


def test_what_airflow_says_it_found_is_counted() -> None:
    said = "Checking table job\nFound 3 rows meeting deletion criteria.\nPerforming Delete...\n"
    said += "\nChecking table log\nFound 0 rows meeting deletion criteria.\n"
    assert rows_of_tables(said) == {"job": 3}
