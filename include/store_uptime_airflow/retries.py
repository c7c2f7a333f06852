"""What becomes of a task that fails: whether it is tried again, and what the person who asked is told.

Imports nothing heavy: Airflow parses the DAGs that import it every few seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

from store_uptime.settings import Settings

# A lost connection may come back, and so may a machine (a task that dies without an exception is tried again too).
# Everything else fails the same way next time: bad input, a wrong setting, a mistake of ours.
RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            [
                "sqlalchemy.exc.OperationalError",
                "sqlalchemy.exc.InterfaceError",
                "psycopg2.OperationalError",
                "psycopg2.InterfaceError",
                "airflow.sdk.exceptions.AirflowRuntimeError",  # Airflow's API, when its database is away
                "store_uptime.errors.NoAnswerError",
                ConnectionError,
                TimeoutError,
            ],
            action=RetryAction.RETRY,
            reason="the connection was lost",
        ),
        RetryRule(Exception, action=RetryAction.FAIL, reason="trying again would not help"),
    ]
)


def keep_cause(context: Mapping[str, Any]) -> None:
    """Stores with the report which task failed and why: Airflow itself keeps that in the task's log only."""
    from store_uptime.db.engine import connected
    from store_uptime.reports.request import report_id_of
    from store_uptime.reports.task_records import cause_of, record_failure

    dag_run, cause = context["dag_run"], cause_of(context.get("exception"))
    report = report_id_of(dag_run.run_id)
    with connected(Settings.from_environment(), "writer") as engine:
        record_failure(engine, report, context["ti"].task_id, cause, datetime.now(UTC), dag_run.start_date)


DEFAULTS: dict[str, Any] = {
    "owner": "store-uptime",
    "retries": 3,
    "retry_delay": timedelta(seconds=5),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=5),
    "retry_policy": RETRY_POLICY,
    "execution_timeout": timedelta(hours=1),
    "on_failure_callback": keep_cause,
}
