"""What `make report` prints about a published report, before the path of its CSV; `make up` prints other folders too.

Imported where it is used: SQLAlchemy takes longer to import than the rest of the commands.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from uuid import UUID

from sqlalchemy import Connection, Row

from store_uptime.db.engine import connected
from store_uptime.db.statements import statement
from store_uptime.percentages import percent_text
from store_uptime.quality.results import warning_text
from store_uptime.settings import Settings


def lines_of(settings: Settings, report_id: UUID) -> list[str]:
    """The warnings that change figures, each with an example; then a line for what was read, and one for the result."""
    binds = {"report_id": report_id}
    with connected(settings, "reader") as engine, engine.begin() as connection:
        report = connection.execute(statement("api/report"), binds).one()
        tasks = connection.execute(statement("api/finished_tasks"), binds).all()
        totals = connection.execute(statement("api/totals"), binds).all()
        others = other_folders(connection, report.data_folder, report.accepted_order)
        results = connection.execute(statement("api/expectations"), binds).all()
    unmet = [result for result in results if not result.is_met]
    changes = [result for result in unmet if result.changes_figures]
    lines = [others_line(report.data_folder, others)] if others else []
    lines += [f"changes your figures: {warning_text(result)}" for result in changes]
    if changes:
        lines.append(f"all that was found: {settings.quality}/data_docs/runs/{report_id}.html")
    return [*lines, read_line(report.data_folder, tasks), result_line(report, totals, unmet)]


def other_folders(connection: Connection, data_folder: str, accepted_order: int | None = None) -> list[str]:
    """Other data folders whose files count; of a report by its position in the log of acceptances."""
    binds = {"data_folder": data_folder, "accepted_order": accepted_order}
    return list(connection.scalars(statement("api/other_folders"), binds))


def other_folders_of_home(settings: Settings) -> list[str]:
    """Other data folders whose files count in every report of the data folder from now on."""
    with connected(settings, "reader") as engine, engine.begin() as connection:
        return other_folders(connection, settings.data)


def others_line(data_folder: str, others: Sequence[str]) -> str:
    """That files of other folders count."""
    return (
        f"data of {', '.join(others)} counts too: all that was ever loaded into a home adds up; "
        f"for {data_folder} alone, set another STORE_UPTIME_HOME"
    )


def read_line(data: str, tasks: Sequence[Row]) -> str:
    """What the DAG run found in the data folder, as its loaders counted it."""
    loaders = [task.counts for task in tasks if task.task == "ingest"]
    found, new = (max((counts[name] for counts in loaders), default=0) for name in ("files", "files_loaded"))
    rows, unusable = (sum(counts[name] for counts in loaders) for name in ("rows_read", "rows_quarantined"))
    loaded = f"{new:,} new with {rows:,} rows ({unusable:,} unusable)" if new else "all loaded before"
    return f"read: {data}: {many(found, 'file')}, {loaded}"


def result_line(report: Row, totals: Sequence[Row], unmet: Sequence[Row]) -> str:
    """The result over all stores in the last week."""
    parts = [f"{many(report.store_count, 'store')} as of {report.as_of.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"]
    week = next((row for row in totals if row.period == "last_week"), None)
    known = int(week.uptime_us + week.downtime_us) if week else 0
    if week and known:
        parts.append(f"last week {percent_text(int(week.uptime_us), known)} % up")
        if report.no_data == "unknown":
            parts.append(f"{percent_text(known, int(week.open_us))} % of open time known")
    return f"result: {', '.join([*parts, many(len(unmet), 'warning')])}"


def many(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
