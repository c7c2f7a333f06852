"""Channels over HTTP: webhooks, and whatever Apprise knows. Redirects are never followed: they lead to other hosts."""

from __future__ import annotations

import base64
import logging
from functools import cache
from typing import Any

import httpx

from store_uptime.delivery import recipients
from store_uptime.delivery.outbox import Outgoing, SendingError

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 10.0
TALKATIVE_LOGGERS = ("httpx", "httpcore", "urllib3", "requests", "apprise")
IDEMPOTENCY_KEY = "Idempotency-Key"
# Schemes of Apprise that post to an address of one's own, with headers in their URL.
SCHEMES_WITH_HEADERS = ("json", "jsons", "xml", "xmls", "form", "forms")


def post(message: Outgoing) -> None:
    """Posts a message as JSON to the webhook that is its recipient; raises `SendingError`."""
    post_json(message.recipient, payload_of(message), str(message.message_id))


def post_json(url: str, payload: dict[str, Any], key: str) -> None:
    """Posts `payload`; raises `SendingError` for an answer that is not 2xx, or none in time."""
    keep_secrets()
    host = recipients.shown(url).removesuffix("/…")
    timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
    try:
        with client().stream("POST", url, json=payload, headers={IDEMPOTENCY_KEY: key}, timeout=timeout) as response:
            status = response.status_code  # the body is not read: it may never end
    except httpx.TimeoutException as error:
        raise SendingError(host, f"did not answer within {ANSWER_SECONDS:.0f} s") from error
    except httpx.HTTPError as error:
        raise SendingError(host, f"does not answer ({type(error).__name__})") from error
    if 300 <= status < 400:
        raise SendingError(host, f"answered {status}: it redirects, and redirects are not followed")
    if not 200 <= status < 300:
        is_about_this_url = 400 <= status < 500 and status != httpx.codes.TOO_MANY_REQUESTS
        raise SendingError(host, f"answered {status}", is_answered=is_about_this_url)


@cache
def client() -> httpx.Client:
    """One for all messages: it loads the certificates. Connections are not kept, because each may be the last."""
    return httpx.Client(
        follow_redirects=False, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0, max_connections=4)
    )


def payload_of(message: Outgoing) -> dict[str, Any]:
    """What a webhook gets. Slack and Mattermost show `text`."""
    content = message.content
    if content.payload is not None:
        return content.payload
    return {
        "text": f"{content.subject}\n\n{content.text}",
        "subject": content.subject,
        "message_id": str(message.message_id),
        "files": [
            {
                "name": file.name,
                "media_type": file.media_type,
                "content_base64": base64.b64encode(file.content).decode(),
            }
            for file in content.files
            if not file.is_picture
        ],
    }


def notify(addresses: list[str], message: Outgoing) -> None:
    """Sends a message by Apprise to its URLs, which a connection of Airflow holds; raises `SendingError`.

    Apprise follows redirects unless it is told otherwise.
    """
    import apprise
    from apprise.attachment.memory import AttachMemory

    keep_secrets()
    own = apprise.Apprise(asset=apprise.AppriseAsset(http_redirects=False, async_mode=False))
    for address in addresses:
        if not own.add(with_key(address, str(message.message_id))):
            raise SendingError(message.recipient, "has a URL that Apprise cannot read")
    if not len(own):
        raise SendingError(message.recipient, "has no URL of Apprise")
    for service in own:
        service.redirects = False  # whatever its URL says
    files = [
        AttachMemory(content=file.content, name=file.name, mimetype=file.media_type)
        for file in message.content.files
        if not file.is_picture
    ]
    is_sent = own.notify(
        title=message.content.subject,
        body=message.content.text,
        body_format=apprise.NotifyFormat.TEXT,
        attach=apprise.AppriseAttachment(files) if files else None,
    )
    if not is_sent:
        raise SendingError(message.recipient, "could not be reached, or refused the message; see the task's log")


def keep_secrets() -> None:
    """Keeps addresses, which may be secrets, out of the log: httpx logs each, the others where debugging is on."""
    for name in TALKATIVE_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)


def with_key(address: str, key: str) -> str:
    """The URL with the header by which a receiver recognizes a message that it has already."""
    if address.partition("://")[0].lower() not in SCHEMES_WITH_HEADERS:
        return address
    return f"{address}{'&' if '?' in address else '?'}+{IDEMPOTENCY_KEY}={key}"
