"""
### Keeps the database and the folders at a size that stays

| task | what it does |
|---|---|
| `create_months` | makes the table for the polls of the month to come |
| `delete_reports` | deletes reports that are too old: rows and file |
| `drop_polls` | drops whole months of polls that are too old; later reports stay as they are |
| `delete_quality` | deletes old results of checks: rows, JSON, Data Docs and their lists |
| `delete_snapshots` | deletes replaced hours and zones that no kept report rests on |
| `delete_left_overs` | deletes what killed processes left: unfinished files and loads older than a day, staged rows |
| `delete_logs` | deletes the logs of tasks of old runs |
| `clean_airflow` | `airflow db clean`: old runs, logs and XComs in Airflow's own tables |
| `vacuum` | makes the room usable again, and the statistics new |

How long things are kept are settings (`STORE_UPTIME_KEEP_..._DAYS`, see docs/operations.md), never parameters of a run.
Trigger it with **Dry run** to read in the tasks' logs what would go.

**When it fails:** nothing is half done; it goes on the next day, or when the task is cleared. `drop_polls` waits for
loads to end, not for longer than **Wait**, and is tried again.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import dag, task

import store_uptime_maintenance_tasks as tasks
from store_uptime.settings import Settings
from store_uptime_tasks import quality_folder, reports_folder


@dag(
    schedule=Settings.from_environment().maintenance_schedule,
    start_date=pendulum.datetime(2023, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    max_active_tasks=1,
    dagrun_timeout=timedelta(hours=6),
    params=tasks.PARAMS,
    default_args=tasks.DEFAULTS,
    **tasks.CALLBACKS,
    doc_md=__doc__,
    dag_display_name="Store uptime maintenance",
    tags=["stores", "uptime"],
)
def store_uptime_maintenance() -> None:
    @task
    def create_months() -> None:
        """Makes the table for the polls of the month to come."""
        tasks.run_on_database("create_months")

    @task
    def delete_reports() -> None:
        """Deletes reports that are too old: rows and file."""
        keep_days = tasks.settings().keep_reports_days
        tasks.run_on_database("delete_reports", reports_folder(), keep_days, tasks.clock())

    @task
    def drop_polls() -> None:
        """Drops whole months of polls that are too old; later reports stay as they are."""
        wait = tasks.parameter("lock_seconds")
        keep_days = tasks.settings().keep_polls_days
        tasks.run_on_database("drop_polls", keep_days, tasks.clock(), lock_seconds=wait)

    @task
    def delete_quality() -> None:
        """Deletes old results of checks: rows, JSON, Data Docs and their lists."""
        keep_days = tasks.settings().keep_quality_days
        tasks.run_on_database("delete_quality", quality_folder(), keep_days, tasks.clock())

    @task
    def delete_snapshots() -> None:
        """Deletes replaced hours and zones that no kept report rests on."""
        tasks.run_on_database("delete_snapshots")

    @task
    def delete_left_overs() -> None:
        """Deletes what killed processes left."""
        tasks.run_on_database("delete_left_overs", reports_folder(), quality_folder(), tasks.clock())

    @task
    def delete_logs() -> None:
        """Deletes the logs of tasks of old runs."""
        tasks.run_part("delete_logs", tasks.settings().logs, tasks.settings().keep_runs_days, tasks.clock())

    @task
    def clean_airflow() -> None:
        """Deletes old runs, logs and XComs from Airflow's own tables."""
        url, keep_days = tasks.settings().database_url, tasks.settings().keep_runs_days
        tasks.run_part("clean_airflow", url, keep_days, tasks.clock())

    @task
    def vacuum() -> None:
        """Makes the room usable again, and the statistics new."""
        tasks.vacuum()

    deleted = delete_reports()
    # What polls, results and snapshots are kept for depends on which reports there are.
    of_reports = [drop_polls(), delete_quality(), delete_snapshots()]
    deleted >> of_reports
    [*of_reports, create_months(), delete_left_overs(), delete_logs(), clean_airflow()] >> vacuum()


maintenance_dag = store_uptime_maintenance()
