"""What one more day costs, as one file and as 24, what polls need on disk, and a report after a year of history."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text

from store_uptime.db.engine import connected
from store_uptime.operations import maintenance
from store_uptime.settings import Settings

POLL_BYTES = """
    select sum(pg_total_relation_size(inhrelid)) / (select sum(polls) from core.poll_day)
    from pg_inherits where inhparent = 'core.poll_day'::regclass
"""
RunReport = Callable[[Path, str], Path]


def measure_days(
    run_report: RunReport, folder_of: Callable[[str], Path], environment: dict[str, str]
) -> tuple[dict[str, float], dict[str, float]]:
    """Loads a day as one file and the next one as 24, and merges its polls; returns seconds, and bytes a poll."""
    bytes_of_poll = {"after the week": bytes_a_poll(environment)}
    run_report(folder_of("next-day"), "next day's")
    run_report(folder_of("hourly"), "hourly day's")
    run_report(folder_of("later"), "later")
    bytes_of_poll["with a day as 24 hourly files"] = bytes_a_poll(environment)
    with connected(Settings.from_environment(environment)) as engine:
        started = time.perf_counter()
        changes = maintenance.merge_polls(engine, dry_run=False)
        seconds = {"merge": time.perf_counter() - started}
    if not changes.counts["rows"]:
        raise RuntimeError("The hourly files were not merged.")
    bytes_of_poll["the same after maintenance has merged it"] = bytes_a_poll(environment)
    return seconds, bytes_of_poll


def bytes_a_poll(environment: dict[str, str]) -> float:
    """What the tables of polls and their keys need on disk."""
    with connected(Settings.from_environment(environment)) as engine, engine.connect() as connection:
        return float(connection.execute(text(POLL_BYTES)).scalar_one())
