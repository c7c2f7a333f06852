"""`make bench`, second part: the time from `POST trigger_report` to the CSV in a complete Airflow, and its parts.

The code of `make up` starts each stack with an empty STORE_UPTIME_HOME. Reports are requested one after another over
REST, as a client does: it calls `get_report` every tenth of a second until the response is the CSV. *before* is Airflow
with its defaults: without our settings for its scheduler and workers, and without imports before the fork of tasks.

    python bench/latency.py [--stores 14000] [--reports 10] [--record]

`--record` writes the tables into bench/RESULTS.md.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import mean, median, quantiles
from typing import Any

import httpx

from commands import stack
from commands.console import Console
from commands.homes import to_show
from run import HERE, TASKS, machine, python, record, report_progress
from store_uptime.settings import PROJECT

MARKS = ("<!-- make bench, latency: begin -->", "<!-- make bench, latency: end -->")
CLIENTS, ANSWERS_EACH = 20, 30
# The settings of `make up` that are only for speed.
SETTINGS_FOR_SPEED = (
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL",
)


@dataclass(frozen=True)
class Latency:
    """Seconds of one report from the request to the CSV, and of each part."""

    seconds: float
    parts: dict[str, float]


@dataclass(frozen=True)
class Measured:
    """The figures of one stack: the first report after the start, which loads the files, and the later ones."""

    name: str
    first: Latency
    others: list[Latency]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stores", type=int, default=14_000, help="stores of the reference week")
    parser.add_argument("--reports", type=int, default=10, help="reports after the first, on each stack (default 10)")
    parser.add_argument("--record", action="store_true", help="write the tables into bench/RESULTS.md")
    arguments = parser.parse_args()
    sample = PROJECT / "data" / "sample"
    with tempfile.TemporaryDirectory(prefix="store-uptime-bench-") as scratch:
        Path(scratch).chmod(0o755)  # the server may run as a user of its own
        week = Path(scratch) / "week"
        python("reference_week.py", str(week), "--stores", str(arguments.stores))
        measured = []
        with up(Path(scratch) / "before", sample, is_tuned=False) as client:
            measured.append(measure("sample, before", client, arguments.reports))
        with up(Path(scratch) / "sample", sample) as client:
            measured.append(measure("sample", client, arguments.reports))
        with up(Path(scratch) / "reference", week) as client:
            measured.append(measure("reference week", client, arguments.reports))
            answers = {"once a second each, as Retry-After says": poll_in_parallel(client, pause_seconds=1)}
            answers["without a pause"] = poll_in_parallel(client, pause_seconds=0)
    text = tables(measured, answers)
    print(text)
    if arguments.record:
        command = f"`python bench/latency.py --stores {arguments.stores} --reports {arguments.reports}` (`make bench`)"
        record(f"{command}\n\n{text}", MARKS)


@contextmanager
def up(home: Path, data: Path, *, is_tuned: bool = True) -> Iterator[httpx.Client]:
    """A signed-in client of a new stack with its own home; `is_tuned=False` is *before* above."""
    environment = {
        **os.environ,
        "STORE_UPTIME_HOME": str(home),
        "STORE_UPTIME_DATA": str(data),
        "STORE_UPTIME_SCHEDULE": "none",
        "PORT": str(free_port()),
        "PYTHONPATH": os.pathsep.join(map(str, (PROJECT, PROJECT / "include", HERE))),
    }
    report_progress(f"{home.name}: starting Airflow")
    start = ["-m", "commands.stack", "up"] if is_tuned else ["-c", "import latency; latency.up_with_defaults()"]
    subprocess.run([sys.executable, *start], env=environment, cwd=PROJECT, check=True, stdout=sys.stderr)
    try:
        url = f"http://{stack.HOST}:{environment['PORT']}"
        login = {"username": stack.USER, "password": stack.password_of(home)}
        token = httpx.post(f"{url}/auth/token", json=login).json()["access_token"]
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
            yield client
    finally:
        down = [sys.executable, "-m", "commands.stack", "down"]
        subprocess.run(down, env=environment, cwd=PROJECT, check=True, stdout=sys.stderr)


def up_with_defaults() -> None:
    """`make up` without its settings for speed."""
    environment_of, airflow_environment = stack.stack_environment, stack.airflow_environment

    def stack_environment(*arguments: Any) -> dict[str, str]:
        chosen = environment_of(*arguments)
        return {name: value for name, value in chosen.items() if name not in SETTINGS_FOR_SPEED}

    def environment_without_imports(*arguments: Any) -> dict[str, str]:
        chosen = airflow_environment(*arguments)
        folders = [folder for folder in chosen["PYTHONPATH"].split(os.pathsep) if Path(folder).name != "config"]
        return chosen | {"PYTHONPATH": os.pathsep.join(folders)}

    stack.stack_environment, stack.airflow_environment = stack_environment, environment_without_imports
    console = Console()
    console.settings = to_show()
    print(stack.up(console, stack.chosen_port()))


def measure(name: str, client: httpx.Client, reports: int) -> Measured:
    first = one_report(client)
    others = [one_report(client) for _ in range(reports)]
    report_progress(
        f"{name}: first {first.seconds:.2f} s, then {', '.join(f'{other.seconds:.2f}' for other in others)}"
    )
    return Measured(name, first, others)


def one_report(client: httpx.Client) -> Latency:
    """Requests a report and waits for its CSV."""
    requested_at = time.time()
    report_id = client.post("/store-uptime/trigger_report").raise_for_status().json()["report_id"]
    while True:
        answer = client.get(f"/store-uptime/get_report/{report_id}").raise_for_status()
        if answer.headers["content-type"].startswith("text/csv"):
            break
        if answer.json()["status"] == "Failed":
            sys.exit(f"The report failed: {answer.text}")
        time.sleep(0.1)
    done_at = time.time()
    return Latency(done_at - requested_at, parts_of(client, report_id, requested_at, done_at))


def parts_of(client: httpx.Client, report_id: str, requested_at: float, done_at: float) -> dict[str, float]:
    """The seconds of each part, from Airflow's times of the task instances and ours of their bodies."""
    run = f"/api/v2/dags/store_uptime_report/dagRuns/{report_id}"
    while client.get(run).raise_for_status().json()["state"] == "running":  # it ends after the CSV is published
        time.sleep(0.1)
    found = client.get(f"{run}/taskInstances").raise_for_status().json()["task_instances"]
    instances = {task["task_id"]: task for task in found}
    record = client.get(f"/store-uptime/reports/{report_id}").raise_for_status().json()
    bodies = {task["task"]: task for task in record["tasks"]}
    parts = dict.fromkeys(("scheduling", "process start", "before the body", "bodies", "after the body"), 0.0)
    ready_at = requested_at
    for task in TASKS:
        instance, body = instances[task], bodies[task]
        queued_at, started_at, ended_at = (instant(instance[key]) for key in ("queued_when", "start_date", "end_date"))
        body_from, body_to = instant(body["started_at"]), instant(body["finished_at"])
        parts["scheduling"] += queued_at - ready_at
        parts["process start"] += started_at - queued_at
        parts["before the body"] += body_from - started_at
        parts["bodies"] += body_to - body_from
        parts["after the body"] += ended_at - body_to if task != TASKS[-1] else 0
        ready_at = ended_at
    return parts | {"until the client has it": done_at - body_to}


def instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def poll_in_parallel(client: httpx.Client, pause_seconds: float) -> list[float]:
    """Seconds to the first byte of a finished report, for each response to each of CLIENTS clients."""
    newest = client.get("/store-uptime/reports", params={"limit": 1}).raise_for_status().json()
    report_id = newest["reports"][0]["report_id"]

    def poll(number: int) -> list[float]:
        waited = []
        time.sleep(pause_seconds * number / CLIENTS)  # so that the clients do not poll at the same time
        with httpx.Client(base_url=client.base_url, headers=client.headers, timeout=60) as own:
            for _ in range(ANSWERS_EACH + 1):
                requested_at = time.perf_counter()
                with own.stream("GET", f"/store-uptime/get_report/{report_id}") as answer:
                    answer.raise_for_status()
                    waited.append(time.perf_counter() - requested_at)
                    answer.read()
                time.sleep(pause_seconds)
        return waited[1:]  # the first opens the connection

    with ThreadPoolExecutor(CLIENTS) as clients:
        return [seconds for waited in clients.map(poll, range(CLIENTS)) for seconds in waited]


def tables(measured: list[Measured], answers: dict[str, list[float]]) -> str:
    """The figures, in Markdown."""
    names = [each.name for each in measured]
    lines = [f"| seconds | {' | '.join(names)} |", "|---|" + "---:|" * len(names)]

    def line(title: str, values: list[float]) -> None:
        lines.append(f"| {title} | " + " | ".join(f"{value:.2f}" for value in values) + " |")

    line("**first report after the start** (loads the files)", [each.first.seconds for each in measured])
    line("**trigger to CSV, median**", [median(one.seconds for one in each.others) for each in measured])
    line("slowest", [max(one.seconds for one in each.others) for each in measured])
    for part in measured[0].first.parts:
        line(f"of which {part}, mean", [mean(one.parts[part] for one in each.others) for each in measured])
    lines += [
        "",
        f"| `get_report` of a finished reference report, to the first byte, {CLIENTS} clients | median | p99 |",
    ]
    lines.append("|---|---:|---:|")
    for pace, waited in answers.items():
        lines.append(f"| {pace} | {1000 * median(waited):.0f} ms | {1000 * quantiles(waited, n=100)[98]:.0f} ms |")
    lines += ["", f"{len(measured[0].others)} reports after the first on each stack. {machine()}"]
    return "\n".join(lines)


def free_port() -> int:
    with socket.socket() as attempt:
        attempt.bind((stack.HOST, 0))
        return int(attempt.getsockname()[1])


if __name__ == "__main__":
    main()
