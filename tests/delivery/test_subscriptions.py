"""From a subscription to what its recipients get: once, when its figures are final, or provisional and saying so."""

from __future__ import annotations

import base64
import csv
import io
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pypdf
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from store_uptime.db.engine import connected
from store_uptime.db.statements import statement
from store_uptime.delivery import deliveries, outbox, subscriptions, templates, web_channels
from store_uptime.delivery.answers import availability_file
from store_uptime.delivery.subscriptions import Subscription
from store_uptime.delivery.templates import Selection
from store_uptime.errors import InvalidFieldError
from store_uptime.history.availability import Question
from store_uptime.history.questions import Choice
from store_uptime.operations import maintenance
from store_uptime.settings import Settings
from support.receivers import Hooks

AIRFLOW = "https://airflow.example.org"
CREATED = datetime(2023, 1, 20, tzinfo=UTC)
MONDAY = datetime(2023, 1, 23, 13, tzinfo=UTC)  # 07:00 in Chicago
TUESDAY = MONDAY + timedelta(days=1)
CHICAGO = "America/Chicago"
WEEK = {"from_date": datetime(2023, 1, 16).date(), "until_date": datetime(2023, 1, 22).date()}  # noqa: DTZ001


@pytest.fixture
def subscribe(settings: Settings, hooks: Hooks) -> Callable[..., int]:
    """Adds a subscription to a template of its own, as the API does; returns its id."""

    def add(name: str, selection: Selection, path: str = "/a", **changes: Any) -> int:
        wanted = {"recipients": (f"{hooks.url}{path}",), "cron": "0 7 * * 1", "timezone": CHICAGO, "period": "week"}
        with connected(settings, "editor") as editor, editor.begin() as connection:
            template_id = templates.add(connection, name, selection, "ann", CREATED)
            subscription = Subscription(template_id=template_id, name=name, **wanted | changes)
            return subscriptions.add(connection, subscription, "ann", CREATED)

    return add


def run(engine: Engine, hooks: Hooks, clock: datetime) -> Counter[str]:
    """What the DAG does; returns what became of deliveries and messages."""
    subscriptions.plan(engine, clock)
    counts = deliveries.render(engine, clock, AIRFLOW)
    return counts + outbox.send(engine, {"webhook": web_channels.post}, (hooks.url,), lambda: clock).counts


def rows(engine: Engine, query: str) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text(query)))


def attached(body: dict[str, Any]) -> dict[str, bytes]:
    return {file["name"]: base64.b64decode(file["content_base64"]) for file in body["files"]}


def test_a_week_is_sent_once_with_the_files_that_the_api_has(
    settled: Engine, hooks: Hooks, subscribe: Callable[..., int]
) -> None:
    formats = ("csv", "xlsx", "parquet", "pdf", "link")
    subscribe("Weekly", Selection("availability", formats, by="region"))
    assert run(settled, hooks, MONDAY - timedelta(seconds=1)) == Counter()
    assert run(settled, hooks, MONDAY) == Counter(rendered=1, sent=1)
    for hours in range(1, 30):
        assert run(settled, hooks, MONDAY + timedelta(hours=hours)) == Counter()

    ((path, key, body),) = hooks.received
    assert path == "/a"
    assert key == body["message_id"]
    assert body["subject"] == "Weekly: 2023-W03 (2023-01-16 to 2023-01-22)"
    files = attached(body)
    assert list(files) == [f"availability-2023-W03-by-region.{name}" for name in formats[:-1]]
    question = Question(**WEEK, by="region")
    for name in ("csv", "xlsx", "parquet", "pdf"):
        with availability_file(settled, question, name).stream as stream:
            assert files[f"availability-2023-W03-by-region.{name}"] == stream.read(), name
    assert f"Targets: {AIRFLOW}/store-uptime/pages/targets?by=region&period=week&on=2023-01-16" in body["text"]
    (row,) = rows(settled, "select state, is_provisional from delivery.delivery")
    assert tuple(row) == ("rendered", False)


def test_what_cannot_be_composed_keeps_nothing_else_back(
    settled: Engine, hooks: Hooks, subscribe: Callable[..., int]
) -> None:
    """As after an upgrade: the first template has a column that is no more."""
    broken = subscribe("Broken", Selection("availability", ("csv",), by="region"))
    subscribe("Fine", Selection("availability", ("csv",), by="region"))
    with settled.begin() as connection:
        connection.execute(text("update delivery.template set column_names = '{gone}' where name = 'Broken'"))
        binds = {"subscription_id": broken, "requested_by": "ann", "requested_at": CREATED}
        connection.execute(statement("delivery/subscriptions/request_test"), binds)
    subscriptions.plan(settled, MONDAY)
    with pytest.raises(InvalidFieldError, match="availability has no 'gone'"):
        deliveries.render(settled, MONDAY, AIRFLOW)
    sent = outbox.send(settled, {"webhook": web_channels.post}, (hooks.url,), lambda: MONDAY)
    assert sent.counts == Counter(sent=2)
    told = {body["subject"]: body["text"] for _, _, body in hooks.received}
    assert set(told) == {"Fine: 2023-W03 (2023-01-16 to 2023-01-22)", "Test: Broken"}
    assert "It could not be composed; the log of the task render says why." in told["Test: Broken"]
    at_deadline = MONDAY + timedelta(hours=24)
    with pytest.raises(InvalidFieldError):
        deliveries.render(settled, at_deadline, AIRFLOW)
    assert run(settled, hooks, at_deadline) == Counter()
    states = "select state, reason from delivery.delivery order by delivery_id"
    assert rows(settled, states) == [
        ("failed", "It could not be composed; see the log of render."),
        ("rendered", None),
    ]


def test_what_is_due_every_minute_is_planned_once_a_period(
    settled: Engine, hooks: Hooks, subscribe: Callable[..., int]
) -> None:
    subscribe("Often", Selection("availability", ("link",), by="all"), cron="* * * * *")
    assert subscriptions.plan(settled, CREATED + timedelta(days=4)) == 4 * 24 * 60
    assert rows(settled, "select period, due_at from delivery.delivery order by period") == [
        ("2023-W02", CREATED + timedelta(minutes=1)),
        ("2023-W03", datetime(2023, 1, 23, 6, tzinfo=UTC)),
    ]


def test_it_waits_for_final_figures_then_says_that_they_are_provisional(
    settled: Engine, hooks: Hooks, subscribe: Callable[..., int]
) -> None:
    """Days are settled up to 18:13 UTC of 25 January: in no zone is the 26th over."""
    selection = Selection("availability", ("pdf", "csv"), by="all")
    subscribe("Daily", selection, cron="0 1 27 1 *", timezone="UTC", period="day", wait_hours=6)
    due_at = datetime(2023, 1, 27, 1, tzinfo=UTC)
    for hours in (0, 5):
        assert run(settled, hooks, due_at + timedelta(hours=hours)) == (Counter(waiting=1) if not hours else Counter())
    (row,) = rows(settled, "select state, reason from delivery.delivery")
    assert tuple(row) == ("waiting", "waits for final figures until 2023-01-27T07:00:00.000000Z")
    settled_date = due_at - timedelta(days=1)
    with settled.begin() as connection:  # a day of which some figures are known
        connection.execute(
            text("update delivery.delivery set from_date = :day, until_date = :day, period = :name"),
            {"day": settled_date.date() - timedelta(days=1), "name": "2023-01-25"},
        )
    assert run(settled, hooks, due_at + timedelta(hours=6)) == Counter(rendered=1, sent=1)
    ((_, _, body),) = hooks.received
    assert body["subject"] == "Daily: 2023-01-25, provisional"
    notice = "Provisional: known up to 2023-01-25T18:13:22.479220Z."
    assert notice in body["text"]
    pages = pypdf.PdfReader(io.BytesIO(attached(body)["availability-2023-01-25-by-all.pdf"])).pages
    assert notice in pages[0].extract_text().split("period")[0]
    assert rows(settled, "select is_provisional from delivery.delivery") == [(True,)]


def test_what_has_no_figures_fails_at_its_deadline_and_says_why(
    settled: Engine, hooks: Hooks, subscribe: Callable[..., int]
) -> None:
    subscribe("Later", Selection("availability", ("csv",)), cron="0 7 * * 1", wait_hours=1)
    with settled.begin() as connection:
        connection.execute(text("update delivery.subscription set next_due_at = '2023-02-06 13:00Z'"))
    clock = datetime(2023, 2, 6, 13, tzinfo=UTC)
    assert run(settled, hooks, clock) == Counter(waiting=1)
    assert run(settled, hooks, clock + timedelta(hours=1)) == Counter(failed=1)
    (row,) = rows(settled, "select state, reason from delivery.delivery")
    assert tuple(row) == ("failed", "No store has days from 2023-01-30 to 2023-02-05.")
    assert hooks.received == []


def test_what_a_format_cannot_hold_fails_at_once(
    settled: Engine, hooks: Hooks, subscribe: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from store_uptime.delivery import rendering

    monkeypatch.setitem(rendering.LIMITS, "pdf", replace(rendering.LIMITS["pdf"], rows=3))
    subscribe("Too many", Selection("availability", ("pdf",)))
    assert run(settled, hooks, MONDAY) == Counter(failed=1)
    (row,) = rows(settled, "select reason from delivery.delivery")
    assert row.reason == "pdf holds at most 3 rows, and these are 82: use xlsx, csv or parquet."


def test_every_answer_with_the_columns_that_are_wanted(
    settled: Engine, hooks: Hooks, subscribe: Callable[..., int]
) -> None:
    columns = ("scope", "down_us", "verdict")
    subscribe("report", Selection("report", ("csv", "xlsx", "parquet")), "/report")
    subscribe("outages", Selection("outages", ("csv",), choice=Choice(store_id="0042")), "/outages")
    subscribe("breaches", Selection("breaches", ("csv", "parquet"), columns=columns), "/breaches")
    assert run(settled, hooks, MONDAY) == Counter(rendered=3, sent=3)
    got = {path: attached(body) for path, _, body in hooks.received}
    report = got["/report"]["report-2023-W03.csv"]
    with settled.connect() as connection:
        (stored,) = connection.execute(text("select csv_sha256, csv_path from report.report"))
    assert report == Path(stored.csv_path).read_bytes()
    frame = pl.read_parquet(got["/report"]["report-2023-W03.parquet"])
    assert frame.schema["uptime_last_day"] == pl.Decimal(18, 2)
    assert frame.height == len(report.splitlines()) - 1

    outages = list(csv.DictReader(io.StringIO(got["/outages"]["outages-2023-W03.csv"].decode())))
    assert {outage["store_id"] for outage in outages} == {"0042"}
    breaches = list(csv.reader(io.StringIO(got["/breaches"]["breaches-2023-W03-by-store.csv"].decode())))
    assert breaches[0] == ["scope", "down_hours", "verdict"]
    assert {verdict for _, _, verdict in breaches[1:]} == {"breached"}
    assert pl.read_parquet(got["/breaches"]["breaches-2023-W03-by-store.parquet"]).columns == list(columns)


def test_only_on_a_breach_or_on_a_change(settled: Engine, hooks: Hooks, subscribe: Callable[..., int]) -> None:
    """Store 0042 has a target; the days before 23 January differ in their verdicts."""
    with settled.connect() as connection:
        verdicts = {str(row.from_date): row.verdict for row in _daily_verdicts(connection)}
    assert len(set(verdicts.values())) > 1
    start, end = min(verdicts), max(verdicts)
    for when in ("breach", "change"):
        subscribe(
            when,
            Selection("availability", ("csv",), choice=Choice(store_id="0042")),
            f"/{when}",
            cron="0 0 * * *",
            timezone="UTC",
            period="day",
            send_when=when,
            wait_hours=0,
        )
    with settled.begin() as connection:
        connection.execute(
            text("update delivery.subscription set next_due_at = cast(:start as date) + interval '2 days'"),
            {"start": start},
        )
    run(settled, hooks, datetime.fromisoformat(f"{end}T23:59:00+00:00"))
    days = sorted(verdicts)[1:-1]
    sent = {path: sorted(body["subject"].split()[1][:10] for at, _, body in hooks.received if at == path)
            for path in ("/breach", "/change")}  # fmt: skip
    assert sent["/breach"] == [day for day in days if verdicts[day] == "breached"]
    before = dict(zip(sorted(verdicts)[1:], sorted(verdicts), strict=False))
    assert sent["/change"] == [day for day in days if verdicts[day] != verdicts[before[day]]]
    reasons = {row.reason for row in rows(settled, "select reason from delivery.delivery where state = 'skipped'")}
    assert reasons == {"No target was breached.", "Every scope has the verdict of the period before."}


def _daily_verdicts(connection: Any) -> list[Any]:
    from store_uptime.history.availability import find_availability

    days = (datetime(2023, 1, 17).date(), datetime(2023, 1, 25).date())  # noqa: DTZ001
    return find_availability(connection, Question(*days, "day", "store", Choice(store_id="0042"))).rows


def test_what_was_missed_is_made_up_for_unless_it_was_paused(
    settled: Engine, settings: Settings, hooks: Hooks, subscribe: Callable[..., int]
) -> None:
    daily = {"cron": "0 9 * * *", "timezone": "UTC", "period": "day"}
    selection = Selection("availability", ("csv",), by="all")
    subscribe("On", selection, **daily)
    paused = subscribe("Off", selection, "/b", is_paused=True, **daily)
    assert run(settled, hooks, datetime(2023, 1, 24, 12, tzinfo=UTC))["sent"] == 5
    assert {body["subject"] for _, _, body in hooks.received} == {f"On: 2023-01-{day}" for day in range(19, 24)}
    with connected(settings, "editor") as editor, editor.begin() as connection:
        (row,) = connection.execute(text("select * from delivery.subscription where is_paused")).mappings()
        on = replace(Subscription.from_row(row), is_paused=False)
        assert subscriptions.change(connection, paused, on, "ann", datetime(2023, 1, 24, 12, tzinfo=UTC))
    assert run(settled, hooks, datetime(2023, 1, 25, 10, tzinfo=UTC))["sent"] == 2
    assert [body["subject"] for path, _, body in hooks.received if path == "/b"] == ["Off: 2023-01-24"]


def test_a_test_goes_to_all_recipients_at_once(
    settled: Engine, settings: Settings, hooks: Hooks, subscribe: Callable[..., int]
) -> None:
    both = (f"{hooks.url}/a", f"{hooks.url}/b")
    number = subscribe("Weekly", Selection("availability", ("csv",)), recipients=both, is_paused=True)
    with connected(settings, "editor") as editor, editor.begin() as connection:
        connection.execute(
            text("update delivery.subscription set test_requested_at = :at, test_requested_by = 'ann'"), {"at": MONDAY}
        )
    assert run(settled, hooks, MONDAY) == Counter(tests=1, sent=2)
    assert run(settled, hooks, TUESDAY) == Counter()
    assert {(path, body["subject"]) for path, _, body in hooks.received} == {
        (path, "Test: Weekly: 2023-W03 (2023-01-16 to 2023-01-22)") for path in ("/a", "/b")
    }
    assert rows(settled, "select source from delivery.message limit 1")[0].source.startswith(f"test:{number}:")


def test_the_editor_may_write_templates_and_subscriptions_and_nothing_else(settings: Settings, engine: Engine) -> None:
    tables = rows(
        engine,
        "select oid::regclass::text as name from pg_class where relkind in ('r', 'p', 'v')"
        " and relnamespace::regnamespace::text in ('core', 'report', 'quality', 'history', 'delivery', 'public')",
    )
    rights = "select has_table_privilege('store_uptime_editor', :name, :right)"
    writable = set()
    with engine.connect() as connection:
        for (name,) in tables:
            for right in ("insert", "update", "delete", "truncate"):
                if connection.scalar(text(rights), {"name": name, "right": right}):
                    writable.add((name, right))
    assert writable == {
        (f"delivery.{table}", right)
        for table in ("template", "subscription", "rule")
        for right in ("insert", "update", "delete")
    }
    with connected(settings, "editor") as editor, editor.connect() as connection:
        for query in ("select * from report.report", "update delivery.outbox set is_paused = false"):
            with pytest.raises(ProgrammingError, match="permission denied"), connection.begin():
                connection.execute(text(query))
    with (
        connected(settings, "reader") as reader,
        pytest.raises(ProgrammingError, match="permission denied"),
        reader.begin() as connection,
    ):
        connection.execute(text("delete from delivery.subscription"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"recipients": ()}, "recipients"),
        ({"recipients": ("a@b.org", "a@b.org")}, "recipients"),
        ({"recipients": tuple(f"a{number}@b.org" for number in range(51))}, "recipients"),
        ({"recipients": ("nobody",)}, "recipients"),
        ({"cron": "now"}, "cron"),
        ({"timezone": "Mars"}, "timezone"),
        ({"wait_hours": 745}, "wait_hours"),
    ],
)
def test_what_is_no_subscription(changes: dict[str, Any], field: str) -> None:
    fine = {"recipients": ("a@b.org",), "cron": "0 7 * * 1", "timezone": "UTC", "period": "week"}
    with pytest.raises(InvalidFieldError) as raised:
        Subscription(template_id=1, name="x", **fine | changes)
    assert raised.value.field == field


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"formats": ()}, "formats"),
        ({"formats": ("csv", "csv")}, "formats"),
        ({"columns": ()}, "columns"),
        ({"columns": ("scope", "scope")}, "columns"),
        ({"columns": ("store_id",)}, "columns"),
        ({"answer": "report", "choice": Choice(store_id="1")}, "answer"),
    ],
)
def test_what_is_no_template(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidFieldError) as raised:
        Selection(**{"answer": "availability", "formats": ("csv",)} | fields)
    assert raised.value.field == field


def test_maintenance_deletes_what_was_sent_long_ago(
    settled: Engine, hooks: Hooks, subscribe: Callable[..., int]
) -> None:
    subscribe("Weekly", Selection("availability", ("csv",)))
    run(settled, hooks, MONDAY)
    counts = [
        maintenance.delete_deliveries(settled, 180, MONDAY + timedelta(days=days), dry_run=dry_run).counts
        for days, dry_run in ((0, False), (2, True), (2, False), (200, False), (201, False))
    ]
    nothing = {"messages": 0, "deliveries": 0, "notices": 0, "files": 0}
    files = nothing | {"files": 2}
    assert counts == [nothing, files, files, nothing | {"messages": 1, "deliveries": 1}, nothing]
    assert run(settled, hooks, MONDAY + timedelta(days=2)) == Counter()
