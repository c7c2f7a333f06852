"""How far a report is: the state of its DAG run, and what its tasks left in the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Row

from store_uptime_web import airflow_client, queries
from store_uptime_web.airflow_client import Run
from store_uptime_web.models import State
from store_uptime_web.problems import Problem

TASKS = ("ingest", "validate", "localize", "clip", "interpolate", "export")
SHARDED_TASKS = ("localize", "clip", "interpolate")
# Of several task instances (shards, tries) the one that says most about the task.
TELLING_STATES = (
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

    def __init__(self, row: Row | None, run: Run | None) -> None:
        self.row, self.run = row, run

    @property
    def report_id(self) -> UUID:
        return self.row.report_id if self.row is not None else self._run.report_id

    @property
    def dag_run_id(self) -> str:
        return self.row.dag_run_id if self.row is not None else self._run.dag_run_id

    @property
    def _run(self) -> Run:
        if self.run is None:
            raise LookupError("neither a row nor a run")
        return self.run

    @property
    def published(self) -> Row | None:
        """The row, once there is something to take away."""
        return self.row if self.row is not None and self.row.published_at is not None else None

    @property
    def is_deleted(self) -> bool:
        """Whether maintenance has deleted it, and Airflow still keeps its run: the first task of all writes the row."""
        return self.row is None and self._run.state == State.COMPLETE

    @property
    def state(self) -> State:
        """What is published stays complete, whatever happens to its run afterwards."""
        if self.published is not None:
            return State.COMPLETE
        if self.run is None or self.run.state == State.COMPLETE:
            return State.FAILED
        return State(self.run.state)

    @property
    def created_at(self) -> datetime:
        """When it was asked for: Airflow forgets that when a run is cleared, the row does not know the queue."""
        known = [self.row.created_at] if self.row is not None else []
        return min(known + ([self.run.created_at] if self.run else []))

    @property
    def finished_at(self) -> datetime | None:
        if self.published is not None:
            return self.published.published_at
        if self.state != State.FAILED:
            return None
        return (self.run.finished_at if self.run else None) or (self.row.failed_at if self.row is not None else None)

    @property
    def failed_task(self) -> str | None:
        """Null for a failure that no task noted."""
        return self.row.failed_task if self.state == State.FAILED and self.row is not None else None

    @property
    def cause(self) -> str | None:
        """Why it failed, for the person who asked."""
        if self.state != State.FAILED:
            return None
        if self.row is not None and self.row.failure_cause:
            return self.row.failure_cause
        if self.run is None:
            return "Its DAG run was deleted before the report was published."
        if self.run.state == State.COMPLETE:
            return "Its DAG run was marked as a success before the report was published."
        return self.run.note or "Its DAG run ended before a task could say why; the task logs in Airflow do."


async def of_report(request: Request, report_id: UUID) -> Progress:
    """The report; 404 for an id that was never issued, 410 once deleted. Of a published one Airflow is not asked."""
    row = await run_in_threadpool(queries.row, "report", report_id=report_id)
    if row is not None and row.published_at is not None:
        return Progress(row, None)
    run = await (
        airflow_client.read(request, row.dag_run_id) if row is not None else airflow_client.find(request, report_id)
    )
    if row is None and run is None:
        raise unknown_report(report_id)
    found = Progress(row, run)
    if found.is_deleted:
        raise Problem(410, f"The report {report_id} was deleted: reports are not kept for ever.")
    return found


def unknown_report(report_id: object) -> Problem:
    """404."""
    return Problem(404, f"There is no report {report_id}.")


def tasks(progress: Progress, done: Sequence[Row], instances: Sequence[dict[str, Any]] = ()) -> list[dict[str, Any]]:
    """The six tasks in order. Without Airflow's `instances` the state of one that is not done is guessed."""
    rows_of, instances_of = defaultdict(list), defaultdict(list)
    for row in done:
        rows_of[row.task].append(row)
    for instance in instances:
        instances_of[instance["task_id"]].append(instance)
    shards = (
        progress.row.shards
        if progress.row is not None
        else int(progress.run.conf.get("shards") or 1)
        if progress.run
        else 1
    )
    listed = []
    is_next = True
    for task in TASKS:
        expected = shards if task in SHARDED_TASKS else 1
        entry = one_task(task, expected, rows_of[task])
        if entry["shards_done"] < expected:
            entry["state"] = told(instances_of[task]) or (guessed(progress, task) if is_next else None)
            is_next = False
            begun = [instance["start_date"] for instance in instances_of[task] if instance["start_date"]]
            entry["started_at"] = entry["started_at"] or (min(begun) if begun else None)
        listed.append(entry)
    return listed


def one_task(task: str, expected: int, done: Sequence[Row]) -> dict[str, Any]:
    """What the rows of a task's shards say."""
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
            if isinstance(value, int | float | str | bool | None) and name != "path"  # the server's own business
        },
    }


def told(instances: Sequence[dict[str, Any]]) -> str | None:
    """The most telling state of a task's instances."""
    states = {instance["state"] for instance in instances}
    return next((state for state in TELLING_STATES if state in states), None) or next(
        (state for state in states if state and state != "success"), None
    )


def guessed(progress: Progress, task: str) -> str | None:
    """The state of the first task that is not done."""
    if progress.state == State.FAILED:
        return "failed" if progress.failed_task in (task, None) else None
    return {State.QUEUED: None, State.RUNNING: "running"}.get(progress.state)
