"""What people get when rules tell something: mails as text and HTML, with the date of the store and links, once."""

from __future__ import annotations

import io
from datetime import time, timedelta
from decimal import Decimal
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from sqlalchemy import Engine

from delivery.watched_stores import HOUR, MONDAY, Site
from store_uptime.delivery import notifications, outbox, rules, telling, web_channels
from store_uptime.delivery.picture import DAY_COLOURS
from store_uptime.delivery.rules import Rule
from store_uptime_airflow.channels import channels
from support.history_world import ALL_STORES, STATUS, TARGETS, Poll, Target
from support.receivers import Hooks, Mailbox

BASE = "https://airflow.example.org"
ALLOWED = ("@example.org",)


class Elements(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def links(self) -> list[str]:
        return [attributes["href"] or "" for tag, attributes in self.tags if tag == "a"]


class MailedSite(Site):
    """The same stores, and a rule that tells by mail."""

    def __init__(self, owner: Engine, engine: Engine, hooks: Hooks, mailbox: Mailbox) -> None:
        super().__init__(owner, engine, hooks)
        self.mailbox = mailbox

    def add(self, **changes: Any) -> None:
        super().add(**{"recipients": ("ann@example.org",)} | changes)

    def mails(self, clock: Any = None, *, times: int = 2) -> list[EmailMessage]:
        """What is told at a clock, by several schedulers one after the other."""
        clock = clock or self.as_of
        before = len(self.mailbox.received)
        for _ in range(times):
            notifications.notify(self.engine, clock, BASE)
            outbox.send(self.engine, channels(), (*ALLOWED, self.hooks.url), lambda: clock)
        return [mail for _, mail in self.mailbox.received[before:]]


@pytest.fixture
def site(owner: Engine, engine: Engine, hooks: Hooks, mailbox: Mailbox) -> MailedSite:
    return MailedSite(owner, engine, hooks, mailbox)


def html_of(mail: EmailMessage) -> str:
    return mail.get_body(("html",)).get_content()


def text_of(mail: EmailMessage) -> str:
    return mail.get_body(("plain",)).get_content()


def pages(mail: EmailMessage) -> dict[str, dict[str, list[str]]]:
    """The pages that the HTML links to, with their parameters."""
    found = {}
    for link in Elements(html_of(mail)).links:
        parts = urlsplit(link)
        assert f"{parts.scheme}://{parts.netloc}" == BASE
        found[parts.path.removeprefix("/store-uptime/pages/")] = parse_qs(parts.query)
    return found


def picture_of(mail: EmailMessage) -> Image.Image | None:
    found = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    return Image.open(io.BytesIO(found[0].get_content())) if found else None


def share_of(picture: Image.Image, name: str) -> float:
    """How much of the bar is of a colour."""
    wanted = tuple(int(DAY_COLOURS[name][place : place + 2], 16) for place in (1, 3, 5))
    row = [picture.convert("RGB").getpixel((x, 40)) for x in range(50, picture.width - 18)]
    return sum(pixel == wanted for pixel in row) / len(row)


def test_an_outage_is_one_mail_and_its_recovery_one_with_the_date_of_the_store(site: MailedSite) -> None:
    site.add()
    site.poll(MONDAY, 12, a=range(9, 12))
    (mail,) = site.mails()
    assert mail["Subject"] == "Ops: a is down since 2023-06-05 09:00 UTC"
    assert text_of(mail).splitlines() == [
        "a is down since 2023-06-05 09:00 UTC.",
        "",
        f"Store: {BASE}/store-uptime/pages/store?id=a&on=2023-06-05&at=2023-06-05T09%3A00%3A00.000000Z",
        f"Outages: {BASE}/store-uptime/pages/outages?from=2023-06-05&until=2023-06-05&store_id=a",
        f"Rules: {BASE}/store-uptime/pages/notifications",
        "As of 2023-06-05 11:00 UTC.",
    ]
    assert pages(mail) == {
        "store": {"id": ["a"], "on": ["2023-06-05"], "at": ["2023-06-05T09:00:00.000000Z"]},
        "outages": {"from": ["2023-06-05"], "until": ["2023-06-05"], "store_id": ["a"]},
        "notifications": {},
    }
    page = Elements(html_of(mail))
    assert "a is down since 2023-06-05 09:00 UTC." in page.text
    (image,) = (attributes for tag, attributes in page.tags if tag == "img")
    assert (image["src"], image["alt"]) == ("cid:figures", "Store a on 2023-06-05 (UTC): up 9.00 h, down 2.00 h")
    picture = picture_of(mail)
    assert share_of(picture, "up") == pytest.approx(9 / 24, abs=0.01)
    assert share_of(picture, "down") == pytest.approx(2 / 24, abs=0.01)
    assert share_of(picture, "open") == pytest.approx(13 / 24, abs=0.01), "what is to come"

    site.poll(MONDAY + 12 * HOUR, 6)
    (over,) = site.mails()
    assert over["Subject"] == "Ops: a is up again since 2023-06-05 12:00 UTC: 3.00 h down"
    assert pages(over)["store"]["at"] == ["2023-06-05T09:00:00.000000Z"]
    assert share_of(picture_of(over), "down") == pytest.approx(3 / 24, abs=0.01)
    assert mail["Message-ID"] != over["Message-ID"]
    site.poll(MONDAY + 18 * HOUR, 3)
    assert site.mails() == []


def test_a_silent_poller_is_one_mail_about_data_without_a_picture(site: MailedSite) -> None:
    site.add(events=("outage", "data"))
    site.poll(MONDAY, 12, a=range(11, 12))
    only = [Poll(store, MONDAY + hour * HOUR, store != "a") for store in "abc" for hour in range(12, 18)]
    site.accept(STATUS, *only)
    site.settle(MONDAY + 17 * HOUR)
    (mail,) = site.mails()
    assert mail["Subject"].startswith("Ops: Data is silent: 1 of 4 open stores have no polls")
    assert pages(mail) == {"now": {}, "quality": {}, "notifications": {}}
    assert picture_of(mail) is None
    assert site.mails(site.as_of + HOUR) == []


def test_unknown_time_is_in_the_picture(site: MailedSite) -> None:
    """After max gap nothing is known: of the day 4 h are without data."""
    site.add(inactive_polls=1)
    site.poll(MONDAY, 6)
    others = [Poll(store, MONDAY + hour * HOUR, True) for store in "bcd" for hour in range(6, 14)]
    site.accept(STATUS, *others, *(Poll("a", MONDAY + hour * HOUR, False) for hour in (12, 13)))
    site.settle(MONDAY + 13 * HOUR)
    (mail,) = site.mails()
    assert "Without data4.00 h" in Elements(html_of(mail)).text
    assert share_of(picture_of(mail), "unknown") == pytest.approx(4 / 24, abs=0.01)


def test_names_that_hold_html_stay_text(owner: Engine, engine: Engine, hooks: Hooks, mailbox: Mailbox) -> None:
    """The names of a rule and of a store are text wherever they are told."""
    store, name = '<img src=x onerror="a">&"b\'', '<script>alert("1")</script> & Co'
    site = MailedSite(owner, engine, hooks, mailbox)
    site.add(name=name, digest_minutes=0)
    site.poll(MONDAY, 6)
    polls = [Poll(store, MONDAY + hour * HOUR, hour < 3) for hour in range(6)]  # no zone: that of Chicago
    site.accept(STATUS, *polls)
    site.settle(site.as_of)
    (mail,) = site.mails()
    source, page = html_of(mail), Elements(html_of(mail))
    assert [tag for tag, _ in page.tags if tag in ("script", "img")] == ["img"], "the picture, and nothing else"
    assert "onerror" not in {key for _, attributes in page.tags for key in attributes}
    assert name in page.text
    assert f"{store} is down since 2023-06-05 03:00 UTC." in page.text
    assert "<script>" not in source
    assert pages(mail)["store"]["id"] == [store]
    (image,) = (attributes for tag, attributes in page.tags if tag == "img")
    assert image["alt"].startswith(f"Store {store} on 2023-06-04 (America/Chicago): up 6.00 h, down 2.00 h")


def test_budgets_and_breaches_lead_to_targets(site: MailedSite) -> None:
    site.accept(TARGETS, Target(ALL_STORES, Decimal(99)))
    site.add(events=("budget", "breach"), grouped_by="store")
    site.poll(MONDAY, 12, a=range(2, 9))
    budget, breach = site.mails()
    assert budget["Subject"] == "Ops: a has spent 100 % of the budget of 2023-06"
    assert breach["Subject"] == "Ops: a has breached the target of 2023-06"
    for mail in (budget, breach):
        assert pages(mail)["targets"] == {"by": ["store"], "on": ["2023-06-01"], "search": ["a"]}
        assert picture_of(mail) is None


def test_a_group_leads_to_its_stores_that_are_down(site: MailedSite) -> None:
    site.add(events=("group_outage",), grouped_by="region", group_percent=100)
    site.poll(MONDAY, 12, a=range(10, 12), b=range(10, 12))
    (mail,) = site.mails()
    assert mail["Subject"] == "Ops: West: 2 of 2 open stores are down as of 2023-06-05 11:00 UTC"
    assert pages(mail)["now"] == {"kind": ["region"], "name": ["West"], "state": ["down"]}


def test_a_digest_lists_events_each_with_its_page(site: MailedSite) -> None:
    site.add(digest_minutes=60, scope_kind="region", scope_name="West")
    site.poll(MONDAY, 12, a=range(8, 10), b=range(9, 12))
    assert site.mails() == []
    (mail,) = site.mails(site.as_of + timedelta(minutes=61))
    assert mail["Subject"] == "Ops: 3 events"
    lines = [
        "a is down since 2023-06-05 08:00 UTC.",
        "a is up again since 2023-06-05 10:00 UTC: 2.00 h down.",
        "b is down since 2023-06-05 09:00 UTC.",
    ]
    assert text_of(mail).splitlines()[:5] == [*lines, "", "Collected for 60 minutes."]
    assert "Collected for 60 minutes." in Elements(html_of(mail)).text
    page = Elements(html_of(mail))
    assert all(line in page.text for line in lines)
    stores = [parse_qs(urlsplit(link).query)["id"] for link in page.links if "/store?" in link]
    assert sorted(stores) == [["a"], ["a"], ["b"]]
    assert pages(mail)["now"] == {"kind": ["region"], "name": ["West"]}
    assert picture_of(mail) is None


def test_at_the_cap_a_mail_counts_the_rest(site: MailedSite) -> None:
    site.add(hourly_cap=2)
    site.poll(MONDAY, 12, **{store: range(8, 12) for store in "abcd"})
    first, rest = site.mails()
    assert first["Subject"] == "Ops: a is down since 2023-06-05 08:00 UTC"
    assert rest["Subject"] == "Ops: 3 events"
    assert "3 more events; the pages show them." in Elements(html_of(rest)).text
    assert "This rule sends at most 2 messages an hour." in Elements(html_of(rest)).text
    assert "This rule sends" not in html_of(first)
    assert pages(rest) == {"now": {}, "notifications": {}}


def test_only_the_first_mails_have_pictures(site: MailedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "MAX_PICTURES", 1)
    site.add()
    site.poll(MONDAY, 12, a=range(8, 12), b=range(8, 12))
    first, second = site.mails()
    assert picture_of(first) is not None
    assert picture_of(second) is None
    assert "cid:figures" not in html_of(second)
    assert pages(second)["store"]["id"] == ["b"]


def test_quiet_hours_hold_a_mail_back(site: MailedSite) -> None:
    site.add(timezone="America/Chicago", quiet_from=time(0), quiet_until=time(9))
    site.poll(MONDAY, 12, a=range(8, 12))
    assert site.mails() == []
    (mail,) = site.mails(MONDAY + 14 * HOUR)
    assert mail["Subject"] == "Ops: a is down since 2023-06-05 03:00 CDT"
    remark = "Held back in quiet hours, from 00:00 to 09:00 (America/Chicago)."
    assert remark in text_of(mail).splitlines()
    assert remark in Elements(html_of(mail)).text


def test_a_program_gets_neither_html_nor_picture(site: MailedSite) -> None:
    site.add(recipients=(f"{site.hooks.url}/ops",))
    site.poll(MONDAY, 12, a=range(8, 12))
    site.mails()
    ((_, _, body),) = site.hooks.received
    assert sorted(body) == ["files", "message_id", "subject", "text"]
    assert body["files"] == []


def test_a_redirect_to_a_host_that_is_not_allowed_is_not_followed(site: MailedSite) -> None:
    """The host that is not allowed is asked nothing, whatever the allowed one answers."""
    other = site.hooks.url.replace("127.0.0.1", "localhost")
    site.hooks.answers["/ops"] = f"{other}/elsewhere"
    site.add(recipients=(f"{site.hooks.url}/ops", f"{other}/ops"))
    site.poll(MONDAY, 12, a=range(8, 12))
    notifications.notify(site.engine, site.as_of, BASE)
    sent = outbox.send(site.engine, {"webhook": web_channels.post}, (site.hooks.url,), lambda: site.as_of)
    assert dict(site.hooks.asked) == {"/ops": 1}, "neither the redirect nor the other recipient"
    assert site.hooks.received == []
    assert sent.problems[site.hooks.url].endswith("answered 307: it redirects, and redirects are not followed")
    with site.engine.connect() as connection:
        rows = connection.exec_driver_sql("select recipient, state from delivery.message order by recipient").all()
    assert [tuple(row) for row in rows] == [(f"{site.hooks.url}/ops", "queued"), (f"{other}/ops", "given_up")]


def test_a_rule_that_is_told_again_after_a_change_of_its_name_tells_no_event_twice(site: MailedSite) -> None:
    site.add()
    site.poll(MONDAY, 12, a=range(8, 12))
    assert len(site.mails()) == 1
    with site.engine.begin() as connection:
        (row,) = connection.exec_driver_sql("select * from delivery.rule").mappings()
        renamed = Rule(**vars(Rule.from_row(row)) | {"name": "Renamed"})
        rules.change(connection, row["rule_id"], renamed, "ann", site.as_of)
    assert site.mails() == []
