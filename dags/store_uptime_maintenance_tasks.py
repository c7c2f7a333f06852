"""What every task of the maintenance has around its body: connections, the run's clock and parameters, and a record.

Not a DAG (see .airflowignore). Imports nothing heavy: Airflow parses the DAG that imports it every few seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import Param, get_current_context

import store_uptime_alerts as people
import store_uptime_failures as failures
from store_uptime.errors import naming_place
from store_uptime.settings import Settings

if TYPE_CHECKING:
    from store_uptime.maintenance import Found

log = logging.getLogger(__name__)

NAMES_SHOWN = 1000
PARAMS = {
    "dry_run": Param(False, type="boolean", title="Dry run", description="Only say what would go."),
    "lock_seconds": Param(
        10, type="integer", minimum=1, maximum=600, title="Wait",
        description="How many seconds to keep reports waiting while a load still uses the polls, before trying later.",
    ),
}  # fmt: skip


def run_part(name: str, *arguments: Any, **options: Any) -> None:
    """Runs a part of `store_uptime.maintenance`; what it found goes to the log and to XCom."""
    from store_uptime import maintenance

    with naming_place("A folder of reports or of quality results"):
        found = getattr(maintenance, name)(*arguments, dry_run=parameter("dry_run"), **options)
    report(found)


def run_on_database(name: str, *arguments: Any, **options: Any) -> None:
    """Runs a part that begins with the database."""
    from store_uptime.database import connected

    with connected(settings(), "writer") as engine:
        run_part(name, engine, *arguments, **options)


def settings() -> Settings:
    """The deployment's settings."""
    return Settings.from_environment()


def report(found: Found) -> None:
    """Says what went, or what would."""
    task_instance = get_current_context()["ti"]
    verb = "would do" if parameter("dry_run") else "did"
    for name in found.names[:NAMES_SHOWN]:
        log.info("%s %s: %s", task_instance.task_id, verb, name)
    if len(found.names) > NAMES_SHOWN:
        log.info("... and %d more", len(found.names) - NAMES_SHOWN)
    log.info("%s %s: %s", task_instance.task_id, verb, found.counts)
    task_instance.xcom_push("counts", found.counts)


def parameter(name: str) -> Any:
    """A parameter of the run."""
    return get_current_context()["params"][name]


def clock() -> datetime:
    """When the run was due: the same when a task is tried again."""
    return get_current_context()["dag_run"].run_after


def vacuum() -> None:
    """VACUUM (ANALYZE), which is the owner's to do."""
    from store_uptime import maintenance
    from store_uptime.database import connected

    if not parameter("dry_run"):
        with connected(settings(), "owner") as engine:
            maintenance.vacuum(engine)


def task_failed(context: Mapping[str, Any]) -> None:
    """Tells which part of the maintenance failed, and why."""
    from store_uptime import alerts, reports

    cause = reports.cause_of(context.get("exception"))
    people.send(alerts.of_failed_maintenance(context["ti"].task_id, cause, context["run_id"], people.base_url()))


def run_failed(context: Mapping[str, Any]) -> None:
    """Tells that a run ended without a failed task, as for its time limit; tasks tell themselves."""
    from store_uptime import alerts

    reason = context.get("reason")
    if reason != "task_failure":
        cause = f"Airflow ended the run: {reason}."
        people.send(alerts.of_failed_maintenance(None, cause, context["run_id"], people.base_url()))


CALLBACKS: people.Callbacks = {"on_failure_callback": run_failed if people.HAS_ALERTS else None}
# A report's cause of failure is kept with the report; here there is none, so it is told at once.
DEFAULTS = failures.DEFAULTS | {"on_failure_callback": task_failed if people.HAS_ALERTS else None}
