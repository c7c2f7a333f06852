"""The first poll of each store, from sorted batches: buckets in one batch, and in several that share stores."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from store_uptime.ingest.bucket_sort import BUCKET_BYTES, BucketSorter
from store_uptime.ingest.file_loader import POLL, FirstPolls, SortedPolls

SOME_DAY_US = 1_700_000_000_000_000


@pytest.mark.parametrize("max_rows", [None, 10, 100])
@pytest.mark.parametrize("buckets", [2, 16])
def test_first_polls_of_sorted_batches(max_rows: int | None, buckets: int) -> None:
    random = np.random.default_rng(buckets)
    stores = np.sort(random.integers(-(2**63), 2**63 - 1, 60))
    polls = pl.DataFrame(
        {
            "store_key": stores[2:][random.integers(0, 57, 2_000)],  # others have no polls
            "polled_at": SOME_DAY_US + random.integers(0, 10**12, 2_000),
            "is_active": random.random(2_000) < 0.5,
        }
    )
    first_polls = FirstPolls()
    with BucketSorter(POLL, ("store_key", "polled_at"), (buckets - 1) * BUCKET_BYTES) as sorter:
        sorter.add(polls)
        for batch_no, some in sorter.sorted_batches(max_rows):
            first_polls.add(SortedPolls.of(1, batch_no, some))

    expected = polls.group_by("store_key").agg(first_us=pl.col("polled_at").min())
    for chosen in (stores, stores[:2], stores[1:9], stores[30:31], stores[-3:]):
        found = first_polls.among(pl.Series(chosen))
        assert found["store_key"].is_unique().all()
        among = pl.col("store_key").is_in(chosen.tolist())
        assert dict(found.filter(among).rows()) == dict(expected.filter(among).rows())
    assert first_polls.first_us == polls["polled_at"].min()
    assert first_polls.last_us == polls["polled_at"].max()


def test_without_polls() -> None:
    first_polls = FirstPolls()
    first_polls.add(
        SortedPolls.of(1, 0, pl.DataFrame(schema=dict.fromkeys(POLL, pl.Int64) | {"is_active": pl.Boolean}))
    )
    assert first_polls.among(pl.Series([1, 2])).height == 0
    assert (first_polls.first_us, first_polls.last_us) == (None, None)
