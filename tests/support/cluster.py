"""Airflow as on several machines: each process has its own home; they share a database, a queue and a bucket."""

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
# Variables of the machine that tests run on, which the processes must not see.
FOREIGN = ("STORE_UPTIME_", "AIRFLOW", "AWS_", "REDIS_", "POSTGRES_", "PG")


class Machine:
    """A process with its children, its own home, and a log."""

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
        """Sends SIGKILL to the process and its children, as a loss of power would end them."""
        family = [self._process.pid]
        with suppress(psutil.NoSuchProcess):
            family += [child.pid for child in psutil.Process(self._process.pid).children(recursive=True)]
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def is_running(self) -> bool:
        """Whether the process itself (not a child) runs."""
        return self._process.poll() is None

    def output(self) -> str:
        """What the process has written."""
        return self.log.read_text(errors="replace")


class Cluster:
    """The machines by name; they run until the block ends."""

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
        """The folder of the process `name`."""
        return self.folder / name

    def start(self, name: str, process: str, *arguments: str, home: str = "", **environment: str) -> None:
        """Starts one more process, as its container would."""
        folder = self.home(home or name)
        own = {"STORE_UPTIME_HOME": str(folder / "home"), **environment}
        command = [sys.executable, "-m", "commands.container", process, *arguments]
        self.machines[name] = Machine(self.home(name), command, self.environment | own)

    def run_init(self, home: str) -> None:
        """Runs `init`, which must end before other processes start."""
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
        """Waits for `condition`; fails with the output of a machine that has ended."""

        def holds() -> bool:
            for name, machine in self.machines.items():
                assert machine.is_running(), f"{name} ended: {machine.output()[-3000:]}"
            return condition()

        wait_for(holds, what, seconds)


def require_redis() -> None:
    """Fails the test if there is no Redis server. The development requirements install one."""
    if program("redis-server") is None:
        pytest.fail("These tests need redis-server; `make test` installs it.")


class Redis(Machine):
    """A queue with a password, durable on disk."""

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
        """Whether the server answers."""
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False


class Web:
    """The API server, with a client of the administrator."""

    def __init__(self, url: str, home: Path) -> None:
        self.url, self.home = url, home

    def is_up(self) -> bool:
        """Whether the API for tasks answers; the first call builds it."""
        return answers(f"{self.url}/execution/health")

    def sign_in(self) -> httpx.Client:
        """Signs in; the methods below need it. The caller closes the client."""
        login = {"username": USER, "password": password_of(self.home)}
        token = httpx.post(f"{self.url}/auth/token", json=login, timeout=60).raise_for_status().json()["access_token"]
        self.client = httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=60)
        return self.client

    def get(self, path: str) -> Any:
        """The JSON response of GET `path`."""
        return self.client.get(path).raise_for_status().json()

    def has_dag(self) -> bool:
        """Whether the report DAG is parsed, so that it can be triggered."""
        return self.client.get("/api/v2/dags/store_uptime_report").status_code == 200

    def trigger(self, shards: int) -> UUID:
        """Requests a report with that many shards; returns its id."""
        answer = self.client.post("/store-uptime/trigger_report", json={"shards": shards})
        return UUID(answer.raise_for_status().json()["report_id"])

    def state(self, report_id: UUID) -> str:
        """Queued, Running, Complete or Failed."""
        return self.get(f"/store-uptime/reports/{report_id}")["state"]

    def tries(self, report_id: UUID) -> Counter[tuple[str, str, int]]:
        """The number of task instances by task, state and number of tries."""
        path = f"/api/v2/dags/store_uptime_report/dagRuns/{report_id}/taskInstances?limit=200"
        return Counter(
            (one["task_id"], str(one["state"]), one["try_number"]) for one in self.get(path)["task_instances"]
        )


def tasks_of(machine: Machine, report_id: UUID) -> list[str]:
    """The tasks of a report that a worker took, in order, from its log."""
    lines = [line for line in machine.output().splitlines() if "Executing workload" in line and str(report_id) in line]
    return [re.search(r"task_id='(\w+)'", line)[1] for line in lines]


def blocked_statements(owner: Engine) -> int:
    """The number of statements that wait for a lock on a table."""
    query = """select count(*) from pg_locks where not granted and relation is not null
               and database = (select oid from pg_database where datname = current_database())"""
    with owner.connect() as connection:
        return connection.exec_driver_sql(query).scalar_one()


def expectations_of(detail: Mapping[str, Any]) -> dict[str, bool]:
    """Whether each expectation was met, by name."""
    return {one["expectation"]: one["is_met"] for one in detail["expectations_list"]}


def private_keys() -> dict[str, str]:
    """The signing and encryption keys, which all machines share."""
    return {
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
        "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(32),
        "AIRFLOW__CORE__FERNET_KEY": "A" * 43 + "=",
    }
