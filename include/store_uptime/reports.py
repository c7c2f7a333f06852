"""Reports as such: their identity, their parameters, and the notes that tasks leave about them."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from psycopg2.errors import DiskFull
from sqlalchemy import Engine

from store_uptime.errors import SettingError, StoreUptimeError
from store_uptime.sql import statement
from store_uptime.zones import as_utc

# The namespace of report ids for DAG runs whose id is no UUID (schedule, backfill, Airflow's own form).
DAG_RUN_NAMESPACE = UUID("6f0e9a52-3c1c-5b0e-9f8e-1f4f3d2a7c61")

# The week before an as-of, on any wall clock, has to be within the years that Python knows.
EARLIEST, LATEST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)
MAX_GAP_LIMIT = timedelta(days=3650)
NUMBER = r"\d{1,9}(?:\.\d{1,6})?"
DURATION = re.compile(
    rf"P(?:(?P<weeks>{NUMBER})W)?(?:(?P<days>{NUMBER})D)?"
    rf"(?:T(?=\d)(?:(?P<hours>{NUMBER})H)?(?:(?P<minutes>{NUMBER})M)?(?:(?P<seconds>{NUMBER})S)?)?",
    re.ASCII,
)


@dataclass(frozen=True)
class ReportRequest:
    """What a report is asked to be. `as_of_limit` bounds the default as-of of scheduled and backfilled runs.

    What failed before `run_started_at` is void when the report is created again; without it, any failure.
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
    """The report of a DAG run: the run's id where that is a UUID in canonical form, else UUIDv5 of it."""
    try:
        candidate = UUID(dag_run_id)
    except ValueError:
        candidate = None
    if candidate is not None and str(candidate) == dag_run_id:
        return candidate
    return uuid5(DAG_RUN_NAMESPACE, dag_run_id)


def parse_instant(name: str, value: str | datetime) -> datetime:
    """An ISO 8601 instant as UTC; one without a zone means UTC. Raises `SettingError` naming `name`."""
    expected = "an instant such as 2023-01-25T18:13:22Z"
    text = str(value).strip()
    instant_text = text.upper().removesuffix(" UTC")
    if "T" not in instant_text and " " not in instant_text:
        raise SettingError(name, text, expected)
    try:
        instant = as_utc(datetime.fromisoformat(instant_text))
    except (ValueError, OverflowError) as error:
        raise SettingError(name, text, expected) from error
    if not EARLIEST <= instant <= LATEST:
        raise SettingError(name, text, f"{expected}, in the years {EARLIEST.year} to {LATEST.year}")
    return instant


def parse_duration(name: str, value: str) -> timedelta:
    """`2h`, `90m`, `1h30m`, `45s`, `1d` or ISO 8601 (`PT2H`), more than zero. Raises `SettingError` naming `name`."""
    text = value.strip().upper()
    if not text.startswith("P"):
        days, day, clock = text.rpartition("D")
        text = f"P{days}{day}" + (f"T{clock}" if clock else "")
    parts = DURATION.fullmatch(text)
    numbers = {unit: float(number) for unit, number in parts.groupdict("0").items()} if parts else {}
    try:
        span = timedelta(**numbers)
    except OverflowError:
        span = timedelta.max
    if not timedelta(0) < span <= MAX_GAP_LIMIT:
        expected = "a duration such as 2h, 90m or PT2H, more than zero and at most ten years"
        raise SettingError(name, value, expected)
    return span


def duration_text(span: timedelta | None) -> str | None:
    """`2h`, `90m`, `5400s`: the largest unit that divides it."""
    if span is None:
        return None
    seconds = span.days * 86_400 + span.seconds
    if span.microseconds:
        return f"PT{seconds}.{span.microseconds:06d}S"
    for unit, letter in ((3600, "h"), (60, "m")):
        if seconds % unit == 0:
            return f"{seconds // unit}{letter}"
    return f"{seconds}s"


def create(engine: Engine, request: ReportRequest) -> None:
    """Writes the report's row; for a run that starts over, brings it back to what was asked."""
    if request.no_data not in ("unknown", "down"):
        raise SettingError("no_data", request.no_data, "unknown or down")
    if not 1 <= request.shards <= 256:
        raise SettingError("shards", str(request.shards), "a number from 1 to 256")
    with engine.begin() as connection:
        connection.execute(statement("report/create_report"), asdict(request))
        connection.execute(statement("report/ask_report"), asdict(request))


def record_task(
    engine: Engine,
    report_id: UUID,
    task: str,
    shard: int,
    started_at: datetime,
    finished_at: datetime,
    counts: dict[str, Any],
) -> None:
    """Notes what a finished task did."""
    with engine.begin() as connection:
        connection.execute(statement("report/clear_failure"), {"report_id": report_id, "task": task})
        connection.execute(
            statement("report/record_task"),
            {
                "report_id": report_id,
                "task": task,
                "shard": shard,
                "started_at": started_at,
                "finished_at": finished_at,
                "counts": json.dumps(counts),
            },
        )


def fail(
    engine: Engine, report_id: UUID, task: str, cause: str, failed_at: datetime, run_started_at: datetime | None = None
) -> None:
    """Notes which task failed and why, in words for the person who asked, unless it did since `run_started_at`."""
    failure = {"report_id": report_id, "failed_task": task, "failure_cause": cause, "failed_at": failed_at}
    with engine.begin() as connection:
        connection.execute(statement("report/fail_report"), failure | {"run_started_at": run_started_at})


def cause_of(error: object) -> str:
    """One line for a person. Our own errors speak for themselves, others are named by their class."""
    if error is None:
        return "The task's process ended without an error of its own; its log may say more."
    error = getattr(error, "orig", None) or error  # SQLAlchemy adds the statement, and its values, to what was said
    text = " ".join(str(error).split())
    if isinstance(error, DiskFull):
        return f"The disk of the database server is full: {text}"
    return text if isinstance(error, StoreUptimeError) else f"{type(error).__name__}: {text}"


def failure_of(engine: Engine, report_id: UUID) -> tuple[str, str] | None:
    """The failed task and its cause, if the report failed."""
    with engine.begin() as connection:
        row = connection.execute(statement("report/read_failure"), {"report_id": report_id}).first()
    return (row.failed_task, row.failure_cause) if row and row.failed_task else None
