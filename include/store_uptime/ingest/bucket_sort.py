"""An external sort: distributes rows over buckets in a temporary file, then sorts and returns bucket by bucket.

Memory does not grow with the input.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from tempfile import TemporaryFile, gettempdir

import numpy as np
import polars as pl

BUCKET_BYTES, MAX_BUCKETS = 4 * 2**20, 2048
# Rows written at once, in all and of each bucket: enough for fragments of a size that is efficient to read.
FLUSH_ROWS, FRAGMENT_ROWS = 2**17, 2**7


class BucketSorter:
    """Sorts rows in buckets, which are ranges of `store_key` and share one temporary file.

    Each flush writes its rows in the order of the buckets. The rows of one bucket in one flush are a fragment, whose
    bounds stay in memory. As a context manager it owns the temporary file.
    """

    def __init__(self, columns: dict[str, str], key: tuple[str, ...], size_bytes: int) -> None:
        """`columns` maps names to numpy types; rows are sorted by `key`; `size_bytes` sets the number of buckets."""
        self._row, self._key = np.dtype(list(columns.items())), key
        self._unflushed: list[pl.DataFrame] = []
        self._bits = min(max(size_bytes // BUCKET_BYTES, 1), MAX_BUCKETS - 1).bit_length()
        self._flush_rows = max(FLUSH_ROWS, FRAGMENT_ROWS << self._bits)
        self._rows_flushed = 0
        # For each flush, its first row, and where in it each bucket's fragment begins, then where the last one ends.
        self._bounds: list[tuple[int, np.ndarray]] = []

    def __enter__(self) -> BucketSorter:
        self._file = TemporaryFile()
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, frame: pl.DataFrame) -> None:
        """Adds rows with at least the sorter's columns."""
        self._unflushed.append(frame.select(self._row.names or ()))
        if sum(unflushed.height for unflushed in self._unflushed) >= self._flush_rows:
            self._flush()

    def _flush(self) -> None:
        if not self._unflushed:
            return
        frame = pl.concat(self._unflushed)
        self._unflushed.clear()
        count = 1 << self._bits
        # Stable; a radix sort for 16-bit numbers.
        buckets = ((frame["store_key"].to_numpy() >> 64 - self._bits) + count // 2).astype(np.uint16)
        order = np.argsort(buckets, kind="stable")
        rows = np.empty(frame.height, self._row)
        for name in self._row.names or ():
            rows[name] = frame[name].to_numpy()[order]
        self._file.write(rows.data)
        ends = np.cumsum(np.bincount(buckets, minlength=count))
        self._bounds.append((self._rows_flushed, np.append(0, ends).astype(np.uint32)))
        self._rows_flushed += frame.height

    def sorted_batches(self, max_rows: int | None = None) -> Iterator[tuple[int, pl.DataFrame]]:
        """All rows as (number of the batch in its bucket, from 0; sorted rows), bucket by bucket.

        Rows with equal keys stay in the order in which they were added. A bucket with more than twice `max_rows` is
        read in batches of `max_rows`, each sorted by itself; the factor allows for buckets of uneven size.
        """
        self._flush()
        self._file.flush()
        for bucket in range(1 << self._bits):
            fragments = [
                (first + int(bounds[bucket]), first + int(bounds[bucket + 1])) for first, bounds in self._bounds
            ]
            bucket_rows = sum(end - first for first, end in fragments)
            batch_rows = bucket_rows if max_rows is None or bucket_rows <= 2 * max_rows else max_rows
            for batch_no, first in enumerate(range(0, bucket_rows, batch_rows or 1)):
                rows = self._read(fragments, first, min(first + batch_rows, bucket_rows))
                order = self._order([rows[name] for name in self._key])
                yield batch_no, pl.DataFrame({name: rows[name][order] for name in self._row.names or ()})

    def _order(self, keys: list[np.ndarray]) -> np.ndarray:
        """The order by `keys`, of rows of one bucket; rows with equal keys stay in the order in which they are.

        Of two keys, the second one and the bits that it leaves for the first one are sorted as one number. That takes a
        third of the time, and nearly always is the order; where it is not, or keys are equal, both are sorted.
        """
        if len(keys) == 2 and len(keys[0]):
            first, second = keys
            above = second - second.min()  # as unsigned, as is what follows
            bits = np.uint64(int(above.view(np.uint64).max()).bit_length())
            # Rows of a bucket have the first bits of the key in common.
            kept = (first.view(np.uint64) << np.uint64(self._bits)) >> bits << bits
            order = pl.Series(kept | above.view(np.uint64)).arg_sort().to_numpy()
            first, second = first[order], second[order]
            rises = (first[1:] > first[:-1]) | ((first[1:] == first[:-1]) & (second[1:] > second[:-1]))
            if rises.all():
                return order
        return np.lexsort(keys[::-1])  # stable

    def _read(self, fragments: list[tuple[int, int]], first: int, end: int) -> np.ndarray:
        """The rows [`first`, `end`) of the concatenated `fragments`. Raises `OSError` if the file is too short."""
        rows = np.empty(end - first, self._row)
        octets, width = rows.view(np.uint8).data, self._row.itemsize
        before = 0  # rows in the fragments so far
        for fragment_first, fragment_end in fragments:
            wanted_first = max(first - before, 0)
            wanted_end = min(end - before, fragment_end - fragment_first)
            if wanted_first < wanted_end:
                target = octets[(before + wanted_first - first) * width : (before + wanted_end - first) * width]
                read = os.preadv(self._file.fileno(), [target], (fragment_first + wanted_first) * width)
                if read != len(target):
                    raise OSError(f"Read {read} of {len(target)} bytes from the temporary file in {gettempdir()}.")
            before += fragment_end - fragment_first
        return rows


def is_like_neighbour(shift: int, *columns: str) -> pl.Expr:
    """Whether the row before (`shift` 1) or after (-1) has the same values in `columns`, nulls included."""
    return pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(shift)) for name in columns)
