"""How messages of the outbox are sent: by mail through Airflow's SMTP connection, to webhooks, and by Apprise.

Imports nothing heavy: every task parses DAGs that import this module.
"""

from __future__ import annotations

import smtplib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from store_uptime.settings import Settings

if TYPE_CHECKING:
    from email.message import EmailMessage

    from store_uptime.delivery.outbox import Channel, Outgoing
    from store_uptime.delivery.recipients import Kind

SUBJECT_CHARACTERS = 200
APPRISE = "apprise"  # the type of the connections, as Airflow's provider for Apprise has it
MAIL_FAILURES = (smtplib.SMTPException, OSError, ValueError)
PICTURE_ID = "figures"


def channels() -> Mapping[Kind, Channel]:
    """A function for each kind of recipient; it raises `SendingError`."""
    from store_uptime.delivery import web_channels

    return {"mail": mail, "webhook": web_channels.post, "connection": by_connection, "setting": by_setting}


def mail(message: Outgoing) -> None:
    """Sends to the address that is the recipient."""
    send_mail([message.recipient], message)


def by_connection(message: Outgoing) -> None:
    """Sends by Apprise, to the URLs in a connection of Airflow. Only connections of its own type are used."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    from store_uptime.delivery import web_channels
    from store_uptime.delivery.outbox import SendingError

    try:
        connection = Connection.get(message.recipient.removeprefix("connection:"))
    except AirflowNotFoundException as error:
        raise SendingError(message.recipient, "is no connection of Airflow") from error
    if connection.conn_type != APPRISE:
        raise SendingError(message.recipient, f"is of type {connection.conn_type}; expected {APPRISE}")
    web_channels.notify(urls_of(connection.extra_dejson.get("config")), message)


def urls_of(config: Any) -> list[str]:
    """The URLs in a connection's extra `config`: an object with a `path`, or a list of them."""
    entries = config if isinstance(config, list) else [config]
    return [entry["path"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("path"), str)]


def by_setting(message: Outgoing) -> None:
    """Sends an alert to whom a setting names."""
    from store_uptime.delivery import web_channels
    from store_uptime.delivery.outbox import SendingError

    settings = Settings.from_environment()
    if message.recipient.endswith("_EMAIL") and settings.alert_email:
        send_mail(list(settings.alert_email), message)
    elif message.recipient.endswith("_WEBHOOK") and settings.alert_webhook:
        payload = web_channels.payload_of(message)
        web_channels.post_json(settings.alert_webhook, payload, str(message.message_id))
    else:
        raise SendingError(message.recipient.removeprefix("setting:"), "is not set any more")


def send_mail(addresses: list[str], message: Outgoing) -> None:
    """Sends through the connection that Airflow itself uses for mail; raises `SendingError`."""
    from airflow.exceptions import AirflowException
    from airflow.providers.smtp.hooks.smtp import SmtpHook
    from airflow.sdk.configuration import conf

    from store_uptime.delivery.outbox import SendingError

    class Hook(SmtpHook):
        # The outbox tries again; a second try here could be a second mail.
        smtp_retry_limit = 0

        def _build_mime_message(self, *_: Any, **options: Any) -> tuple[Any, list[str]]:
            return mime_message(options["mail_from"], addresses, message), addresses

    connection = conf.get("email", "email_conn_id", fallback=SmtpHook.default_conn_name)
    try:
        with Hook(smtp_conn_id=connection) as hook:
            # The message is built above; the hook only wants to see that there is some.
            hook.send_email_smtp(to=addresses, subject=message.content.subject, html_content="see above")
    except smtplib.SMTPRecipientsRefused as error:
        code, _ = next(iter(error.recipients.values()))
        raise SendingError("The mail server", f"refused the recipient with {code}", is_answered=True) from error
    except smtplib.SMTPResponseException as error:
        raise SendingError("The mail server", f"answered {error.smtp_code}") from error
    except (*MAIL_FAILURES, AirflowException) as error:
        raise SendingError("The mail server", f"does not answer ({type(error).__name__})") from error


def mime_message(mail_from: str, addresses: list[str], message: Outgoing) -> EmailMessage:
    """The mail: text and HTML with its picture, and attachments. Its Message-ID is the same each time it is sent."""
    from email.message import EmailMessage
    from email.utils import format_datetime, parseaddr

    content = message.content
    mail = EmailMessage()
    mail["Subject"] = " ".join(content.subject.split())[:SUBJECT_CHARACTERS]
    mail["From"] = mail_from
    mail["To"] = ", ".join(addresses)
    mail["Date"] = format_datetime(message.created_at)
    domain = parseaddr(mail_from)[1].rpartition("@")[2] or "store-uptime"
    mail["Message-ID"] = f"<{message.message_id}@{domain}>"
    mail.set_content(content.text)
    if content.html is not None:
        mail.add_alternative(content.html, subtype="html")
        *_, html = mail.iter_parts()
        for file in content.files:
            if file.is_picture:
                main, _, kind = file.media_type.partition("/")
                html.add_related(
                    file.content, main, kind, cid=f"<{PICTURE_ID}>", filename=file.name, disposition="inline"
                )
    for file in content.files:
        if not file.is_picture:
            main, _, kind = file.media_type.partition("/")
            mail.add_attachment(file.content, main, kind, filename=file.name)
    return mail
