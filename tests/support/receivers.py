"""Who gets messages: a mail server and a web server, which count what they get, and can fail in every way."""

from __future__ import annotations

import email
import email.policy
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from aiosmtpd.controller import Controller

from support.stack import free_port

SENDER = "uptime@example.org"


@dataclass
class Mailbox:
    """Takes every mail, unless `answer` says otherwise."""

    port: int = field(default_factory=free_port)
    answer: str = "250 OK"
    unknown: set[str] = field(default_factory=set)  # addresses that it refuses
    received: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    when_received: Callable[[], None] = lambda: None

    @property
    def variables(self) -> dict[str, str]:
        """The connection of Airflow, as a variable."""
        query = f"disable_ssl=true&disable_tls=true&from_email={SENDER.replace('@', '%40')}&timeout=5"
        return {"AIRFLOW_CONN_SMTP_DEFAULT": f"smtp://127.0.0.1:{self.port}?{query}"}

    @property
    def keys(self) -> Counter[str]:
        """How often each message came, by recipient and Message-ID."""
        return Counter(f"{recipients[0]} {message['Message-ID']}" for recipients, message in self.received)

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's)
        self, server: object, session: object, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self.unknown:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        if self.answer.startswith("2"):
            self.received.append((envelope.rcpt_tos, message))
            self.when_received()
        return self.answer


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """A mail server that runs until the block ends."""
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


class Hooks(ThreadingHTTPServer):
    """Takes every post; `answers` says how a path is answered: a status, `hang`, or an address to redirect to."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hook)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.answers: dict[str, int | str] = {}
        self.received: list[tuple[str, str, dict[str, Any]]] = []  # path, Idempotency-Key, body
        self.asked: Counter[str] = Counter()
        self.when_received: Callable[[], None] = lambda: None
        self.is_over = Event()

    @property
    def keys(self) -> Counter[str]:
        """How often each message came, by path and Idempotency-Key."""
        return Counter(f"{path} {key}" for path, key, _ in self.received)


class Hook(BaseHTTPRequestHandler):
    server: Hooks

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked[self.path] += 1
        answer = self.server.answers.get(self.path, 200)
        if answer == "hang":
            self.server.is_over.wait(60)
            return
        if answer == 200:
            self.server.received.append((self.path, self.headers.get("Idempotency-Key", ""), json.loads(body)))
            self.server.when_received()
        self.send_response(answer if isinstance(answer, int) else 307)
        if isinstance(answer, str):
            self.send_header("Location", answer)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Logs nothing."""


@contextmanager
def web_server() -> Iterator[Hooks]:
    """A web server that runs until the block ends."""
    with Hooks() as hooks:
        thread = Thread(target=hooks.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield hooks
        finally:
            hooks.is_over.set()
            hooks.shutdown()
            thread.join()


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Looks again and again."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.002)
