"""A sender that is killed at any step: everything arrives, once, and of a kill one message at most arrives again."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, text

from faults.breakable import somebody_waits, wait_until
from store_uptime.delivery import rules, subscriptions, templates
from store_uptime.delivery.rules import Rule
from store_uptime.delivery.subscriptions import Subscription
from store_uptime.delivery.templates import Selection
from store_uptime.history import days
from store_uptime.settings import PROJECT, Settings
from support.pipeline import CLOCK, run_report
from support.receivers import Hooks, Mailbox, mail_server, web_server

MONDAY = datetime(2023, 1, 23, 7, tzinfo=UTC)
CREATED = MONDAY - timedelta(days=2)
# What each step writes, in the order of its transactions: a kill while it waits for one of these leaves nothing.
WRITTEN = {
    "plan": ["delivery.delivery", "delivery.subscription"],
    "render": ["delivery.file", "delivery.message", "delivery.delivery"],
    "notify": ["delivery.notice", "delivery.rule", "delivery.file", "delivery.message"],
    "send": ["delivery.message"],
}
STEPS = list(WRITTEN)
EVENTS_OF_THE_SAMPLE = 284  # begun or ended, in the week before
# A night: stores in regions, each down once and up again, as one rule for each region tells.
REGIONS, STORES_OF_REGION = 12, 420


class Sender:
    """A process that forks a child for each step."""

    def __init__(self, home: Path, mailbox: Mailbox, allowed: list[str]) -> None:
        self.allowed = allowed
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("delivery_process.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env={
                **os.environ,
                **mailbox.variables,
                "AIRFLOW_HOME": str(home),
                "PYTHONPATH": os.pathsep.join([str(PROJECT / "include"), str(PROJECT / "tests")]),
            },
        )
        self.child = 0

    def start(self, step: str, url: str, clock: datetime) -> None:
        task = {"step": step, "url": url, "clock": clock.isoformat(), "allowed": self.allowed}
        self.process.stdin.write(json.dumps(task).encode() + b"\n")
        self.child = self.answer()["pid"]

    def kill(self) -> int:
        """`kill -9`; returns how the child ended."""
        with suppress(ProcessLookupError):
            os.kill(self.child, signal.SIGKILL)
        return self.answer()["status"]

    def run(self, step: str, url: str, clock: datetime) -> None:
        """Runs a step to its end, which must be a good one."""
        self.start(step, url, clock)
        result = self.answer()
        assert result["status"] == 0, result["error"]

    def has_ended(self) -> bool:
        return bool(select.select([self.process.stdout], [], [], 0)[0])

    def answer(self) -> dict[str, Any]:
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    with web_server() as hooks:
        yield hooks


@pytest.fixture
def sender(tmp_path: Path, mailbox: Mailbox, hooks: Hooks) -> Iterator[Sender]:
    sender = Sender(tmp_path, mailbox, ["@example.org", hooks.url, hooks.url.replace("127.0.0.1", "localhost")])
    yield sender
    sender.close()


@pytest.fixture
def settled(engine: Engine, tmp_path: Path) -> Engine:
    run_report(engine, PROJECT / "data" / "sample", tmp_path)
    days.settle_all(engine, CLOCK, timedelta(hours=3))
    return engine


def subscribe(engine: Engine, *recipients: tuple[str, ...]) -> None:
    """A subscription for each list of recipients, all to one template, due on Monday."""
    with engine.begin() as connection:
        selection = Selection("availability", ("csv",), by="region")
        template_id = templates.add(connection, "Regions", selection, "ann", CREATED)
        for number, to in enumerate(recipients):
            wanted = Subscription(template_id, f"Subscription {number:04}", to, "0 7 * * 1", "UTC", "week")
            subscriptions.add(connection, wanted, "ann", CREATED)


def watch(engine: Engine, *to: tuple[str, ...], **changes: Any) -> None:
    """A rule for each list of recipients, about everything since Monday two weeks before."""
    with engine.begin() as connection:
        for number, recipients in enumerate(to):
            rule = Rule(**{"name": f"Rule {number:02}", "events": ("outage",), "recipients": recipients} | changes)
            rules.add(connection, rule, "ann", MONDAY - timedelta(days=14))


def count(engine: Engine, query: str) -> int:
    with engine.connect() as connection:
        return connection.scalar(text(query))


def lock(owner: Engine, table: str) -> Any:
    """Keeps others from writing the table until the transaction ends."""
    connection = owner.connect()
    connection.execute(text(f"lock table {table} in share mode"))
    return connection


@pytest.mark.parametrize(("step", "table"), [(step, table) for step, tables in WRITTEN.items() for table in tables])
def test_killed_at_each_table(
    settled: Engine,
    owner: Engine,
    settings: Settings,
    sender: Sender,
    hooks: Hooks,
    mailbox: Mailbox,
    step: str,
    table: str,
) -> None:
    """The process waits for a lock on the table when it is killed; then all steps run again."""
    to = ("ann@example.org", f"{hooks.url}/a")
    subscribe(settled, to)
    watch(settled, to, digest_minutes=0, hourly_cap=2)
    for earlier in STEPS[: STEPS.index(step)]:
        sender.run(earlier, settings.database_url, MONDAY)
    held = lock(owner, table)
    sender.start(step, settings.database_url, MONDAY)
    wait_until(lambda: somebody_waits(owner), f"{step} to wait for {table}")
    assert sender.kill() == -signal.SIGKILL
    held.close()
    for again in STEPS * 2:
        sender.run(again, settings.database_url, MONDAY)
    assert count(settled, "select count(*) from delivery.delivery") == 1
    assert count(settled, "select count(*) from delivery.notice") == EVENTS_OF_THE_SAMPLE
    assert count(settled, "select count(*) from delivery.notice where told_at is null") == 0
    assert count(settled, "select count(*) from delivery.message where state = 'sent'") == 6
    arrived = mailbox.keys + hooks.keys
    assert len(arrived) == 6, "of a delivery, an event, and the rest of the events, to two recipients"
    assert arrived.total() <= 6 + (step == "send"), "one more of a kill at most"


@pytest.mark.parametrize("channel", ["mail", "webhook"])
def test_killed_when_the_receiver_has_it(
    settled: Engine, settings: Settings, sender: Sender, hooks: Hooks, mailbox: Mailbox, channel: str
) -> None:
    """Between sending and committing: it comes once more, with the same id, and nothing else does."""
    subscribe(settled, *[("ann@example.org",), (f"{hooks.url}/a",)] * 3)
    for step in ("plan", "render"):
        sender.run(step, settings.database_url, MONDAY)
    receiver = mailbox if channel == "mail" else hooks

    def kill_once() -> None:
        receiver.when_received = lambda: None
        os.kill(sender.child, signal.SIGKILL)

    receiver.when_received = kill_once
    sender.start("send", settings.database_url, MONDAY)
    assert sender.answer()["status"] == -signal.SIGKILL
    for _ in range(2):
        sender.run("send", settings.database_url, MONDAY)
    assert sorted(receiver.keys.values()) == [1, 1, 2]
    other = hooks if channel == "mail" else mailbox
    assert sorted(other.keys.values()) == [1, 1, 1]


def test_a_thousand_subscriptions_with_kills_and_receivers_that_fail(
    settled: Engine, settings: Settings, sender: Sender, hooks: Hooks, mailbox: Mailbox
) -> None:
    """All are due at once; some receivers hang or answer 500 for a while; the sender is killed all the time."""
    slow = hooks.url.replace("127.0.0.1", "localhost")
    kinds: list[Callable[[int], str]] = [
        lambda number: f"ann{number}@example.org",
        lambda number: f"{hooks.url}/fine/{number}",
        lambda number: f"{hooks.url}/fails",
        lambda number: f"{slow}/hangs",
    ]
    subscribe(settled, *[(kinds[0 if number % 10 < 6 else number % 10 - 6](number),) for number in range(1000)])
    hooks.answers |= {"/fails": 500, "/hangs": "hang"}
    random, kills, clock = Random(7), 0, MONDAY
    for step in ("plan", "render"):
        for seconds in (0.01, 0.05, 0.3):
            sender.start(step, settings.database_url, clock)
            kills += kill_after(sender, seconds)
        sender.run(step, settings.database_url, clock)
    assert count(settled, "select count(*) from delivery.delivery where state = 'rendered'") == 1000
    kills = 0
    while count(settled, "select count(*) from delivery.message where state = 'queued'"):
        if kills > 12:
            hooks.answers.clear()
        sender.start("send", settings.database_url, clock)
        kills += kill_after(sender, random.uniform(0.05, 4))
        clock += timedelta(minutes=5)
        assert clock < MONDAY + timedelta(days=1), "nothing may be given up"
    arrived = mailbox.keys + hooks.keys
    assert len(arrived) == 1000
    assert kills > 12
    assert arrived.total() - 1000 <= kills, "one more of a kill at most"
    assert max(arrived.values()) <= 1 + kills


def kill_after(sender: Sender, seconds: float) -> bool:
    """Kills the child unless it has ended by then; whether it was killed."""
    with suppress(AssertionError):
        wait_until(sender.has_ended, "the child", seconds)
    return sender.kill() == -signal.SIGKILL


def test_ten_thousand_events_of_a_night_with_kills_at_every_step(
    engine: Engine, settings: Settings, sender: Sender, hooks: Hooks, mailbox: Mailbox, tmp_path: Path
) -> None:
    """Each store is down once and up again. Each event arrives; what arrives again does so because of a kill."""
    write_night(tmp_path / "night")
    run_report(engine, tmp_path / "night", tmp_path)
    days.settle_all(engine, CLOCK, timedelta(hours=3))
    events = 2 * REGIONS * STORES_OF_REGION
    with engine.begin() as connection:
        for region in range(REGIONS):
            to = f"{hooks.url}/{region}" if region else "ann@example.org"
            rule = Rule(f"Region {region}", ("outage",), (to,), "region", f"R{region}", hourly_cap=1000)
            rules.add(connection, rule, "ann", MONDAY - timedelta(days=14))
    random, noticing, sending = Random(3), 0, 0
    for seconds in (0.3, 1, 2, 4):
        sender.start("notify", settings.database_url, MONDAY)
        noticing += kill_after(sender, seconds)
    sender.run("notify", settings.database_url, MONDAY)
    assert count(engine, "select count(*) from delivery.notice where told_at is not null") == events
    assert count(engine, "select count(*) from delivery.message") == events
    while count(engine, "select count(*) from delivery.message where state = 'queued'"):
        sender.start("send", settings.database_url, MONDAY)
        sending += kill_after(sender, random.uniform(5, 25))
    arrived = mailbox.keys + hooks.keys
    assert len(arrived) == events == 10_080
    assert (noticing > 1, sending > 1) == (True, True)
    assert arrived.total() - events <= sending, "one more of a kill at most"
    told = [body["subject"] for _, _, body in hooks.received] + [str(mail["Subject"]) for _, mail in mailbox.received]
    assert len(set(told)) == events


def write_night(folder: Path) -> None:
    """Polls of a night, every half hour: each store is down for an hour, then up again."""
    folder.mkdir()
    polls, zones = ["store_id,status,timestamp_utc"], ["store_id,timezone_str"]
    groups = ["store_id,kind,name"]
    begin = MONDAY.replace(hour=0)
    for number in range(REGIONS * STORES_OF_REGION):
        store = f"s{number:05}"
        zones.append(f"{store},UTC")
        groups.append(f"{store},region,R{number % REGIONS}")
        for half in range(13):
            status = "inactive" if 4 + number % 5 <= half < 6 + number % 5 else "active"
            polls.append(f"{store},{status},{begin + timedelta(minutes=30 * half):%Y-%m-%d %H:%M:%S} UTC")
    for name, lines in (("store_status", polls), ("timezones", zones), ("store_groups", groups)):
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
