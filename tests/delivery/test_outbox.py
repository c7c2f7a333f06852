"""Sending: what fails is tried again and given up after a day, nobody waits for another, no redirect is followed."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from store_uptime.delivery import outbox, web_channels
from store_uptime.delivery.outbox import Content, File, Outgoing, SendingError
from support.receivers import Hooks

CLOCK = datetime(2023, 1, 23, 8, tzinfo=UTC)
CONTENT = Content(
    "Subject", "Text\n", files=(File("a.csv", "text/csv", b"a,b\n"), File("p.png", "image/png", b"p", True))
)


def add(engine: Engine, source: str, to: Sequence[str], clock: datetime = CLOCK) -> None:
    with engine.begin() as connection:
        outbox.add(connection, source, to, CONTENT, clock)


def send(engine: Engine, hooks: Hooks, clock: datetime = CLOCK, allowed: Sequence[str] | None = None) -> outbox.Sent:
    channels = {"webhook": web_channels.post}
    return outbox.send(engine, channels, (hooks.url,) if allowed is None else allowed, lambda: clock)


def messages(engine: Engine) -> list[tuple[Any, ...]]:
    query = "select state, attempts, next_attempt_at, error from delivery.message order by source, recipient"
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_a_message_is_told_once_about_a_source(engine: Engine, hooks: Hooks) -> None:
    both = (f"{hooks.url}/a", f"{hooks.url}/b")
    for _ in range(2):
        add(engine, "one", both)
        send(engine, hooks)
    add(engine, "two", both[:1])
    assert send(engine, hooks).counts == {"sent": 1}
    assert sorted(hooks.keys.values()) == [1, 1, 1]
    for path, key, body in hooks.received:
        source = "two" if body is hooks.received[-1][2] else "one"
        assert UUID(key) == outbox.message_id(source, f"{hooks.url}{path}")
        assert body["subject"] == "Subject"
        assert [file["name"] for file in body["files"]] == ["a.csv"]


def test_what_fails_is_tried_again_with_pauses_and_given_up_after_a_day(engine: Engine, hooks: Hooks) -> None:
    hooks.answers["/a"] = 500
    add(engine, "one", [f"{hooks.url}/a"])
    clock, tried = CLOCK, []
    while messages(engine)[0][0] == "queued":
        sent = send(engine, hooks, clock)
        assert sent.counts == {"not_sent": 1}
        assert sent.problems == {hooks.url: f"{hooks.url} answered 500"}
        tried.append(clock)
        assert send(engine, hooks, clock).counts == {}, "not before its time"
        clock = messages(engine)[0][2]
    pauses = [(after - before) // timedelta(minutes=1) for before, after in pairwise(tried)]
    assert pauses[:7] == [1, 2, 4, 8, 16, 32, 60]
    assert set(pauses[7:]) == {60}
    assert timedelta(hours=23) < tried[-1] - CLOCK <= timedelta(days=1)
    assert messages(engine)[0][:2] == ("given_up", len(tried))
    assert hooks.asked["/a"] == len(tried)
    hooks.answers.clear()
    assert send(engine, hooks, clock + timedelta(days=2)).counts == {}
    assert hooks.received == []


def test_an_address_that_is_gone_keeps_no_other_of_its_host_waiting(engine: Engine, hooks: Hooks) -> None:
    gone = [f"{hooks.url}/gone/{number}" for number in range(outbox.MAX_FAILURES + 1)]
    hooks.answers |= {url.removeprefix(hooks.url): 404 for url in gone}
    add(engine, "one", [*gone, f"{hooks.url}/a"])
    add(engine, "two", ["https://elsewhere.example/a"] * 3)
    add(engine, "three", [f"{hooks.url}/b"])
    sent = send(engine, hooks)
    assert sent.counts == {"sent": 2, "not_sent": len(gone) + 1}
    assert sorted(path for path, _, _ in hooks.received) == ["/a", "/b"]


def test_who_does_not_answer_keeps_nobody_waiting(
    engine: Engine, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_channels, "ANSWER_SECONDS", 0.5)
    hooks.answers["/hang"] = "hang"
    # One host as seen by the outbox, two by their names.
    slow = hooks.url.replace("127.0.0.1", "localhost")
    for number in range(20):
        add(engine, f"slow {number}", [f"{slow}/hang"])
        add(engine, f"fine {number}", [f"{hooks.url}/a"])
    started = time.monotonic()
    sent = send(engine, hooks, allowed=(hooks.url, slow))
    assert time.monotonic() - started < 5
    assert sent.counts == {"sent": 20, "not_sent": outbox.MAX_FAILURES}
    assert sent.problems == {slow: f"{slow} did not answer within 0 s"}
    hooks.answers.clear()
    later = CLOCK + timedelta(minutes=2)
    assert send(engine, hooks, later, allowed=(hooks.url, slow)).counts == {"sent": 20}
    assert set(hooks.keys.values()) == {1}


def test_an_error_that_nobody_foresaw_keeps_nobody_waiting(
    engine: Engine, hooks: Hooks, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(message: Outgoing) -> None:
        raise TypeError(f"secret of {message.recipient}")

    add(engine, "one", ["connection:ops", f"{hooks.url}/a"])
    channels = {"connection": broken, "webhook": web_channels.post}
    sent = outbox.send(engine, channels, (hooks.url, "connection:ops"), lambda: CLOCK)
    assert sent.counts == {"sent": 1, "not_sent": 1}
    assert sent.problems == {"connection:ops": "connection:ops failed with TypeError"}
    assert "test_outbox.py, line" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("target", ["http://169.254.169.254/latest", "http://localhost:1/x", "/elsewhere"])
def test_a_redirect_is_refused(engine: Engine, hooks: Hooks, target: str) -> None:
    hooks.answers["/a"] = target
    add(engine, "one", [f"{hooks.url}/a"])
    sent = send(engine, hooks)
    assert sent.problems == {hooks.url: f"{hooks.url} answered 307: it redirects, and redirects are not followed"}
    assert hooks.asked == {"/a": 1}


def test_who_is_not_allowed_any_more_gets_nothing(engine: Engine, hooks: Hooks) -> None:
    add(engine, "one", [f"{hooks.url}/a?key=secret", "a@example.org", "connection:ops"])
    assert send(engine, hooks, allowed=()).counts == {"not_sent": 3}
    assert {state for state, *_ in messages(engine)} == {"given_up"}
    assert all("STORE_UPTIME_ALLOW_RECIPIENTS" in error and "secret" not in error for *_, error in messages(engine))
    assert hooks.asked == {}


def test_secrets_are_in_no_log_and_no_error(engine: Engine, hooks: Hooks, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    hooks.answers["/secret?key=secret"] = 500
    add(engine, "one", [f"{hooks.url}/secret?key=secret", "http://127.0.0.1:1/secret"])
    sent = send(engine, hooks, allowed=(hooks.url, "http://127.0.0.1:1"))
    assert sent.counts == {"not_sent": 2}
    logged = [record.getMessage() for record in caplog.records]
    assert logged
    for told in [*logged, *sent.problems.values(), *(error for *_, error in messages(engine))]:
        assert "secret" not in told


def test_a_restored_outbox_waits_until_somebody_says_go(engine: Engine, hooks: Hooks) -> None:
    add(engine, "one", [f"{hooks.url}/a"])
    with engine.begin() as connection:
        outbox.hold(connection, "restored from a backup", CLOCK)
    weeks_later = CLOCK + timedelta(days=20)
    assert send(engine, hooks, weeks_later).counts == {"paused": 1}
    assert outbox.is_held(engine)
    assert hooks.asked == {}
    assert outbox.go(engine, weeks_later)
    assert not outbox.go(engine, weeks_later)
    assert send(engine, hooks, weeks_later).counts == {"sent": 1}


def test_two_senders_send_each_message_once(engine: Engine, hooks: Hooks) -> None:
    from threading import Thread

    for number in range(40):
        add(engine, f"source {number}", [f"{hooks.url}/a"])
    threads = [Thread(target=send, args=(engine, hooks)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(hooks.keys) == 40
    assert set(hooks.keys.values()) == {1}


def outgoing(recipient: str) -> Outgoing:
    return Outgoing(UUID(int=7), recipient, CONTENT, CLOCK)


def test_apprise_sends_with_the_key_and_files(hooks: Hooks) -> None:
    url = hooks.url.replace("http://", "json://")
    web_channels.notify([f"{url}/a", f"{url}/b?redirect=yes"], outgoing("connection:ops"))
    assert {(path, key) for path, key, _ in hooks.received} == {("/a", str(UUID(int=7))), ("/b", str(UUID(int=7)))}
    body = hooks.received[0][2]
    assert (body["title"], body["message"].strip()) == ("Subject", "Text")
    assert [file["filename"] for file in body["attachments"]] == ["a.csv"]


@pytest.mark.parametrize("answer", [500, "http://169.254.169.254/x", "/elsewhere"])
def test_apprise_follows_no_redirect_and_tells_no_secret(
    hooks: Hooks, answer: int | str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hooks.answers["/secret"] = answer
    with pytest.raises(SendingError, match="connection:ops could not be reached") as raised:
        web_channels.notify([f"{hooks.url.replace('http', 'json')}/secret?redirect=yes"], outgoing("connection:ops"))
    assert hooks.asked == {"/secret": 1}
    logged = [record.getMessage() for record in caplog.records]
    assert logged
    assert "secret" not in json.dumps([*logged, str(raised.value)])


@pytest.mark.parametrize("urls", [[], ["nothing"], ["unknown://host"]])
def test_a_connection_without_a_url_of_apprise(urls: list[str]) -> None:
    with pytest.raises(SendingError, match="connection:ops has"):
        web_channels.notify(urls, outgoing("connection:ops"))
