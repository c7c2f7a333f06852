"""The message about what a rule has noticed: subject, text, and HTML with links and the date of the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Row

from store_uptime.calendar.durations import instant_text
from store_uptime.calendar.zones import zone
from store_uptime.delivery import mail_pages, recipients
from store_uptime.delivery.composing import PICTURE, page_url
from store_uptime.delivery.outbox import Content, File
from store_uptime.delivery.rules import Rule, event_of
from store_uptime.delivery.store_day import StoreDay, find_store_day, local_date

MAX_LINES = 200  # of a digest; further events are counted
MICROSECOND = timedelta(microseconds=1)
OF_STORES = ("outage", "missed_opening")

Pages = list[tuple[str, str]]  # names and addresses


@dataclass(frozen=True)
class Line:
    """What is told of an event. `kind` is good, bad, warn, or more: what it is about others."""

    kind: str
    text: str
    page: str | None = None
    page_name: str | None = None


@dataclass(frozen=True)
class Message:
    """What is told of: some notices of a rule. `is_counted`: it only says how many they are."""

    connection: Connection
    rule: Rule
    notices: Sequence[Row]
    as_of: datetime
    base_url: str
    is_counted: bool
    has_picture: bool  # if it is of one store


def compose(message: Message) -> Content:
    """Subject, text, and for mail HTML."""
    rule, first, is_one = message.rule, message.notices[0], len(message.notices) == 1
    what = first.line.removesuffix(".") if is_one else f"{len(message.notices)} events"
    subject = f"{rule.name}: {what}"
    found = [] if message.is_counted else [pages_of(message, notice) for notice in message.notices[:MAX_LINES]]
    lines = lines_of(message, found)
    pages = found[0] if is_one else pages_of_scope(message)
    pages = [*pages, ("Rules", page_url(message.base_url, "notifications"))]
    as_of, remark = rule.clock_text(message.as_of), remark_of(message)
    links = [f"{name}: {page}" for name, page in pages]
    below = [*([remark] if remark else []), *links, f"As of {as_of}."]
    text = "\n".join([*(line.text for line in lines), "", *below]) + "\n"
    if not any(recipients.kind_of(one) == "mail" for one in rule.recipients):
        return Content(subject, text)  # others show no HTML
    day = day_of(message.connection, first) if is_one and message.has_picture else None
    html = mail_pages.render(
        "notification.html",
        subject=subject,
        title=rule.name,
        lines=lines,
        notice=remark,
        figures_title="" if day is None else day.title,
        figures=[] if day is None else day.figures,
        has_picture=day is not None,
        picture_text="" if day is None else day.text,
        pages=pages,
        footer=f"Sent by Store Uptime, as of {as_of}.",
    )
    files = () if day is None else (File(PICTURE, "image/png", day.draw(), is_picture=True),)
    return Content(subject, text, html, files=files)


def remark_of(message: Message) -> str:
    """Why it comes only now, or does not say all; empty if neither."""
    rule = message.rule
    local = [notice.noticed_at.astimezone(zone(rule.timezone)).time() for notice in message.notices]
    quiet = f"{rule.quiet_from:%H:%M} to {rule.quiet_until:%H:%M}" if any(map(rule.is_quiet, local)) else ""
    return " ".join(
        [
            *([f"Held back in quiet hours, from {quiet} ({rule.timezone})."] if quiet else []),
            *([f"Collected for {rule.digest_minutes} minutes."] if rule.digest_minutes else []),
            *([f"This rule sends at most {rule.hourly_cap} messages an hour."] if message.is_counted else []),
        ]
    )


def lines_of(message: Message, pages: Sequence[Pages]) -> list[Line]:
    """A line for each notice that has pages, and one for the others."""
    lines = [
        Line(kind_of(notice), notice.line, page, page_name)
        for notice, ((page_name, page), *_) in zip(message.notices, pages, strict=False)
    ]
    left = len(message.notices) - len(pages)
    return [*lines, *([Line("more", f"{left} more events; the pages show them.")] if left > 0 else [])]


def kind_of(notice: Row) -> str:
    """How bad it is."""
    if notice.phase == "ended":
        return "good"
    return "warn" if event_of(notice.kind) in ("budget", "data") else "bad"


def day_of(connection: Connection, notice: Row) -> StoreDay | None:
    """The date of the store of which a notice tells; None for what is about several stores."""
    if notice.kind == "missed_opening":
        return find_store_day(connection, notice.scope, notice.started_at.date())
    if notice.kind != "outage":
        return None
    has_end = notice.phase == "ended" and notice.ended_at is not None
    day = local_date(connection, notice.scope, notice.ended_at - MICROSECOND if has_end else notice.started_at)
    return None if day is None else find_store_day(connection, notice.scope, day)


def pages_of(message: Message, notice: Row) -> Pages:
    """The pages that show what a notice tells, the best one first."""
    event, by, base_url = event_of(notice.kind), message.rule.grouped_by, message.base_url
    if event == "data":
        return [("Now", page_url(base_url, "now")), ("Data quality", page_url(base_url, "quality"))]
    if event in ("budget", "breach"):
        search = {} if by == "all" else {"search": notice.scope}
        return [("Targets", page_url(base_url, "targets", by=by, on=str(notice.started_at.date()), **search))]
    if event == "group_outage":
        scope = scope_parameters(by, notice.scope)
        return [("Stores that are down", page_url(base_url, "now", **scope, state="down"))]
    day: date | None = notice.started_at.date()
    at: dict[str, str] = {}
    if event == "outage":
        day = local_date(message.connection, notice.scope, notice.started_at)
        at = {"at": instant_text(notice.started_at)}
    on = {} if day is None else {"on": str(day)}
    dates = {} if day is None else {"from": str(day), "until": str(day)}
    return [
        ("Store", page_url(base_url, "store", id=notice.scope, **on, **at)),
        ("Outages", page_url(base_url, "outages", **dates, store_id=notice.scope)),
    ]


def pages_of_scope(message: Message) -> Pages:
    """The page that shows the stores of a rule."""
    scope = scope_parameters(message.rule.scope_kind, message.rule.scope_name)
    return [("Stores now", page_url(message.base_url, "now", **scope))]


def scope_parameters(kind: str, name: str) -> dict[str, str]:
    """A group as the page Now has it in its address; one store is not listed there by itself."""
    return {} if kind in ("all", "store") else {"kind": kind, "name": name}
