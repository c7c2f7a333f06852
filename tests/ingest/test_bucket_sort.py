"""Rows come back in the order of the key, however they were flushed and read."""

from __future__ import annotations

import os

import numpy as np
import polars as pl
import pytest

from store_uptime.ingest import bucket_sort
from store_uptime.ingest.bucket_sort import BUCKET_BYTES, BucketSorter

COLUMNS = {"store_key": "i8", "polled_at": "i8", "is_active": "?"}
KEY = ("store_key", "polled_at")


def polls(random: np.random.Generator, rows: int, stores: int, instants: int = 5) -> pl.DataFrame:
    """Rows of a few stores, at so many instants, in random order; with a column that the sorter does not keep.

    The keys of half of the stores differ in their last bits only.
    """
    keys = random.integers(-(2**63), 2**63 - 1, stores)
    keys[: stores // 2] = keys[0] ^ np.arange(stores // 2)
    return pl.DataFrame(
        {
            "line": np.arange(rows),
            "store_key": keys[random.integers(0, stores, rows)],
            "polled_at": random.integers(-(instants // 2), instants - instants // 2, rows),
            "is_active": random.random(rows) < 0.5,
        }
    )


@pytest.mark.parametrize("buckets", [2, 8, 512])
@pytest.mark.parametrize("flush_rows", [1, 50, 10_000])
@pytest.mark.parametrize("max_rows", [None, 1, 7, 5000])
@pytest.mark.parametrize("instants", [5, 2**40, 2**64 - 1])
def test_all_rows_in_order(
    monkeypatch: pytest.MonkeyPatch, buckets: int, flush_rows: int, max_rows: int | None, instants: int
) -> None:
    monkeypatch.setattr(bucket_sort, "FLUSH_ROWS", flush_rows)
    monkeypatch.setattr(bucket_sort, "FRAGMENT_ROWS", 0)
    random = np.random.default_rng(buckets + flush_rows)
    rows = polls(random, 1000, stores=30, instants=instants)
    size_bytes = (buckets - 1) * BUCKET_BYTES
    with BucketSorter(COLUMNS, KEY, size_bytes) as filled:
        for some in rows.iter_slices(33):
            filled.add(some)
        batches = list(filled.sorted_batches(max_rows))

    bucket = ((pl.col("store_key") // (2**64 // buckets)) if buckets > 1 else pl.lit(0)).alias("c")
    expected = rows.drop("line").with_columns(bucket)
    for batch_no, batch in batches:
        (own,) = set(batch.with_columns(bucket)["c"])
        there = expected.filter(pl.col("c") == own).drop("c")
        whole = max_rows is None or there.height <= 2 * max_rows
        first, count = (0, there.height) if whole else (batch_no * (max_rows or 0), max_rows or 0)
        assert batch.equals(there.slice(first, count).sort(KEY, maintain_order=True))
    assert sum(batch.height for _, batch in batches) == rows.height
    lowest = [batch["store_key"].min() for batch_no, batch in batches if batch_no == 0]
    assert lowest == sorted(lowest)


def test_an_empty_sorter_has_no_batches() -> None:
    with BucketSorter(COLUMNS, KEY, 10**9) as empty:
        assert list(empty.sorted_batches()) == []


def test_a_file_that_was_cut_short_is_no_end() -> None:
    with BucketSorter(COLUMNS, KEY, 1) as filled:
        filled.add(polls(np.random.default_rng(1), 100, stores=3))
        filled._flush()
        filled._file.flush()
        os.ftruncate(filled._file.fileno(), 170)
        with pytest.raises(OSError, match="bytes from the temporary file in"):
            list(filled.sorted_batches())
