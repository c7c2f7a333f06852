"""
### Settles days and outages of every store
Starts when a report is published, and settles what is new or has changed since the last time: for every store and local
date open, planned, up, down and unknown time, and the outages. A report of some stores, or a backfilled night, moves
nothing: days are as of the largest `as_of` of a report of all stores.

| task | what it does |
|---|---|
| `begin` | finds what is new; if nothing is, the other tasks are skipped |
| `settle` | computes days and outages of each shard, from the first date on that can have changed, and its stores now |
| `publish` | publishes all of it in one transaction, with the log of restated days |
| `find_anomalies` | judges the dates that are over: what is unlike the eight weeks before (`STORE_UPTIME_ANOMALIES`) |
| `forecast` | scores forecasts of the weeks that are over, and makes the next (`STORE_UPTIME_FORECAST`) |

`settle` is mapped over the shards. **From** settles again from a date on; **Until** settles no further than a date, to
fill a long history step by step. Settings: `STORE_UPTIME_HISTORY` (`off`: not at all),
`STORE_UPTIME_HISTORY_MAX_GAP`, `STORE_UPTIME_KEEP_HISTORY_DAYS`.

**When it fails:** reports are not affected, and days stay as they were. The next DAG run does all of it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import dag, task

from store_uptime.settings import Settings
from store_uptime_airflow import history_tasks as tasks
from store_uptime_airflow.tasks import PUBLISHED_REPORT, SETTLED_HISTORY


@dag(
    schedule=[PUBLISHED_REPORT] if Settings.from_environment().history else None,
    start_date=datetime(2023, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=6),
    params=tasks.params(),
    default_args=tasks.default_args(),
    doc_md=__doc__,
    dag_display_name="Store uptime history",
    tags=["stores", "uptime"],
)
def store_uptime_history() -> None:
    shard_name = "shard {{ task.op_kwargs['shard'] }}"
    begun = task(tasks.begin)()
    settled = task(map_index_template=shard_name)(tasks.settle).expand_kwargs(begun)
    published = task(outlets=[SETTLED_HISTORY])(tasks.publish)(begun)
    settled >> published >> [task(tasks.find_anomalies)(), task(tasks.forecast)()]


history_dag = store_uptime_history()
