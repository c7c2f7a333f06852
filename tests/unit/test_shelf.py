"""What is put on a shelf comes back in the order of its key, however it was put away and read."""

from __future__ import annotations

import os

import numpy as np
import polars as pl
import pytest

from store_uptime.ingest import bucket_sort
from store_uptime.ingest.bucket_sort import COMPARTMENT_BYTES, Shelf

COLUMNS = {"store_key": "i8", "polled_at": "i8", "is_active": "?"}
KEY = ("store_key", "polled_at")


def polls(random: np.random.Generator, rows: int, stores: int) -> pl.DataFrame:
    """Rows of a few stores, many at one instant, in random order; with a column that the shelf does not keep."""
    keys = random.integers(-(2**63), 2**63 - 1, stores)
    return pl.DataFrame(
        {
            "line": np.arange(rows),
            "store_key": keys[random.integers(0, stores, rows)],
            "polled_at": random.integers(0, 5, rows),
            "is_active": random.random(rows) < 0.5,
        }
    )


@pytest.mark.parametrize("compartments", [2, 8, 512])
@pytest.mark.parametrize("rows_at_once", [1, 50, 10_000])
@pytest.mark.parametrize("most_rows", [None, 1, 7, 5000])
def test_all_rows_in_order(
    monkeypatch: pytest.MonkeyPatch, compartments: int, rows_at_once: int, most_rows: int | None
) -> None:
    monkeypatch.setattr(bucket_sort, "ROWS_AT_ONCE", rows_at_once)
    random = np.random.default_rng(compartments + rows_at_once)
    rows = polls(random, 1000, stores=30)
    size_bytes = (compartments - 1) * COMPARTMENT_BYTES
    with Shelf(COLUMNS, KEY, size_bytes) as filled:
        for some in rows.iter_slices(33):
            filled.put(some)
        parts = list(filled.parts(most_rows))

    compartment = ((pl.col("store_key") // (2**64 // compartments)) if compartments > 1 else pl.lit(0)).alias("c")
    expected = rows.drop("line").with_columns(compartment)
    for part_no, part in parts:
        (own,) = set(part.with_columns(compartment)["c"])
        there = expected.filter(pl.col("c") == own).drop("c")
        whole = most_rows is None or there.height <= 2 * most_rows
        first, count = (0, there.height) if whole else (part_no * (most_rows or 0), most_rows or 0)
        assert part.equals(there.slice(first, count).sort(KEY, maintain_order=True))
    assert sum(part.height for _, part in parts) == rows.height
    lowest = [part["store_key"].min() for part_no, part in parts if part_no == 0]
    assert lowest == sorted(lowest)


def test_an_empty_shelf_has_no_parts() -> None:
    with Shelf(COLUMNS, KEY, 10**9) as empty:
        assert list(empty.parts()) == []


def test_a_file_that_was_cut_short_is_no_end() -> None:
    with Shelf(COLUMNS, KEY, 1) as filled:
        filled.put(polls(np.random.default_rng(1), 100, stores=3))
        filled._put_away()
        filled._file.flush()
        os.ftruncate(filled._file.fileno(), 170)
        with pytest.raises(OSError, match="A temporary file is cut short"):
            list(filled.parts())
