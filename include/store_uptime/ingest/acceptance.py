"""`accept`: makes the files of a DAG run visible to reports, and pins its report to the files visible then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from store_uptime.calendar.zones import as_utc
from store_uptime.db import topology
from store_uptime.db.statements import statement
from store_uptime.errors import ReportError

TO_THE_SECOND = "%Y-%m-%d %H:%M:%S UTC"


def accept(
    engine: Engine, report_id: UUID, clock: datetime, approve: Callable[[], object] = lambda: None
) -> dict[str, Any]:
    """Accepts the report's staged files at `clock`, updates core.status_interval, and pins the report.

    Just before the files become visible it calls `approve`; if that raises, nothing has changed. Returns counts and
    `shards`, the numbers that the next stages map over. Raises `ReportError` if there is no poll to look back from, or
    a requested store is unknown; the files stay accepted, because they are valid. A repeated call accepts nothing
    twice and pins the report again.
    """
    with engine.begin() as connection:
        topology.run_one_at_a_time(connection)
        topology.use_connections(connection)
        _check_dates(connection, report_id, clock)
        connection.execute(statement("ingest/acceptance/lock"))
        files = connection.execute(statement("ingest/source_files/list"), {"report_id": report_id}).all()
        for file in files:
            if file.state == "rejected":
                raise ReportError(f"{file.name} was rejected: {file.rejected_because}")
        accepted = connection.execute(
            statement("ingest/acceptance/accept_files"), {"report_id": report_id, "accepted_at": clock}
        ).all()
        connection.execute(statement("ingest/acceptance/mark_files"), {"file_ids": [file.file_id for file in accepted]})
        connection.execute(statement("ingest/source_files/mark_accepted"), {"report_id": report_id})
        orders = [file.accepted_order for file in accepted]
        snapshots = {"report_id": report_id, "accepted_orders": orders}
        connection.execute(statement("ingest/acceptance/add_snapshots"), snapshots)
        new = {file.file_id for file in accepted}
        poll_files = [file.file_id for file in files if file.kind == "store_status" and file.file_id in new]
        intervals = _update_intervals(connection, poll_files) if poll_files else 0
        if accepted:
            connection.execute(statement("ingest/acceptance/analyze_loaded"))
        approve()
    with engine.begin() as connection:
        connection.execute(statement("ingest/acceptance/lock"))  # so that the newest poll is in a pinned file
        # First, because Citus allows no change of a shared table after stores have been read.
        connection.execute(statement("ingest/acceptance/pin_report"), {"report_id": report_id})
        newest = connection.scalar(statement("ingest/acceptance/find_newest_poll"), {"report_id": report_id})
        date = {"report_id": report_id, "newest_polled_at": newest}
        pinned = connection.execute(statement("ingest/acceptance/date_report"), date).one()
        if pinned.as_of is None:
            until = f" up to {pinned.as_of_limit:{TO_THE_SECOND}}" if pinned.as_of_limit else ""
            raise ReportError(f"There is no poll{until}: load a status file, or set as_of.")
        first = connection.scalar(statement("ingest/acceptance/find_first_poll"))
        if first is not None and pinned.as_of < first:
            as_of, first = (f"{instant:{TO_THE_SECOND}}" for instant in (pinned.as_of, first))
            raise ReportError(f"as_of is {as_of}, before every poll; the first one is of {first}.")
        unknown = connection.scalars(statement("ingest/acceptance/find_unknown_stores"), {"report_id": report_id}).all()
        if unknown:
            raise ReportError(f"{len(unknown)} of the requested stores are in no file: {', '.join(unknown[:3])}")
    return {
        "files_accepted": len(accepted),
        "status_intervals": intervals,
        "as_of": pinned.as_of.isoformat(),
        "shards": list(range(pinned.shards)),
    }


def _check_dates(connection: Connection, report_id: UUID, clock: datetime) -> None:
    """Raises `ReportError` if hours or zones are to hold from a date that is later than the one of their acceptance."""
    asked = connection.execute(statement("ingest/acceptance/read_dates"), {"report_id": report_id}).mappings().one()
    today = as_utc(clock).date()
    for name, valid_from in asked.items():
        if valid_from is not None and valid_from > today:
            raise ReportError(f"{name} is {valid_from}; expected no date after today, which is {today} UTC.")


def _update_intervals(connection: Connection, poll_files: list[int]) -> int:
    """Updates core.status_interval with newly accepted files; returns the number of new intervals."""
    files = {"file_ids": poll_files}
    connection.execute(statement("ingest/status_intervals/analyze_staged"))
    connection.execute(statement("ingest/stores/mark_polled"), files)
    if connection.scalar(statement("ingest/status_intervals/can_append"), files):
        connection.execute(statement("ingest/status_intervals/end_last"), files)
        intervals = connection.execute(statement("ingest/status_intervals/append"), files).rowcount
    else:
        connection.execute(statement("ingest/status_intervals/delete_later"), files)
        connection.execute(statement("ingest/status_intervals/cut"), files)
        intervals = connection.execute(statement("ingest/status_intervals/find"), files).rowcount
        connection.execute(statement("ingest/status_intervals/close"), files)
    connection.execute(statement("ingest/status_intervals/clear_staged"), files)
    connection.execute(statement("ingest/stores/clear_polled"), files)
    return intervals
