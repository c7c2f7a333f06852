"""Airflow as on several machines: every process has a home of its own, and shares a database, a queue and a bucket."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import httpx
import psutil
import pytest
import redis
from sqlalchemy import Engine

from commands.stack import USER, password_of
from plugin.stack import answers, wait_for
from store_uptime.settings import PROJECT
from support.programs import program

START_SECONDS = 180
REPORT_SECONDS = 120
# Of the machine the tests run on, nothing is to be heard.
FOREIGN = ("STORE_UPTIME_", "AIRFLOW", "AWS_", "REDIS_", "POSTGRES_", "PG")


class Machine:
    """One process of the system with what came from it, a home of its own, and a log."""

    def __init__(self, home: Path, command: list[str], environment: Mapping[str, str]) -> None:
        home.mkdir(exist_ok=True)
        self.home, self.log = home, home / "output.log"
        self._command, self._environment = command, environment
        self.start()

    def start(self) -> None:
        """Starts it, for the first time or again."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=PROJECT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Ends it as a loss of power does: with its children, all at once, and without a word."""
        family = [self._process.pid]
        with suppress(psutil.NoSuchProcess):
            family += [child.pid for child in psutil.Process(self._process.pid).children(recursive=True)]
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def is_running(self) -> bool:
        """Whether the first of its processes has not ended."""
        return self._process.poll() is None

    def said(self) -> str:
        """What it has written."""
        return self.log.read_text(errors="replace")


class Cluster:
    """The machines by name, for as long as the block lasts."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        self.folder, self.environment = folder, clean | {"PYTHONPATH": "include"} | environment
        self.machines: dict[str, Machine] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for machine in self.machines.values():
            machine.kill()

    def home(self, name: str) -> Path:
        """The folder that the process `name` alone knows."""
        return self.folder / name

    def start(self, name: str, process: str, *arguments: str, home: str = "", **environment: str) -> None:
        """One more process, as its container would start it."""
        folder = self.home(home or name)
        own = {"STORE_UPTIME_HOME": str(folder / "home"), **environment}
        command = [sys.executable, "-m", "commands.container", process, *arguments]
        self.machines[name] = Machine(self.home(name), command, self.environment | own)

    def run_init(self, home: str) -> None:
        """What has to be done before everything else, once."""
        self.home(home).mkdir(exist_ok=True)
        done = subprocess.run(
            [sys.executable, "-m", "commands.container", "init"],
            cwd=PROJECT,
            env=self.environment | {"STORE_UPTIME_HOME": str(self.home(home) / "home")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]

    def wait_for(self, condition: Any, what: str, seconds: float = START_SECONDS) -> None:
        """Waits; a machine that ended meanwhile is told with its last words."""

        def holds() -> bool:
            for name, machine in self.machines.items():
                assert machine.is_running(), f"{name} ended: {machine.said()[-3000:]}"
            return condition()

        wait_for(holds, what, seconds)


def require_redis() -> None:
    """The development set-up brings the server; without it nothing is known of the queue, which is no success."""
    if program("redis-server") is None:
        pytest.fail("These tests need redis-server, which the development set-up brings: make test")


class Redis(Machine):
    """A queue with a password, which keeps on its disk what it was told."""

    def __init__(self, folder: Path, port: int) -> None:
        self.password = secrets.token_urlsafe(8)
        self.url = f"redis://127.0.0.1:{port}/0"
        self.client = redis.Redis(port=port, password=self.password)
        folder.mkdir(exist_ok=True)
        durable = ["--save", "", "--appendonly", "yes", "--appendfsync", "always", "--dir", str(folder)]
        server = program("redis-server")
        command = [server, "--bind", "127.0.0.1", "--port", str(port), "--requirepass", self.password, *durable]
        super().__init__(folder, command, dict(os.environ))

    def answers(self) -> bool:
        """Whether it is up."""
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False


class Web:
    """The API server as seen by the administrator."""

    def __init__(self, url: str, home: Path) -> None:
        self.url, self.home = url, home

    def is_up(self) -> bool:
        """Whether tasks can talk to it: the first call builds what they talk to."""
        return answers(f"{self.url}/execution/health")

    def sign_in(self) -> httpx.Client:
        """Has to come before everything below; the client is to be closed."""
        login = {"username": USER, "password": password_of(self.home)}
        token = httpx.post(f"{self.url}/auth/token", json=login, timeout=60).raise_for_status().json()["access_token"]
        self.client = httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=60)
        return self.client

    def get(self, path: str) -> Any:
        """JSON."""
        return self.client.get(path).raise_for_status().json()

    def knows_the_dag(self) -> bool:
        """Whether runs can be asked for."""
        return self.client.get("/api/v2/dags/store_uptime_report").status_code == 200

    def trigger(self, shards: int) -> UUID:
        """Asks for a report in so many parts."""
        answer = self.client.post("/store-uptime/trigger_report", json={"shards": shards})
        return UUID(answer.raise_for_status().json()["report_id"])

    def state(self, report_id: UUID) -> str:
        """Queued, Running, Complete or Failed."""
        return self.get(f"/store-uptime/reports/{report_id}")["state"]

    def tries(self, report_id: UUID) -> Counter[tuple[str, str, int]]:
        """How many task instances there are of each task, state and number of tries."""
        path = f"/api/v2/dags/store_uptime_report/dagRuns/{report_id}/taskInstances?limit=200"
        return Counter(
            (one["task_id"], str(one["state"]), one["try_number"]) for one in self.get(path)["task_instances"]
        )


def tasks_of(machine: Machine, report_id: UUID) -> list[str]:
    """The tasks of a report that a worker took, in that order, by its own account."""
    lines = [line for line in machine.said().splitlines() if "Executing workload" in line and str(report_id) in line]
    return [re.search(r"task_id='(\w+)'", line)[1] for line in lines]


def blocked_statements(owner: Engine) -> int:
    """How many statements wait for a table."""
    query = """select count(*) from pg_locks where not granted and relation is not null
               and database = (select oid from pg_database where datname = current_database())"""
    with owner.connect() as connection:
        return connection.exec_driver_sql(query).scalar_one()


def expectations_of(detail: Mapping[str, Any]) -> dict[str, bool]:
    """What was expected of the input, and whether it was met."""
    return {one["expectation"]: one["is_met"] for one in detail["expectations_list"]}


def private_keys() -> dict[str, str]:
    """What all machines sign and encrypt with, as a secret store would give it to each."""
    return {
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
        "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(32),
        "AIRFLOW__CORE__FERNET_KEY": "A" * 43 + "=",
    }
