"""
### Tells the people on call when the nightly report is late

Starts with each night's report and looks every few minutes whether it is out. If it is not out in time
(`STORE_UPTIME_ALERT_LATE_AFTER` minutes), this run fails and an alert is sent. It runs by itself only where alerts
are set up. A scheduler that is down is not seen from here: Prometheus' rules are for that.

It is a DAG of its own, not a deadline of the report's: that would know only of runs that were started.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

from store_uptime.settings import Settings
from store_uptime_airflow import callbacks

SETTINGS = Settings.from_environment()


def is_out(clock: datetime) -> bool:
    """Whether the report of the DAG run's night is out. If it is not, and should be, tells so and fails the run.

    Its time counts from when it could begin: on a new installation, or with a scheduler that was down, that is later.
    """
    from store_uptime.db.engine import connected
    from store_uptime.operations import alerts

    dag_run = get_current_context()["dag_run"]
    night = dag_run.data_interval_end or dag_run.run_after
    with connected(SETTINGS, "reader") as engine:
        report = alerts.report_of_night(engine, night)
    if report is not None and report.published_at is not None:
        return True
    if clock < max(night, dag_run.start_date or night) + SETTINGS.alert_late_after:
        return False
    alert = alerts.of_late_night(night, report, SETTINGS.alert_late_after, dag_run.run_id, callbacks.base_url())
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
        """Waits until the night's report is out; tells when that takes too long."""
        return is_out(datetime.now(UTC))

    wait_for_the_report()


watch_dag = store_uptime_watch()
