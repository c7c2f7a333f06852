"""Who is told what happened to a run: by mail (Airflow's SMTP connection) and by a webhook, as far as they are set.

Not a DAG (see .airflowignore). Airflow calls these after the run is over, so they neither fail nor delay a report; what
goes wrong in them is in the log. Imports nothing heavy: every task parses the DAG that imports it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowFailException

from store_uptime.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from store_uptime.alerts import Alert

log = logging.getLogger(__name__)

SUBJECT_CHARACTERS = 200


def run_failed(context: Mapping[str, Any]) -> None:
    """Tells what failed, why, and where to look."""
    from store_uptime import alerts

    with reader() as engine:
        found = alerts.of_failed_run(engine, context["run_id"], str(context.get("reason")), base_url())
    for alert in found:
        send(alert)


def run_succeeded(context: Mapping[str, Any]) -> None:
    """Tells of new warnings about the input, and of the first good night after a bad one."""
    from store_uptime import alerts

    with reader() as engine:
        found = alerts.of_published_run(engine, context["run_id"], base_url())
    for alert in found:
        send(alert)


def maintenance_task_failed(context: Mapping[str, Any]) -> None:
    """Tells which part of the maintenance failed, and why."""
    from store_uptime import alerts, reports

    cause = reports.cause_of(context.get("exception"))
    send(alerts.of_failed_maintenance(context["ti"].task_id, cause, context["run_id"], base_url()))


def maintenance_failed(context: Mapping[str, Any]) -> None:
    """Tells that a run of the maintenance ended without a failed task, as for its time limit; tasks tell themselves."""
    from store_uptime import alerts

    reason = context.get("reason")
    if reason != "task_failure":
        cause = f"Airflow ended the run: {reason}."
        send(alerts.of_failed_maintenance(None, cause, context["run_id"], base_url()))


def watch_night(clock: datetime) -> bool:
    """Whether the report of the DAG run's night is out. If it is not, and should be, tells so and fails the run.

    Its time counts from when it could begin: on a new installation, or with a scheduler that was down, that is later.
    """
    from store_uptime import alerts

    context = get_current_context()
    dag_run = context["dag_run"]
    night = dag_run.data_interval_end or dag_run.run_after
    with reader() as engine:
        report = alerts.report_of_night(engine, night)
    if report is not None and report.published_at is not None:
        return True
    allowed = Settings.from_environment().alert_late_after
    if clock < max(night, dag_run.start_date or night) + allowed:
        return False
    alert = alerts.of_late_night(night, report, allowed, dag_run.run_id, base_url())
    send(alert)
    raise AirflowFailException(" ".join(alert.why))


def send(alert: Alert) -> None:
    """Sends to every channel that is set; raises `AlertError` if one fails, after the others have been tried."""
    from store_uptime.errors import AlertError

    settings = Settings.from_environment()
    channels: dict[str, Callable[[], None]] = {}
    if settings.alert_email:
        channels["mail"] = partial(mail, settings.alert_email, alert)
    if settings.alert_webhook:
        channels["webhook"] = partial(post, settings.alert_webhook, alert)
    failed = []
    for channel, send_by in channels.items():
        try:
            send_by()
        except Exception:
            log.exception("An alert could not be sent by %s: %s", channel, alert.subject)
            failed.append(channel)
    if failed:
        raise AlertError(" and ".join(failed), "could not be reached; the lines before this one say why")


def post(url: str, alert: Alert) -> None:
    """By webhook."""
    from store_uptime import alerts

    alerts.post(url, alert)


def mail(addresses: tuple[str, ...], alert: Alert) -> None:
    """By mail. The notifier would fill in templates if Airflow called it; texts of the input must not be any."""
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier

    notifier = SmtpNotifier(
        to=list(addresses), subject=alert.subject[:SUBJECT_CHARACTERS], html_content=alert.as_html()
    )
    notifier.notify({})


@contextmanager
def reader() -> Iterator[Engine]:
    """The database, for reading."""
    from store_uptime.database import connect

    engine = connect(Settings.from_environment(), "reader")
    try:
        yield engine
    finally:
        engine.dispose()


def base_url() -> str:
    """How people reach Airflow's pages."""
    from airflow.sdk.configuration import conf

    return conf.get("api", "base_url", fallback="").rstrip("/")


Callbacks = dict[str, Callable[[Mapping[str, Any]], None] | None]

# Nobody to tell: then Airflow does not even ask.
HAS_ALERTS = Settings.from_environment().has_alerts
CALLBACKS: Callbacks = {"on_failure_callback": run_failed, "on_success_callback": run_succeeded} if HAS_ALERTS else {}
MAINTENANCE_CALLBACKS: Callbacks = {"on_failure_callback": maintenance_failed if HAS_ALERTS else None}
MAINTENANCE_TASK_CALLBACKS: Callbacks = {"on_failure_callback": maintenance_task_failed if HAS_ALERTS else None}
