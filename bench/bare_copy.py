"""Copies the reference week's polls by COPY into a bare table, with a row and a key for each poll.

`prepare` writes the rows to copy; `copy` measures only the COPY and its commit.

    python bench/bare_copy.py prepare STATUS_CSV ROWS_CSV
    python bench/bare_copy.py copy ROWS_CSV            (the server is STORE_UPTIME_DATABASE_URL)
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import polars as pl

from store_uptime.db.engine import connect
from store_uptime.ingest.store_keys import store_key
from store_uptime.settings import Settings

HERE = Path(__file__).resolve().parent


def prepare(status_csv: Path, rows_csv: Path) -> None:
    """Writes (store_key, polled_at, file_id, part_no, is_active) for every poll, in the order of the file."""
    polls = pl.scan_csv(status_csv, infer_schema=False)
    ids = polls.select(pl.col("store_id").unique()).collect()["store_id"]
    keys = pl.DataFrame({"store_id": ids, "store_key": [store_key(store_id) for store_id in ids]})
    rows = polls.join(keys.lazy(), on="store_id", maintain_order="left").select(
        "store_key",
        "timestamp_utc",
        pl.lit(1).alias("file_id"),
        pl.lit(0).alias("part_no"),
        (pl.col("status") == "active").alias("is_active"),
    )
    rows.sink_csv(rows_csv, include_header=False)


def copy(rows_csv: Path) -> float:
    """The seconds of a COPY of `rows_csv` into the empty table."""
    connection = connect(Settings.from_environment(), "owner").raw_connection()
    cursor = connection.cursor()
    cursor.execute((HERE / "bare_poll.sql").read_text(encoding="utf-8"))
    connection.commit()
    statement = (HERE / "bare_copy.sql").read_text(encoding="utf-8")
    with rows_csv.open("rb") as rows:
        started = time.perf_counter()
        cursor.copy_expert(statement, rows, size=1 << 20)
        connection.commit()
        seconds = time.perf_counter() - started
    cursor.execute("drop table bare_poll")
    connection.commit()
    return seconds


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        print(json.dumps({"seconds": copy(Path(sys.argv[2])), "cpu_seconds": time.process_time()}))
