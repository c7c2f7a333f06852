"""Who is told what happened to a run: by mail (Airflow's SMTP connection) and by a webhook, as far as they are set.

Not a DAG (see .airflowignore). Airflow calls these after the run is over, so they neither fail nor delay a report; what
goes wrong in them is in the log. Imports nothing heavy: every task parses the DAG that imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowFailException

from store_uptime.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from store_uptime.alerts import Alert

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


def watch_night(clock: datetime) -> bool:
    """Whether the report of the DAG run's night is out. If it is not, and should be, tells so and fails the run."""
    from store_uptime import alerts

    context = get_current_context()
    dag_run = context["dag_run"]
    night = dag_run.data_interval_end or dag_run.run_after
    with reader() as engine:
        if alerts.is_published(engine, night):
            return True
    allowed = Settings.from_environment().alert_late_after
    if clock < night + allowed:
        return False
    send(alerts.of_late_night(night, allowed, dag_run.run_id, base_url()))
    raise AirflowFailException(f"The report of {night:%Y-%m-%d %H:%M} UTC was not published within {allowed}.")


def send(alert: Alert) -> None:
    """Sends to every channel that is set. One that fails does not keep the others from being tried."""
    settings = Settings.from_environment()
    with ExitStack() as channels:
        if settings.alert_webhook:
            channels.callback(post, settings.alert_webhook, alert)
        if settings.alert_email:
            channels.callback(mail, settings.alert_email, alert)


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


# Nobody to tell: then Airflow does not even ask.
CALLBACKS: dict[str, Callable[[Mapping[str, Any]], None] | None] = (
    {"on_failure_callback": run_failed, "on_success_callback": run_succeeded}
    if Settings.from_environment().has_alerts
    else {}
)
