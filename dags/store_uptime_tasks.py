"""What every task of the report has around its body: a connection, the report's identity, a clock and a record.

Not a DAG (see .airflowignore). Imports nothing heavy: Airflow parses the DAG that imports it every few seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from airflow.sdk import Asset, get_current_context
from structlog.contextvars import bind_contextvars

from store_uptime.errors import SettingError
from store_uptime.settings import Settings

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

log = logging.getLogger(__name__)

# Any scheme that does not begin with x- makes every parse, so every task, import all providers' asset handlers.
PUBLISHED_REPORT = Asset(name="store_uptime_report", uri="x-store-uptime://reports")

LOADER_NAME = "loader {{ task.op_kwargs['loader'] }}"
SHARD_NAME = "shard {{ task.op_kwargs['shard'] }}"


def run_stage(body: Callable[..., Mapping[str, Any]], *arguments: Any) -> None:
    """Runs `body(engine, report_id, *arguments)`; its counts go to the report's record, to XCom and to the log."""
    from store_uptime import reports, tracing
    from store_uptime.database import connected

    task_instance = get_current_context()["ti"]
    shard = max(task_instance.map_index or 0, 0)
    bind_contextvars(report_id=str(report_id()))
    with (
        tracing.report_span(f"task {task_instance.task_id}", report_id(), shard=shard),
        connected(Settings.from_environment(), "writer", f"{task_instance.task_id} {report_id()}") as engine,
    ):
        started_at = datetime.now(UTC)
        counts = dict(body(engine, report_id(), *arguments))
        finished_at = datetime.now(UTC)
        reports.record_task(engine, report_id(), task_instance.task_id, shard, started_at, finished_at, counts)
    counts["seconds"] = round((finished_at - started_at).total_seconds(), 3)
    task_instance.xcom_push("counts", counts)
    numbers = [f"{name} {value}" for name, value in counts.items() if isinstance(value, int | float)]
    log.info("%s: %s", task_instance.task_id, ", ".join(numbers))


def report_id() -> UUID:
    """The report that the DAG run makes."""
    from store_uptime import reports

    return reports.report_id_of(get_current_context()["dag_run"].run_id)


def open_report() -> None:
    """Creates the report's row from the DAG run's parameters, unless an earlier try did."""
    from store_uptime import reports
    from store_uptime.database import connected

    context = get_current_context()
    dag_run, params = context["dag_run"], context["params"]
    is_of_a_night = dag_run.run_type in {"scheduled", "backfill"}
    request = reports.ReportRequest(
        report_id=report_id(),
        dag_run_id=dag_run.run_id,
        created_at=datetime.now(UTC),
        as_of_requested=reports.parse_instant("as_of", params["as_of"]) if params["as_of"] else None,
        as_of_limit=dag_run.data_interval_end if is_of_a_night else None,
        max_gap=reports.parse_duration("max_gap", params["max_gap"]) if params["max_gap"] else None,
        no_data=params["no_data"],
        shards=params["shards"],
        store_ids=params["store_ids"],
        run_started_at=dag_run.start_date,
    )
    with connected(Settings.from_environment(), "writer") as engine:
        reports.create(engine, request)


def loaders() -> list[int]:
    """The tasks that load the files, as many as the deployment has machines for."""
    return list(range(Settings.from_environment().loaders))


def shards() -> list[int]:
    """The parts the run is to be computed in."""
    return list(range(get_current_context()["params"]["shards"]))


def data_folder() -> Path | ObjectStoragePath:
    """Where the input files are: a setting of the deployment, never of a request."""
    return folder("STORE_UPTIME_DATA", Settings.from_environment().data)


def reports_folder() -> Path | ObjectStoragePath:
    """Where the finished reports go."""
    return folder("STORE_UPTIME_REPORTS", Settings.from_environment().reports)


def quality_folder() -> Path | ObjectStoragePath:
    """Where the results of the checks go."""
    return folder("STORE_UPTIME_QUALITY", Settings.from_environment().quality)


def folder(setting: str, address: str) -> Path | ObjectStoragePath:
    """A folder on this machine, or wherever its scheme says. The latter loads every provider's file systems.

    Raises `SettingError` for a scheme that none of them has.
    """
    if "://" not in address:
        return Path(address)
    from airflow.sdk import ObjectStoragePath

    try:
        path = ObjectStoragePath(address)
        path.fs  # noqa: B018  makes the file system
    except (ValueError, ImportError) as error:
        raise SettingError(setting, address, f"a path or a URL such as s3://bucket/folder ({error})") from error
    return path
