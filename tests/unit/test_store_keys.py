"""Keys of ids in blocks: the same as the key of each id, and each store is added once."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from store_uptime.store_keys import LONGEST_STORE_ID_BYTES, StoreKeys, is_store_id, store_key

ids = st.one_of(
    st.sampled_from(["1", "01", " 1", "", " ", "é", "x" * (LONGEST_STORE_ID_BYTES + 1)]), st.text(max_size=30)
)


@given(st.lists(st.lists(ids, max_size=12), max_size=6))
def test_keys_of_blocks(blocks: list[list[str]]) -> None:
    keys = StoreKeys()
    for block in blocks:
        expected = [store_key(store_id) if is_store_id(store_id) else None for store_id in block]
        assert keys.of(pl.Series(block, dtype=pl.String)).to_list() == expected
    named = dict.fromkeys(store_id for block in blocks for store_id in block if is_store_id(store_id))
    assert keys.stores().rows() == [(store_id, store_key(store_id)) for store_id in named]


def test_what_two_files_name_is_kept_apart() -> None:
    first, second = StoreKeys(), StoreKeys()
    first.of(pl.Series(["a", "b"]))
    second.of(pl.Series(["b"]))
    assert second.stores()["store_id"].to_list() == ["b"]
    assert first.of(pl.Series(["b", "c"])).to_list() == [store_key("b"), store_key("c")]
