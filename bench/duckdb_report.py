"""Computes the same report by a DuckDB script, to compare this project's speed with.

The SQL is in duckdb_load.sql and duckdb_compute.sql. *plain* computes with the ids as text; *tuned* numbers the stores
first, because DuckDB sorts small integers far faster than text. Prints the seconds of both parts and the peak memory of
the process as JSON.

    python bench/duckdb_report.py FOLDER CSV plain|tuned
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import duckdb

HERE = Path(__file__).resolve().parent
KEYS = {
    "plain": {"store_key": "store_id", "poll_key": "store_id", "numbered_poll": "poll"},
    "tuned": {
        "store_key": "(row_number() over ())::integer",
        "poll_key": "store_key",
        "numbered_poll": "poll join store using (store_id)",
    },
}


def report(folder: Path, csv: Path, kind: str) -> dict[str, float]:
    """Writes the report on the files in `folder` to `csv`; returns seconds and CPU seconds of loading and computing."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    connection.execute("set variable folder = ?", [str(folder)])
    connection.execute("set variable csv = ?", [str(csv)])
    seconds = {}
    for part in ("load", "compute"):
        statements = (HERE / f"duckdb_{part}.sql").read_text(encoding="utf-8")
        for name, piece in KEYS[kind].items():
            statements = statements.replace(f"{{{name}}}", piece)
        started, cpu_started = time.perf_counter(), time.process_time()
        connection.execute(statements)
        seconds[f"{part}_seconds"] = time.perf_counter() - started
        seconds[f"{part}_cpu_seconds"] = time.process_time() - cpu_started
    return seconds


if __name__ == "__main__":
    measured = report(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
    measured["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(measured))
