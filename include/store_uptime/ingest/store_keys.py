"""Store keys, the keys of all tables by store. Each id is hashed once per file."""

from __future__ import annotations

import hashlib
from threading import Lock

import numpy as np
import polars as pl

LONGEST_STORE_ID_BYTES = 1024
NEW, USABLE, UNUSABLE = range(3)


def store_key(store_id: str) -> int:
    """The key of a store: the first 8 bytes of BLAKE2b of its id (UTF-8), as a signed 64-bit integer."""
    return int.from_bytes(hashlib.blake2b(store_id.encode(), digest_size=8).digest(), "big", signed=True)


def is_store_id(store_id: str) -> bool:
    """Whether a text is a valid store id: not blank, and not too long for an index."""
    return bool(store_id.strip()) and len(store_id.encode()) <= LONGEST_STORE_ID_BYTES


class StoreKeys:
    """The keys of the store ids of some files, batch by batch; safe to use from several threads.

    The cost of a batch does not depend on the number of stores so far.
    """

    def __init__(self) -> None:
        # polars numbers the texts of a Categorical from 0 in order of appearance, while a column of the type exists.
        self._numbered = pl.Series(dtype=pl.Categorical(pl.Categories.random()))
        self._known = np.zeros(0, np.int64), np.zeros(0, np.int8)  # by number: keys, and NEW, USABLE or UNUSABLE
        self._adding = Lock()

    def __len__(self) -> int:
        """How many ids there are."""
        return len(self._known[0])

    def numbers(self, store_ids: pl.Series) -> np.ndarray:
        """The number of each id, from 0 in order of appearance."""
        numbers = store_ids.cast(self._numbered.dtype).to_physical().to_numpy()
        if not self._contains(numbers):
            with self._adding:
                self._add(store_ids, numbers)
        return numbers

    def keys(self, numbers: np.ndarray) -> pl.Series:
        """The key of each number (Int64), null where its id is not usable."""
        keys, states = self._known
        result, is_unusable = pl.Series(keys[numbers]), states[numbers] == UNUSABLE
        return result.set(pl.Series(is_unusable), None) if is_unusable.any() else result

    def stores(self, numbers: np.ndarray) -> pl.DataFrame:
        """Those of `numbers` whose ids are usable, in the order of their keys: `store_key`, `number`."""
        keys, states = self._known
        usable = numbers[states[numbers] == USABLE]
        usable = usable[np.argsort(keys[usable])]
        return pl.DataFrame({"store_key": keys[usable], "number": usable.astype(np.uint32)})

    def ids(self, numbers: pl.Series) -> pl.Series:
        """The id of each number."""
        return numbers.cat.to(self._numbered.dtype).cast(pl.String).alias("store_id")

    def _contains(self, numbers: np.ndarray) -> bool:
        _, states = self._known
        return not len(numbers) or (int(numbers.max()) < len(states) and bool((states[numbers] != NEW).all()))

    def _add(self, store_ids: pl.Series, numbers: np.ndarray) -> None:
        """Adds the new ids. Replaces both arrays at once, because other threads read them without the lock."""
        found, first = np.unique(numbers, return_index=True)
        more = max(int(found[-1]) + 1 - len(self._known[0]), 0)
        keys, states = (np.concatenate((known, np.zeros(more, known.dtype))) for known in self._known)
        is_new = states[found] == NEW
        ids = store_ids.gather(first[is_new]).to_list()
        usable = [is_store_id(store_id) for store_id in ids]
        keys[found[is_new]] = [store_key(one) if is_usable else 0 for one, is_usable in zip(ids, usable, strict=True)]
        states[found[is_new]] = np.where(usable, USABLE, UNUSABLE)
        self._known = keys, states


class NamedStores:
    """The stores in one file; several files can share `keys`."""

    def __init__(self, keys: StoreKeys) -> None:
        self._keys = keys
        self._is_named = np.zeros(0, np.bool_)  # by number
        self._recording = Lock()

    def keys(self, store_ids: pl.Series) -> pl.Series:
        """The key of each id (Int64), null where it is not usable. Records the ids for `stores`."""
        is_too_long = store_ids.str.len_bytes() > LONGEST_STORE_ID_BYTES
        if is_too_long.any():  # only as unusable: ids stay in memory
            store_ids = store_ids.set(is_too_long, "")
        numbers = self._keys.numbers(store_ids)
        with self._recording:
            more = (int(numbers.max()) + 1 if len(numbers) else 0) - len(self._is_named)
            if more > 0:
                self._is_named = np.concatenate((self._is_named, np.zeros(more, np.bool_)))
            self._is_named[numbers] = True
        return self._keys.keys(numbers)

    def stores(self) -> pl.DataFrame:
        """The recorded usable ids, each once, in the order of their keys: `store_key`, and the `number` of the id."""
        return self._keys.stores(np.flatnonzero(self._is_named))

    def with_ids(self, stores: pl.DataFrame) -> pl.DataFrame:
        """Some of `stores` as `store_key`, `store_id`. All ids at once would be in memory twice."""
        return stores.select("store_key", self._keys.ids(stores["number"]))
