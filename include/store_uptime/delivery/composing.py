"""Composes what a delivery sends: subject, text, HTML with the picture of the figures, and files."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import Connection, Row

from store_uptime.calendar.durations import instant_text
from store_uptime.calendar.periods import CalendarPeriod, CalendarUnit, previous_period
from store_uptime.calendar.zones import zone
from store_uptime.db.statements import statement
from store_uptime.delivery import mail_pages, picture
from store_uptime.delivery.answers import read_basis, safe
from store_uptime.delivery.outbox import Content, File
from store_uptime.delivery.rendering import MEDIA_TYPES, FormatName, render
from store_uptime.delivery.subscriptions import SendWhen
from store_uptime.delivery.tables import HOUR_US, Basis
from store_uptime.delivery.templates import Selection
from store_uptime.errors import StoreUptimeError
from store_uptime.history.availability import Availability, Question, find_availability
from store_uptime.history.outages import OutageFilter, find_outages
from store_uptime.history.questions import read_settlement
from store_uptime.percentages import hundredths

MAX_DAYS_DRAWN = 62  # of longer periods months are drawn
PICTURE = "figures.png"


class NothingToSendError(StoreUptimeError):
    """There are no figures of the period."""


@dataclass(frozen=True)
class Task:
    """What is to be composed: of which period, on whose clock it was planned, and under which name."""

    name: str
    selection: Selection
    period: CalendarPeriod
    unit: CalendarUnit
    timezone: str
    send_when: SendWhen = "always"


@dataclass(frozen=True)
class Figures:
    """The rows that are sent, what they rest on, and the figures of all of them together, also day by day.

    Rows and days are there once it is known that something is sent.
    """

    basis: Basis
    is_final: bool
    summary: Availability | None = None  # None: of a report
    report_id: UUID | None = None
    rows: Sequence[Any] = ()
    days: Sequence[Availability] = ()


@dataclass(frozen=True)
class Prepared:
    """What all subscriptions of a selection and period send; `skipped` is why nothing is sent, None if it is."""

    figures: Figures
    files: tuple[File, ...] = ()
    skipped: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether the figures will not change unless they are restated."""
        return self.figures.is_final


def prepare(connection: Connection, task: Task) -> Prepared:
    """What is sent of a period, as of the newest settlement.

    Raises `QuestionError`, `NotSettledError`, `TooManyRowsError` or `NothingToSendError`.
    """
    figures = find_figures(connection, task)
    reason = reason_to_skip(connection, task)
    if reason is not None:
        return Prepared(figures, skipped=reason)
    figures = replace(figures, rows=_rows(connection, task, figures), days=_days(connection, task, figures))
    basis = replace(figures.basis, notice=notice_of(figures))
    attached = tuple(
        File(file_name(task, name), MEDIA_TYPES[name], _read(task, figures, basis, name))
        for name in task.selection.formats
        if name != "link"
    )
    pictures = () if figures.summary is None else (File(PICTURE, "image/png", picture.draw(figures.days), True),)
    return Prepared(figures, (*attached, *pictures))


def notice_of(figures: Figures) -> str:
    """What a reader has to know first."""
    return "" if figures.is_final else f"Provisional: known up to {instant_text(figures.basis.as_of)}."


def is_final(connection: Connection, task: Task) -> bool:
    """Whether the figures of the period are final, without computing more than that."""
    if task.selection.answer == "report":
        return _report(connection, task)[1]
    summary = _summary(connection, task)
    return summary is not None and summary.is_final


def find_figures(connection: Connection, task: Task) -> Figures:
    """What is sent rests on, without its rows and days."""
    period = task.period
    if task.selection.answer == "report":
        report, is_final_ = _report(connection, task)
        if report is None:
            raise NothingToSendError("There is no report of all stores yet.")
        basis = Basis(report.as_of, report.accepted_order, {"report": report.csv_sha256})
        return Figures(basis, is_final_, report_id=report.report_id)
    settlement = read_settlement(connection)
    summary = _summary(connection, task)
    if summary is None:
        raise NothingToSendError(f"No store has days from {period.from_date} to {period.until_date}.")
    return Figures(read_basis(connection, settlement), summary.is_final, summary)


def reason_to_skip(connection: Connection, task: Task) -> str | None:
    """Why nothing is sent, if it is sent only on a breach or a change; None: it is sent."""
    if task.send_when == "always" or task.selection.answer == "report":
        return None
    verdicts = _verdicts(connection, task, task.period)
    if task.send_when == "breach":
        return None if "breached" in verdicts.values() else "No target was breached."
    before = _verdicts(connection, task, previous_period(task.period.from_date, task.unit))
    return None if verdicts != before else "Every scope has the verdict of the period before."


def _verdicts(connection: Connection, task: Task, period: CalendarPeriod) -> dict[str, str | None]:
    question = Question(period.from_date, period.until_date, "range", task.selection.by, task.selection.choice)
    return {row.scope: row.verdict for row in find_availability(connection, question).rows}


def _summary(connection: Connection, task: Task) -> Availability | None:
    """The figures of all chosen stores together."""
    period = task.period
    question = Question(period.from_date, period.until_date, "range", "all", task.selection.choice)
    rows = find_availability(connection, question).rows
    return rows[0] if rows else None


def _days(connection: Connection, task: Task, figures: Figures) -> Sequence[Availability]:
    """The summary day by day, for the picture; a report has none."""
    if figures.summary is None:
        return ()
    period = task.period
    unit: CalendarUnit = "month" if (period.until_date - period.from_date).days >= MAX_DAYS_DRAWN else "day"
    question = Question(period.from_date, period.until_date, unit, "all", task.selection.choice)
    return find_availability(connection, question).rows


def _rows(connection: Connection, task: Task, figures: Figures) -> Sequence[Any]:
    selection, period = task.selection, task.period
    if figures.report_id is not None:
        report = {"report_id": figures.report_id}
        return connection.execute(statement("delivery/report_figures/rows"), report).all()
    if selection.answer == "outages":
        return find_outages(connection, OutageFilter(period.from_date, period.until_date, selection.choice)).rows
    question = Question(period.from_date, period.until_date, selection.period, selection.by, selection.choice)
    rows = find_availability(connection, question).rows
    return [row for row in rows if row.verdict == "breached"] if selection.answer == "breaches" else rows


def _report(connection: Connection, task: Task) -> tuple[Row | None, bool]:
    """The report that looks back from the end of the period or later, else the newest one; whether it is the former."""
    end = datetime.combine(task.period.until_date + timedelta(days=1), datetime.min.time(), zone(task.timezone))
    found = connection.execute(
        statement("delivery/report_figures/newest_from"), {"at": end.astimezone(UTC)}
    ).one_or_none()
    if found is not None:
        return found, True
    return connection.execute(statement("delivery/report_figures/newest")).one_or_none(), False


def _read(task: Task, figures: Figures, basis: Basis, format_name: FormatName) -> bytes:
    with closing(render(format_name, task.selection.table, figures.rows, basis)) as stream:
        return stream.read()


def compose(task: Task, prepared: Prepared, base_url: str) -> Content:
    """The message under the name of a subscription."""
    figures, period = prepared.figures, task.period
    notice = notice_of(figures)
    label = period.period if period.from_date == period.until_date else f"{period.period} ({dates_text(period)})"
    subject = f"{task.name}: {label}{'' if figures.is_final else ', provisional'}"
    facts = facts_of(task, figures)
    pages = pages_of(task, base_url)
    names = [file.name for file in prepared.files if not file.is_picture]
    lines = [
        subject,
        *([notice] if notice else []),
        "",
        *(f"{name}: {value}" for name, value in facts),
        "",
        *([f"Attached: {', '.join(names)}"] if names else []),
        *(f"{name}: {address}" for name, address in pages),
    ]
    page = mail_pages.render(
        "delivery.html",
        subject=subject,
        title=task.name,
        dates=label,
        notice=notice,
        figures=facts,
        has_picture=len(names) < len(prepared.files),
        picture_text=f"Uptime from {dates_text(period)}",
        files=names,
        pages=pages,
        footer=f"Sent by Store Uptime, as of {figures.basis.as_of.astimezone(zone(task.timezone)):%Y-%m-%d %H:%M %Z}.",
    )
    return Content(subject, "\n".join(lines).rstrip() + "\n", page, None, prepared.files)


def facts_of(task: Task, figures: Figures) -> list[tuple[str, str]]:
    """The figures that a reader sees first."""
    counts = {"outages": "Outages listed", "breaches": "Targets breached", "report": "Stores"}
    listed = [(counts[task.selection.answer], f"{len(figures.rows):,}")] if task.selection.answer in counts else []
    total = figures.summary
    if total is None:
        return listed
    percent = "no data" if total.uptime_percent is None else f"{total.uptime_percent} %"
    return [
        ("Stores", f"{total.stores:,}"),
        ("Uptime", percent),
        ("Downtime", hours_text(total.down_us)),
        ("Time without data", hours_text(total.unknown_us)),
        ("Outages", f"{total.outages:,}"),
        ("Longest outage", hours_text(total.longest_outage_us)),
        *([("Targets of all together", total.verdict.replace("_", " "))] if total.verdict else []),
        *listed,
    ]


def hours_text(microseconds: int) -> str:
    """A duration for a person."""
    return f"{hundredths(microseconds, HOUR_US)} h"


def dates_text(period: CalendarPeriod) -> str:
    """The dates of a period."""
    return f"{period.from_date} to {period.until_date}"


def pages_of(task: Task, base_url: str) -> list[tuple[str, str]]:
    """The pages that show more, by name."""
    kind, name = task.selection.choice.scope
    on: dict[str, str] = {"period": task.unit, "on": str(task.period.from_date)}
    found = {"Overview": page_url(base_url, "overview")}
    if kind == "store":
        found = {"Store": page_url(base_url, "store", id=name)}
    elif kind != "all":
        found = {"Group": page_url(base_url, "groups", by=kind, name=name, **on)}
    dates = {"from": str(task.period.from_date), "until": str(task.period.until_date)}
    chosen = {"store_id": name} if kind == "store" else {"kind": kind, "name": name} if kind != "all" else {}
    found["Outages"] = page_url(base_url, "outages", **dates, **chosen)
    if task.selection.answer != "outages":
        found["Targets"] = page_url(base_url, "targets", by=task.selection.by, **on)
    return list(found.items())


def page_url(base_url: str, page: str, **parameters: str) -> str:
    """The address of a page."""
    query = f"?{urlencode(parameters)}" if parameters else ""
    return f"{base_url}/store-uptime/pages/{page}{query}"


def file_name(task: Task, format_name: FormatName) -> str:
    """What an attachment is called."""
    has_scopes = task.selection.answer in ("availability", "breaches")
    scopes = f"-by-{safe(task.selection.by)}" if has_scopes else ""
    return f"{task.selection.answer}-{safe(task.period.period)}{scopes}.{format_name}"
