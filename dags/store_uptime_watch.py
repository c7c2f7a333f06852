"""
### Sends an alert when the nightly report is late

Starts with each nightly report and checks every five minutes whether it is published. If it is not published within
`STORE_UPTIME_ALERT_LATE_AFTER` minutes, this DAG run fails and sends an alert. It has a schedule only if a channel for
alerts is set. It cannot notice that the scheduler is down: Prometheus' rules can.

It is a DAG of its own because a deadline of the report DAG would apply only to DAG runs that have started.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

from store_uptime.settings import Settings
from store_uptime_airflow import callbacks

SETTINGS = Settings.from_environment()


def is_published(clock: datetime) -> bool:
    """Whether the report of the DAG run's night is published; if it is late, sends an alert and fails the DAG run.

    The time counts from when the report could start, which is later if the scheduler was down or newly installed.
    """
    from store_uptime.db.engine import connected
    from store_uptime.operations import alerts

    dag_run = get_current_context()["dag_run"]
    night = dag_run.data_interval_end or dag_run.run_after
    with connected(SETTINGS, "reader") as engine:
        report = alerts.find_nightly_report(engine, night)
    if report is not None and report.published_at is not None:
        return True
    if clock < max(night, dag_run.start_date or night) + SETTINGS.alert_late_after:
        return False
    alert = alerts.late_report_alert(night, report, SETTINGS.alert_late_after, dag_run.run_id, callbacks.base_url())
    callbacks.send(alert)
    raise AirflowFailException(" ".join(alert.why))


@dag(
    schedule=SETTINGS.schedule if SETTINGS.has_alerts else None,
    start_date=datetime(2023, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args={
        "owner": "store-uptime",
        "retries": 3,  # an alert that could not be sent is sent again
        "retry_delay": timedelta(minutes=1),
        "execution_timeout": timedelta(minutes=5),
    },
    doc_md=__doc__,
    dag_display_name="Store uptime watch",
    tags=["stores", "uptime"],
)
def store_uptime_watch() -> None:
    @task.sensor(mode="reschedule", poke_interval=300, timeout=timedelta(days=8).total_seconds())
    def wait_for_the_report() -> bool:
        """Waits until the nightly report is published; sends an alert if it is late."""
        return is_published(datetime.now(UTC))

    wait_for_the_report()


watch_dag = store_uptime_watch()
