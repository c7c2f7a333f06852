"""A task process to be killed. Imports everything, then forks one child per JSON line on standard input.

Line: `{"stage": "clip", "url": …, "report_id": …, "folder": …, "shard": 0}`; a settlement's stages have its id in place
of a report's. Answers: `{"pid": …}` once the child runs,
and `{"status": …, "error": …, "peak_memory_bytes": …}` when it has ended, however that came.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from store_uptime.db.engine import connect
from store_uptime.history import days
from store_uptime.ingest import acceptance, stage_files
from store_uptime.quality import validate
from store_uptime.reports import export, stages
from store_uptime.settings import Settings
from support.pipeline import CLOCK

SETTLING: dict[str, Callable[[Engine, int, int], Any]] = {
    "settle_all": lambda engine, _, shards: days.settle_all(engine, CLOCK, None, shards, with_hours=True),
    "settle_begin": lambda engine, _, shards: days.begin(engine, CLOCK, None, shards, with_hours=True),
    "settle": days.settle,
    "settle_publish": lambda engine, settlement_id, _: days.publish(engine, settlement_id, CLOCK),
}


def run(engine: Engine, settings: Settings, task: dict[str, Any]) -> None:
    if task["stage"] in SETTLING:
        SETTLING[task["stage"]](engine, int(task["report_id"]), task["shard"])
        return
    report_id, folder = UUID(task["report_id"]), Path(task["folder"])
    match task["stage"]:
        case "ingest":
            stage_files.ingest(engine, report_id, folder, CLOCK, task["loaders"], 0)
        case "validate":
            validate.validate(
                engine, report_id, replace(settings, quality=str(folder), max_unusable_percent=100), CLOCK
            )
        case "accept":
            acceptance.accept(engine, report_id, CLOCK)
        case "export":
            export.export(engine, report_id, folder, CLOCK)
        case stage:
            getattr(stages, stage)(engine, report_id, task["shard"])


def child(task: dict[str, Any], errors: int) -> int:
    settings = Settings.from_environment({"STORE_UPTIME_DATABASE_URL": task["url"]})
    try:
        run(connect(settings, "writer"), settings, task)
    except BaseException:  # noqa: BLE001  the last stop of this process: everything is told
        os.write(errors, traceback.format_exc().encode())
        return 1
    return 0


def answer(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


for line in sys.stdin:
    if json.loads(line)["stage"] == "validate":
        validate.preload()  # once, not in each child
    readable, writable = os.pipe()
    pid = os.fork()
    if pid == 0:
        os._exit(child(json.loads(line), writable))
    os.close(writable)
    answer(pid=pid)
    with os.fdopen(readable) as pipe:
        error = pipe.read()
    _, status, usage = os.wait4(pid, 0)
    answer(status=os.waitstatus_to_exitcode(status), error=error, peak_memory_bytes=usage.ru_maxrss * 1024)
