"""Airflow with the plugin, started for the tests, and the few requests that they prepare it with."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from store_uptime.settings import PROJECT


@dataclass
class Site:
    """A running Airflow, and the token of somebody who may do everything."""

    home: Path
    url: str
    data: Path
    schedule: str
    token: str = ""

    def command(self, name: str) -> None:
        """`make up` or `make down`."""
        # Other tests' deployments are in the environment too.
        ours = ("AIRFLOW", "STORE_UPTIME_")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {
            "STORE_UPTIME_HOME": str(self.home),
            "STORE_UPTIME_DATA": str(self.data),
            "STORE_UPTIME_SCHEDULE": self.schedule,
            "STORE_UPTIME_MAINTENANCE_SCHEDULE": "none",
            "PORT": self.url.rpartition(":")[2],
            "PYTHONPATH": str(PROJECT / "include"),
        }
        done = subprocess.run(
            [sys.executable, "-m", "commands.stack", name], cwd=PROJECT, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr

    def sign_in(self) -> None:
        """Gets the token."""
        password = json.loads((self.home / "airflow" / "passwords.json").read_text())["admin"]
        login = {"username": "admin", "password": password}
        self.token = httpx.post(f"{self.url}/auth/token", json=login, timeout=60).json()["access_token"]

    @property
    def pages(self) -> str:
        """Where our pages are when they are opened by themselves."""
        return f"{self.url}/store-uptime/pages"

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer = httpx.request(
            method,
            f"{self.url}/store-uptime/{path}",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=60,
            **options,
        )
        answer.raise_for_status()
        return answer

    def get(self, path: str) -> Any:
        return self.ask("GET", path).json()

    def text(self, path: str) -> str:
        return self.ask("GET", path).text

    def trigger(self, body: dict[str, Any]) -> str:
        """Starts a report; answers its id."""
        return self.ask("POST", "trigger_report", json=body).json()["report_id"]

    def wait_for(self, report_id: str, state: str, seconds: int = 120) -> str:
        """Waits until the report is in that state; answers its id."""
        until = time.monotonic() + seconds
        while (report := self.get(f"reports/{report_id}"))["state"] != state:
            assert time.monotonic() < until, report
            assert report["state"] in ("Queued", "Running"), report
            time.sleep(1)
        return report_id


@contextmanager
def running_site(home: Path, data: Path, schedule: str = "none") -> Iterator[Site]:
    """What `make up` starts, on a free port and with a home of its own; `make down` at the end."""
    site = Site(home, f"http://127.0.0.1:{free_port()}", data, schedule)
    site.command("up")
    try:
        site.sign_in()
        yield site
    finally:
        site.command("down")


def free_port() -> int:
    """One that nothing listens on."""
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        return attempt.getsockname()[1]
