"""Who is told what happened to a run: by mail (Airflow's SMTP connection) and by a webhook, as far as they are set.

Airflow calls these after the run is over, so they neither fail nor delay a report; what
goes wrong in them is in the log. Imports nothing heavy: every task parses the DAG that imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from store_uptime.settings import Settings

if TYPE_CHECKING:
    from store_uptime.operations.alerts import Alert

SUBJECT_CHARACTERS = 200


def run_failed(context: Mapping[str, Any]) -> None:
    """Tells what failed, why, and where to look."""
    from store_uptime.db.engine import connected
    from store_uptime.operations import alerts

    with connected(Settings.from_environment(), "reader") as engine:
        found = alerts.of_failed_run(engine, context["run_id"], str(context.get("reason")), base_url())
    for alert in found:
        send(alert)


def run_succeeded(context: Mapping[str, Any]) -> None:
    """Tells of new warnings about the input, and of the first good night after a bad one."""
    from store_uptime.db.engine import connected
    from store_uptime.operations import alerts

    with connected(Settings.from_environment(), "reader") as engine:
        found = alerts.of_published_run(engine, context["run_id"], base_url())
    for alert in found:
        send(alert)


def send(alert: Alert) -> None:
    """Sends to every channel that is set; raises `AlertError` if one fails, after the others have been tried."""
    from store_uptime.operations import alerts

    settings = Settings.from_environment()
    channels: dict[str, Callable[[Alert], None]] = {}
    if settings.alert_email:
        channels["mail"] = partial(mail, settings.alert_email)
    if settings.alert_webhook:
        channels["webhook"] = partial(alerts.post, settings.alert_webhook)
    alerts.send(alert, channels)


def mail(addresses: tuple[str, ...], alert: Alert) -> None:
    """By mail. The notifier would fill in templates if Airflow called it; texts of the input must not be any."""
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier

    notifier = SmtpNotifier(
        to=list(addresses), subject=alert.subject[:SUBJECT_CHARACTERS], html_content=alert.as_html()
    )
    notifier.notify({})


def base_url() -> str:
    """How people reach Airflow's pages."""
    from airflow.sdk.configuration import conf

    return conf.get("api", "base_url", fallback="").rstrip("/")


def has_alerts() -> bool:
    """Whether alerts have recipients; without them Airflow need not call anything."""
    return Settings.from_environment().has_alerts


def report_callbacks() -> dict[str, Any]:
    """The callbacks of the report DAG."""
    return {"on_failure_callback": run_failed, "on_success_callback": run_succeeded} if has_alerts() else {}
