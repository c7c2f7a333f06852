"""Retries of failed tasks, what their logs say, and the callback that records why a task failed.

Imports nothing heavy: Airflow parses the DAGs that import this module every few seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

from store_uptime.contract import TASK_FAILED
from store_uptime.settings import Settings
from store_uptime_airflow import task_logs

log = logging.getLogger(__name__)

task_logs.log_messages_only()  # in each process that parses a DAG, so in each task

# A lost connection may come back, and so may a machine (Airflow also retries a task that dies without an exception).
# Everything else would fail again: bad input, a wrong setting, a bug.
RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            [
                "sqlalchemy.exc.OperationalError",
                "sqlalchemy.exc.InterfaceError",
                "psycopg2.OperationalError",
                "psycopg2.InterfaceError",
                "airflow.sdk.exceptions.AirflowRuntimeError",  # Airflow's API while its database is down
                "store_uptime.errors.NoAnswerError",
                ConnectionError,
                TimeoutError,
            ],
            action=RetryAction.RETRY,
            reason="connection lost",
        ),
        RetryRule(Exception, action=RetryAction.FAIL, reason="a retry would fail again"),
    ]
)


def record_cause(context: Mapping[str, Any]) -> None:
    """Records the failed task and its cause with the report; Airflow only writes them to the task's log.

    If they cannot be recorded, as while a node of a cluster is away, this process logs them.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from store_uptime.db.engine import connected
    from store_uptime.reports.task_records import cause_of, record_failure

    dag_run, cause = context["dag_run"], cause_of(context.get("exception"))
    task = context["ti"].task_id
    try:
        with connected(Settings.from_environment(), "writer") as engine:
            record_failure(engine, dag_run.run_id, task, cause, datetime.now(UTC), run_started_at=dag_run.start_date)
    except SQLAlchemyError:
        log.exception(TASK_FAILED, task, cause)
        raise


DEFAULTS: dict[str, Any] = {
    "owner": "store-uptime",
    "retries": 3,
    "retry_delay": timedelta(seconds=5),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=5),
    "retry_policy": RETRY_POLICY,
    "execution_timeout": timedelta(hours=1),
    "on_failure_callback": record_cause,
}
