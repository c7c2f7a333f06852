"""Maintenance: creates the next month's table, and deletes what is older than its retention.

Each function finds what to change and returns it by count and by name. Unless it is a dry run, it then makes the
changes, in steps that each leave a consistent state; a killed task does the rest when it runs again.

Reports stay correct: a report whose week begins in a month that is kept does not change.

What loads files is imported where it is used: it needs a second, and most tasks do not use it.
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

from sqlalchemy import Connection, Engine

from store_uptime.db.statements import statement
from store_uptime.errors import StoreUptimeError
from store_uptime.quality import data_docs
from store_uptime.storage import UNFINISHED, StoragePath, is_url

log = logging.getLogger(__name__)

MONTHS_AHEAD = 1
# The rows of a month's polls that can go, as a share of all, from which on the month is written anew.
MERGED_SHARE, MERGED_SHARE_OF_PAST = 1 / 4, 1 / 20
LEFT_OVER_AFTER = timedelta(days=1)  # writing a file takes far less
# Rules look at outages of two weeks, and at budgets until some days after their month: what was over before this is not
# looked for again.
NOTICES_LOOKED_AT = timedelta(days=45)
KEEP_HOURS_DAYS = 26 * 7  # more than the eight weeks that a date is judged by, and those that may be judged again


@dataclass
class Changes:
    """What a function changed, or would change: counts by kind, and one line for each thing with a name."""

    counts: dict[str, int] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)

    def add(self, name: str | None = None, **counts: int) -> None:
        """Adds one thing, and its counts."""
        if name is not None:
            self.names.append(name)
        for kind, count in counts.items():
            self.counts[kind] = self.counts.get(kind, 0) + count


def create_months(engine: Engine, *, dry_run: bool) -> Changes:
    """Creates the tables for the polls of the coming months, so that the first load of a month finds one."""
    changes = Changes({"months": 0})
    with engine.begin() as connection:
        newest = connection.scalar(statement("maintenance/polls/find_newest"))
        if newest is None:
            return changes
        months = connection.execute(statement("maintenance/polls/list_months")).all()
        there = {row.month for row in months}
        for ahead in range(1, MONTHS_AHEAD + 1):
            month = first_of_month(newest.date(), ahead)
            if month not in there:
                changes.add(f"core.poll_day_{month:%Y_%m}", months=1)
                if not dry_run:
                    connection.execute(statement("ingest/polls/create_month"), {"month": month})
    return changes


def drop_polls(
    engine: Engine, keep_days: int | None, clock: datetime, *, dry_run: bool, lock_seconds: int = 10
) -> Changes:
    """Drops the months of polls that end more than `keep_days` before the newest poll.

    Polls whose status lasts into a kept month stay, in core.poll_day_early. Days count from the newest poll, not from
    the clock: if no new polls arrive, the last ones are kept.
    """
    changes = Changes({"months": 0, "polls": 0})
    with engine.begin() as connection:
        newest = connection.scalar(statement("maintenance/polls/find_newest"))
        if keep_days is None or newest is None:
            return changes
        kept_from = first_of_month((min(newest, clock) - timedelta(days=keep_days)).date())
        if kept_from < connection.scalar(statement("maintenance/polls/first_month")):
            return changes
        for row in connection.execute(statement("maintenance/polls/list_months")):
            if row.month < kept_from:
                changes.add(row.table_name, months=1)
        polls = connection.scalar(statement("maintenance/polls/count"), {"kept_from": kept_from})
        bridging = connection.scalar(statement("maintenance/polls/count_bridging"), {"kept_from": kept_from})
        changes.add(polls=polls - bridging)
    if changes.names or changes.counts["polls"]:
        changes.add(f"core.poll_day_early: {bridging} of {polls} polls before {kept_from} stay")
        if not dry_run:
            with engine.begin() as connection:
                _lock_months(connection, lock_seconds)
                dropped = connection.scalar(
                    statement("maintenance/polls/drop"), {"kept_from": kept_from, "moved_at": clock}
                )
                changes.counts["polls"] = dropped
    return changes


def merge_polls(engine: Engine, *, dry_run: bool, lock_seconds: int = 10) -> Changes:
    """Merges the rows of polls that many files have left of a day: a day that is over gets one row for each store.

    A day is over when the newest poll is of a later one. The table of a month is written anew when a quarter of its
    rows can go, or a twentieth if the month is over: so the cost is in proportion to what was loaded.
    """
    from store_uptime.ingest.poll_days import MAX_POLLS

    changes = Changes({"months": 0, "rows": 0})
    with engine.begin() as connection:
        newest = connection.scalar(statement("maintenance/polls/find_newest"))
        accepted_order = connection.scalar(statement("maintenance/polls/newest_acceptance"))
        if newest is None:
            return changes
        over = {"over_before": newest.astimezone(UTC).date(), "max_polls": MAX_POLLS}
        found = connection.execute(statement("maintenance/polls/list_mergeable"), over).all()
    this_month = first_of_month(over["over_before"])
    merged_before = over["over_before"]
    for month in found:
        share = MERGED_SHARE if month.month == this_month else MERGED_SHARE_OF_PAST
        if month.rows_to_go < share * month.rows:
            merged_before = min(merged_before, this_month)
            continue
        changes.add(f"core.poll_day_{month.month:%Y_%m}", months=1, rows=month.rows_to_go)
        if not dry_run:
            with engine.begin() as connection:
                _lock_months(connection, lock_seconds)
                connection.execute(statement("maintenance/polls/merge"), over | {"month": month.month})
    if not dry_run:
        with engine.begin() as connection:
            marks = {"merged_before": merged_before, "accepted_order": accepted_order}
            connection.execute(statement("maintenance/polls/mark_merged"), marks)
    return changes


def delete_history(engine: Engine, keep_days: int | None, *, dry_run: bool) -> Changes:
    """Deletes days, outages, restatements and anomalies older than `keep_days` before what is settled.

    It waits for a stage of a settlement that runs. An outage that may go on stays, with all of its downtime. The hours
    of days, and the scores of forecasts, are what anomalies and forecasts are found from, no more: they stay for half a
    year.
    """
    changes = Changes({"days": 0, "outages": 0, "restatements": 0, "anomalies": 0, "hours": 0, "scores": 0})
    hours_days = KEEP_HOURS_DAYS if keep_days is None else min(keep_days + 1, KEEP_HOURS_DAYS)
    with engine.begin() as connection:
        connection.execute(statement("history/settlement/lock"))
        first = connection.scalar(statement("maintenance/history/first_hours_date"), {"keep_days": hours_days})
        kept_from = {"kept_from": first}
        changes.add(hours=connection.scalar(statement("maintenance/history/count_hours"), kept_from) or 0)
        changes.add(scores=connection.scalar(statement("maintenance/history/count_scores"), kept_from) or 0)
        if not dry_run:
            for name in ("hours", "scores", "scored_weeks"):
                connection.execute(statement(f"maintenance/history/delete_{name}"), kept_from)
        if keep_days is None:
            return changes
        kept_from = {
            "kept_from": connection.scalar(statement("maintenance/history/first_date"), {"keep_days": keep_days})
        }
        changes.add(**connection.execute(statement("maintenance/history/count"), kept_from).mappings().one())
        if not dry_run:
            for name in ("days", "months", "outages", "outage_days", "restatements", "anomalies", "judged_dates"):
                connection.execute(statement(f"maintenance/history/delete_{name}"), kept_from)
            connection.execute(statement("maintenance/history/add_month"), kept_from)
    return changes


def delete_deliveries(engine: Engine, keep_days: int | None, clock: datetime, *, dry_run: bool) -> Changes:
    """Deletes what was sent more than `keep_days` ago, attachments that no message needs any more, and notices.

    A notice goes when its event is over for so long, as of what is settled, that no rule would tell it again.
    """
    changes = Changes({"messages": 0, "deliveries": 0, "notices": 0, "files": 0})
    if keep_days is None:
        return changes
    binds = {"before": clock - timedelta(days=keep_days), "files_before": clock - LEFT_OVER_AFTER}
    with engine.begin() as connection:
        settlement = connection.execute(statement("history/questions/newest_settlement")).one_or_none()
        if settlement is not None:
            told = {"before": binds["before"], "over_before": settlement.as_of - NOTICES_LOOKED_AT}
            changes.add(**connection.execute(statement("maintenance/notices/count"), told).mappings().one())
            if not dry_run:
                connection.execute(statement("maintenance/notices/delete"), told)
        changes.add(**connection.execute(statement("maintenance/deliveries/count"), binds).mappings().one())
        if not dry_run:
            for name in ("messages", "deliveries"):
                connection.execute(statement(f"maintenance/deliveries/delete_{name}"), {"before": binds["before"]})
            files = {"files_before": binds["files_before"]}
            connection.execute(statement("maintenance/deliveries/delete_files"), files)
    return changes


def _lock_months(connection: Connection, lock_seconds: int) -> None:
    """Keeps loaders waiting until the transaction ends, which itself waits for them for `lock_seconds` at most."""
    connection.execute(statement("maintenance/polls/limit_lock_wait"), {"milliseconds": 1000 * lock_seconds})
    connection.execute(statement("maintenance/polls/lock_months"))


def delete_reports(
    engine: Engine, folder: StoragePath, keep_days: int | None, clock: datetime, *, dry_run: bool
) -> Changes:
    """Deletes reports that have not changed for `keep_days`: the file, then the rows.

    A file outside of `folder` (OUT=...) belongs to the user and stays.
    """
    changes = Changes({"reports": 0, "files": 0})
    if keep_days is None:
        return changes
    with engine.connect() as connection:
        reports = connection.execute(
            statement("maintenance/reports/list_old"), {"before": clock - timedelta(days=keep_days)}
        ).all()
    for report in reports:
        file = folder / f"{report.report_id}.csv"
        changes.add(f"report {report.report_id} of {report.created_at:%Y-%m-%d %H:%M}", reports=1)
        if report.csv_path == str(file) and file.exists():
            changes.add(str(file), files=1)
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
    return changes


def delete_quality(
    engine: Engine, folder: StoragePath, keep_days: int | None, clock: datetime, *, dry_run: bool
) -> Changes:
    """Deletes validation results older than `keep_days`, or of reports that are deleted: rows, JSON, Data Docs.

    Deletes the rows first, then updates the lists, then deletes the pages: no list links to a page that is gone.
    """
    changes = Changes({"reports": 0, "results": 0, "quarantined_rows": 0, "files": 0})
    old: set[str] = set()
    with engine.begin() as connection:
        if keep_days is not None:
            before = {"before": clock - timedelta(days=keep_days)}
            for row in connection.execute(statement("maintenance/validations/list_old"), before):
                old.add(str(row.report_id))
                changes.add(f"quality of report {row.report_id}", reports=1, results=row.results)
            files = connection.execute(statement("maintenance/quarantine/list_old"), before).all()
            for file in files:
                rows = file.rows_quarantined
                changes.add(f"quarantine of {file.name} (file {file.file_id}): {rows} rows", quarantined_rows=rows)
            if not dry_run:
                connection.execute(statement("maintenance/validations/delete"), {"report_ids": sorted(old)})
                file_ids = [file.file_id for file in files]
                connection.execute(statement("maintenance/quarantine/delete"), {"file_ids": file_ids})
        kept = {str(report) for report in connection.scalars(statement("maintenance/validations/list"))} - old
    site = folder / "data_docs"
    pages = [*folder.glob("*.json"), *(site / "runs").glob("*.html")]
    if not dry_run:
        changes.add(lists_repaired=data_docs.repair_lists(engine, site))
    for page in sorted((page for page in pages if page.stem not in kept), key=str):
        changes.add(str(page), files=1)
        if not dry_run and page.exists():
            page.unlink()
    return changes


def delete_left_overs(
    engine: Engine, reports: StoragePath, quality: StoragePath, clock: datetime, *, dry_run: bool
) -> Changes:
    """Deletes what killed processes left: temporary files, and rows of files whose load was never finished."""
    from store_uptime.ingest.stage_files import discard_file

    changes = Changes({"files": 0, "inputs": 0})
    for file in left_over_files(reports, quality, clock):
        changes.add(str(file), files=1)
        if not dry_run:
            file.unlink()
    with engine.connect() as connection:
        inputs = connection.execute(
            statement("maintenance/left_overs/list_files"), {"before": clock - LEFT_OVER_AFTER}
        ).all()
    for file in inputs:
        changes.add(f"{file.kind} of {file.name} (file {file.file_id}), whose load was not finished", inputs=1)
        if not dry_run:
            discard_file(engine, file.file_id)
    with engine.begin() as connection:
        changes.counts |= connection.execute(statement("maintenance/left_overs/count_rows")).mappings().one()
        if not dry_run:
            connection.execute(statement("maintenance/left_overs/delete_intervals"))
            connection.execute(statement("maintenance/left_overs/delete_stores"))
    return changes


def left_over_files(reports: StoragePath, quality: StoragePath, clock: datetime) -> list[Any]:
    """Temporary files that are too old to be in use."""
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


def delete_logs(folder: str, keep_days: int | None, clock: datetime, *, dry_run: bool) -> Changes:
    """Deletes the task logs of DAG runs without new log lines for `keep_days`; other files in the folder stay.

    Logs in a bucket stay: a bucket has lifecycle rules for that.
    """
    changes = Changes({"runs": 0, "files": 0})
    if keep_days is None or is_url(folder):
        return changes
    before = (clock - timedelta(days=keep_days)).timestamp()
    for run in sorted(Path(folder).glob("dag_id=*/run_id=*")):
        files = [file for file in run.rglob("*") if file.is_file()]
        if all(file.stat().st_mtime < before for file in files or [run]):
            changes.add(str(run), runs=1, files=len(files))
            if not dry_run:
                shutil.rmtree(run)
    return changes


def clean_airflow(database_url: str, keep_days: int | None, clock: datetime, *, dry_run: bool) -> Changes:
    """Runs `airflow db clean` for what is older than `keep_days`; raises `StoreUptimeError` if the command fails.

    It is a command because Airflow gives the process of a task no access to its tables.
    """
    changes = Changes({"rows": 0})
    if keep_days is None:
        return changes
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
        raise StoreUptimeError(f"airflow db clean failed with exit code {finished.returncode}; see the task's log.")
    for table, rows in rows_of_tables(finished.stdout).items():
        changes.add(f"{rows} rows of {table} from before {before:%Y-%m-%d %H:%M}", rows=rows)
    return changes


def rows_of_tables(output: str) -> dict[str, int]:
    """The rows that `airflow db clean` reports in `output`, by table; tables without any are left out."""
    found = re.findall(r"(?:Checking table|Performing dry run for table) (\w+)\nFound (\d+) rows", output)
    return {table: int(rows) for table, rows in found if int(rows)}


def vacuum(owner: Engine) -> None:
    """Frees the space of deleted rows and refreshes statistics. Only the owner of the tables may."""
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(statement("maintenance/vacuum"))


def first_of_month(day: date, months_later: int = 0) -> date:
    """The first day of the month of `day`, or of one after it."""
    months = 12 * day.year + day.month - 1 + months_later
    return date(months // 12, months % 12 + 1, 1)
