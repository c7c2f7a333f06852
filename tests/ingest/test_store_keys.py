"""Keys of ids in blocks: the same as the key of each id, and each store is added once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from store_uptime.ingest.store_keys import LONGEST_STORE_ID_BYTES, NamedStores, StoreKeys, is_store_id, store_key

ids = st.one_of(
    st.sampled_from(["1", "01", " 1", "", " ", "é", "x" * (LONGEST_STORE_ID_BYTES + 1)]), st.text(max_size=30)
)


@given(st.lists(st.lists(ids, max_size=12), max_size=6))
def test_keys_of_blocks(blocks: list[list[str]]) -> None:
    stores = NamedStores(StoreKeys())
    for block in blocks:
        expected = [store_key(store_id) if is_store_id(store_id) else None for store_id in block]
        assert stores.keys(pl.Series(block, dtype=pl.String)).to_list() == expected
    named = {store_id for block in blocks for store_id in block if is_store_id(store_id)}
    assert stores.with_ids(stores.stores()).rows() == sorted((store_key(store_id), store_id) for store_id in named)


@given(st.lists(st.lists(ids, max_size=12), max_size=6), st.lists(st.lists(ids, max_size=12), max_size=6))
def test_what_two_files_name_is_kept_apart(first: list[list[str]], second: list[list[str]]) -> None:
    keys = StoreKeys()
    files = {NamedStores(keys): first, NamedStores(keys): second}
    for one, other in zip_longest(first, second, fillvalue=[]):
        for stores, block in zip(files, (one, other), strict=True):
            stores.keys(pl.Series(block, dtype=pl.String))
    for stores, blocks in files.items():
        named = {store_id for block in blocks for store_id in block if is_store_id(store_id)}
        assert set(stores.with_ids(stores.stores())["store_id"]) == named


def test_blocks_from_several_threads() -> None:
    stores = NamedStores(StoreKeys())
    blocks = [
        pl.Series([str(number % 5_003) for number in range(first, first + 2_000)]) for first in range(0, 60_000, 97)
    ]
    with ThreadPoolExecutor(8) as threads:
        keys = list(threads.map(stores.keys, blocks))
    expected = {str(number): store_key(str(number)) for number in range(5_003)}
    for block, found in zip(blocks, keys, strict=True):
        assert found.to_list() == [expected[store_id] for store_id in block]
    assert stores.with_ids(stores.stores()).rows() == sorted((key, store_id) for store_id, key in expected.items())
