"""Measures reports on a week of any size, and after one more day, without the baselines of `make bench`.

DuckDB and a bare COPY cannot process the largest sizes.

    python bench/alone.py [--stores 14000] [--multiplier 100] [--shards 2] [--record]

`--record` writes the table into bench/RESULTS.md. A hundred
times the stores needs 60 GB of disk and half an hour.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

from run import TASKS, Measurement, machine, python, record, report_progress, run_report, server_memory
from store_uptime.db import embedded_postgres
from store_uptime.db.migrations import migrate
from store_uptime.settings import Settings

MARKS = ("<!-- bench/alone.py: begin -->", "<!-- bench/alone.py: end -->")
REPORTS = {"first": "first report", "second": "second report", "night": "report after a new day"}


@dataclass(frozen=True)
class Size:
    """The size of the week and of its database."""

    stores: int
    polls: int
    input_gb: float
    database_gb: float
    server_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stores", type=int, default=14_000)
    parser.add_argument("--multiplier", type=int, default=100)
    parser.add_argument("--shards", type=int, default=2)
    parser.add_argument("--record", action="store_true", help="write the table into bench/RESULTS.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="store-uptime-bench-") as scratch:
        Path(scratch).chmod(0o755)  # the server may run as a user of its own
        measured, size = measure(Path(scratch), arguments.stores * arguments.multiplier, arguments.shards)
    text = table(measured, size, arguments.shards)
    print(text)
    if arguments.record:
        sizes = f"--stores {arguments.stores} --multiplier {arguments.multiplier} --shards {arguments.shards}"
        record(f"`python bench/alone.py {sizes}`\n\n{text}", MARKS)


def measure(scratch: Path, stores: int, shards: int) -> tuple[Measurement, Size]:
    """Measures a report from the files, a second one on the loaded data, and one after a new day's polls."""
    week, day = (write(scratch / part, stores, part) for part in ("week", "next-day"))
    measured, home = Measurement(0), scratch / "home"
    home.mkdir(mode=0o755)
    with embedded_postgres.running(home) as url:
        environment = {"STORE_UPTIME_HOME": str(home), "STORE_UPTIME_DATABASE_URL": url}
        migrate(Settings.from_environment(environment))
        with server_memory(home) as server:
            for report in REPORTS:
                run_report(day if report == "night" else week, report, shards, home, environment, measured)
                report_progress(", ".join(f"{name} {seconds:.1f} s" for name, seconds in measured.seconds.items()))
        with (week / "store_status.csv").open("rb") as rows:
            polls = sum(piece.count(b"\n") for piece in iter(lambda: rows.read(1 << 20), b"")) - 1
        size = Size(
            stores,
            polls,
            bytes_in(week) / 1e9,
            bytes_in(embedded_postgres.data_folder(home) / "base") / 1e9,
            server.all_mb,
        )
    return measured, size


def write(folder: Path, stores: int, part: str) -> Path:
    report_progress(f"writing the reference week of {stores:,} stores, {part}")
    python("reference_week.py", str(folder), "--stores", str(stores), "--part", part)
    return folder


def bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def table(measured: Measurement, size: Size, shards: int) -> str:
    """The figures, in Markdown."""
    rows = [
        f"| {size.stores:,} stores, {size.polls:,} polls, in {shards} shards | " + " | ".join(REPORTS.values()) + " |",
        "|---|" + "---:|" * len(REPORTS),
    ]
    for task in TASKS:
        cells = [
            f"{measured.seconds[f'{report} {task}']:.1f} s ({measured.cpu_seconds[f'{report} {task}']:.1f}),"
            f" {measured.memory_mb[f'{report} {task}']:.0f} MB"
            for report in REPORTS
        ]
        rows.append(f"| `{task}` | " + " | ".join(cells) + " |")
    totals = [sum(measured.seconds[f"{report} {task}"] for task in TASKS) for report in REPORTS]
    rows.append("| **all tasks** | " + " | ".join(f"{total:.0f} s" for total in totals) + " |")
    facts = (
        f"Input {size.input_gb:.1f} GB, tables and keys {size.database_gb:.1f} GB, PostgreSQL's processes at most"
        f" {size.server_mb:,.0f} MB together; a million polls {1e6 * totals[0] / size.polls:.2f} s from files to CSV."
    )
    rows += ["", f"{facts} {machine()}"]
    return "\n".join(rows)


if __name__ == "__main__":
    main()
