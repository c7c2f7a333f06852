"""What a person on call is told: what happened, why, and where to look. Who is told is the DAGs' business."""

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
from store_uptime.reports.request import report_id_of

log = logging.getLogger(__name__)

MANUAL = "docs/operations/alerts.md"
POST_SECONDS, POST_RETRIES = 10, 3
# A task tells its cause just after Airflow hears that it failed.
LOOKS_FOR_A_CAUSE, PAUSE_SECONDS = 10, 0.5
LATE = "Store Uptime: the nightly report is late"

Kind = Literal["failed", "late", "warnings", "recovered", "maintenance"]


@dataclass(frozen=True)
class Alert:
    """One message. `why` are sentences, `where` names of pages with their addresses."""

    kind: Kind
    subject: str
    why: Sequence[str]
    where: dict[str, str]
    report_id: UUID | None
    dag_run_id: str

    def as_text(self) -> str:
        """For channels of plain text."""
        ids = [f"Report: {self.report_id}"] if self.report_id else []
        pages = [f"{page}: {address}" for page, address in self.where.items()]
        links = [*pages, *ids, f"DAG run: {self.dag_run_id}", f"Help: {MANUAL}#{self.kind}"]
        return "\n".join([self.subject, *self.why, "", *links])

    def as_html(self) -> str:
        """For mail. Causes quote the input, so everything is escaped."""
        return f"<pre style='white-space: pre-wrap'>{html.escape(self.as_text())}</pre>"

    def as_json(self) -> dict[str, object]:
        """For webhooks; `text` is what Slack and Mattermost show."""
        return {"text": self.as_text(), **asdict(self), "report_id": self.report_id and str(self.report_id)}


def of_failed_run(engine: Engine, dag_run_id: str, reason: str, base_url: str) -> list[Alert]:
    """The alert of a run that failed; `reason` is what Airflow says of it."""
    run = run_of(engine, dag_run_id, wait_for_cause=True)
    if run is not None and run.published_at is not None:
        return []  # Published before: its run was cleared, or failed after its end.
    if run is None or run.failed_task is None:
        subject = "Store Uptime: a report failed"
        why = [f"No task could say why (Airflow: {reason}). The task logs in Airflow do."]
    else:
        subject = f"Store Uptime: a report failed in {run.failed_task}"
        why = [run.failure_cause]
    return [Alert("failed", subject, why, pages(base_url, dag_run_id), report_id_of(dag_run_id), dag_run_id)]


def of_published_run(engine: Engine, dag_run_id: str, base_url: str) -> list[Alert]:
    """What is worth a word about a run that went well: warnings that are new, and that the nights are fine again."""
    report_id = report_id_of(dag_run_id)
    run = run_of(engine, dag_run_id)
    with engine.begin() as connection:
        warnings = connection.execute(statement("alerts/new_warnings"), {"report_id": report_id}).all()
    told: list[tuple[Kind, str, list[str]]] = []
    if warnings:
        why = [f"Not met: {one.description} Found: {one.observed_value}." for one in warnings]
        told.append(("warnings", "Store Uptime: a report is published, with new warnings about its input", why))
    if run is not None and run.has_recovered:
        why = ["The night before had no report; this one has."]
        told.append(("recovered", "Store Uptime: the nightly report is back", why))
    where = pages(base_url, dag_run_id)
    return [Alert(kind, subject, why, where, report_id, dag_run_id) for kind, subject, why in told]


def of_late_night(night: datetime, report: Row | None, allowed: timedelta, dag_run_id: str, base_url: str) -> Alert:
    """The alert of a night without a report; `report` is what `report_of_night` found, `dag_run_id` the watch's run."""
    why = [f"The report of {night:%Y-%m-%d %H:%M} UTC was not published within {allowed}."]
    where = {"Runs": f"{base_url}/dags/{REPORT_DAG_ID}/runs", "Reports": f"{base_url}/store-uptime/pages/reports"}
    if report is None:
        why.append("No run of it has begun: the DAG is paused, or other runs have all slots.")
        return Alert("late", LATE, why, where, None, dag_run_id)
    if report.failed_task:
        why.append(f"It failed in {report.failed_task}: {report.failure_cause}")
    else:
        done = ", ".join(report.finished_tasks) or "none"
        why.append(f"It began at {report.created_at:%Y-%m-%d %H:%M} UTC and has not ended. Tasks that have: {done}.")
    return Alert("late", LATE, why, pages(base_url, report.dag_run_id), report.report_id, report.dag_run_id)


def report_of_night(engine: Engine, night: datetime) -> Row | None:
    """How far the report of a night came; None if no run of it began."""
    with engine.begin() as connection:
        return connection.execute(statement("alerts/night"), {"night": night}).one_or_none()


def of_failed_maintenance(task: str | None, cause: str, dag_run_id: str, base_url: str) -> Alert:
    """The alert of a part of the maintenance that failed, or (no `task`) of a run that did."""
    subject = "Store Uptime: maintenance failed" + (f" in {task}" if task else "")
    why = [cause, "Reports go on. What was not deleted is with the next run, or when the task is cleared."]
    where = {"Tasks and logs": run_page(base_url, MAINTENANCE_DAG_ID, dag_run_id)}
    return Alert("maintenance", subject, why, where, None, dag_run_id)


def send(alert: Alert, channels: Mapping[str, Callable[[Alert], None]]) -> None:
    """Sends by every channel; raises `AlertError` if one fails, after the others have been tried."""
    failed = []
    for channel, send_by in channels.items():
        try:
            send_by(alert)
        except Exception:
            log.exception("An alert could not be sent by %s: %s", channel, alert.subject)
            failed.append(channel)
    if failed:
        raise AlertError(" and ".join(failed), "could not be reached; the lines before this one say why")


def post(url: str, alert: Alert) -> None:
    """Sends `alert` to a webhook; raises `AlertError` if it does not take it."""
    import httpx  # which the callers that have no webhook need not load

    transport = httpx.HTTPTransport(retries=POST_RETRIES)  # of connections; what was sent is not sent again
    try:
        with httpx.Client(transport=transport, timeout=POST_SECONDS) as client:
            client.post(url, json=alert.as_json()).raise_for_status()
    except httpx.HTTPStatusError as error:
        raise AlertError("the webhook", f"answered {error.response.status_code}") from error
    except httpx.HTTPError as error:
        raise AlertError("the webhook", f"did not answer ({type(error).__name__})") from error


def pages(base_url: str, dag_run_id: str) -> dict[str, str]:
    """Where a person looks first."""
    return {
        "Report page": f"{base_url}/store-uptime/pages/report?id={report_id_of(dag_run_id)}",
        "Tasks and logs": run_page(base_url, REPORT_DAG_ID, dag_run_id),
    }


def run_page(base_url: str, dag_id: str, dag_run_id: str) -> str:
    """Airflow's page of a DAG run."""
    return f"{base_url}/dags/{dag_id}/runs/{quote(dag_run_id, safe='')}"


def run_of(engine: Engine, dag_run_id: str, *, wait_for_cause: bool = False) -> Row | None:
    """The run's row, if its first task came so far."""
    for _ in range(LOOKS_FOR_A_CAUSE):
        with engine.begin() as connection:
            binds = {"report_id": report_id_of(dag_run_id)}
            run = connection.execute(statement("alerts/dag_run"), binds).one_or_none()
        if run is not None and (run.failed_task or run.published_at or not wait_for_cause):
            return run
        if wait_for_cause:
            time.sleep(PAUSE_SECONDS)
    return run
