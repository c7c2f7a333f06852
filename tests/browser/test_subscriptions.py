"""Subscriptions in the browser: one is made in the page, and sends the PDF and CSV of last week by mail, once."""

from __future__ import annotations

import base64
import csv
import io
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import httpx
import pypdf
import pytest
from playwright.sync_api import Page, expect

from browser.looks import check, look, show
from support.chromium import SETTLED
from support.receivers import Mailbox, mail_server, wait_for
from support.stack import Site, running_site

NewPage = Callable[..., Page]
STORES = {"north": "UTC", "south": "America/Chicago", "west": "America/Los_Angeles"}
ALLOWED = "@example.org,https://hooks.example.org/secret"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three stores that are always open, with polls of the last ten days until now; one was down for three hours."""
    folder = tmp_path_factory.mktemp("data") / "lately"
    folder.mkdir()
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    down = now - timedelta(days=now.weekday() + 3)
    lines = ["store_id,status,timestamp_utc"]
    for hours in range(240, -1, -1):
        at = now - timedelta(hours=hours)
        for store in STORES:
            is_down = store == "south" and down <= at < down + timedelta(hours=3)
            lines.append(f"{store},{'inactive' if is_down else 'active'},{at:%Y-%m-%d %H:%M:%S} UTC")
    (folder / "store_status.csv").write_text("\n".join(lines) + "\n")
    (folder / "hours.csv").write_text("store_id,dayOfWeek,start_time_local,end_time_local\nnorth,0,00:00:00,23:59:59\n")
    zones = [f"{store},{zone}" for store, zone in STORES.items()]
    (folder / "timezones.csv").write_text("\n".join(["store_id,timezone_str", *zones]) + "\n")
    (folder / "targets.csv").write_text("store_id,target_percent\n*,99.5\n")
    return folder


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture(scope="module")
def site(data: Path, mailbox: Mailbox) -> Iterator[Site]:
    variables = mailbox.variables | {"STORE_UPTIME_ALLOW_RECIPIENTS": ALLOWED}
    with (
        tempfile.TemporaryDirectory(prefix="store-uptime-pages-") as home,
        running_site(Path(home), data, **variables) as site,
    ):
        yield site


def deliver(site: Site) -> None:
    """Runs the DAG to its end, as it runs every five minutes."""
    with httpx.Client(base_url=site.url, headers={"Authorization": f"Bearer {site.token}"}, timeout=60) as airflow:
        path = "/api/v2/dags/store_uptime_delivery/dagRuns"
        run = airflow.post(path, json={"logical_date": None}).raise_for_status().json()["dag_run_id"]
        wait_for(lambda: airflow.get(f"{path}/{run}").json()["state"] in ("success", "failed"), 180)
        assert airflow.get(f"{path}/{run}").json()["state"] == "success"


def test_nobody_has_subscribed_yet(new_page: NewPage, site: Site, screenshots: Path) -> None:
    look(new_page, site, screenshots, "subscriptions-none", "subscriptions")
    page = new_page()
    show(page, site, "subscriptions")
    expect(page.get_by_text("No subscription yet")).to_be_visible()


def test_a_subscription_made_in_the_page_sends_last_week_once(
    new_page: NewPage, site: Site, screenshots: Path, mailbox: Mailbox
) -> None:
    site.wait_until_settled(site.wait_for(site.trigger({}), "Complete"))
    page = new_page(zone="America/Chicago", expected="422")
    show(page, site, "subscriptions")
    page.get_by_role("button", name="New subscription").click()
    page.get_by_label("Name", exact=True).fill("Week of the stores")
    page.get_by_label("Recipients").fill("ann@example.org, eve@evil.net")
    page.get_by_label("Schedule").fill("* * * * *")
    expect(page.get_by_label("Time zone", exact=True)).to_have_value("America/Chicago")
    expect(page.get_by_label("A row for each").locator("option")).to_have_count(3)
    page.get_by_role("button", name="Save").click()
    mistake = "eve@evil.net is not among those that STORE_UPTIME_ALLOW_RECIPIENTS allows"
    expect(page.get_by_text(mistake)).to_be_visible()
    check(page, screenshots / "subscriptions-form.png")
    assert site.get("v1/templates")["templates"] == [], "the template went with it"

    page.get_by_label("Recipients").fill("ann@example.org")
    page.get_by_role("button", name="Save").click()
    row = page.get_by_role("row", name="Week of the stores")
    expect(row).to_be_visible()
    (subscription,) = site.get("v1/subscriptions")["subscriptions"]
    wait_for(lambda: datetime.now(UTC).isoformat() > subscription["next_due_at"], 90)
    deliver(site)
    ((recipients, mail),) = mailbox.received
    assert recipients == ["ann@example.org"]
    today = datetime.now(UTC).date()
    monday = today - timedelta(days=today.weekday() + 7)
    name = f"{monday.isocalendar().year}-W{monday.isocalendar().week:02}"
    assert mail["Subject"] == f"Week of the stores: {name} ({monday} to {monday + timedelta(days=6)})"
    files = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
    assert list(files) == [f"availability-{name}-by-store.pdf", f"availability-{name}-by-store.csv"]
    rows = list(csv.DictReader(io.StringIO(files[f"availability-{name}-by-store.csv"])))
    assert [(row["scope"], row["is_final"], row["down_hours"]) for row in rows] == [
        ("north", "true", "0.00"),
        ("south", "true", "3.00"),
        ("west", "true", "0.00"),
    ]
    text = pypdf.PdfReader(io.BytesIO(files[f"availability-{name}-by-store.pdf"])).pages[0].extract_text()
    assert all(store in text for store in STORES)
    picture_of_mail(new_page(), mail, screenshots / "subscriptions-mail.png")

    wait_for(
        lambda: datetime.now(UTC).isoformat() > site.get("v1/subscriptions")["subscriptions"][0]["next_due_at"], 90
    )
    deliver(site)
    assert len(mailbox.received) == 1

    page.reload()
    page.wait_for_selector(SETTLED)
    expect(row.get_by_text("sent")).to_be_visible()
    row.get_by_role("button", name="Week of the stores").click()
    expect(page.get_by_text("ann@example.org: sent")).to_be_visible()
    expect(page.get_by_text("Targets of all together")).to_be_visible()
    check(page, screenshots / "subscriptions-open.png")
    look(new_page, site, screenshots, "subscriptions", "subscriptions")
    page.get_by_role("button", name="Pause").click()
    expect(row.get_by_text("paused")).to_be_visible()


def picture_of_mail(page: Page, mail: EmailMessage, place: Path) -> None:
    """The HTML of a mail, as a mail program shows it."""
    (picture,) = (part for part in mail.walk() if part.get_content_type() == "image/png")
    address = f"data:image/png;base64,{base64.b64encode(picture.get_content()).decode()}"
    page.set_content(mail.get_body(("html",)).get_content().replace("cid:figures", address))
    assert page.evaluate("document.querySelector('img').naturalWidth") > 0
    page.screenshot(path=place, full_page=True)
