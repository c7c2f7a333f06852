"""Callbacks of DAG runs, which send alerts by mail and to a webhook, if these are set.

Airflow calls them after the DAG run has ended, so they neither fail nor delay a report; their errors are in the log.
Imports nothing heavy: every task parses the DAG that imports this module.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from store_uptime.settings import Settings
from store_uptime_airflow.channels import channels

if TYPE_CHECKING:
    from store_uptime.delivery.outbox import Content
    from store_uptime.operations.alerts import Alert

log = logging.getLogger(__name__)


def dag_run_failed(context: Mapping[str, Any]) -> None:
    """Sends an alert for a failed DAG run of the report DAG."""
    from store_uptime.db.engine import connected
    from store_uptime.operations import alerts

    with connected(Settings.from_environment(), "reader") as engine:
        found = alerts.failed_run_alert(engine, context["run_id"], str(context.get("reason")), base_url())
    for alert in found:
        send(alert)


def dag_run_succeeded(context: Mapping[str, Any]) -> None:
    """Sends alerts for new warnings about the input, and for the first nightly report after one that failed."""
    from store_uptime.db.engine import connected
    from store_uptime.operations import alerts

    with connected(Settings.from_environment(), "reader") as engine:
        found = alerts.published_run_alerts(engine, context["run_id"], base_url())
    for alert in found:
        send(alert)


def send(alert: Alert) -> None:
    """Sends to every channel that is set, through the outbox, so that what could not be sent is sent again.

    Alerts about the database, and all of them while the outbox cannot be used, go past it. Then `AlertError` is raised
    if a channel fails, after trying the others.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from store_uptime.operations import alerts

    settings = Settings.from_environment()
    to = [
        f"setting:STORE_UPTIME_ALERT_{name}"
        for name, value in (("EMAIL", settings.alert_email), ("WEBHOOK", settings.alert_webhook))
        if value
    ]
    if settings.notifications and not alert.is_about_database:
        try:
            if send_by_outbox(settings, alert, to):
                return
        except SQLAlchemyError:
            log.exception("The outbox cannot be used; the alert goes past it")
    alerts.send(alert, {recipient: partial(send_directly, recipient) for recipient in to})


def send_by_outbox(settings: Settings, alert: Alert, to: Sequence[str]) -> bool:
    """Puts an alert into the outbox and tries to send it at once; False if the outbox holds messages back."""
    from store_uptime.calendar.durations import instant_text
    from store_uptime.db.engine import connected
    from store_uptime.delivery import outbox

    clock = datetime.now(UTC)
    source = f"alert:{alert.kind}:{alert.dag_run_id}:{instant_text(clock)}"
    with connected(settings, "writer", "alert") as engine:
        if outbox.is_held(engine):
            return False
        with engine.begin() as connection:
            outbox.add(connection, source, to, content_of(alert), clock)
        outbox.send(engine, channels(), (), lambda: datetime.now(UTC), source=source)
    return True


def send_directly(recipient: str, alert: Alert) -> None:
    """Sends an alert at once and once, without the database; raises `SendingError`."""
    from store_uptime.delivery.outbox import Outgoing

    channels()["setting"](Outgoing(uuid4(), recipient, content_of(alert), datetime.now(UTC)))


def content_of(alert: Alert) -> Content:
    """An alert as a message. Webhooks get its facts, as JSON that stays as it was."""
    from store_uptime.delivery.outbox import Content

    return Content(alert.subject, f"{alert.as_text()}\n", alert.as_html(), alert.as_json())


def base_url() -> str:
    """The URL of Airflow's pages."""
    from airflow.sdk.configuration import conf

    return conf.get("api", "base_url", fallback="").rstrip("/")


def has_alerts() -> bool:
    """Whether alerts have recipients; without any, the DAGs have no callbacks."""
    return Settings.from_environment().has_alerts


def report_callbacks() -> dict[str, Any]:
    """The callbacks of the report DAG."""
    return {"on_failure_callback": dag_run_failed, "on_success_callback": dag_run_succeeded} if has_alerts() else {}
