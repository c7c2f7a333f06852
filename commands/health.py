"""Whether the process of a container is well: `python -m commands.health scheduler`. Exit status 0, or 1 and a line.

What has a server is asked itself, a worker by way of the queue, and the others by the heartbeats that Airflow's
database has of them. Imports little: it is run again and again.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import urllib.request

from commands.container import API_SERVER_URL, from_files, with_passwords
from commands.stack import chosen_port
from store_uptime.errors import StoreUptimeError

SECONDS = 30
FLOWER_PORT = 5555


def main(name: str) -> None:
    """Raises an error that says what is wrong."""
    if name == "worker":
        ping_worker(f"celery@{socket.gethostname()}")
    elif name == "api-server":
        ask(f"http://127.0.0.1:{chosen_port()}/execution/health")
    elif name == "flower":
        ask(f"http://127.0.0.1:{FLOWER_PORT}/healthcheck")
    else:
        part = name.replace("-", "_")
        health = json.loads(ask(f"{os.environ.get('API_SERVER_URL') or API_SERVER_URL}/api/v2/monitor/health"))
        status = (health.get(part) or {}).get("status")
        if status != "healthy":
            raise StoreUptimeError(f"the {name} is {status}")


def ask(url: str) -> str:
    """What `url` answers; raises `OSError` if it does not, or not with success."""
    with urllib.request.urlopen(url, timeout=SECONDS) as answer:
        return answer.read().decode()


def ping_worker(node: str) -> None:
    """Raises `StoreUptimeError` unless the worker answers through the queue."""
    from celery import Celery

    with Celery(broker=with_passwords(from_files(os.environ))["STORE_UPTIME_QUEUE_URL"]) as app:
        if not app.control.ping(destination=[node], timeout=SECONDS / 3, limit=1):
            raise StoreUptimeError(f"{node} does not answer")


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except (StoreUptimeError, OSError) as error:
        sys.exit(f"store-uptime: {error}")
