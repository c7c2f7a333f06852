"""
### Sends subscriptions and notifications, and whatever else is in the outbox
Runs every five minutes, and when days and outages are settled anew.

| task | what it does |
|---|---|
| `plan` | plans a delivery for each period of which a subscription is due |
| `render` | composes deliveries whose figures are final, or whose deadline is over, and puts them into the outbox |
| `notify` | finds what rules have to tell of stores, and puts it into the outbox |
| `send` | sends the messages in the outbox; those that cannot be sent are tried again for a day |

Any task can be killed and run again: there is one delivery of a subscription and period. A kill while a message is on
its way may send it once more, with the same Message-ID or Idempotency-Key. After a backup was restored nothing is sent
until a DAG run is triggered with **Go**.

It has a schedule only if somebody may get something (`STORE_UPTIME_ALLOW_RECIPIENTS`, or a channel for alerts) and
`STORE_UPTIME_NOTIFICATIONS` is not `off`.

**When it fails:** reports and history are not affected. The next DAG run does the rest.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag, task

from store_uptime.settings import Settings
from store_uptime_airflow import delivery_tasks as tasks
from store_uptime_airflow.tasks import SETTLED_HISTORY

SCHEDULE = AssetOrTimeSchedule(
    timetable=CronTriggerTimetable(tasks.EVERY_FIVE_MINUTES, timezone="UTC"), assets=[SETTLED_HISTORY]
)


@dag(
    schedule=SCHEDULE if Settings.from_environment().sends else None,
    start_date=datetime(2023, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=2),
    params=tasks.params(),
    default_args=tasks.default_args(),
    doc_md=__doc__,
    dag_display_name="Store uptime delivery",
    tags=["stores", "uptime"],
)
def store_uptime_delivery() -> None:
    planned = task(tasks.plan)()
    rendered = task(tasks.render)()
    planned >> rendered >> task(tasks.notify)() >> task(tasks.send)()


delivery_dag = store_uptime_delivery()
