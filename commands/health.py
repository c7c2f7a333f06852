"""Checks the process of a container: `python -m commands.health scheduler`. Exits with 0, or with 1 and one line.

It sends a request to the API server and to Flower, and pings a worker through the queue. For the others it reads the
heartbeats in Airflow's database. Imports little, because it runs often.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import urllib.request

from commands.airflow_environment import below_base_path
from commands.container import API_SERVER_URL, from_files, with_passwords
from commands.stack import chosen_port
from store_uptime.errors import StoreUptimeError

SECONDS = 30
FLOWER_PORT = 5555


def main(name: str) -> None:
    """Raises `StoreUptimeError` or `OSError` if the process `name` is not healthy."""
    if name == "worker":
        ping_worker(f"celery@{socket.gethostname()}")
    elif name == "api-server":
        fetch(f"{below_base_path(f'http://127.0.0.1:{chosen_port()}', os.environ)}/execution/health")
    elif name == "flower":
        fetch(f"http://127.0.0.1:{FLOWER_PORT}/healthcheck")
    else:
        part = name.replace("-", "_")
        url = below_base_path(os.environ.get("API_SERVER_URL") or API_SERVER_URL, os.environ)
        health = json.loads(fetch(f"{url}/api/v2/monitor/health"))
        status = (health.get(part) or {}).get("status")
        if status != "healthy":
            raise StoreUptimeError(f"the {name} is {status}")


def fetch(url: str) -> str:
    """The response of `url`; raises `OSError` if there is none, or its status is an error."""
    with urllib.request.urlopen(url, timeout=SECONDS) as response:
        return response.read().decode()


def ping_worker(node: str) -> None:
    """Raises `StoreUptimeError` unless the worker answers a ping through the queue."""
    from celery import Celery

    with Celery(broker=with_passwords(from_files(os.environ))["STORE_UPTIME_QUEUE_URL"]) as app:
        if not app.control.ping(destination=[node], timeout=SECONDS / 3, limit=1):
            raise StoreUptimeError(f"{node} does not answer")


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except (StoreUptimeError, OSError) as error:
        sys.exit(f"store-uptime: {error}")
