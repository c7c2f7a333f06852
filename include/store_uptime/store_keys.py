"""The keys of stores, by which everything finds them: hashed once per file, however often an id comes."""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl

LONGEST_STORE_ID_BYTES = 1024


def store_key(store_id: str) -> int:
    """The key of a store: the first 8 bytes of BLAKE2b of its id (UTF-8), as a signed 64-bit integer."""
    return int.from_bytes(hashlib.blake2b(store_id.encode(), digest_size=8).digest(), "big", signed=True)


def is_store_id(store_id: str) -> bool:
    """Whether a text can be an id: not blank, and not too long for an index."""
    return bool(store_id.strip()) and len(store_id.encode()) <= LONGEST_STORE_ID_BYTES


class StoreKeys:
    """Keys of the ids of one file, in blocks. What a block costs does not depend on how many stores came before."""

    def __init__(self) -> None:
        # polars numbers the texts of a Categorical from 0 as they come, for as long as there is a column of the type.
        self._numbered = pl.Series(dtype=pl.Categorical(pl.Categories.random()))
        self._keys, self._is_usable = np.zeros(0, np.int64), np.zeros(0, np.bool_)  # by number

    def of(self, store_ids: pl.Series) -> pl.Series:
        """The key of each id (Int64), null where it is no usable one."""
        numbers = store_ids.cast(self._numbered.dtype).to_physical().to_numpy()
        if len(numbers) and numbers.max() >= len(self._keys):
            self._add(store_ids, numbers)
        return pl.Series(self._keys[numbers]).set(pl.Series(~self._is_usable[numbers]), None)

    def stores(self) -> pl.DataFrame:
        """The usable ids that came, each once, in the order they came in: `store_id`, `store_key`."""
        numbers = np.flatnonzero(self._is_usable)
        store_ids = pl.Series(numbers.astype(np.uint32)).cat.to(self._numbered.dtype).cast(pl.String)
        return pl.DataFrame({"store_id": store_ids, "store_key": self._keys[numbers]})

    def _add(self, store_ids: pl.Series, numbers: np.ndarray) -> None:
        new, first = np.unique(numbers, return_index=True)
        is_new = new >= len(self._keys)
        ids = store_ids.gather(first[is_new]).to_list()
        usable = [is_store_id(store_id) for store_id in ids]
        keys = [store_key(store_id) if is_usable else 0 for store_id, is_usable in zip(ids, usable, strict=True)]
        more = int(new[-1]) + 1 - len(self._keys)
        self._keys = np.concatenate((self._keys, np.zeros(more, np.int64)))
        self._is_usable = np.concatenate((self._is_usable, np.zeros(more, np.bool_)))
        self._keys[new[is_new]], self._is_usable[new[is_new]] = keys, usable
