"""Records of tasks in the database: what each did, and why one failed."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg2.errors import DiskFull
from sqlalchemy import Engine

from store_uptime.db.statements import statement
from store_uptime.errors import StoreUptimeError, printable
from store_uptime.reports.request import ReportRequest, report_id_of


def record_task(
    engine: Engine,
    report_id: UUID,
    task: str,
    shard: int,
    started_at: datetime,
    finished_at: datetime,
    counts: dict[str, Any],
) -> None:
    """Records a finished task with its counts, and clears an earlier failure of it."""
    with engine.begin() as connection:
        connection.execute(statement("report/report/clear_failure"), {"report_id": report_id, "task": task})
        connection.execute(
            statement("report/report/record_task"),
            {
                "report_id": report_id,
                "task": task,
                "shard": shard,
                "started_at": started_at,
                "finished_at": finished_at,
                "counts": json.dumps(counts),
            },
        )


def record_failure(
    engine: Engine, dag_run_id: str, task: str, cause: str, failed_at: datetime, run_started_at: datetime | None = None
) -> None:
    """Records the failed task of a DAG run and its cause, unless the task already failed since `run_started_at`.

    A DAG run can fail before its report has a row (with Params that cannot be read): the row is created then.
    """
    report_id = report_id_of(dag_run_id)
    request = ReportRequest(report_id, dag_run_id, created_at=failed_at)
    failure = {"report_id": report_id, "failed_task": task, "failure_cause": cause, "failed_at": failed_at}
    with engine.begin() as connection:
        connection.execute(statement("report/report/create"), asdict(request))
        connection.execute(statement("report/report/fail"), failure | {"run_started_at": run_started_at})


def cause_of(error: object) -> str:
    """The cause of a failure in one line, for users. Errors that are not ours begin with their class."""
    if error is None:
        return "The task's process ended without an exception; see the task's log."
    error = getattr(error, "orig", None) or error  # SQLAlchemy adds the statement and its values to the message
    text = printable(" ".join(str(error).split()))
    if isinstance(error, DiskFull):
        return f"The disk of the database server is full: {text}"
    return text if isinstance(error, StoreUptimeError) else f"{type(error).__name__}: {text}"


def failure_of(engine: Engine, report_id: UUID) -> tuple[str, str] | None:
    """The failed task and its cause; None if the report has not failed."""
    with engine.begin() as connection:
        row = connection.execute(statement("report/report/read_failure"), {"report_id": report_id}).first()
    return (row.failed_task, row.failure_cause) if row and row.failed_task else None
