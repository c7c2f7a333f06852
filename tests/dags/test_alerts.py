"""What a person on call gets: real runs of the DAGs, a real mail server and a real web server to receive it."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import Engine, text

from dags.runs import Deployment, clear_and_run, make_report, watch
from store_uptime.db.engine import connect
from store_uptime.reports.request import ReportRequest, create_report, report_id_of
from store_uptime.reports.task_records import record_task
from support.receiver import Receiver, receiving
from support.stack import free_port

PEOPLE = "on.call@example.org, second@example.org"
BASE_URL = "https://airflow.example.org/here"


class Mailbox:
    """Takes every mail."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], EmailMessage]] = []

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append((envelope.rcpt_tos, message))
        return "250 OK"


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[list[str], EmailMessage]]]:
    """The mails that were sent."""
    mailbox = Mailbox()
    port = free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    connection = (
        f"smtp://127.0.0.1:{port}?disable_ssl=true&disable_tls=true&from_email=airflow%40example.org&retry_limit=1"
    )
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", connection)
    monkeypatch.setenv("STORE_UPTIME_ALERT_EMAIL", PEOPLE)
    yield mailbox.mails
    controller.stop()


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """The messages that were posted."""
    with receiving() as receiver:
        monkeypatch.setenv("STORE_UPTIME_ALERT_WEBHOOK", f"{receiver.url}/hook?key=secret")
        monkeypatch.setenv("AIRFLOW__API__BASE_URL", BASE_URL)
        yield receiver


@pytest.fixture
def broken(data: Path) -> Path:
    """A data folder with a file that cannot be read."""
    (data / "store_status.csv").write_text("store_id,status\n1,<b>active</b>\n")
    return data


def has_run(deployment: Deployment, run_id: str) -> bool:
    return deployment.report(report_id_of(run_id)).published_at is not None


@pytest.mark.usefixtures("first_report", "broken")
def test_a_failed_run_is_told_with_its_cause_and_where_to_look(
    deployment: Deployment, mailbox: list[tuple[list[str], EmailMessage]], webhook: Receiver
) -> None:
    dag_run = deployment.dag.test()
    assert dag_run.state == "failed"
    report_id = report_id_of(dag_run.run_id)
    cause = deployment.report(report_id).failure_cause

    (message,) = webhook.messages
    assert message["kind"] == "failed"
    assert message["subject"] == "Store Uptime: a report failed in ingest"
    assert message["why"] == [cause]
    assert "store_status.csv" in cause
    assert message["report_id"] == str(report_id)
    assert message["dag_run_id"] == dag_run.run_id
    assert message["where"] == {
        "Report page": f"{BASE_URL}/store-uptime/pages/report?id={report_id}",
        "Tasks and logs": f"{BASE_URL}/dags/store_uptime_report/runs/{quote(dag_run.run_id, safe='')}",
    }
    assert all(part in message["text"] for part in [message["subject"], cause, *message["where"].values()])

    ((recipients, mail),) = mailbox
    assert recipients == PEOPLE.split(", ")
    assert mail["Subject"] == message["subject"]
    assert mail["From"] == "airflow@example.org"
    assert mail.get_content_type() == "multipart/alternative"
    assert mail.get_body(("plain",)).get_content().splitlines() == message["text"].splitlines()
    content = mail.get_body(("html",)).get_content()
    for part in (cause, *message["where"].values()):
        assert part.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#x27;") in content


@pytest.mark.usefixtures("broken")
def test_channels_that_are_down_change_nothing(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, webhook: Receiver, data: Path
) -> None:
    webhook.status = 500
    monkeypatch.setenv("STORE_UPTIME_ALERT_EMAIL", PEOPLE)
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", "smtp://127.0.0.1:1?disable_ssl=true&from_email=a%40example.org")
    run_id = make_report(deployment)
    assert deployment.report(report_id_of(run_id)).failed_task == "ingest"
    assert [message["kind"] for message in webhook.messages] == ["failed"]
    (data / "store_status.csv").unlink()
    clear_and_run(deployment, run_id, ["ingest", "validate", "localize", "clip", "interpolate", "export"])
    assert has_run(deployment, run_id)


@pytest.mark.usefixtures("first_report")
def test_warnings_are_told_when_they_are_new_and_nights_when_they_are_well_again(
    deployment: Deployment, webhook: Receiver, data: Path
) -> None:
    night = datetime(2025, 3, 1, 2, tzinfo=UTC)
    zones = (data / "timezones.csv").read_text().splitlines(keepends=True)
    (data / "timezones.csv").write_text("".join(line for line in zones if "zone-twice" not in line))
    make_report(deployment, night=night)
    webhook.messages.clear()
    make_report(deployment, night=night + timedelta(days=1))
    assert webhook.messages == [], "the same as in the night before"

    (data / "store_status_new.csv").write_text("store_id,status\n")
    make_report(deployment, night=night + timedelta(days=2))
    (data / "store_status_new.csv").unlink()
    (data / "timezones.csv").write_text("".join(zones))
    run_id = make_report(deployment, night=night + timedelta(days=3))
    assert has_run(deployment, run_id)
    assert [message["kind"] for message in webhook.messages] == ["failed", "warnings", "recovered"]
    _, warned, recovered = webhook.messages
    assert warned["report_id"] == recovered["report_id"] == str(report_id_of(run_id))
    assert warned["subject"] == "Store Uptime: a report is published, with new warnings about its input"
    (why,) = warned["why"]  # the others are as they were
    assert why.startswith("For information: The zones file has one row for each store; ")
    assert why.endswith(" For example: timezones.csv: rows replaced by a later one: 1.")


@pytest.mark.usefixtures("first_report")
def test_what_changes_figures_is_named_in_mail_with_an_example(
    deployment: Deployment, mailbox: list[tuple[list[str], EmailMessage]], webhook: Receiver, data: Path
) -> None:
    night = datetime(2025, 5, 1, 2, tzinfo=UTC)
    make_report(deployment, night=night)
    mailbox.clear()
    webhook.messages.clear()
    (data / "zones of <stores>.csv").write_text("store_id,timezone_str\n1,Asia/Tokyo\n")
    run_id = make_report(deployment, night=night + timedelta(days=1))
    assert has_run(deployment, run_id)
    (message,) = webhook.messages
    assert message["subject"] == "Store Uptime: a report is published, with new warnings that change its figures"
    (why,) = message["why"]
    assert why.startswith("Changes your figures: Every file in the data folder that looks like an input is a CSV ")
    assert "For example: not read: zones of <stores>.csv; save it as CSV with the name of an input" in why
    ((_, mail),) = mailbox
    assert mail["Subject"] == message["subject"]
    assert why in mail.get_body(("plain",)).get_content()
    assert "zones of &lt;stores&gt;.csv" in mail.get_body(("html",)).get_content()


def begin_report(deployment: Deployment, night: datetime) -> str:
    """A run that has done its first task; returns its id."""
    run_id, clock = str(uuid4()), datetime.now(UTC)
    writer = connect(deployment.settings, "writer")
    request = ReportRequest(report_id_of(run_id), run_id, clock, as_of_limit=night)
    create_report(writer, request)
    record_task(writer, request.report_id, "ingest", 0, clock, clock, {})
    writer.dispose()
    return run_id


NIGHT = datetime(2026, 1, 1, 2, tzinfo=UTC)


@pytest.mark.usefixtures("first_report")
def test_a_night_that_has_its_report_is_not_told(deployment: Deployment, webhook: Receiver) -> None:
    assert deployment.watch.schedule == "0 2 * * *"
    make_report(deployment, night=NIGHT)
    webhook.messages.clear()
    assert watch(deployment, NIGHT, began=NIGHT) == "success"
    assert webhook.messages == []


@pytest.mark.usefixtures("first_report")
def test_a_night_whose_report_never_began_is_told(deployment: Deployment, webhook: Receiver) -> None:
    missing = datetime(2100, 1, 1, 2, tzinfo=UTC)
    # Its time counts from when the watch began: on a new installation, that is long after the night.
    assert watch(deployment, missing, began=datetime.now(UTC)) == "running"
    missing = datetime.now(UTC) - timedelta(days=2)
    assert watch(deployment, missing, began=datetime.now(UTC) - timedelta(minutes=110)) == "running"
    assert webhook.messages == []

    missing += timedelta(days=1)
    assert watch(deployment, missing, began=datetime.now(UTC) - timedelta(minutes=130)) == "failed"
    (message,) = webhook.messages
    assert message["kind"] == "late"
    assert message["why"] == [
        f"The report of {missing:%Y-%m-%d %H:%M} UTC was not published within 2:00:00.",
        "Its DAG run has not started: the DAG is paused, or other DAG runs take all slots.",
    ]
    assert message["report_id"] is None
    assert message["where"]["Runs"] == f"{BASE_URL}/dags/store_uptime_report/runs"


@pytest.mark.usefixtures("first_report")
def test_a_late_night_is_told_with_how_far_it_came(deployment: Deployment, webhook: Receiver, data: Path) -> None:
    night = datetime(2026, 1, 5, 2, tzinfo=UTC)
    (data / "store_status_new.csv").write_text("store_id,status\n")
    run_id = make_report(deployment, night=night)
    cause = deployment.report(report_id_of(run_id)).failure_cause
    webhook.messages.clear()
    assert watch(deployment, night, began=night) == "failed"
    (data / "store_status_new.csv").unlink()

    night += timedelta(days=30)
    going_on = begin_report(deployment, night)
    assert watch(deployment, night, began=night) == "failed"

    failed, unfinished = webhook.messages
    assert failed["why"][1] == f"It failed in ingest: {cause}"
    assert failed["report_id"] == str(report_id_of(run_id))
    assert failed["where"]["Report page"].endswith(failed["report_id"])
    assert unfinished["why"][1].endswith("and is not finished. Finished tasks: ingest.")
    assert unfinished["dag_run_id"] == going_on


def test_maintenance_that_fails_is_told(deployment: Deployment, webhook: Receiver, tmp_path: Path) -> None:
    (tmp_path / "reports").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORE_UPTIME_REPORTS", f"foo://{tmp_path}")
        assert deployment.maintenance.test(run_conf={"dry_run": True}).state == "failed"
    told = {message["subject"].split()[-1]: message for message in webhook.messages}
    assert set(told) == {"delete_reports", "delete_left_overs"}
    message = told["delete_reports"]
    assert message["kind"] == "maintenance"
    assert message["why"][0].startswith("STORE_UPTIME_REPORTS is 'foo://")
    assert list(message["where"]) == ["Tasks and logs"]
    assert message["where"]["Tasks and logs"].startswith(f"{BASE_URL}/dags/store_uptime_maintenance/runs/")


def stored(deployment: Deployment) -> list[tuple[str, str, int, str | None]]:
    """The messages in the outbox about alerts: kind, state, attempts, what went wrong."""
    query = (
        "select split_part(source, ':', 2), state, attempts, error from delivery.message where source like 'alert:%'"
    )
    with deployment.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(f"{query} order by created_at"))]


@pytest.fixture
def outbox_of(deployment: Deployment) -> Iterator[Engine]:
    """An owner's engine on a database whose outbox is empty, before and after."""
    engine = connect(deployment.settings, "owner")
    empty_outbox(engine)
    yield engine
    empty_outbox(engine)
    engine.dispose()


def empty_outbox(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("delete from delivery.message"))
        connection.execute(text("update delivery.outbox set is_paused = false"))


@pytest.mark.usefixtures("first_report", "broken")
def test_an_alert_that_could_not_be_sent_is_sent_again_once(
    deployment: Deployment, webhook: Receiver, outbox_of: Engine
) -> None:
    webhook.status = 500
    make_report(deployment)
    ((kind, state, attempts, error),) = stored(deployment)
    assert (kind, state, attempts) == ("failed", "queued", 1)
    assert error == f"{webhook.url} answered 500"
    webhook.status = 200
    webhook.messages.clear()
    with outbox_of.begin() as connection:
        connection.execute(text("update delivery.message set next_attempt_at = created_at"))
    for _ in range(2):
        assert deployment.delivery.test().state == "success"
    assert [message["kind"] for message in webhook.messages] == ["failed"]
    assert [state for _, state, _, _ in stored(deployment)] == ["sent"]


@pytest.mark.usefixtures("first_report", "broken")
@pytest.mark.parametrize("case", ["held", "off", "no outbox"])
def test_where_the_outbox_cannot_be_used_alerts_go_past_it(
    deployment: Deployment, webhook: Receiver, outbox_of: Engine, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    if case == "off":
        monkeypatch.setenv("STORE_UPTIME_NOTIFICATIONS", "off")
    with outbox_of.begin() as connection:
        if case == "held":
            connection.execute(text("update delivery.outbox set is_paused = true"))
        if case == "no outbox":
            connection.execute(text("alter table delivery.message rename to gone"))
    try:
        make_report(deployment)
    finally:
        with outbox_of.begin() as connection:
            connection.execute(text("alter table if exists delivery.gone rename to message"))
    assert [message["kind"] for message in webhook.messages] == ["failed"]
    assert stored(deployment) == []


def test_an_alert_about_the_database_goes_past_the_outbox(
    deployment: Deployment, webhook: Receiver, outbox_of: Engine, tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORE_UPTIME_REPORTS", f"foo://{tmp_path}")
        assert deployment.maintenance.test(run_conf={"dry_run": True}).state == "failed"
    assert {message["kind"] for message in webhook.messages} == {"maintenance"}
    assert stored(deployment) == []


def test_without_channels_nobody_is_asked(deployment: Deployment) -> None:
    assert deployment.dag.on_failure_callback is None
    assert deployment.dag.on_success_callback is None
    assert deployment.watch.schedule is None
    assert deployment.maintenance.on_failure_callback is None
