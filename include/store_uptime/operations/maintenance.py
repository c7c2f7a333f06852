"""Maintenance: room for the polls to come, and an end to what has been kept for long enough.

Each part first finds what would go, and returns it by count and by name; unless it is a dry run, it then does it, in
steps of which each leaves everything in order. A part that was killed does the rest when it runs again.

Reports stay right: a report whose week begins in a month that is kept is the same before and after.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from store_uptime.db.statements import statement
from store_uptime.errors import StoreUptimeError
from store_uptime.ingest.stage_files import discard_file
from store_uptime.quality import data_docs
from store_uptime.storage import UNFINISHED, StoragePath, is_url

log = logging.getLogger(__name__)

MONTHS_AHEAD = 1
LEFT_OVER_AFTER = timedelta(days=1)  # far longer than any file is written


@dataclass
class Found:
    """What a part found to do: how much of what, and one line for each thing with a name."""

    counts: dict[str, int] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)

    def add(self, name: str | None = None, **counts: int) -> None:
        """Notes one more thing."""
        if name is not None:
            self.names.append(name)
        for kind, count in counts.items():
            self.counts[kind] = self.counts.get(kind, 0) + count


def create_months(engine: Engine, *, dry_run: bool) -> Found:
    """Tables for the polls of the months to come, so that the load that starts a month finds one."""
    found = Found({"months": 0})
    with engine.begin() as connection:
        newest = connection.scalar(statement("maintenance/polls/find_newest"))
        if newest is None:
            return found
        months = connection.execute(statement("maintenance/polls/list_months")).all()
        there = {row.month for row in months}
        for ahead in range(1, MONTHS_AHEAD + 1):
            month = first_of_month(newest.date(), ahead)
            if month not in there:
                found.add(f"core.poll_{month:%Y_%m}", months=1)
                if not dry_run:
                    connection.execute(statement("ingest/polls/begin_month"), {"month": month})
                    connection.execute(statement("ingest/polls/finish_month"), {"month": month})
    return found


def drop_polls(
    engine: Engine, keep_days: int | None, clock: datetime, *, dry_run: bool, lock_seconds: int = 10
) -> Found:
    """The months of polls that end more than `keep_days` before the newest poll; what later weeks rest on stays.

    Counted from the newest poll, not from the clock: when no polls come any more, those that are there are the newest.
    """
    found = Found({"months": 0, "polls": 0})
    with engine.begin() as connection:
        newest = connection.scalar(statement("maintenance/polls/find_newest"))
        if keep_days is None or newest is None:
            return found
        kept_from = first_of_month((min(newest, clock) - timedelta(days=keep_days)).date())
        kept_from = max(kept_from, connection.scalar(statement("maintenance/polls/first_month")))
        for row in connection.execute(statement("maintenance/polls/list_months")):
            if row.month < kept_from:
                found.add(row.table_name, months=1)
        polls = connection.scalar(statement("maintenance/polls/count"), {"kept_from": kept_from})
        bridging = connection.scalar(statement("maintenance/polls/count_bridging"), {"kept_from": kept_from})
        found.add(polls=polls - bridging)
    if found.names or found.counts["polls"]:
        found.add(f"core.poll_early: {bridging} of {polls} polls before {kept_from} stay")
        if not dry_run:
            with engine.begin() as connection:
                connection.execute(
                    statement("maintenance/polls/limit_lock_wait"), {"milliseconds": 1000 * lock_seconds}
                )
                connection.execute(statement("maintenance/polls/lock_months"))
                dropped = connection.scalar(
                    statement("maintenance/polls/drop"), {"kept_from": kept_from, "moved_at": clock}
                )
                found.counts["polls"] = dropped
    return found


def delete_reports(
    engine: Engine, folder: StoragePath, keep_days: int | None, clock: datetime, *, dry_run: bool
) -> Found:
    """Reports that nothing has happened to for `keep_days`: the file, then the rows.

    A file outside of `folder` is somebody's own copy (OUT=...) and stays.
    """
    found = Found({"reports": 0, "files": 0})
    if keep_days is None:
        return found
    with engine.connect() as connection:
        reports = connection.execute(
            statement("maintenance/reports/list_old"), {"before": clock - timedelta(days=keep_days)}
        ).all()
    for report in reports:
        file = folder / f"{report.report_id}.csv"
        found.add(f"report {report.report_id} of {report.created_at:%Y-%m-%d %H:%M}", reports=1)
        if report.csv_path == str(file) and file.exists():
            found.add(str(file), files=1)
            if not dry_run:
                file.unlink()
        if not dry_run:
            with engine.begin() as connection:
                connection.execute(statement("maintenance/reports/delete"), {"report_id": report.report_id})
                all_stores = {"report_id": report.report_id, "shard": 0, "shards": 1}
                connection.execute(statement("report/1_localize/clear/stores"), all_stores)
                connection.execute(statement("report/2_clip/clear/open_time"), all_stores)
                connection.execute(statement("report/3_interpolate/clear/store_uptime"), all_stores)
                connection.execute(statement("report/3_interpolate/clear/observed_status"), all_stores)
    return found


def delete_quality(
    engine: Engine, folder: StoragePath, keep_days: int | None, clock: datetime, *, dry_run: bool
) -> Found:
    """What was found about input more than `keep_days` ago, or for reports that are gone: rows, JSON, Data Docs.

    First the rows, then the lists, which name what has rows, then the pages: no list ever names a page that is gone.
    """
    found = Found({"reports": 0, "results": 0, "quarantined_rows": 0, "files": 0})
    old: set[str] = set()
    with engine.begin() as connection:
        if keep_days is not None:
            before = {"before": clock - timedelta(days=keep_days)}
            for row in connection.execute(statement("maintenance/validations/list_old"), before):
                old.add(str(row.report_id))
                found.add(f"quality of report {row.report_id}", reports=1, results=row.results)
            files = connection.execute(statement("maintenance/quarantine/list_old"), before).all()
            for file in files:
                rows = file.rows_quarantined
                found.add(f"quarantine of {file.name} (file {file.file_id}): {rows} rows", quarantined_rows=rows)
            if not dry_run:
                connection.execute(statement("maintenance/validations/delete"), {"report_ids": sorted(old)})
                file_ids = [file.file_id for file in files]
                connection.execute(statement("maintenance/quarantine/delete"), {"file_ids": file_ids})
        kept = {str(report) for report in connection.scalars(statement("maintenance/validations/list"))} - old
    site = folder / "data_docs"
    pages = [*folder.glob("*.json"), *(site / "runs").glob("*.html")]
    if not dry_run:
        found.add(lists_repaired=data_docs.repair_lists(engine, site))
    for page in sorted((page for page in pages if page.stem not in kept), key=str):
        found.add(str(page), files=1)
        if not dry_run and page.exists():
            page.unlink()
    return found


def delete_snapshots(engine: Engine, *, dry_run: bool) -> Found:
    """Hours and zones that newer ones have replaced, and that no kept report rests on."""
    found = Found({"files": 0, "rows": 0})
    with engine.connect() as connection:
        files = connection.execute(statement("maintenance/snapshots/list_superseded"), {"file_id": None}).all()
    for file in files:
        if dry_run or forget_snapshot(engine, file.file_id, file.content_sha256):
            found.add(f"{file.kind} of {file.name} (file {file.file_id})", files=1, rows=file.rows_read)
    return found


def forget_snapshot(engine: Engine, file_id: int, content_sha256: str) -> bool:
    """Deletes the rows of a snapshot, unless a load has found the same content again meanwhile."""
    with engine.begin() as connection:
        connection.execute(statement("ingest/files/lock_content"), {"content_sha256": content_sha256})
        if connection.execute(statement("maintenance/snapshots/list_superseded"), {"file_id": file_id}).first() is None:
            return False
        connection.execute(statement("maintenance/snapshots/mark_forgotten"), {"file_id": file_id})
        files = {"file_ids": [file_id]}
        connection.execute(statement("ingest/snapshots/clear_business_hours"), files)
        connection.execute(statement("ingest/snapshots/clear_timezones"), files)
        connection.execute(statement("ingest/snapshots/clear_stores"), files)
        return True


def delete_left_overs(
    engine: Engine, reports: StoragePath, quality: StoragePath, clock: datetime, *, dry_run: bool
) -> Found:
    """What killed processes left: files that never got their name, and rows of input that nobody goes on loading."""
    found = Found({"files": 0, "inputs": 0})
    for file in left_over_files(reports, quality, clock):
        found.add(str(file), files=1)
        if not dry_run:
            file.unlink()
    with engine.connect() as connection:
        inputs = connection.execute(
            statement("maintenance/left_overs/list_files"), {"before": clock - LEFT_OVER_AFTER}
        ).all()
    for file in inputs:
        found.add(f"{file.kind} of {file.name} (file {file.file_id}), which was never loaded whole", inputs=1)
        if not dry_run:
            discard_file(engine, file.file_id)
    with engine.begin() as connection:
        found.counts |= connection.execute(statement("maintenance/left_overs/count_rows")).mappings().one()
        if not dry_run:
            connection.execute(statement("maintenance/left_overs/delete_intervals"))
            connection.execute(statement("maintenance/left_overs/delete_stores"))
    return found


def left_over_files(reports: StoragePath, quality: StoragePath, clock: datetime) -> list[Any]:
    """Files under the names that are written to, too old to be written still."""
    site = quality / "data_docs"
    folders = [reports, quality, site, *(site / name for name in ("runs", "days", "static"))]
    return [
        file
        for folder in folders
        if folder.exists()
        for file in folder.iterdir()
        if UNFINISHED.fullmatch(file.name)
        and datetime.fromtimestamp(file.stat().st_mtime, UTC) < clock - LEFT_OVER_AFTER
    ]


def delete_logs(folder: str, keep_days: int | None, clock: datetime, *, dry_run: bool) -> Found:
    """The logs of tasks, of runs in which nothing was written for `keep_days`; only what Airflow names as a run's.

    Those in a bucket stay: buckets have rules of their own for what is old.
    """
    found = Found({"runs": 0, "files": 0})
    if keep_days is None or is_url(folder):
        return found
    before = (clock - timedelta(days=keep_days)).timestamp()
    for run in sorted(Path(folder).glob("dag_id=*/run_id=*")):
        files = [file for file in run.rglob("*") if file.is_file()]
        if all(file.stat().st_mtime < before for file in files or [run]):
            found.add(str(run), runs=1, files=len(files))
            if not dry_run:
                shutil.rmtree(run)
    return found


def clean_airflow(database_url: str, keep_days: int | None, clock: datetime, *, dry_run: bool) -> Found:
    """`airflow db clean` of what is older than `keep_days`.

    As a command: the process of a task may not use Airflow's own tables, and is not told where they are.
    """
    found = Found({"rows": 0})
    if keep_days is None:
        return found
    before = clock - timedelta(days=keep_days)
    finished = subprocess.run(
        [sys.executable, "-m", "airflow", "db", "clean", "--clean-before-timestamp", before.isoformat()]
        + ["--skip-archive", "--yes", "--error-on-cleanup-failure"]
        + ["--dry-run"] * dry_run,
        env=os.environ | {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if finished.returncode:
        log.error(finished.stdout)
        raise StoreUptimeError(f"airflow db clean ended with {finished.returncode}; the log says why.")
    for table, rows in rows_of_tables(finished.stdout).items():
        found.add(f"{rows} rows of {table} from before {before:%Y-%m-%d %H:%M}", rows=rows)
    return found


def rows_of_tables(output: str) -> dict[str, int]:
    """What `airflow db clean` says it found, table by table."""
    said = re.findall(r"(?:Checking table|Performing dry run for table) (\w+)\nFound (\d+) rows", output)
    return {table: int(rows) for table, rows in said if int(rows)}


def vacuum(owner: Engine) -> None:
    """Makes the room of deleted rows usable, and the statistics new. Only an owner of tables may."""
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(statement("maintenance/vacuum"))


def first_of_month(day: date, months_later: int = 0) -> date:
    """The first day of the month of `day`, or of one after it."""
    months = 12 * day.year + day.month - 1 + months_later
    return date(months // 12, months % 12 + 1, 1)
