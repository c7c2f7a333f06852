"""Subscriptions and rules in the browser: what is made in the pages is sent by mail, once each.

A subscription sends the PDF and CSV of last week; a rule tells of an outage, and of its end.
"""

from __future__ import annotations

import base64
import csv
import io
import re
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pypdf
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from browser.conftest import SIZES
from browser.looks import LOOKS, check, examine, look, show, take
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
    down = last_down(now)
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


def row_of(page: Page, name: str) -> Locator:
    """The row of a name in the first table of a page, not its details below."""
    table = page.get_by_role("region", name="by name").first
    return table.locator("tr", has=page.get_by_role("rowheader", name=name))


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
    row = row_of(page, "Week of the stores")
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
    (screenshots / "subscriptions-mail.pdf").write_bytes(files[f"availability-{name}-by-store.pdf"])
    picture_of_mail(new_page(), mail, screenshots / "subscriptions-mail.png")

    wait_for(
        lambda: datetime.now(UTC).isoformat() > site.get("v1/subscriptions")["subscriptions"][0]["next_due_at"], 90
    )
    deliver(site)
    assert len(mailbox.received) == 1

    page.reload()
    page.wait_for_selector(SETTLED)
    expect(row.get_by_text("sent")).to_be_visible()
    row.get_by_role("button").click()
    expect(page.get_by_text("ann@example.org: sent")).to_be_visible()
    expect(page.get_by_text("Targets of all together")).to_be_visible()
    check(page, screenshots / "subscriptions-open.png")
    look(new_page, site, screenshots, "subscriptions", "subscriptions")
    page.get_by_role("button", name="Pause").click()
    expect(row.get_by_text("paused")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(row.get_by_text("paused")).to_be_hidden()


def test_a_subscription_and_its_template_are_changed_in_the_page(
    new_page: NewPage, site: Site, screenshots: Path
) -> None:
    page = new_page(expected="422")
    show(page, site, "subscriptions")
    row_of(page, "Week of the stores").get_by_role("button").click()
    details = page.locator("tr.opened")
    details.get_by_role("button", name="Edit", exact=True).click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Week of the stores")
    expect(page.get_by_label("Recipients")).to_have_value("ann@example.org")
    expect(page.get_by_label("Schedule")).to_have_value("* * * * *")
    expect(page.get_by_label("What", exact=True)).to_be_hidden()
    page.get_by_label("Name", exact=True).fill("Day of the stores")
    page.get_by_label("Recipients").fill("ann@example.org\nbob@example.org")
    page.get_by_label("Schedule").fill("tomorrow")
    page.get_by_label("Of the previous").select_option("day")
    page.get_by_label("Send", exact=True).select_option("breach")
    page.get_by_label("Wait for final figures").fill("6")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("is no cron expression of five fields")).to_be_visible()
    expect(page.get_by_label("Schedule")).to_be_focused()
    page.get_by_label("Schedule").fill("30 6 * * *")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Day of the stores")).to_be_focused()
    (one,) = site.get("v1/subscriptions")["subscriptions"]
    wanted = {
        "name": "Day of the stores",
        "recipients": ["ann@example.org", "bob@example.org"],
        "cron": "30 6 * * *",
        "period": "day",
        "send_when": "breach",
        "wait_hours": 6,
    }
    assert {name: one[name] for name in wanted} == wanted

    details.get_by_role("button", name="Edit template").click()
    expect(page.get_by_label("Recipients")).to_be_hidden()
    expect(page.get_by_label("What", exact=True)).to_have_value("availability")
    page.get_by_label("Rows about").select_option("day")
    page.get_by_label("Stores", exact=True).select_option("store")
    page.get_by_label("Id of the store").fill("nobody")
    page.get_by_label("Columns").fill("scope, uptime_percent")
    page.get_by_text("PDF", exact=True).click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Id of the store")).to_be_focused()
    check(page, screenshots / "subscriptions-template.png")
    page.get_by_label("Id of the store").fill("south")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("region", name="Templates by name").get_by_text("of store south")).to_be_visible()
    (template,) = site.get("v1/templates")["templates"]
    assert (template["period"], template["store_id"], template["formats"]) == ("day", "south", ["csv"])
    assert template["columns"] == ["scope", "uptime_percent"]
    look(new_page, site, screenshots, "subscriptions-changed", "subscriptions")


def test_a_template_of_its_own_is_made_and_deleted(new_page: NewPage, site: Site) -> None:
    page = new_page()
    show(page, site, "subscriptions")
    page.get_by_role("button", name="New template").click()
    page.get_by_label("Name", exact=True).fill("Report of all")
    page.get_by_label("What", exact=True).select_option("report")
    expect(page.get_by_label("A row for each")).to_be_hidden()
    page.get_by_role("button", name="Save").click()
    templates = page.get_by_role("region", name="Templates by name")
    expect(templates.get_by_role("button", name="Report of all")).to_be_focused()
    assert [one["name"] for one in site.get("v1/templates")["templates"]] == ["Report of all", "Week of the stores"]
    templates.get_by_role("button", name="Delete").click()
    templates.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("button", name="New template")).to_be_focused()
    assert [one["name"] for one in site.get("v1/templates")["templates"]] == ["Week of the stores"]


def test_there_is_no_rule_yet(new_page: NewPage, site: Site, screenshots: Path) -> None:
    look(new_page, site, screenshots, "notifications-none", "notifications")
    page = new_page()
    show(page, site, "notifications")
    expect(page.get_by_text("No rule yet")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    page.reload()
    page.wait_for_selector(SETTLED)
    expect(page.get_by_role("link", name="Notifications")).to_be_in_viewport(ratio=1)


def last_down(now: datetime) -> datetime:
    """Since when the store in the south was down in the week before, for three hours."""
    return now.replace(minute=0, second=0, microsecond=0) - timedelta(days=now.weekday() + 3)


def poll(data: Path, name: str, *minutes: int, is_down: bool) -> None:
    """More polls, after those of the hour; of the store in the south."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    lines = ["store_id,status,timestamp_utc"]
    for minute in minutes:
        for store in STORES:
            status = "inactive" if is_down and store == "south" else "active"
            lines.append(f"{store},{status},{now + timedelta(minutes=minute):%Y-%m-%d %H:%M:%S} UTC")
    (data / f"store_status_{name}.csv").write_text("\n".join(lines) + "\n")


def is_half_a_budget_spent() -> bool:
    """Whether two of the three hours for which the store in the south was down are in the month that runs.

    A month's budget of 0.5 % is 3.4 to 3.7 hours.
    """
    now, zone = datetime.now(UTC), ZoneInfo(STORES["south"])
    hours = [(last_down(now) + timedelta(hours=hour)).astimezone(zone) for hour in range(3)]
    return sum((hour.year, hour.month) == (now.year, now.month) for hour in hours) >= 2


def settle(site: Site) -> None:
    site.wait_until_settled(site.wait_for(site.trigger({}), "Complete"))


def test_a_rule_made_in_the_page_tells_of_an_outage_and_its_end_once(
    new_page: NewPage, site: Site, screenshots: Path, data: Path, mailbox: Mailbox
) -> None:
    page = new_page(zone="America/Chicago", expected="422|409")  # 409: there are no days yet
    show(page, site, "notifications")
    page.get_by_role("button", name="New rule").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("On <b>call</b> & more")
    page.get_by_label("Recipients").fill("eve@evil.net")
    page.get_by_label("from", exact=True).fill("22:00")
    page.get_by_text("Thresholds").click()
    page.get_by_label("Inactive polls").fill("0")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#inactive_polls-mistake")).to_be_visible()
    check(page, screenshots / "notifications-form.png")
    page.get_by_label("Inactive polls").fill("2")
    page.get_by_role("button", name="Save").click()
    mistake = "eve@evil.net is not among those that STORE_UPTIME_ALLOW_RECIPIENTS allows"
    quiet = "goes with quiet_from, and is another time"
    expect(page.get_by_text(quiet).or_(page.get_by_text(mistake)).first).to_be_visible()
    page.get_by_label("from", exact=True).fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(mistake)).to_be_visible()
    expect(page.get_by_label("Recipients")).to_be_focused()
    page.get_by_label("Recipients").fill("ann@example.org")
    page.get_by_role("button", name="Save").click()
    name = page.get_by_role("button", name="On <b>call</b> & more")
    expect(name).to_be_focused()
    expect(name).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_text("Nothing has happened yet.")).to_be_visible()

    mailbox.received.clear()
    poll(data, "down", 5, 10, 15, is_down=True)
    settle(site)
    deliver(site)
    deliver(site)
    ((recipients, mail),) = mailbox.received
    assert recipients == ["ann@example.org"]
    assert str(mail["Subject"]).startswith("On <b>call</b> & more: south is down since ")
    picture_of_mail(new_page(), mail, screenshots / "notifications-mail.png")
    follow_link(new_page(), site, mail)

    poll(data, "up", 20, 25, is_down=False)
    settle(site)
    deliver(site)
    deliver(site)
    _, (_, over) = mailbox.received
    assert " south is up again since " in over["Subject"]
    picture_of_mail(new_page(), over, screenshots / "notifications-mail-over.png")

    page.reload()
    page.wait_for_selector(SETTLED)
    name.click()
    log = page.locator("ul.log li")
    expect(log).to_have_count(2)
    expect(log.first).to_contain_text("south is up again")
    expect(log.first).to_contain_text("ann@example.org: sent")
    check(page, screenshots / "notifications-open.png")


def follow_link(page: Page, site: Site, mail: EmailMessage) -> None:
    """The first link of a mail leads to the store, with the instant explained."""
    page.set_content(mail.get_body(("html",)).get_content().replace("cid:figures", "data:,"))
    address = page.get_by_role("link", name="Store", exact=True).get_attribute("href")
    assert address.startswith(f"{site.url}/store-uptime/pages/store?id=south&on=")
    page.goto(address)
    page.wait_for_selector(SETTLED)
    expect(page.get_by_role("heading", name="south")).to_be_visible()
    expect(page.get_by_text("inactive").first).to_be_visible()


def test_a_rule_is_changed_and_paused_and_holds_back_in_quiet_hours(
    new_page: NewPage, site: Site, screenshots: Path, data: Path, mailbox: Mailbox
) -> None:
    (rule,) = site.get("v1/rules")["rules"]
    page = new_page()
    show(page, site, "notifications")
    page.get_by_role("button", name=rule["name"]).click()
    details = page.locator("tr.opened")
    details.get_by_role("button", name="Edit").click()
    expect(page.get_by_label("Time zone", exact=True)).to_have_value("America/Chicago")
    page.get_by_label("Name", exact=True).fill("On call")
    page.get_by_role("checkbox", name="Budget").check()
    page.get_by_label("Time zone", exact=True).fill("UTC")
    page.get_by_label("from", exact=True).fill("00:00")
    page.get_by_label("to", exact=True).fill("23:59")
    page.get_by_label("Stores", exact=True).select_option(label="America/Chicago")
    page.get_by_label("Messages an hour").fill("5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="On call")).to_be_focused()
    expect(details.get_by_text("Quiet from 00:00 to 23:59 (UTC).")).to_be_visible()
    changed = site.get(f"v1/rules/{rule['rule_id']}")
    assert changed["events"] == ["outage", "budget", "data"]
    assert (changed["group_kind"], changed["group_name"]) == ("timezone", "America/Chicago")
    assert (changed["quiet_from"], changed["quiet_until"], changed["hourly_cap"]) == ("00:00", "23:59", 5)

    mailbox.received.clear()
    poll(data, "down_again", 30, 35, 40, is_down=True)
    settle(site)
    deliver(site)
    assert mailbox.received == []
    page.reload()
    page.wait_for_selector(SETTLED)
    row = row_of(page, "On call")
    expect(row.get_by_text("held back")).to_be_visible()
    page.get_by_role("button", name="On call").click()
    expect(details.get_by_text("quiet hours until 23:59 in UTC")).to_be_visible()
    expect(page.locator("ul.log li")).to_have_count(3 + is_half_a_budget_spent())
    for theme, size in LOOKS:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
        take(page, screenshots / f"notifications-held-back-{theme}-{size}.png")
        examine(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    details.get_by_role("button", name="Pause").click()
    expect(row.get_by_text("paused")).to_be_visible()
    expect(page.get_by_role("button", name="On call")).to_be_focused()
    assert site.get(f"v1/rules/{rule['rule_id']}")["is_paused"]


def test_many_rules_with_odd_names(new_page: NewPage, site: Site, screenshots: Path) -> None:
    names = ["x" * 200, '<img src=x onerror="document.title=1">', *(f"Region {number}" for number in range(20))]
    made = [
        site.request(
            "POST",
            "v1/rules",
            json={
                "name": name,
                "events": ["outage", "missed_opening", "group_outage", "budget", "breach", "data"],
                "recipients": [f"team{number}@example.org" for number in range(3)]
                + ["https://hooks.example.org/secret/a"],
            },
        ).json()["rule_id"]
        for name in names
    ]
    look(new_page, site, screenshots, "notifications-many", "notifications")
    page = new_page()
    show(page, site, "notifications")
    expect(page.get_by_role("button", name=names[1])).to_be_visible()
    assert page.locator("main img").count() == 0
    for rule_id in made:
        site.request("DELETE", f"v1/rules/{rule_id}")


def test_who_may_only_read_changes_nothing(new_page: NewPage, site: Site, screenshots: Path) -> None:
    """The answers are those of the API for a viewer: they say that nothing may be changed."""

    def as_viewer(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"may": {"change": False}})

    for address, name in (("notifications", "On call"), ("subscriptions", "Day of the stores")):
        page = new_page()
        page.route(re.compile(r"/v1/(rules|subscriptions)$"), as_viewer)
        show(page, site, address)
        row_of(page, name).get_by_role("button").click()
        expect(page.locator("ul.log li").first).to_be_visible()
        check(page, screenshots / f"{address}-viewer.png")
        for button in ("New rule", "New subscription", "New template", "Edit", "Pause", "Delete", "Send a test"):
            expect(page.get_by_role("button", name=button, exact=True)).to_have_count(0)


def test_when_rules_cannot_be_read(new_page: NewPage, site: Site, screenshots: Path) -> None:
    page = new_page(expected="503")
    body = '{"title": "Database unavailable", "detail": "It does not answer.", "status": 503}'
    page.route(
        "**/v1/rules", lambda route: route.fulfill(status=503, content_type="application/problem+json", body=body)
    )
    show(page, site, "notifications")
    expect(page.get_by_text("Database unavailable")).to_be_visible()
    check(page, screenshots / "notifications-error.png")
    page.unroute("**/v1/rules")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="On call")).to_be_visible()


def test_a_rule_is_deleted_within_airflows_frame(new_page: NewPage, site: Site) -> None:
    """The frame's sandbox forbids the browser's own questions."""
    page = new_page()
    page.goto(f"{site.url}/plugin/store-uptime")
    frame = page.frame_locator('iframe[title="Uptime"]')
    frame.get_by_role("link", name="Notifications").click()
    frame.get_by_role("button", name="On call").click()
    frame.get_by_role("button", name="Delete").click()
    expect(frame.get_by_role("button", name="Cancel")).to_be_focused()
    frame.get_by_role("button", name="Cancel").click()
    frame.get_by_role("button", name="Delete").click()
    frame.get_by_role("button", name="Delete").click()
    expect(frame.get_by_text("No rule yet")).to_be_visible()
    assert site.get("v1/rules")["rules"] == []


def picture_of_mail(page: Page, mail: EmailMessage, place: Path) -> None:
    """The HTML of a mail, as a mail program shows it, in the light, in the dark and on a phone."""
    (picture,) = (part for part in mail.walk() if part.get_content_type() == "image/png")
    address = f"data:image/png;base64,{base64.b64encode(picture.get_content()).decode()}"
    page.set_content(mail.get_body(("html",)).get_content().replace("cid:figures", address))
    assert page.evaluate("document.querySelector('img').naturalWidth") > 0
    for theme, size in LOOKS:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
        take(page, place.with_stem(f"{place.stem}-{theme}-{size}"))
