"""Runs one task of the report in its own process, as Airflow does, and prints the time and peak memory as JSON.

All imports, including Airflow's task SDK, happen before the clock starts.

    python bench/task.py TASK DAG_RUN_ID DATA_FOLDER REPORTS_FOLDER [SHARD SHARDS [MAX_GAP_HOURS]]

The server is STORE_UPTIME_DATABASE_URL.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import airflow.sdk  # noqa: F401  (part of the memory of a task's process)

from store_uptime.db.engine import connect
from store_uptime.ingest.safe_open import InputAccess
from store_uptime.reports.request import ReportRequest, create_report, report_id_of
from store_uptime.settings import Settings

MAX_STORES = 10_000_000  # more than any measurement has
MODULES = {"ingest": "ingest.stage_files", "validate": "quality.validate", "export": "reports.export"}


def body(
    task: str, dag_run_id: str, data: Path, reports_folder: Path, shard: int, shards: int, max_gap_hours: int = 0
) -> Callable[[], dict[str, Any]]:
    """The call to measure."""
    module = import_module(f"store_uptime.{MODULES.get(task, 'reports.stages')}")
    if task == "validate":
        module.preload()
    function: Callable[..., dict[str, Any]] = getattr(module, task)
    settings = Settings.from_environment()
    engine = connect(settings, "writer")
    report_id, clock = report_id_of(dag_run_id), datetime.now(UTC)

    def create_and_ingest() -> dict[str, Any]:
        max_gap = timedelta(hours=max_gap_hours) or None
        create_report(engine, ReportRequest(report_id, dag_run_id, clock, shards=shards, max_gap=max_gap))
        return function(engine, report_id, data, clock, access=InputAccess(max_stores=MAX_STORES))

    calls: dict[str, Callable[[], dict[str, Any]]] = {
        "ingest": create_and_ingest,
        "validate": lambda: function(engine, report_id, settings, clock),
        "export": lambda: function(engine, report_id, reports_folder, clock),
    }
    return calls.get(task, lambda: function(engine, report_id, shard))


if __name__ == "__main__":
    numbers = map(int, sys.argv[5:] or (0, 1))
    call = body(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]), *numbers)
    started, cpu_started = time.perf_counter(), time.process_time()
    counts = call()
    measured = {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu_started,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(measured | {"counts": counts}, default=str))
