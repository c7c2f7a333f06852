"""The tasks of the maintenance DAG, with their connections, Params, log and alerts.

Imports nothing heavy: Airflow parses the DAG that imports this module every few seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import Param, get_current_context

from store_uptime.errors import naming_place
from store_uptime.settings import Settings
from store_uptime_airflow import callbacks, retries
from store_uptime_airflow.folders import quality_folder, reports_folder

if TYPE_CHECKING:
    from store_uptime.operations.maintenance import Changes

log = logging.getLogger(__name__)

NAMES_LOGGED = 1000
PARAMS = {
    "dry_run": Param(False, type="boolean", title="Dry run", description="Only log what would be deleted."),
    "lock_seconds": Param(
        10, type="integer", minimum=1, maximum=600, title="Lock wait",
        description="Seconds that drop_polls and merge_polls wait for loads to end. Reports may wait as long.",
    ),
}  # fmt: skip


def create_months() -> None:
    """Creates the table for the polls of the next month."""
    from store_uptime.operations import maintenance

    run_on_database(maintenance.create_months)


def delete_reports() -> None:
    """Deletes reports that are too old: rows and file."""
    from store_uptime.operations import maintenance

    keep_days = settings().keep_reports_days
    run_on_database(maintenance.delete_reports, reports_folder(), keep_days, clock())


def drop_polls() -> None:
    """Drops whole months of polls that are too old; later reports do not change."""
    from store_uptime.operations import maintenance

    lock_seconds = parameter("lock_seconds")
    run_on_database(maintenance.drop_polls, settings().keep_polls_days, clock(), lock_seconds=lock_seconds)


def merge_polls() -> None:
    """Merges the polls that many files have left of a day, once the day is over."""
    from store_uptime.operations import maintenance

    run_on_database(maintenance.merge_polls, lock_seconds=parameter("lock_seconds"))


def delete_quality() -> None:
    """Deletes old validation results: rows, JSON, Data Docs and their lists."""
    from store_uptime.operations import maintenance

    keep_days = settings().keep_quality_days
    run_on_database(maintenance.delete_quality, quality_folder(), keep_days, clock())


def delete_history() -> None:
    """Deletes days and outages that are too old."""
    from store_uptime.operations import maintenance

    run_on_database(maintenance.delete_history, settings().keep_history_days)


def delete_deliveries() -> None:
    """Deletes what was sent and told long ago, and attachments that no message needs any more."""
    from store_uptime.operations import maintenance

    run_on_database(maintenance.delete_deliveries, settings().keep_runs_days, clock())


def delete_left_overs() -> None:
    """Deletes what killed processes left."""
    from store_uptime.operations import maintenance

    run_on_database(maintenance.delete_left_overs, reports_folder(), quality_folder(), clock())


def delete_logs() -> None:
    """Deletes the task logs of old DAG runs."""
    from store_uptime.operations import maintenance

    run(maintenance.delete_logs, settings().logs, settings().keep_runs_days, clock())


def clean_airflow() -> None:
    """Deletes old DAG runs, logs and XComs from Airflow's own tables."""
    from store_uptime.operations import maintenance

    run(maintenance.clean_airflow, settings().database_url, settings().keep_runs_days, clock())


def vacuum() -> None:
    """Frees the space of deleted rows and refreshes statistics, as the owner of the tables: no other role may."""
    from store_uptime.db.engine import connected
    from store_uptime.operations import maintenance

    if not parameter("dry_run"):
        with connected(settings(), "owner") as engine:
            maintenance.vacuum(engine)


def run(work: Callable[..., Changes], *arguments: Any, **options: Any) -> None:
    """Calls a function of `store_uptime.operations.maintenance`; its result goes to the log and to XCom."""
    with naming_place("A folder of reports or of quality results"):
        log_changes(work(*arguments, dry_run=parameter("dry_run"), **options))


def run_on_database(work: Callable[..., Changes], *arguments: Any, **options: Any) -> None:
    """As `run`, for a function whose first argument is the engine."""
    from store_uptime.db.engine import connected

    with connected(settings(), "writer") as engine:
        run(work, engine, *arguments, **options)


def settings() -> Settings:
    """The deployment's settings."""
    return Settings.from_environment()


def log_changes(changes: Changes) -> None:
    """Logs what was deleted or created, or in a dry run what would be."""
    task_instance = get_current_context()["ti"]
    label = f"{task_instance.task_id} (dry run)" if parameter("dry_run") else task_instance.task_id
    for name in changes.names[:NAMES_LOGGED]:
        log.info("%s: %s", label, name)
    if len(changes.names) > NAMES_LOGGED:
        log.info("%s: ... and %d more", label, len(changes.names) - NAMES_LOGGED)
    log.info("%s: %s", label, changes.counts)
    task_instance.xcom_push("counts", changes.counts)


def parameter(name: str) -> Any:
    """A Param of the DAG run."""
    return get_current_context()["params"][name]


def clock() -> datetime:
    """The time at which the DAG run was due; the same for each try of a task."""
    return get_current_context()["dag_run"].run_after


def task_failed(context: Mapping[str, Any]) -> None:
    """Sends an alert for a failed task."""
    from store_uptime.reports.task_records import cause_of

    send_failure(context["ti"].task_id, cause_of(context.get("exception")), context["run_id"])


def dag_run_failed(context: Mapping[str, Any]) -> None:
    """Sends an alert for a DAG run that failed without a failed task, for example by its time limit."""
    reason = context.get("reason")
    if reason != "task_failure":
        send_failure(None, f"Airflow ended the DAG run: {reason}.", context["run_id"])


def send_failure(task: str | None, cause: str, dag_run_id: str) -> None:
    """Sends the alert for a failed maintenance task, or (`task` is None) for a failed DAG run."""
    from store_uptime.operations import alerts

    callbacks.send(alerts.failed_maintenance_alert(task, cause, dag_run_id, callbacks.base_url()))


def dag_callbacks() -> dict[str, Any]:
    """The callbacks of the maintenance DAG."""
    return {"on_failure_callback": dag_run_failed if callbacks.has_alerts() else None}


def default_args() -> dict[str, Any]:
    """The defaults of its tasks. An alert is sent for each failed task: there is no report to record the cause with."""
    return retries.DEFAULTS | {"on_failure_callback": task_failed if callbacks.has_alerts() else None}
