"""Starts Airflow with the plugin for tests, and sends requests to it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from store_uptime.settings import PROJECT


@dataclass
class Site:
    """A running Airflow, with an administrator's token."""

    home: Path
    url: str
    data: Path
    schedule: str
    token: str = ""
    variables: dict[str, str] = field(default_factory=dict)

    def command(self, name: str) -> None:
        """Runs `make up` or `make down`."""
        # Without the variables of other tests' deployments.
        ours = ("AIRFLOW", "STORE_UPTIME_")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {
            "STORE_UPTIME_HOME": str(self.home),
            "STORE_UPTIME_DATA": str(self.data),
            "STORE_UPTIME_SCHEDULE": self.schedule,
            "STORE_UPTIME_MAINTENANCE_SCHEDULE": "none",
            "PORT": str(urlsplit(self.url).port),
            "PYTHONPATH": str(PROJECT / "include"),
            **self.variables,
        }
        done = subprocess.run(
            [sys.executable, "-m", "commands.stack", name], cwd=PROJECT, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr

    def sign_in(self) -> None:
        """Requests the token."""
        password = json.loads((self.home / "airflow" / "passwords.json").read_text())["admin"]
        login = {"username": "admin", "password": password}
        self.token = httpx.post(f"{self.url}/auth/token", json=login, timeout=60).json()["access_token"]

    @property
    def pages(self) -> str:
        """The URL of our pages outside Airflow's frame."""
        return f"{self.url}/store-uptime/pages"

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        response = httpx.request(
            method,
            f"{self.url}/store-uptime/{path}",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=60,
            **options,
        )
        response.raise_for_status()
        return response

    def get(self, path: str) -> Any:
        return self.request("GET", path).json()

    def text(self, path: str) -> str:
        return self.request("GET", path).text

    def trigger(self, body: dict[str, Any]) -> str:
        """Requests a report; returns its id."""
        return self.request("POST", "trigger_report", json=body).json()["report_id"]

    def wait_for(self, report_id: str, state: str, seconds: int = 120) -> str:
        """Waits until the report is in that state; returns its id."""
        until = time.monotonic() + seconds
        while (report := self.get(f"reports/{report_id}"))["state"] != state:
            assert time.monotonic() < until, report
            assert report["state"] in ("Queued", "Running"), report
            time.sleep(1)
        return report_id

    def wait_until_settled(self, report_id: str, seconds: int = 500) -> str:
        """Waits until days are settled up to a report; returns what it is as of."""
        as_of: str = self.get(f"reports/{report_id}")["as_of"]
        until = time.monotonic() + seconds
        while as_of not in self.text("v1/now/events"):
            assert time.monotonic() < until, f"days are not settled up to {as_of}"
            time.sleep(2)
        return as_of


@contextmanager
def running_site(
    home: Path, data: Path, schedule: str = "none", base_path: str = "", **variables: str
) -> Iterator[Site]:
    """A site started by `make up`, on a free port and with its own home; `make down` stops it at the end."""
    url = f"http://127.0.0.1:{free_port()}{base_path}"
    site = Site(home, url, data, schedule, variables={"AIRFLOW__API__BASE_URL": url} | variables)
    site.command("up")
    try:
        site.sign_in()
        yield site
    finally:
        site.command("down")


def free_port() -> int:
    """A port that no process listens on."""
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        return attempt.getsockname()[1]
