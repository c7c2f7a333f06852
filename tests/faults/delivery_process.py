"""A process that plans, renders, notifies or sends, to be killed. Imports all, then forks one child per JSON line.

Line: `{"step": "send", "url": …, "clock": …, "allowed": […]}`. Answers: `{"pid": …}` once the child runs, and
`{"status": …, "error": …}` when it has ended, however that came.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from datetime import datetime
from importlib import import_module
from typing import Any

from store_uptime.db.engine import connected
from store_uptime.delivery import deliveries, notifications, outbox, subscriptions
from store_uptime.settings import Settings
from store_uptime_airflow.channels import channels

ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # Airflow logs to standard output
import_module("airflow.providers.smtp.hooks.smtp")  # once, not in each child


def run(task: dict[str, Any]) -> None:
    clock = datetime.fromisoformat(task["clock"])
    with connected(Settings.from_environment({"STORE_UPTIME_DATABASE_URL": task["url"]}), "writer") as engine:
        match task["step"]:
            case "plan":
                subscriptions.plan(engine, clock)
            case "render":
                deliveries.render(engine, clock, "https://airflow.example.org")
            case "notify":
                notifications.notify(engine, clock, "https://airflow.example.org")
            case "send":
                outbox.send(engine, channels(), task["allowed"], lambda: clock)


def child(task: dict[str, Any], errors: int) -> int:
    try:
        run(task)
    except BaseException:  # noqa: BLE001  the last stop of this process: everything is told
        os.write(errors, traceback.format_exc().encode())
        return 1
    return 0


def answer(**facts: Any) -> None:
    print(json.dumps(facts), file=ANSWERS, flush=True)


for line in sys.stdin:
    readable, writable = os.pipe()
    pid = os.fork()
    if pid == 0:
        os._exit(child(json.loads(line), writable))
    os.close(writable)
    answer(pid=pid)
    with os.fdopen(readable) as pipe:
        error = pipe.read()
    _, status = os.waitpid(pid, 0)
    answer(status=os.waitstatus_to_exitcode(status), error=error)
