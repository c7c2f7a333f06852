"""`accept`: makes the files of a run visible to reports and pins the run's report to what is visible then."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from store_uptime.db.statements import statement
from store_uptime.errors import ReportError


def accept(engine: Engine, report_id: UUID, clock: datetime) -> dict[str, Any]:
    """Accepts the staged files of the run at `clock`, keeps core.status_run up to date, and pins the report.

    Returns counts and `shards`, the numbers that the next stages map over. Raises `ReportError` when there is
    nothing to look back from or a store asked for is unknown; the files stay accepted then, for they are good.
    Run again, it accepts nothing twice and pins the report anew.
    """
    with engine.begin() as connection:
        connection.execute(statement("ingest/lock_acceptance"))
        for file in connection.execute(statement("ingest/list_source_files"), {"report_id": report_id}):
            if file.state == "rejected":
                raise ReportError(f"{file.name} was rejected: {file.rejected_because}")
        accepted = connection.execute(
            statement("ingest/accept_files"), {"report_id": report_id, "accepted_at": clock}
        ).all()
        connection.execute(statement("ingest/mark_files"), {"file_ids": [file.file_id for file in accepted]})
        connection.execute(statement("ingest/mark_source_files"), {"report_id": report_id})
        poll_files = [file.file_id for file in accepted if file.kind == "store_status"]
        runs = _update_runs(connection, poll_files) if poll_files else 0
        if accepted:
            connection.execute(statement("ingest/analyze_loaded"))
    with engine.begin() as connection:
        connection.execute(statement("ingest/lock_acceptance"))  # the newest poll is one of what is pinned
        # First: on Citus, what all stores share is changed before the stores are looked at, or not at all.
        connection.execute(statement("ingest/pin_report"), {"report_id": report_id})
        newest = connection.scalar(statement("ingest/find_newest_poll"), {"report_id": report_id})
        date = {"report_id": report_id, "newest_polled_at": newest}
        pinned = connection.execute(statement("ingest/date_report"), date).one()
        if pinned.as_of is None:
            until = f" up to {pinned.as_of_limit:%Y-%m-%d %H:%M:%S} UTC" if pinned.as_of_limit else ""
            raise ReportError(f"There is no poll{until} to look back from; load polls, or give as_of.")
        unknown = connection.scalars(statement("ingest/find_unknown_stores"), {"report_id": report_id}).all()
        if unknown:
            raise ReportError(f"{len(unknown)} of the stores asked for are in no file: {', '.join(unknown[:3])}")
    return {
        "files_accepted": len(accepted),
        "status_runs": runs,
        "as_of": pinned.as_of.isoformat(),
        "shards": list(range(pinned.shards)),
    }


def _update_runs(connection: Connection, poll_files: list[int]) -> int:
    """Brings core.status_run up to date with newly accepted files; returns how many runs are new."""
    files = {"file_ids": poll_files}
    connection.execute(statement("ingest/analyze_staged"))
    connection.execute(statement("ingest/mark_polled_stores"), files)
    if connection.scalar(statement("ingest/can_append_runs"), files):
        runs = 0
        for file_id in connection.scalars(statement("ingest/list_polls_in_order"), files).all():
            connection.execute(statement("ingest/drop_continued_runs"), {"file_id": file_id})
            connection.execute(statement("ingest/end_status_runs"), {"file_id": file_id})
            runs += connection.execute(statement("ingest/append_status_runs"), {"file_id": file_id}).rowcount
    else:
        connection.execute(statement("ingest/forget_status_runs"), files)
        connection.execute(statement("ingest/cut_status_runs"), files)
        runs = connection.execute(statement("ingest/find_status_runs"), files).rowcount
        connection.execute(statement("ingest/close_status_runs"), files)
    connection.execute(statement("ingest/clear_staged_runs"), files)
    connection.execute(statement("ingest/clear_polled_stores"), files)
    return runs
