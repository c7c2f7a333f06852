"""What every task of the maintenance has around its body: connections, the run's clock and parameters, and a record.

Not a DAG (see .airflowignore). Imports nothing heavy: Airflow parses the DAG that imports it every few seconds.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import Param, get_current_context

import store_uptime_alerts as alerts
import store_uptime_failures as failures
from store_uptime.errors import StoreUptimeError, naming_place
from store_uptime.settings import Settings

if TYPE_CHECKING:
    from store_uptime.maintenance import Found

log = logging.getLogger(__name__)

# A report's cause of failure is kept with the report; here there is none, so it is told at once.
DEFAULTS = failures.DEFAULTS | alerts.MAINTENANCE_TASK_CALLBACKS
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
    from store_uptime.database import connect

    engine = connect(settings(), "writer")
    with naming_place("A folder of reports or of quality results"):
        found = getattr(maintenance, name)(engine, *arguments, dry_run=parameter("dry_run"), **options)
    report(found)
    engine.dispose()


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


def clean_airflow() -> None:
    """`airflow db clean` of what is older than STORE_UPTIME_KEEP_RUNS_DAYS.

    As a command: the process of a task may not use Airflow's own tables, and is not told where they are.
    """
    from store_uptime.maintenance import Found

    keep_days = settings().keep_runs_days
    found = Found({"rows": 0})
    if keep_days is not None:
        before = clock() - timedelta(days=keep_days)
        finished = subprocess.run(
            [sys.executable, "-m", "airflow", "db", "clean", "--clean-before-timestamp", before.isoformat()]
            + ["--skip-archive", "--yes", "--error-on-cleanup-failure"]
            + ["--dry-run"] * parameter("dry_run"),
            env=os.environ | {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": settings().database_url},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if finished.returncode:
            log.error(finished.stdout)
            raise StoreUptimeError(f"airflow db clean ended with {finished.returncode}; the log says why.")
        for table, rows in rows_of_tables(finished.stdout).items():
            found.add(f"{rows} rows of {table} from before {before:%Y-%m-%d %H:%M}", rows=rows)
    report(found)


def delete_logs() -> None:
    """The files of the tasks' logs, if they are in a folder; buckets have rules of their own for what is old."""
    from store_uptime import maintenance

    folder = settings().logs
    if "://" in folder:
        report(maintenance.Found({"runs": 0, "files": 0}))
        return
    report(maintenance.delete_logs(Path(folder), settings().keep_runs_days, clock(), dry_run=parameter("dry_run")))


def rows_of_tables(output: str) -> dict[str, int]:
    """What `airflow db clean` says it found, table by table."""
    said = re.findall(r"(?:Checking table|Performing dry run for table) (\w+)\nFound (\d+) rows", output)
    return {table: int(rows) for table, rows in said if int(rows)}


def vacuum() -> None:
    """VACUUM (ANALYZE), which is the owner's to do."""
    from store_uptime import maintenance
    from store_uptime.database import connect

    if not parameter("dry_run"):
        engine = connect(settings(), "owner")
        maintenance.vacuum(engine)
        engine.dispose()
