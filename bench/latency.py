"""`make bench`, second part: from `POST trigger_report` to the CSV, through a whole Airflow, and where the seconds go.

Each stack is started by `make up`'s own code with an empty STORE_UPTIME_HOME. Reports are asked for one after the
other, by REST, as any client would; `get_report` is asked every tenth of a second until it answers with the CSV.
*before* is Airflow as it comes: without our settings for its scheduler and workers, and without imports ahead of the
tasks' processes.

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
from run import HERE, TASKS, machine, python, record, say
from store_uptime.settings import PROJECT

MARKS = ("<!-- make bench, latency: begin -->", "<!-- make bench, latency: end -->")
CLIENTS, ANSWERS_EACH = 20, 30
# What `make up` sets for speed alone; and the folder of airflow_local_settings.py, which imports ahead.
SETTINGS_FOR_SPEED = (
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL",
)


@dataclass(frozen=True)
class Latency:
    """Seconds of one report: from the request to the CSV, and the parts they fall into."""

    seconds: float
    parts: dict[str, float]


@dataclass(frozen=True)
class Measured:
    """One stack: the first report after the start, which loads the files, and those after it."""

    name: str
    first: Latency
    others: list[Latency]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stores", type=int, default=14_000, help="stores of the reference week")
    parser.add_argument("--reports", type=int, default=10, help="reports after the first, on each stack (default 10)")
    parser.add_argument("--record", action="store_true", help="write the tables into bench/RESULTS.md")
    asked = parser.parse_args()
    sample = PROJECT / "data" / "sample"
    with tempfile.TemporaryDirectory(prefix="store-uptime-bench-") as scratch:
        Path(scratch).chmod(0o755)  # the server may run as a user of its own
        week = Path(scratch) / "week"
        python("reference_week.py", str(week), "--stores", str(asked.stores))
        measured = []
        with up(Path(scratch) / "before", sample, is_tuned=False) as client:
            measured.append(measure("sample, before", client, asked.reports))
        with up(Path(scratch) / "sample", sample) as client:
            measured.append(measure("sample", client, asked.reports))
        with up(Path(scratch) / "reference", week) as client:
            measured.append(measure("reference week", client, asked.reports))
            answers = {"once a second each, as Retry-After says": ask_at_once(client, pause_seconds=1)}
            answers["without a pause"] = ask_at_once(client, pause_seconds=0)
    text = tables(measured, answers)
    print(text)
    if asked.record:
        command = f"`python bench/latency.py --stores {asked.stores} --reports {asked.reports}` (`make bench`)"
        record(f"{command}\n\n{text}", MARKS)


@contextmanager
def up(home: Path, data: Path, *, is_tuned: bool = True) -> Iterator[httpx.Client]:
    """A client of a stack with a home of its own, signed in; `is_tuned=False`: see *before* above."""
    environment = {
        **os.environ,
        "STORE_UPTIME_HOME": str(home),
        "STORE_UPTIME_DATA": str(data),
        "STORE_UPTIME_SCHEDULE": "none",
        "PORT": str(free_port()),
        "PYTHONPATH": os.pathsep.join(map(str, (PROJECT, PROJECT / "include", HERE))),
    }
    say(f"{home.name}: starting Airflow")
    start = ["-m", "commands.stack", "up"] if is_tuned else ["-c", "import latency; latency.up_as_airflow_comes()"]
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


def up_as_airflow_comes() -> None:
    """`make up` without what it does for speed."""
    environment_of, airflow_environment = stack.stack_environment, stack.airflow_environment

    def stack_environment(*arguments: Any) -> dict[str, str]:
        chosen = environment_of(*arguments)
        return {name: value for name, value in chosen.items() if name not in SETTINGS_FOR_SPEED}

    def without_imports_ahead(*arguments: Any) -> dict[str, str]:
        chosen = airflow_environment(*arguments)
        folders = [folder for folder in chosen["PYTHONPATH"].split(os.pathsep) if Path(folder).name != "config"]
        return chosen | {"PYTHONPATH": os.pathsep.join(folders)}

    stack.stack_environment, stack.airflow_environment = stack_environment, without_imports_ahead
    print(stack.up(stack.chosen_port()))


def measure(name: str, client: httpx.Client, reports: int) -> Measured:
    first = one_report(client)
    others = [one_report(client) for _ in range(reports)]
    say(f"{name}: first {first.seconds:.2f} s, then {', '.join(f'{other.seconds:.2f}' for other in others)}")
    return Measured(name, first, others)


def one_report(client: httpx.Client) -> Latency:
    """Asks for a report and waits for its CSV."""
    asked_at = time.time()
    report_id = client.post("/store-uptime/trigger_report").raise_for_status().json()["report_id"]
    while True:
        answer = client.get(f"/store-uptime/get_report/{report_id}").raise_for_status()
        if answer.headers["content-type"].startswith("text/csv"):
            break
        if answer.json()["status"] == "Failed":
            sys.exit(f"The report failed: {answer.text}")
        time.sleep(0.1)
    done_at = time.time()
    return Latency(done_at - asked_at, parts_of(client, report_id, asked_at, done_at))


def parts_of(client: httpx.Client, report_id: str, asked_at: float, done_at: float) -> dict[str, float]:
    """Where the seconds went, by Airflow's times of the task instances and ours of the bodies."""
    run = f"/api/v2/dags/store_uptime_report/dagRuns/{report_id}"
    while client.get(run).raise_for_status().json()["state"] == "running":  # the CSV is out before Airflow is done
        time.sleep(0.1)
    found = client.get(f"{run}/taskInstances").raise_for_status().json()["task_instances"]
    instances = {task["task_id"]: task for task in found}
    record = client.get(f"/store-uptime/reports/{report_id}").raise_for_status().json()
    bodies = {task["task"]: task for task in record["tasks"]}
    parts = dict.fromkeys(("scheduling", "process start", "before the body", "bodies", "after the body"), 0.0)
    ready_at = asked_at
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


def ask_at_once(client: httpx.Client, pause_seconds: float) -> list[float]:
    """Seconds to the first byte of a finished report, for each answer to each of CLIENTS clients."""
    newest = client.get("/store-uptime/reports", params={"limit": 1}).raise_for_status().json()
    report_id = newest["reports"][0]["report_id"]

    def ask(number: int) -> list[float]:
        waited = []
        time.sleep(pause_seconds * number / CLIENTS)  # clients do not come in step
        with httpx.Client(base_url=client.base_url, headers=client.headers, timeout=60) as own:
            for _ in range(ANSWERS_EACH + 1):
                asked_at = time.perf_counter()
                with own.stream("GET", f"/store-uptime/get_report/{report_id}") as answer:
                    answer.raise_for_status()
                    waited.append(time.perf_counter() - asked_at)
                    answer.read()
                time.sleep(pause_seconds)
        return waited[1:]  # the first opens the connection

    with ThreadPoolExecutor(CLIENTS) as clients:
        return [seconds for waited in clients.map(ask, range(CLIENTS)) for seconds in waited]


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
