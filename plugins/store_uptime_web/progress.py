"""How far a report is: the state of its DAG run, and what its tasks recorded in the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Row

from store_uptime.contract import MAX_SHARDS
from store_uptime_web import airflow_client, queries
from store_uptime_web.airflow_client import DagRun
from store_uptime_web.problems import Problem
from store_uptime_web.schemas.reports import ReportState

TASKS = ("ingest", "validate", "localize", "clip", "interpolate", "export")
SHARDED_TASKS = ("localize", "clip", "interpolate")
# A task with several instances (shards, tries) has the first of these states that one of them has.
STATES_BY_PRIORITY = (
    "failed",
    "up_for_retry",
    "running",
    "restarting",
    "queued",
    "scheduled",
    "deferred",
    "upstream_failed",
)


class Progress:
    """A report: its row (once its first task has begun) and its DAG run (while Airflow keeps it), at least one."""

    def __init__(self, row: Row | None, dag_run: DagRun | None) -> None:
        self.row, self.dag_run = row, dag_run

    @property
    def report_id(self) -> UUID:
        return self.row.report_id if self.row is not None else self._known_dag_run.report_id

    @property
    def dag_run_id(self) -> str:
        return self.row.dag_run_id if self.row is not None else self._known_dag_run.dag_run_id

    @property
    def _known_dag_run(self) -> DagRun:
        if self.dag_run is None:
            raise LookupError("neither a row nor a DAG run")
        return self.dag_run

    @property
    def shards(self) -> int:
        """As requested; 1 where that is no number, which the first task reports."""
        if self.row is not None:
            return self.row.shards
        requested = self._known_dag_run.conf.get("shards")
        return requested if isinstance(requested, int) and 1 <= requested <= MAX_SHARDS else 1

    @property
    def published(self) -> Row | None:
        """The row, once the report is published."""
        return self.row if self.row is not None and self.row.published_at is not None else None

    @property
    def is_deleted(self) -> bool:
        """Whether maintenance has deleted it while Airflow still keeps its DAG run: the first task writes the row."""
        return (
            self.row is None
            and self._known_dag_run.state == ReportState.COMPLETE
            and not self._known_dag_run.is_canceled
        )

    @property
    def state(self) -> ReportState:
        """A published report stays complete, whatever happens to its DAG run afterwards."""
        if self.published is not None:
            return ReportState.COMPLETE
        if self.dag_run is None or self.dag_run.state == ReportState.COMPLETE:
            return ReportState.FAILED
        return ReportState(self.dag_run.state)

    @property
    def created_at(self) -> datetime:
        """When it was requested. Airflow resets that when a DAG run is cleared; the row is written after the queue."""
        known = [self.row.created_at] if self.row is not None else []
        return min(known + ([self.dag_run.created_at] if self.dag_run else []))

    @property
    def finished_at(self) -> datetime | None:
        if self.published is not None:
            return self.published.published_at
        if self.state != ReportState.FAILED:
            return None
        ended_at = self.dag_run.finished_at if self.dag_run else None
        return ended_at or (self.row.failed_at if self.row is not None else None)

    @property
    def failed_task(self) -> str | None:
        """None for a failure that no task recorded."""
        return self.row.failed_task if self.state == ReportState.FAILED and self.row is not None else None

    @property
    def cause(self) -> str | None:
        """Why it failed, for the person who requested it."""
        if self.state != ReportState.FAILED:
            return None
        if self.row is not None and self.row.failure_cause:
            return self.row.failure_cause
        if self.dag_run is None:
            return "Its DAG run was deleted before the report was published."
        if self.dag_run.state == ReportState.COMPLETE and not self.dag_run.is_canceled:
            return "Its DAG run was marked as a success before the report was published."
        return self.dag_run.note or "Its DAG run ended before a task could record why; see the task logs in Airflow."


async def of_report(request: Request, report_id: UUID) -> Progress:
    """The report; 404 for an unknown id, 410 once deleted. Does not call Airflow for a published one."""
    row = await run_in_threadpool(queries.row, "report", report_id=report_id)
    if row is not None and row.published_at is not None:
        return Progress(row, None)
    dag_run = await (
        airflow_client.read(request, row.dag_run_id) if row is not None else airflow_client.find(request, report_id)
    )
    if row is None and dag_run is None:
        raise unknown_report(report_id)
    found = Progress(row, dag_run)
    if found.is_deleted:
        raise Problem(410, f"The report {report_id} was deleted: its retention period is over.")
    return found


def unknown_report(report_id: object) -> Problem:
    """404."""
    return Problem(404, f"There is no report {report_id}.")


def tasks(
    progress: Progress, task_rows: Sequence[Row], instances: Sequence[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    """The six tasks in order. Without Airflow's `instances`, the state of an unfinished task is derived."""
    rows_of, instances_of = defaultdict(list), defaultdict(list)
    for row in task_rows:
        rows_of[row.task].append(row)
    for instance in instances:
        instances_of[instance["task_id"]].append(instance)
    shards = progress.shards
    listed = []
    is_next = True
    for task in TASKS:
        expected = shards if task in SHARDED_TASKS else 1
        entry = one_task(task, expected, rows_of[task])
        if entry["shards_done"] < expected:
            entry["state"] = airflow_state(instances_of[task]) or (derived_state(progress, task) if is_next else None)
            is_next = False
            started = [instance["start_date"] for instance in instances_of[task] if instance["start_date"]]
            entry["started_at"] = entry["started_at"] or (min(started) if started else None)
        listed.append(entry)
    return listed


def one_task(task: str, expected: int, done: Sequence[Row]) -> dict[str, Any]:
    """A task as the rows of its finished shards describe it."""
    finished = done if len(done) >= expected else []
    counts: dict[str, Any] = {}
    for row in done:
        for name, value in row.counts.items():
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            counts[name] = counts[name] + value if is_number and name in counts else value
    return {
        "task": task,
        "state": "success" if finished else None,
        "started_at": min((row.started_at for row in done), default=None),
        "finished_at": max((row.finished_at for row in finished), default=None),
        "seconds": round(sum((row.finished_at - row.started_at).total_seconds() for row in done), 3)
        if finished
        else None,
        "shards": expected,
        "shards_done": min(len(done), expected),
        "counts": {
            name: value
            for name, value in counts.items()
            if isinstance(value, int | float | str | bool | None) and name != "path"  # internal to the server
        },
    }


def airflow_state(instances: Sequence[dict[str, Any]]) -> str | None:
    """The state of a task by its instances in Airflow."""
    states = {instance["state"] for instance in instances}
    return next((state for state in STATES_BY_PRIORITY if state in states), None) or next(
        (state for state in states if state and state != "success"), None
    )


def derived_state(progress: Progress, task: str) -> str | None:
    """The state of the first unfinished task, derived from that of the report."""
    if progress.state == ReportState.FAILED:
        return "failed" if progress.failed_task in (task, None) else None
    return {ReportState.QUEUED: None, ReportState.RUNNING: "running"}.get(progress.state)
