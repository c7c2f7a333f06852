"""Callbacks of DAG runs, which send alerts by mail (Airflow's SMTP connection) and to a webhook, if these are set.

Airflow calls them after the DAG run has ended, so they neither fail nor delay a report; their errors are in the log.
Imports nothing heavy: every task parses the DAG that imports this module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from store_uptime.settings import Settings

if TYPE_CHECKING:
    from store_uptime.operations.alerts import Alert

SUBJECT_CHARACTERS = 200


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
    """Sends to every channel that is set; raises `AlertError` if one fails, after trying the others."""
    from store_uptime.operations import alerts

    settings = Settings.from_environment()
    channels: dict[str, Callable[[Alert], None]] = {}
    if settings.alert_email:
        channels["mail"] = partial(mail, settings.alert_email)
    if settings.alert_webhook:
        channels["webhook"] = partial(alerts.post, settings.alert_webhook)
    alerts.send(alert, channels)


def mail(addresses: tuple[str, ...], alert: Alert) -> None:
    """Sends by mail, as plain text and as HTML. A notifier would render templates, but alerts quote the input."""
    from email.mime.text import MIMEText

    from airflow.providers.smtp.hooks.smtp import SmtpHook
    from airflow.sdk.configuration import conf

    class Hook(SmtpHook):
        def _build_mime_message(self, *arguments: Any, **options: Any) -> tuple[Any, list[str]]:
            message, recipients = super()._build_mime_message(*arguments, **options)
            html = message.get_payload(0)
            message.set_payload([MIMEText(alert.as_text(), "plain", "utf-8"), html])
            return message, recipients

    connection = conf.get("email", "email_conn_id", fallback=SmtpHook.default_conn_name)
    with Hook(smtp_conn_id=connection) as hook:
        hook.send_email_smtp(
            to=list(addresses),
            subject=alert.subject[:SUBJECT_CHARACTERS],
            html_content=alert.as_html(),
            mime_subtype="alternative",
        )


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
