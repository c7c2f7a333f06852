"""An external sort: typed rows are spread over buckets in a temporary file and read back sorted, bucket by bucket.

Memory stays flat however large the input is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from tempfile import TemporaryFile

import numpy as np
import polars as pl

BUCKET_BYTES, MAX_BUCKETS = 4 * 2**20, 512
FLUSH_ROWS = 2**17  # rows written at once, so that the fragment of each bucket is worth a read


class BucketSorter:
    """Sorts rows by way of buckets, which are ranges of `store_key`; all of them share one temporary file.

    Rows that are flushed together are written in the order of the buckets. The rows of one bucket in one flush are a
    fragment, whose bounds are remembered. Used as a context manager, which owns the temporary file.
    """

    def __init__(self, columns: dict[str, str], key: tuple[str, ...], size_bytes: int) -> None:
        """`columns` are names and numpy types, `key` the columns to sort by; a larger file gets more buckets."""
        self._row, self._key = np.dtype(list(columns.items())), key
        self._unflushed: list[pl.DataFrame] = []
        self._bits = min(max(size_bytes // BUCKET_BYTES, 1), MAX_BUCKETS - 1).bit_length()
        self._rows_flushed = 0
        # For each flush the first row of each bucket's fragment, and the end of the last one.
        self._bounds: list[np.ndarray] = []

    def __enter__(self) -> BucketSorter:
        self._file = TemporaryFile()
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, frame: pl.DataFrame) -> None:
        """Adds rows, which need to have at least the sorter's columns."""
        self._unflushed.append(frame)
        if sum(unflushed.height for unflushed in self._unflushed) >= FLUSH_ROWS:
            self._flush()

    def _flush(self) -> None:
        if not self._unflushed:
            return
        frame = pl.concat(self._unflushed)
        self._unflushed.clear()
        count = 1 << self._bits
        # Stable, and for numbers as small as these in one pass.
        buckets = ((frame["store_key"].to_numpy() >> 64 - self._bits) + count // 2).astype(np.uint16)
        order = np.argsort(buckets, kind="stable")
        rows = np.empty(frame.height, self._row)
        for name in self._row.names or ():
            rows[name] = frame[name].to_numpy()[order]
        self._file.write(rows.data)
        ends = np.cumsum(np.bincount(buckets, minlength=count))
        self._bounds.append(self._rows_flushed + np.append(0, ends))
        self._rows_flushed += frame.height

    def sorted_batches(self, max_rows: int | None = None) -> Iterator[tuple[int, pl.DataFrame]]:
        """Each bucket in the order of the key, rows with equal keys as they were added; in batches of `max_rows`.

        Batches are numbered within their bucket from 0. A bucket of up to twice `max_rows` stays whole: more stores
        than usual make all buckets a little too large.
        """
        self._flush()
        self._file.flush()
        for bucket in range(1 << self._bits):
            fragments = [(bounds[bucket], bounds[bucket + 1]) for bounds in self._bounds]
            bucket_rows = sum(end - first for first, end in fragments)
            batch_rows = bucket_rows if max_rows is None or bucket_rows <= 2 * max_rows else max_rows
            for batch_no, first in enumerate(range(0, bucket_rows, batch_rows or 1)):
                rows = self._read(fragments, first, min(first + batch_rows, bucket_rows))
                frame = pl.DataFrame({name: rows[name] for name in self._row.names or ()})
                yield batch_no, frame.sort(self._key, maintain_order=True)

    def _read(self, fragments: list[tuple[int, int]], first: int, end: int) -> np.ndarray:
        """Of the rows in `fragments` of the file, one after the other, those from `first` to `end`."""
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
                    raise OSError(f"A temporary file is cut short: {read} of {len(target)} bytes.")
            before += fragment_end - fragment_first
        return rows


def is_like_neighbour(shift: int, *columns: str) -> pl.Expr:
    """Whether the row before (shift 1) or after (-1) has the same values in `columns`."""
    return pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(shift)) for name in columns)
