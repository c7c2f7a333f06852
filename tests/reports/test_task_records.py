"""What is recorded of tasks, also before the report has a row."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import Engine

from store_uptime.db.statements import statement
from store_uptime.reports.request import ReportRequest, create_report, report_id_of
from store_uptime.reports.task_records import failure_of, record_failure

STARTED_AT = datetime(2023, 1, 26, tzinfo=UTC)


def test_a_failure_creates_the_report_that_has_no_row_yet(engine: Engine) -> None:
    dag_run_id, later = "manual__2023-01-26T00:00:00+00:00", STARTED_AT + timedelta(seconds=1)
    report_id = report_id_of(dag_run_id)
    assert failure_of(engine, report_id) is None
    record_failure(engine, dag_run_id, "ingest", "as_of is 'x'", later, STARTED_AT)
    with engine.begin() as connection:
        row = connection.execute(statement("api/report"), {"report_id": report_id}).one()
    assert (row.dag_run_id, row.created_at, row.shards, row.no_data) == (dag_run_id, later, 1, "unknown")
    assert (row.failed_task, row.failure_cause, row.failed_at) == ("ingest", "as_of is 'x'", later)


def test_a_failure_leaves_the_request_of_a_report_as_it_is(engine: Engine) -> None:
    report_id = uuid4()
    create_report(engine, ReportRequest(report_id, str(report_id), STARTED_AT, no_data="down", shards=3))
    record_failure(engine, str(report_id), "clip", "a cause", STARTED_AT + timedelta(seconds=1), STARTED_AT)
    with engine.begin() as connection:
        row = connection.execute(statement("api/report"), {"report_id": report_id}).one()
    assert (row.created_at, row.shards, row.no_data) == (STARTED_AT, 3, "down")
    assert failure_of(engine, report_id) == ("clip", "a cause")


def test_of_instances_that_fail_at_the_same_time_one_is_recorded(engine: Engine) -> None:
    report_id = uuid4()

    def fail(instance: int) -> None:
        record_failure(engine, str(report_id), "ingest", f"cause {instance}", STARTED_AT, STARTED_AT)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(fail, range(8)))
    task, cause = failure_of(engine, report_id) or ("", "")
    assert task == "ingest"
    assert cause in {f"cause {instance}" for instance in range(8)}
