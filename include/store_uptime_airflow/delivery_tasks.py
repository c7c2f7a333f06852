"""The tasks of the delivery DAG, with their connections, Params and log.

Imports nothing heavy: Airflow parses the DAG that imports this module every few seconds.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Param, get_current_context
from airflow.sdk.exceptions import AirflowSkipException

from store_uptime.settings import Settings
from store_uptime_airflow import callbacks, maintenance_tasks, retries
from store_uptime_airflow.channels import channels

log = logging.getLogger(__name__)

EVERY_FIVE_MINUTES = "*/5 * * * *"


def params() -> dict[str, Param]:
    """New Params of the DAG."""
    return {
        "go": Param(
            False, type="boolean", title="Go",
            description="Send what a restored backup holds back. Each message is then tried for a day.",
        ),
    }  # fmt: skip


def plan() -> None:
    """Plans a delivery for each period of which a subscription is due."""
    from store_uptime.db.engine import connected
    from store_uptime.delivery import outbox, subscriptions

    settings = switched_on()
    with connected(settings, "writer", "delivery") as engine:
        if get_current_context()["params"]["go"] and outbox.go(engine, now()):
            log.info("plan: messages that were held back are sent again")
        counts = {"due": subscriptions.plan(engine, now())}
    record(counts)


def render() -> None:
    """Composes deliveries whose figures are final, or whose deadline is over, and puts them into the outbox."""
    from store_uptime.db.engine import connected
    from store_uptime.delivery import deliveries

    with connected(switched_on(), "writer", "delivery") as engine:
        record(deliveries.render(engine, now(), callbacks.base_url()))


def notify() -> None:
    """Finds what rules have to tell of stores, and puts it into the outbox."""
    from store_uptime.db.engine import connected
    from store_uptime.delivery import notifications

    with connected(switched_on(), "writer", "delivery") as engine:
        record(notifications.notify(engine, now(), callbacks.base_url()))


def send() -> None:
    """Sends the messages in the outbox that are due."""
    from store_uptime.db.engine import connected
    from store_uptime.delivery import outbox

    settings = switched_on()
    with connected(settings, "writer", "delivery") as engine:
        sent = outbox.send(engine, channels(), settings.allow_recipients, now)
    record(sent.counts)


def switched_on() -> Settings:
    """The deployment's settings; skips the task where notifications are off."""
    settings = Settings.from_environment()
    if not settings.notifications:
        raise AirflowSkipException("STORE_UPTIME_NOTIFICATIONS is off.")
    return settings


def record(counts: Any) -> None:
    """Counts go to the log and to XCom."""
    task_instance = get_current_context()["ti"]
    log.info("%s: %s", task_instance.task_id, dict(counts))
    task_instance.xcom_push("counts", dict(counts))


def now() -> datetime:
    """The clock. Messages are due by it, whenever the DAG run was."""
    return datetime.now(UTC)


def default_args() -> dict[str, Any]:
    """The defaults of the tasks. No report waits for them, so a failure is not recorded with one."""
    return retries.DEFAULTS | {"on_failure_callback": maintenance_tasks.default_args()["on_failure_callback"]}
