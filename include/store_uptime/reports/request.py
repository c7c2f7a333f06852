"""The request of a report, its id, and its row in the database."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from sqlalchemy import Engine

from store_uptime.contract import MAX_SHARDS, NO_DATA_CHOICES
from store_uptime.db.statements import statement
from store_uptime.errors import SettingError

# The namespace of report ids for DAG runs whose id is not a UUID (schedule, backfill, Airflow's own form).
DAG_RUN_NAMESPACE = UUID("6f0e9a52-3c1c-5b0e-9f8e-1f4f3d2a7c61")


@dataclass(frozen=True)
class ReportRequest:
    """The values that a report is requested with.

    `as_of_limit` limits the default as-of of scheduled and backfilled DAG runs. Creating the report again clears a
    failure from before `run_started_at`, the start of the DAG run; if it is None, any failure.
    """

    report_id: UUID
    dag_run_id: str
    created_at: datetime
    as_of_requested: datetime | None = None
    as_of_limit: datetime | None = None
    max_gap: timedelta | None = None
    no_data: str = "unknown"
    store_ids: list[str] | None = None
    shards: int = 1
    run_started_at: datetime | None = None


def report_id_of(dag_run_id: str) -> UUID:
    """The id of a DAG run's report: the DAG run's id if that is a UUID in canonical form, else its UUIDv5."""
    try:
        candidate = UUID(dag_run_id)
    except ValueError:
        candidate = None
    if candidate is not None and str(candidate) == dag_run_id:
        return candidate
    return uuid5(DAG_RUN_NAMESPACE, dag_run_id)


def create_report(engine: Engine, request: ReportRequest) -> None:
    """Creates the report's row; if the DAG run starts again, resets it to the request.

    Raises `SettingError` if `no_data` or `shards` is invalid.
    """
    if request.no_data not in NO_DATA_CHOICES:
        raise SettingError("no_data", request.no_data, "unknown or down")
    if not 1 <= request.shards <= MAX_SHARDS:
        raise SettingError("shards", str(request.shards), f"a number from 1 to {MAX_SHARDS}")
    with engine.begin() as connection:
        connection.execute(statement("report/report/create"), asdict(request))
        connection.execute(statement("report/report/request"), asdict(request))
