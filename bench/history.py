"""Settles 60 days of the reference week's stores, one more night, and asks about them, beside plain DuckDB.

DuckDB (duckdb_load.sql, duckdb_days.sql) computes the same days from the same files; the benchmark fails if any figure
of any day differs. It also sums up the table of days by month and store, as `make availability` does. Each measurement
runs in a process of its own; imports are not timed.

    python bench/history.py [--stores 14000] [--days 60] [--record]

`--record` writes the table into bench/RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

import reference_week
from run import (
    HERE,
    Measurement,
    judged,
    machine,
    python,
    record,
    report_progress,
    run_report,
    server_cpu_seconds,
)
from store_uptime.db import embedded_postgres
from store_uptime.db.engine import connected
from store_uptime.db.migrations import migrate
from store_uptime.history import days
from store_uptime.history.availability import Question, find_availability
from store_uptime.history.now import find_now
from store_uptime.history.outages import OutageFilter, find_outages
from store_uptime.history.questions import Choice, reading
from store_uptime.settings import Settings

MARKS = ("<!-- bench/history.py: begin -->", "<!-- bench/history.py: end -->")
MAX_GAP = timedelta(hours=3)
TIMES = 5  # each question is asked so often; the median counts
ROWS = 1000  # of a page of the API
DAYS = """
    copy (
        select
            store.store_id, day.local_date, day.open_us, day.planned_us, day.up_us, day.down_us, day.unknown_us,
            day.opened_late_us, day.closed_early_us, day.missed_openings
        from history.day inner join core.store using (store_key)
    ) to stdout with (format csv, header)
"""
DIFFERING = """
    (select * from ours except select * from theirs) union all (select * from theirs except select * from ours)
"""
BY_MONTH = """
    select store_id, date_trunc('month', local_date) as month, count(*), sum(open_us), sum(planned_us), sum(up_us),
        sum(down_us), sum(unknown_us), sum(opened_late_us), sum(closed_early_us), sum(missed_openings)
    from day group by store_id, month order by store_id, month
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stores", type=int, default=14_000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--record", action="store_true", help="write the table into bench/RESULTS.md")
    parser.add_argument("--part", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        print(json.dumps(PARTS[arguments.part[0]](*arguments.part[1:])))
        return
    with tempfile.TemporaryDirectory(prefix="store-uptime-bench-") as scratch:
        Path(scratch).chmod(0o755)  # the server may run as a user of its own
        text = measure(Path(scratch), arguments.stores, arguments.days)
    print(text)
    if arguments.record:
        record(f"`python bench/history.py --stores {arguments.stores} --days {arguments.days}`\n\n{text}", MARKS)


def measure(scratch: Path, stores: int, length: int) -> str:
    """Loads the days, settles them, and asks; returns the figures, in Markdown."""
    report_progress(f"writing {length} days of {stores:,} stores")
    folder, night, home = scratch / "days", scratch / "night", scratch / "home"
    for one in (folder, night, home):
        one.mkdir(mode=0o755)
    # In a process of its own: Linux counts a parent's memory as the peak of the processes that it starts.
    python("history.py", "--part", "write", str(folder), str(night), str(stores), str(length))
    expected = scratch / "days.parquet"
    with embedded_postgres.running(home) as url:
        environment = {"STORE_UPTIME_HOME": str(home), "STORE_UPTIME_DATABASE_URL": url}
        migrate(Settings.from_environment(environment))

        def part(*name: str) -> dict[str, Any]:
            before = server_cpu_seconds(home)
            found = python("history.py", "--part", *name, **environment)
            return found | {"cpu_seconds": found["cpu_seconds"] + server_cpu_seconds(home) - before}

        report_progress("DuckDB")
        theirs = part("compute", str(folder), str(expected))
        report_progress("loading")
        run_report(folder, "first", 1, home, environment, Measurement(0))
        report_progress("settling")
        ours = part("settle")
        compared = part("compare", str(expected))
        if compared["differences"]:
            sys.exit(f"{compared['differences']} days differ from DuckDB's, such as {compared['example']}.")
        asked = part("ask", str(expected))
        report_progress("one more night")
        run_report(night, "night", 1, home, environment, Measurement(0))
        more = part("settle")
    limit = theirs["seconds"] / 30 + 0.5
    rows = [
        f"| {stores:,} stores, {length} days | ours | DuckDB | ratio or limit |",
        "|---|---:|---:|---:|",
        line(f"{length} days from nothing", ours, theirs, 1.5),
        f"| one more night | {judged(more['seconds'], limit)} s ({more['cpu_seconds']:.2f}) | | {limit:.2f} s |",
        f"| memory of the process | {judged(ours['memory_mb'], 300, 0)} MB | {theirs['memory_mb']:.0f} MB | 300 MB |",
    ]
    asked_of_theirs = asked["DuckDB, by month and store"]
    ratio = judged(asked["by month and store"] / asked_of_theirs, 2)
    rows.append(
        f"| availability by month and store | {asked['by month and store']:.2f} s | {asked_of_theirs:.2f} s"
        f" | {ratio} of 2 |"
    )
    for name, limit in {
        "by time zone": 0.3,
        "now, a page": 0.1,
        "outages, a page": 0.1,
        "one store's year": 0.1,
    }.items():
        taken = judged(asked[name] * 1000, limit * 1000, 0)
        rows.append(f"| {name} | {taken} ms | | {limit * 1000:.0f} ms |")
    facts = (
        f"{compared['days']:,} days, all figures as DuckDB's."
        " Seconds (of CPU, the server's included); of questions the median."
    )
    return "\n".join([*rows, "", f"{facts} {machine()}"])


def line(name: str, ours: dict[str, Any], theirs: dict[str, Any], limit: float) -> str:
    cells = [f"{found['seconds']:.2f} s ({found['cpu_seconds']:.2f})" for found in (ours, theirs)]
    ratio = judged(ours["seconds"] / theirs["seconds"], limit)
    return f"| {name} | {' | '.join(cells)} | {ratio} of {limit:g} |"


def timed(work: Callable[[], Any]) -> dict[str, Any]:
    started, cpu_started = time.perf_counter(), time.process_time()
    work()
    return {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu_started,
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def write(folder: str, night: str, stores: str, length: str) -> dict[str, Any]:
    """Writes the files of the days, and of the night after them."""
    hours = range(reference_week.HOURS - 24 * int(length), reference_week.HOURS)
    reference_week.write_polls(Path(folder, "store_status.csv"), int(stores), hours, seed=1)
    reference_week.write_hours(Path(folder, "menu_hours.csv"), int(stores), seed=1)
    reference_week.write_zones(Path(folder, "timezones.csv"), int(stores), seed=1)
    reference_week.write_polls(Path(night, "store_status_night.csv"), int(stores), reference_week.NEXT_DAY, seed=1)
    return {}


def compute(folder: str, target: str) -> dict[str, Any]:
    """Computes the days by DuckDB, and keeps them in a Parquet file."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    connection.execute("set variable folder = ?", [folder])
    statements = [(HERE / f"duckdb_{part}.sql").read_text(encoding="utf-8") for part in ("load", "days")]
    found = timed(lambda: [connection.execute(statement) for statement in statements])
    connection.execute(f"copy day_figures to '{target}' (format parquet)")
    return found


def settle() -> dict[str, Any]:
    """Settles what is new."""
    with connected(Settings.from_environment(), "writer", "history") as engine:
        return timed(lambda: days.settle_all(engine, datetime.now(UTC), MAX_GAP))


def compare(expected: str) -> dict[str, Any]:
    """How many days differ from DuckDB's, either way."""
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        with connected(Settings.from_environment(), "reader") as engine, engine.connect() as connection:
            cursor: Any = connection.connection.cursor()
            cursor.copy_expert(DAYS, file)
        file.flush()
        duck = duckdb.connect()
        duck.execute(f"create table ours as from read_csv('{file.name}', types = {{'store_id': 'varchar'}})")
        duck.execute(f"create view theirs as from '{expected}'")
        differing = duck.execute(DIFFERING).fetchall()
        count = duck.execute("select count(*) from ours").fetchall()[0][0]
    return {"days": count, "differences": len(differing), "example": str(differing[:1]), "cpu_seconds": 0.0}


def ask(expected: str) -> dict[str, Any]:
    """The seconds of each question: medians."""
    duck = duckdb.connect()
    duck.execute(f"create table day as from '{expected}'")
    first, last, store_id = duck.execute("select min(local_date), max(local_date), min(store_id) from day").fetchall()[
        0
    ]
    year_ago = last - timedelta(days=365)
    with connected(Settings.from_environment(), "reader") as engine:

        def availability(from_date: date, **how: Any) -> None:
            with reading(engine) as connection:
                find_availability(connection, Question(from_date, last, **how))

        def now() -> None:
            with reading(engine) as connection:
                find_now(connection, Choice(), rows=ROWS)

        def outages() -> None:
            with reading(engine) as connection:
                find_outages(connection, OutageFilter(first, last), rows=ROWS)

        questions: dict[str, Callable[[], Any]] = {
            "DuckDB, by month and store": lambda: duck.execute(BY_MONTH).fetchall(),
            "by month and store": lambda: availability(first, period="month"),
            "by time zone": lambda: availability(first, by="timezone"),
            "now, a page": now,
            "outages, a page": outages,
            "one store's year": lambda: availability(year_ago, period="day", choice=Choice(store_id)),
        }
        return {
            name: median(timed(question)["seconds"] for _ in range(TIMES)) for name, question in questions.items()
        } | {"cpu_seconds": 0.0}


PARTS: dict[str, Callable[..., dict[str, Any]]] = {
    "write": write,
    "compute": compute,
    "settle": settle,
    "compare": compare,
    "ask": ask,
}


if __name__ == "__main__":
    main()
