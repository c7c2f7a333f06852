"""The request of a report, its id, and its row in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Engine

from store_uptime.calendar.durations import parse_date, parse_duration, parse_instant
from store_uptime.contract import MAX_SHARDS, NO_DATA_CHOICES
from store_uptime.db.statements import statement
from store_uptime.errors import SettingError

# The namespace of report ids for DAG runs whose id is not a UUID (schedule, backfill, Airflow's own form).
DAG_RUN_NAMESPACE = UUID("6f0e9a52-3c1c-5b0e-9f8e-1f4f3d2a7c61")

# From which date on the hours and the zones hold that the DAG run brings.
VALID_FROM = ("hours_valid_from", "zones_valid_from")
PARAMS = {"as_of", "max_gap", "no_data", "shards", "store_ids", *VALID_FROM}


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
    hours_valid_from: date | None = None
    zones_valid_from: date | None = None
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


def read_params(params: Mapping[str, Any], conf: Mapping[str, Any]) -> dict[str, Any]:
    """What a DAG run's Params ask for, as fields of `ReportRequest`; raises `SettingError` naming the one at fault.

    Airflow's REST API checks no formats, takes 100.0 for an integer, and lets keys through that are no Param.
    """
    if unknown := sorted(set(conf) - PARAMS):
        raise SettingError("conf", ", ".join(unknown), f"no other keys than {', '.join(sorted(PARAMS))}")
    shards = params["shards"]
    if not isinstance(shards, int) or isinstance(shards, bool) or not 1 <= shards <= MAX_SHARDS:
        raise SettingError("shards", str(shards), f"a whole number from 1 to {MAX_SHARDS}")
    if params["no_data"] not in NO_DATA_CHOICES:
        raise SettingError("no_data", str(params["no_data"]), "unknown or down")
    store_ids = params["store_ids"]
    if store_ids is not None and not isinstance(store_ids, list):
        raise SettingError("store_ids", str(store_ids), "a list of ids of stores")
    for store_id in store_ids or ():
        if not isinstance(store_id, str) or not is_storable(store_id):
            raise SettingError("store_ids", str(store_id), "ids of stores as they are in the files")
    return {
        "as_of_requested": parse_instant("as_of", str(params["as_of"])) if params["as_of"] else None,
        "max_gap": parse_duration("max_gap", str(params["max_gap"])) if params["max_gap"] else None,
        "no_data": params["no_data"],
        "shards": shards,
        "store_ids": store_ids,
    } | {name: parse_date(name, str(params[name])) if params.get(name) else None for name in VALID_FROM}


def is_storable(text: str) -> bool:
    """Whether PostgreSQL can hold `text`: no NUL, no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


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
