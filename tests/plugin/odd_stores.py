"""Store ids that paths, queries, spreadsheets and shells like to break."""

from __future__ import annotations

import csv
from pathlib import Path

ODD_IDS = (
    "a/b",
    "../etc/passwd",
    "..",
    "%2e%2e%2f",
    "100%",
    "?store_id=x&y=z",
    "#fragment",
    " leading blank",
    "trailing blank ",
    "=1+1",
    "+49 30 1234",
    "-2+3",
    "@SUM(A1)",
    "<script>alert(1)</script>",
    "'; drop table core.store; --",
    "back\\slash",
    "_x0041_",
    "control\x01character",
    "Größe",
    "東京/ラーメン",
    "🍕",
)


def write_odd_stores(folder: Path) -> None:
    """A second status file with a poll of each."""
    with (folder / "store_status_odd.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["store_id", "status", "timestamp_utc"])
        writer.writerows([store_id, "active", "2023-01-24 12:00:00 UTC"] for store_id in ODD_IDS)
