"""The code around the body of each task of the report DAG: connection, report id, clock, counts and log.

Imports nothing heavy: Airflow parses the DAG that imports this module every few seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from airflow.sdk import Asset, get_current_context
from structlog.contextvars import bind_contextvars

from store_uptime.contract import TASK_BEGINS
from store_uptime.settings import Settings

log = logging.getLogger(__name__)

# With a scheme that does not begin with x-, every parse (so every task) would import all providers' asset handlers.
PUBLISHED_REPORT = Asset(name="store_uptime_report", uri="x-store-uptime://reports")
SETTLED_HISTORY = Asset(name="store_uptime_history", uri="x-store-uptime://history")

LOADER_NAME = "loader {{ task.op_kwargs['loader'] }}"
SHARD_NAME = "shard {{ task.op_kwargs['shard'] }}"


def run_stage(body: Callable[..., Mapping[str, Any]], *arguments: Any, **options: Any) -> None:
    """Runs `body(engine, report_id, *arguments, **options)`; its counts go to the database, to XCom and to the log."""
    from store_uptime import tracing
    from store_uptime.db.engine import connected
    from store_uptime.reports.task_records import record_task

    task_instance = get_current_context()["ti"]
    shard = max(task_instance.map_index or 0, 0)
    bind_contextvars(report_id=str(report_id()))
    log.info(TASK_BEGINS, task_instance.task_id)
    with (
        tracing.report_span(f"task {task_instance.task_id}", report_id(), shard=shard),
        connected(Settings.from_environment(), "writer", f"{task_instance.task_id} {report_id()}") as engine,
    ):
        started_at = datetime.now(UTC)
        counts = dict(body(engine, report_id(), *arguments, **options))
        finished_at = datetime.now(UTC)
        record_task(engine, report_id(), task_instance.task_id, shard, started_at, finished_at, counts)
    counts["seconds"] = round((finished_at - started_at).total_seconds(), 3)
    task_instance.xcom_push("counts", counts)
    numbers = [f"{name} {value}" for name, value in counts.items() if isinstance(value, int | float)]
    log.info("%s: %s", task_instance.task_id, ", ".join(numbers))


def report_id() -> UUID:
    """The id of the DAG run's report."""
    from store_uptime.reports.request import report_id_of

    return report_id_of(get_current_context()["dag_run"].run_id)


def open_report() -> None:
    """Creates the report's row from the DAG run's Params, unless an earlier try did.

    Raises `SettingError` for an invalid Param.
    """
    from store_uptime.db.engine import connected
    from store_uptime.reports.request import ReportRequest, create_report, read_params

    context = get_current_context()
    dag_run, params = context["dag_run"], context["params"]
    is_nightly = dag_run.run_type in {"scheduled", "backfill"}
    request = ReportRequest(
        report_id=report_id(),
        dag_run_id=dag_run.run_id,
        created_at=datetime.now(UTC),
        as_of_limit=dag_run.data_interval_end if is_nightly else None,
        run_started_at=dag_run.start_date,
        **read_params(params, dag_run.conf or {}),
    )
    with connected(Settings.from_environment(), "writer") as engine:
        create_report(engine, request)


def loaders() -> list[int]:
    """The numbers of the deployment's loaders, which `ingest` is mapped over."""
    return list(range(Settings.from_environment().loaders))


def shards() -> list[int]:
    """The numbers of the report's shards, which the stages are mapped over."""
    return list(range(get_current_context()["params"]["shards"]))
