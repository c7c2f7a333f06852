"""The tasks of the history DAG, with their connections, Params and log.

Imports nothing heavy: Airflow parses the DAG that imports this module every few seconds.
"""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime
from typing import Any

from airflow.sdk import Param, get_current_context
from airflow.sdk.exceptions import AirflowSkipException

from store_uptime.contract import MAX_SHARDS
from store_uptime.settings import Settings
from store_uptime_airflow import maintenance_tasks, retries

log = logging.getLogger(__name__)


def params() -> dict[str, Param]:
    """New Params of the DAG."""
    return {
        "from": Param(
            None, type=["null", "string"], format="date", title="From",
            description="Settle again from this local date on. Empty: only what is new or has changed.",
        ),
        "until": Param(
            None, type=["null", "string"], format="date", title="Until",
            description="Settle no further than this date in UTC, to fill a long history step by step. Empty: all.",
        ),
        "shards": Param(
            1, type="integer", minimum=1, maximum=MAX_SHARDS, title="Shards",
            description="How many mapped tasks settle in parallel. The result is the same.",
        ),
    }  # fmt: skip


def begin() -> list[dict[str, int]]:
    """Begins a settlement; returns what the next tasks are mapped over. Skips the rest if nothing is new."""
    from store_uptime.db.engine import connected
    from store_uptime.history import days

    settings = Settings.from_environment()
    if not settings.history:
        raise AirflowSkipException("STORE_UPTIME_HISTORY is off.")
    values = get_current_context()["params"]
    with connected(settings, "writer", "history") as engine:
        settlement_id = days.begin(
            engine,
            datetime.now(UTC),
            settings.history_max_gap,
            values["shards"],
            keep_days=settings.keep_history_days,
            from_date=date_of(values["from"]),
            until_date=date_of(values["until"]),
            with_hours=settings.has_hours,
        )
    if settlement_id is None:
        raise AirflowSkipException("Nothing is new since the last settlement.")
    return [{"settlement_id": settlement_id, "shard": shard} for shard in range(values["shards"])]


def settle(settlement_id: int, shard: int) -> None:
    """Computes the days and outages of a shard's stores, and what they are now."""
    from store_uptime.history import days

    run(days.settle, settlement_id, shard)


def publish(begun: Any) -> None:
    """Publishes days and outages, with the log of what is restated, in one transaction."""
    from store_uptime.history import days

    run(days.publish, begun[0]["settlement_id"], datetime.now(UTC))


def find_anomalies() -> None:
    """Judges the dates that are over since the last time, or whose days are others; all in one transaction."""
    from store_uptime.insight.dates import judge_dates

    if not Settings.from_environment().anomalies:
        raise AirflowSkipException("STORE_UPTIME_ANOMALIES is off.")
    run(judge_dates, datetime.now(UTC))


def forecast() -> None:
    """Scores the weeks that are over since the last time, and forecasts the next open hours; all in one transaction."""
    from store_uptime.insight.weeks import forecast

    if not Settings.from_environment().forecast:
        raise AirflowSkipException("STORE_UPTIME_FORECAST is off.")
    run(forecast, datetime.now(UTC))


def run(work: Any, *arguments: Any) -> None:
    """Calls a function that settles or judges days; its counts go to the log and to XCom.

    A settlement that another one has overtaken is skipped: that one settles the same and more.
    """
    from store_uptime.db.engine import connected
    from store_uptime.history.days import SupersededError

    task_instance = get_current_context()["ti"]
    with connected(Settings.from_environment(), "writer", "history") as engine:
        try:
            counts = work(engine, *arguments)
        except SupersededError as error:
            raise AirflowSkipException(str(error)) from error
    log.info("%s: %s", task_instance.task_id, counts)
    task_instance.xcom_push("counts", counts)


def date_of(text: str | None) -> date | None:
    """A Param's date."""
    return None if text is None else date.fromisoformat(text)


def default_args() -> dict[str, Any]:
    """The defaults of the tasks. No report waits for them, so a failure is not recorded with one."""
    return retries.DEFAULTS | {"on_failure_callback": maintenance_tasks.default_args()["on_failure_callback"]}
