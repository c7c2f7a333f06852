"""The DAG that sends subscriptions, run as Airflow runs it: to a real mail server, webhooks and connections."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pypdf
import pytest
from PIL import Image
from sqlalchemy import Engine, text

from dags.runs import Deployment
from store_uptime.db.engine import connected
from store_uptime.db.statements import statement
from store_uptime.delivery import outbox, subscriptions, templates
from store_uptime.delivery.subscriptions import Subscription
from store_uptime.delivery.templates import Selection
from store_uptime.history import days
from support.receivers import SENDER, Hooks, Mailbox, mail_server, web_server

BASE_URL = "https://airflow.example.org/here"
CLOCK = datetime(2031, 1, 1, tzinfo=UTC)


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        for name, value in mailbox.variables.items():
            monkeypatch.setenv(name, value)
        yield mailbox


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    with web_server() as hooks:
        yield hooks


@pytest.fixture
def writer(
    deployment: Deployment, first_report: object, mailbox: Mailbox, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    """A writer; the days of the sample are settled, and these may get something."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", BASE_URL)
    monkeypatch.setenv(
        "STORE_UPTIME_ALLOW_RECIPIENTS", f"@example.org,{hooks.url},connection:ops,connection:smtp_default"
    )
    with connected(deployment.settings, "writer") as engine:
        days.settle_all(engine, CLOCK, timedelta(hours=3))
        yield engine
    with connected(deployment.settings, "owner") as owner, owner.begin() as connection:
        for table in ("message", "delivery", "subscription", "template", "file"):
            connection.execute(text(f"delete from delivery.{table}"))
        connection.execute(text("update delivery.outbox set is_paused = false"))


def subscribe(engine: Engine, *recipients: str, formats: tuple[Any, ...] = ("pdf", "csv")) -> None:
    """A weekly subscription, of which the week of 16 January 2023 is due."""
    now = datetime.now(UTC)
    with engine.begin() as connection:
        template_id = templates.add(connection, "Regions", Selection("availability", formats, by="region"), "ann", now)
        wanted = Subscription(template_id, "Weekly <regions>", recipients, "0 7 * * 1", "UTC", "week")
        connection.execute(
            statement("delivery/deliveries/add"),
            {
                "subscription_id": subscriptions.add(connection, wanted, "ann", now),
                "period": "2023-W03",
                "from_date": date(2023, 1, 16),
                "until_date": date(2023, 1, 22),
                "due_at": now,
                "deadline_at": now + timedelta(days=1),
            },
        )


def run(deployment: Deployment, **conf: Any) -> str:
    return str(deployment.delivery.test(run_conf=conf).state)


def test_it_is_made_of_these_tasks_and_documented(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    dag = deployment.delivery
    assert {task.task_id: task.downstream_task_ids for task in dag.tasks} == {
        "plan": {"render"},
        "render": {"notify"},
        "notify": {"send"},
        "send": set(),
    }
    assert all(f"`{task.task_id}`" in dag.doc_md and task.doc_md for task in dag.tasks)
    assert (dag.catchup, dag.max_active_runs, dag.schedule) == (False, 1, None)
    assert {name: dag.params.get_param(name).value for name in dag.params} == {"go": False}
    monkeypatch.setenv("STORE_UPTIME_ALLOW_RECIPIENTS", "@example.org")
    schedule = deployment.delivery.timetable
    assert schedule.timetable.expression == "*/5 * * * *"
    assert schedule.asset_condition is not None
    monkeypatch.setenv("STORE_UPTIME_NOTIFICATIONS", "off")
    assert deployment.delivery.schedule is None


def test_the_history_tells_it(deployment: Deployment) -> None:
    outlets = {
        task.task_id: [asset.name for asset in task.outlets] for task in deployment.history.tasks if task.outlets
    }
    assert outlets == {"publish": ["store_uptime_history"]}


def test_a_mail_has_text_and_html_with_a_picture_and_files(
    deployment: Deployment, writer: Engine, mailbox: Mailbox
) -> None:
    subscribe(writer, "ann@example.org", "bob@example.org")
    for _ in range(3):
        assert run(deployment) == "success"
    assert sorted(recipients for recipients, _ in mailbox.received) == [["ann@example.org"], ["bob@example.org"]]
    (_, mail), _ = sorted(mailbox.received, key=lambda one: one[0])
    assert (mail["To"], mail["From"]) == ("ann@example.org", SENDER)
    assert mail["Subject"] == "Weekly <regions>: 2023-W03 (2023-01-16 to 2023-01-22)"
    with writer.connect() as connection:
        (source,) = connection.execute(text("select distinct source from delivery.message")).scalars()
    assert mail["Message-ID"] == f"<{outbox.message_id(source, 'ann@example.org')}@example.org>"
    assert mail["Date"].datetime is not None

    plain, html = mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()
    assert f"{BASE_URL}/store-uptime/pages/targets?by=region" in plain
    assert "Weekly &lt;regions&gt;" in html
    assert "<regions>" not in html
    assert 'src="cid:figures"' in html
    (picture,) = (part for part in mail.walk() if part.get_content_type() == "image/png")
    assert picture["Content-ID"] == "<figures>"
    assert Image.open(io.BytesIO(picture.get_content())).size == (1184, 360)

    files = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
    assert list(files) == ["availability-2023-W03-by-region.pdf", "availability-2023-W03-by-region.csv"]
    assert (
        "Availability"
        in pypdf.PdfReader(io.BytesIO(files["availability-2023-W03-by-region.pdf"])).pages[0].extract_text()
    )
    rows = list(csv.DictReader(io.StringIO(files["availability-2023-W03-by-region.csv"])))
    assert {row["period"] for row in rows} == {"range"}
    assert [row["scope"] for row in rows] == sorted({row["scope"] for row in rows})


def test_a_connection_is_used_only_if_it_is_one_of_apprise(
    deployment: Deployment, writer: Engine, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"config": {"path": f"{hooks.url.replace('http', 'json')}/secret"}}
    monkeypatch.setenv("AIRFLOW_CONN_OPS", json.dumps({"conn_type": "apprise", "extra": config}))
    subscribe(writer, "connection:ops", "connection:smtp_default", f"{hooks.url}/a", formats=("csv",))
    assert run(deployment) == "success"
    assert sorted(path for path, _, _ in hooks.received) == ["/a", "/secret"]
    with writer.connect() as connection:
        found = connection.execute(
            text("select recipient, state, error from delivery.message order by recipient")
        ).all()
    assert [tuple(row) for row in found] == [
        ("connection:ops", "sent", None),
        ("connection:smtp_default", "queued", "connection:smtp_default is of type smtp; expected apprise"),
        (f"{hooks.url}/a", "sent", None),
    ]


def test_mail_that_is_refused_is_sent_later(deployment: Deployment, writer: Engine, mailbox: Mailbox) -> None:
    subscribe(writer, "ann@example.org")
    mailbox.answer = "450 later"
    assert run(deployment) == "success"
    assert mailbox.received == []
    with writer.begin() as connection:
        (row,) = connection.execute(text("select state, attempts, error from delivery.message"))
        assert tuple(row) == ("queued", 1, "The mail server answered 450")
        connection.execute(text("update delivery.message set next_attempt_at = created_at"))
    mailbox.answer = "250 OK"
    assert run(deployment) == "success"
    assert list(mailbox.keys.values()) == [1]


def test_mail_to_unknown_addresses_keeps_nobody_waiting(
    deployment: Deployment, writer: Engine, mailbox: Mailbox
) -> None:
    unknown = [f"{name}@example.org" for name in ("a", "b", "c")]
    mailbox.unknown = set(unknown)
    subscribe(writer, *unknown, "zoe@example.org")
    assert run(deployment) == "success"
    assert [to for to, _ in mailbox.received] == [["zoe@example.org"]]
    with writer.connect() as connection:
        query = "select distinct error from delivery.message where state = 'queued'"
        assert connection.scalars(text(query)).all() == ["The mail server refused the recipient with 550"]


def test_after_a_restore_it_waits_for_go(deployment: Deployment, writer: Engine, mailbox: Mailbox) -> None:
    subscribe(writer, "ann@example.org")
    with writer.begin() as connection:
        outbox.hold(connection, "restored", datetime.now(UTC))
    assert run(deployment) == "success"
    assert mailbox.received == []
    assert run(deployment, go=True) == "success"
    assert len(mailbox.received) == 1


def test_it_sends_nothing_if_it_is_off(
    deployment: Deployment, writer: Engine, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(writer, "ann@example.org")
    monkeypatch.setenv("STORE_UPTIME_NOTIFICATIONS", "off")
    deployment.delivery.test()
    assert mailbox.received == []
    monkeypatch.delenv("STORE_UPTIME_NOTIFICATIONS")
    run(deployment)
    assert len(mailbox.received) == 1
