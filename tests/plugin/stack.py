"""Starting and asking a real Airflow with the plugin."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from uuid import UUID

import httpx
from sqlalchemy import Engine, text

from store_uptime.settings import Settings

SIMPLE = "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
ROLES = ("admin", "op", "user", "viewer", "nobody")
# More users of the role user, for modules that change much: each user may change 120 times a minute.
MORE_USERS = ("ann", "bob", "cid", "dan", "eve")
START_SECONDS = 180
REPORT_SECONDS = 180
RUN_COMMANDS = """
import json, sys
from airflow.cli.cli_parser import get_parser
for command in json.loads(sys.argv[1]):
    arguments = get_parser().parse_args(command)
    arguments.func(arguments)
"""
ADMIN = ("-u", "admin", "-p", "admin", "-r", "Admin", "-f", "A", "-l", "B", "-e", "admin@example.org")


@dataclass(frozen=True)
class Stack:
    """Addresses of the API servers, and the database under them."""

    settings: Settings
    owner: Engine
    urls: dict[str, str]
    tokens: dict[tuple[str, str], str]

    def client(
        self, role: str | None = "admin", auth_manager: str = "simple", path: str = "/store-uptime"
    ) -> httpx.Client:
        """A client of our API (or of what `path` names), signed in as a user of that role, or as one of MORE_USERS.

        None: anonymous.
        """
        headers = {"Authorization": f"Bearer {self.tokens[auth_manager, role]}"} if role else {}
        return httpx.Client(base_url=f"{self.urls[auth_manager]}{path}/", headers=headers, timeout=60)

    def airflow(self, role: str = "admin", auth_manager: str = "simple") -> httpx.Client:
        """A client of Airflow's own API."""
        return self.client(role, auth_manager, "/api/v2")

    def rows(self, query: str, **binds: object) -> list:
        """Straight from the database."""
        with self.owner.connect() as connection:
            return list(connection.execute(text(query), binds))


class Processes:
    """Airflow's processes, for as long as the block lasts."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.running: list[subprocess.Popen] = []

    def __enter__(self) -> Self:
        return self

    def start(self, environment: dict[str, str], *arguments: str) -> None:
        """One more, that writes to a log of its own."""
        with (self.home / f"{len(self.running)}-{arguments[0]}.log").open("wb") as log:
            self.running.append(
                subprocess.Popen(
                    [sys.executable, "-m", "airflow", *arguments],
                    env=environment,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=self.home,
                    start_new_session=True,
                )
            )

    def __exit__(self, *_: object) -> None:
        """Ends each with its children; what they were doing does not matter any more."""
        for process in self.running:
            os.killpg(process.pid, signal.SIGKILL)
        for process in self.running:
            process.wait()


def airflow(environment: dict[str, str], *commands: list[str]) -> None:
    """Runs Airflow's commands to their end, in one process: most of the time is its imports."""
    done = subprocess.run(
        [sys.executable, "-c", RUN_COMMANDS, json.dumps(commands)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def wait_for_state(stack: Stack, report_id: UUID, *states: str) -> dict:
    """Waits until the report is in one of `states`; its details then."""
    with stack.client() as client:
        detail: dict = {}

        def arrived() -> bool:
            nonlocal detail
            detail = client.get(f"reports/{report_id}").raise_for_status().json()
            return detail["state"] in (*states, "Complete", "Failed")

        wait_for(arrived, f"the report to be {' or '.join(states)}", REPORT_SECONDS)
        assert detail["state"] in states, detail["cause"]
        return detail


def wait_for(condition: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Looks again and again."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(0.3)


def answers(url: str) -> bool:
    """Whether there is a server that is not in trouble."""
    try:
        return httpx.get(url, timeout=60).status_code < 500
    except httpx.HTTPError:
        return False


def token(url: str, name: str) -> str:
    """Signs in as `name`, whose password is the same."""
    answer = httpx.post(f"{url}/auth/token", json={"username": name, "password": name}, timeout=60)
    return answer.raise_for_status().json()["access_token"]


def fab_token(url: str, role: str) -> str:
    """Makes a user of a FAB role (the one without any right is Public), and signs in."""
    if role != "admin":
        body = {
            "username": role,
            "password": role,
            "email": f"{role}@example.org",
            "first_name": role,
            "last_name": role,
            "roles": [{"name": "Public" if role == "nobody" else role.title()}],
        }
        admin = {"Authorization": f"Bearer {token(url, 'admin')}"}
        httpx.post(f"{url}/auth/fab/v1/users", json=body, headers=admin, timeout=60).raise_for_status()
    return token(url, role)
