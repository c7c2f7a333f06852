"""
### Limits the size of the database and the folders

| task | what it does |
|---|---|
| `create_months` | creates the table for the polls of the next month |
| `delete_reports` | deletes reports that are too old: rows and file |
| `drop_polls` | drops whole months of polls that are too old; later reports stay as they are |
| `merge_polls` | merges the polls that many files have left of a day, once the day is over |
| `delete_quality` | deletes old validation results: rows, JSON, Data Docs and their lists |
| `delete_history` | deletes days, outages and anomalies that are too old |
| `delete_deliveries` | deletes what was sent and told long ago, and attachments that no message needs any more |
| `delete_left_overs` | deletes what killed processes left: unfinished files and loads older than a day, staged rows |
| `delete_logs` | deletes the task logs of old DAG runs |
| `clean_airflow` | `airflow db clean`: old DAG runs, logs and XComs in Airflow's own tables |
| `vacuum` | frees the space of deleted rows and refreshes statistics |

Retention is set by `STORE_UPTIME_KEEP_..._DAYS` (docs/operations/settings.md), never by Params. With **Dry run** the
task logs list what would be deleted.

**When it fails:** reports continue, and the next DAG run, or clearing the task, does the rest. `drop_polls` and
`merge_polls` wait for loads to end, at most for **Lock wait**, and are retried.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import dag, task

from store_uptime.settings import Settings
from store_uptime_airflow import maintenance_tasks as tasks


@dag(
    schedule=Settings.from_environment().maintenance_schedule,
    start_date=pendulum.datetime(2023, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    max_active_tasks=1,
    dagrun_timeout=timedelta(hours=6),
    params=tasks.PARAMS,
    default_args=tasks.default_args(),
    **tasks.dag_callbacks(),
    doc_md=__doc__,
    dag_display_name="Store uptime maintenance",
    tags=["stores", "uptime"],
)
def store_uptime_maintenance() -> None:
    deleted = task(tasks.delete_reports)()
    # Which polls and validation results are kept depends on the reports that are kept.
    after_reports = [task(work)() for work in (tasks.drop_polls, tasks.delete_quality)]
    deleted >> after_reports
    others = [
        task(work)()
        for work in (
            tasks.create_months,
            tasks.merge_polls,
            tasks.delete_history,
            tasks.delete_deliveries,
            tasks.delete_left_overs,
            tasks.delete_logs,
            tasks.clean_airflow,
        )
    ]
    [*after_reports, *others] >> task(tasks.vacuum)()


maintenance_dag = store_uptime_maintenance()
