"""The outbox: every message is a row before it is sent, and is marked as sent by the transaction that sent it.

A process that is killed between sending and committing leaves its message in the outbox: it is sent once more, with the
same id, which mail has as Message-ID and webhooks have as Idempotency-Key. One process sends one message at a time, so
a kill repeats one at most.
"""

from __future__ import annotations

import base64
import json
import logging
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, Engine, Row

from store_uptime.db.statements import statement
from store_uptime.delivery import recipients
from store_uptime.errors import InvalidFieldError, StoreUptimeError

log = logging.getLogger(__name__)

MESSAGES = UUID("b6a3c3a4-6a5c-5a53-9a0e-0a3f6d6d0b5e")  # the namespace of their ids
GIVE_UP_AFTER = timedelta(days=1)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
# A destination that fails so often in a row is left alone until the sender runs again.
MAX_FAILURES = 2
MAX_ERROR_CHARACTERS = 500


class SendingError(StoreUptimeError):
    """A message was not sent: `{destination} {problem}`. Says nothing that may be a secret.

    `is_answered`: the destination does answer, and takes messages to others.
    """

    def __init__(self, destination: str, problem: str, *, is_answered: bool = False) -> None:
        self.destination, self.problem, self.is_answered = destination, problem, is_answered
        super().__init__(f"{destination} {problem}")


@dataclass(frozen=True)
class File:
    """An attachment, or the picture within the message."""

    name: str
    media_type: str
    content: bytes
    is_picture: bool = False


@dataclass(frozen=True)
class Content:
    """What is told. `payload` is what webhooks get; None: subject, text and files."""

    subject: str
    text: str
    html: str | None = None
    payload: dict[str, Any] | None = None
    files: tuple[File, ...] = ()


@dataclass(frozen=True)
class Outgoing:
    """A message on its way to one recipient."""

    message_id: UUID
    recipient: str
    content: Content
    created_at: datetime


Channel = Callable[[Outgoing], None]  # raises SendingError


@dataclass
class Sent:
    """What a sender did."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: dict[str, str] = field(default_factory=dict)  # the last one of each destination


def add(
    connection: Connection,
    source: str,
    to: Sequence[str],
    content: Content,
    clock: datetime,
    *,
    delivery_id: int | None = None,
) -> None:
    """Puts a message to each recipient into the outbox, unless it was told about `source` before."""
    files = []
    for file in content.files:
        digest = sha256(file.content).hexdigest()
        binds = {"content_sha256": digest, "created_at": clock}
        if connection.execute(statement("delivery/outbox/renew_file"), binds).first() is None:
            connection.execute(statement("delivery/outbox/add_file"), binds | {"content": file.content})
        files.append(
            {
                "name": file.name,
                "media_type": file.media_type,
                "content_sha256": digest,
                "is_picture": file.is_picture,
            }
        )
    for recipient in to:
        connection.execute(
            statement("delivery/outbox/add"),
            {
                "message_id": message_id(source, recipient),
                "source": source,
                "recipient": recipient,
                "delivery_id": delivery_id,
                "destination": recipients.destination(recipient),
                "subject": content.subject,
                "body_text": content.text,
                "body_html": content.html,
                "payload": None if content.payload is None else json.dumps(content.payload),
                "files": json.dumps(files),
                "created_at": clock,
                "give_up_at": clock + GIVE_UP_AFTER,
            },
        )


def message_id(source: str, recipient: str) -> UUID:
    """The id of what is told to a recipient about a source: the same, whoever tells it and however often."""
    return uuid5(MESSAGES, f"{source}\n{recipient}")


def send(
    engine: Engine,
    channels: Mapping[recipients.Kind, Channel],
    allowed: Sequence[str],
    clock: Callable[[], datetime],
    *,
    source: str | None = None,
) -> Sent:
    """Sends what is due (only what is about `source`, if it is given), until nothing is left or nobody answers."""
    sent = Sent()
    failures: Counter[str] = Counter()
    while True:
        with engine.begin() as connection:
            if connection.execute(statement("delivery/outbox/state")).one().is_paused:
                sent.counts["paused"] = 1
                return sent
            left_out = [name for name, times in failures.items() if times >= MAX_FAILURES]
            binds = {"clock": clock(), "left_out": left_out, "source": source}
            row = connection.execute(statement("delivery/outbox/take"), binds).one_or_none()
            if row is None:
                return sent
            problem = _send(connection, row, channels, allowed, clock)
        if problem is None or problem.is_answered:
            failures.pop(row.destination, None)
        else:
            failures[row.destination] += 1
        if problem is not None:
            sent.problems[row.destination] = str(problem)
            log.warning("Could not send to %s: %s", recipients.shown(row.recipient), problem)
        sent.counts["sent" if problem is None else "not_sent"] += 1


def _send(
    connection: Connection,
    row: Row,
    channels: Mapping[recipients.Kind, Channel],
    allowed: Sequence[str],
    clock: Callable[[], datetime],
) -> SendingError | None:
    """Sends one message and marks it; returns why it was not sent."""
    try:
        kind = recipients.kind_of(row.recipient)
        if kind != "setting":
            recipients.check_allowed(row.recipient, allowed)
    except InvalidFieldError as error:
        binds = {"message_id": row.message_id, "attempts": row.attempts, "error": error.problem}
        connection.execute(statement("delivery/outbox/mark_given_up"), binds)
        return SendingError("The outbox", f"gives up: {error.problem}", is_answered=True)
    problem = _try(channels[kind], Outgoing(row.message_id, row.recipient, _content(connection, row), row.created_at))
    if problem is not None:
        attempts, error_text = row.attempts + 1, str(problem)[:MAX_ERROR_CHARACTERS]
        next_attempt_at = clock() + pause(attempts)
        if next_attempt_at > row.give_up_at:
            binds = {"message_id": row.message_id, "attempts": attempts, "error": error_text}
            connection.execute(statement("delivery/outbox/mark_given_up"), binds)
        else:
            binds = {"message_id": row.message_id, "next_attempt_at": next_attempt_at, "error": error_text}
            connection.execute(statement("delivery/outbox/put_off"), binds)
        return problem
    connection.execute(statement("delivery/outbox/mark_sent"), {"message_id": row.message_id, "clock": clock()})
    return None


def _try(channel: Channel, message: Outgoing) -> SendingError | None:
    """Hands a message to its channel; returns what went wrong.

    An error that no channel foresees must not keep all other messages back. What it says may be a secret, so the log
    has only its type and place.
    """
    try:
        channel(message)
    except SendingError as error:
        return error
    except Exception as error:  # noqa: BLE001  see above
        place = traceback.extract_tb(error.__traceback__)[-1]
        problem = f"failed with {type(error).__name__}"
        log.warning("%s %s in %s, line %s", recipients.shown(message.recipient), problem, place.filename, place.lineno)
        return SendingError(recipients.destination(message.recipient), problem)
    return None


def _content(connection: Connection, row: Row) -> Content:
    files = []
    for file in row.files:
        digest = {"content_sha256": file["content_sha256"]}
        content = base64.b64decode(connection.execute(statement("delivery/outbox/read_file"), digest).scalar_one())
        files.append(File(file["name"], file["media_type"], content, is_picture=file["is_picture"]))
    return Content(row.subject, row.body_text, row.body_html, row.payload, tuple(files))


def pause(attempts: int) -> timedelta:
    """How long a message that was tried so often waits: a minute, then twice as long each time, up to an hour."""
    return min(FIRST_PAUSE * 2 ** min(attempts - 1, 10), LONGEST_PAUSE)


def is_held(engine: Engine) -> bool:
    """Whether all messages are held back."""
    with engine.connect() as connection:
        return connection.execute(statement("delivery/outbox/state")).one().is_paused


def hold(connection: Connection, reason: str, clock: datetime) -> None:
    """Holds all messages back until `go`."""
    connection.execute(statement("delivery/outbox/pause"), {"reason": reason, "clock": clock})


def go(engine: Engine, clock: datetime) -> bool:
    """Sends messages again that were held back, each for a day from now; False if they were not."""
    with engine.begin() as connection:
        if connection.execute(statement("delivery/outbox/resume"), {"clock": clock}).first() is None:
            return False
        connection.execute(statement("delivery/outbox/renew"), {"clock": clock, "give_up_at": clock + GIVE_UP_AFTER})
    return True
