"""Alerts for the people on call: what happened, why, and where to look. The DAGs' callbacks decide who gets them."""

from __future__ import annotations

import html
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import Engine, Row

from store_uptime.contract import MAINTENANCE_DAG_ID, REPORT_DAG_ID
from store_uptime.db.statements import statement
from store_uptime.errors import AlertError
from store_uptime.quality.results import warning_text
from store_uptime.reports.request import report_id_of

log = logging.getLogger(__name__)

MANUAL = "docs/operations/alerts.md"
# A task writes its cause to the database just after Airflow marks it as failed.
CAUSE_ATTEMPTS, PAUSE_SECONDS = 10, 0.5
LATE = "Store Uptime: the nightly report is late"
NEW_CHANGES = "Store Uptime: a report is published, with new warnings that change its figures"
NEW_WARNINGS = "Store Uptime: a report is published, with new warnings about its input"
TIERS = {True: "Changes your figures", False: "For information"}

Kind = Literal["failed", "late", "warnings", "recovered", "maintenance"]


@dataclass(frozen=True)
class Alert:
    """One message. `why` is a list of sentences; `where` maps names of pages to their URLs."""

    kind: Kind
    subject: str
    why: Sequence[str]
    where: dict[str, str]
    report_id: UUID | None
    dag_run_id: str

    @property
    def is_about_database(self) -> bool:
        """Whether it says that the database itself may be in trouble, so that nothing should depend on it."""
        return self.kind == "maintenance"

    def as_text(self) -> str:
        """The alert as plain text."""
        ids = [f"Report: {self.report_id}"] if self.report_id else []
        pages = [f"{page}: {address}" for page, address in self.where.items()]
        links = [*pages, *ids, f"DAG run: {self.dag_run_id}", f"Help: {MANUAL}#{self.kind}"]
        return "\n".join([self.subject, *self.why, "", *links])

    def as_html(self) -> str:
        """The alert as HTML for mail. Causes quote the input, so everything is escaped."""
        return f"<pre style='white-space: pre-wrap'>{html.escape(self.as_text())}</pre>"

    def as_json(self) -> dict[str, object]:
        """The alert as JSON for webhooks; Slack and Mattermost show `text`."""
        return {"text": self.as_text(), **asdict(self), "report_id": self.report_id and str(self.report_id)}


def failed_run_alert(engine: Engine, dag_run_id: str, reason: str, base_url: str) -> list[Alert]:
    """The alert for a failed DAG run, none if its report is published; `reason` is the one that Airflow gives."""
    report = find_report(engine, dag_run_id, wait_for_cause=True)
    if report is not None and report.published_at is not None:
        return []  # Published earlier: the DAG run was cleared, or failed after `export`.
    if report is None or report.failed_task is None:
        subject = "Store Uptime: a report failed"
        why = [f"No task recorded a cause (Airflow: {reason}). Read the task logs in Airflow."]
    else:
        subject = f"Store Uptime: a report failed in {report.failed_task}"
        why = [report.failure_cause]
    return [Alert("failed", subject, why, page_urls(base_url, dag_run_id), report_id_of(dag_run_id), dag_run_id)]


def published_run_alerts(engine: Engine, dag_run_id: str, base_url: str) -> list[Alert]:
    """The alerts for a successful DAG run: new warnings about the input, and recovery after a failed night."""
    report_id = report_id_of(dag_run_id)
    report = find_report(engine, dag_run_id)
    with engine.begin() as connection:
        warnings = connection.execute(statement("alerts/new_warnings"), {"report_id": report_id}).all()
    messages: list[tuple[Kind, str, list[str]]] = []
    if warnings:
        why = [f"{TIERS[one.changes_figures]}: {warning_text(one)}" for one in warnings]
        subject = NEW_CHANGES if any(one.changes_figures for one in warnings) else NEW_WARNINGS
        messages.append(("warnings", subject, why))
    if report is not None and report.has_recovered:
        why = ["The nightly report before this one failed. This one is published."]
        messages.append(("recovered", "Store Uptime: the nightly report is back", why))
    where = page_urls(base_url, dag_run_id)
    return [Alert(kind, subject, why, where, report_id, dag_run_id) for kind, subject, why in messages]


def late_report_alert(night: datetime, report: Row | None, allowed: timedelta, dag_run_id: str, base_url: str) -> Alert:
    """The alert for a late nightly report.

    `report` is the row from `find_nightly_report`, `dag_run_id` the DAG run of the watch DAG.
    """
    why = [f"The report of {night:%Y-%m-%d %H:%M} UTC was not published within {allowed}."]
    where = {"Runs": f"{base_url}/dags/{REPORT_DAG_ID}/runs", "Reports": f"{base_url}/store-uptime/pages/reports"}
    if report is None:
        why.append("Its DAG run has not started: the DAG is paused, or other DAG runs take all slots.")
        return Alert("late", LATE, why, where, None, dag_run_id)
    if report.failed_task:
        why.append(f"It failed in {report.failed_task}: {report.failure_cause}")
    else:
        finished = ", ".join(report.finished_tasks) or "none"
        started_at = f"{report.created_at:%Y-%m-%d %H:%M} UTC"
        why.append(f"It started at {started_at} and is not finished. Finished tasks: {finished}.")
    return Alert("late", LATE, why, page_urls(base_url, report.dag_run_id), report.report_id, report.dag_run_id)


def find_nightly_report(engine: Engine, night: datetime) -> Row | None:
    """The report of a night and its finished tasks; None if its DAG run has not started."""
    with engine.begin() as connection:
        return connection.execute(statement("alerts/night"), {"night": night}).one_or_none()


def failed_maintenance_alert(task: str | None, cause: str, dag_run_id: str, base_url: str) -> Alert:
    """The alert for a failed task of maintenance, or (`task` is None) for its failed DAG run."""
    subject = "Store Uptime: maintenance failed" + (f" in {task}" if task else "")
    why = [cause, "Reports continue. The next DAG run deletes what is left; to do it now, clear the task."]
    where = {"Tasks and logs": dag_run_url(base_url, MAINTENANCE_DAG_ID, dag_run_id)}
    return Alert("maintenance", subject, why, where, None, dag_run_id)


def send(alert: Alert, channels: Mapping[str, Callable[[Alert], None]]) -> None:
    """Sends to every channel; raises `AlertError` if one fails, after trying the others."""
    failed = []
    for channel, send_by in channels.items():
        try:
            send_by(alert)
        except Exception:
            log.exception("Could not send an alert by %s: %s", channel, alert.subject)
            failed.append(channel)
    if failed:
        raise AlertError(" and ".join(failed), "could not be reached; the error is logged above")


def page_urls(base_url: str, dag_run_id: str) -> dict[str, str]:
    """The pages to look at first, by name."""
    return {
        "Report page": f"{base_url}/store-uptime/pages/report?id={report_id_of(dag_run_id)}",
        "Tasks and logs": dag_run_url(base_url, REPORT_DAG_ID, dag_run_id),
    }


def dag_run_url(base_url: str, dag_id: str, dag_run_id: str) -> str:
    """The URL of Airflow's page of a DAG run."""
    return f"{base_url}/dags/{dag_id}/runs/{quote(dag_run_id, safe='')}"


def find_report(engine: Engine, dag_run_id: str, *, wait_for_cause: bool = False) -> Row | None:
    """The row of the DAG run's report, None if no task created it; waits some seconds for a failure's cause."""
    for _ in range(CAUSE_ATTEMPTS):
        with engine.begin() as connection:
            binds = {"report_id": report_id_of(dag_run_id)}
            report = connection.execute(statement("alerts/dag_run"), binds).one_or_none()
        if report is not None and (report.failed_task or report.published_at or not wait_for_cause):
            return report
        if wait_for_cause:
            time.sleep(PAUSE_SECONDS)
    return report
