"""Typed rows of a file on disk, sorted by store in steps, so that memory stays flat however large the file is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from tempfile import TemporaryFile

import numpy as np
import polars as pl

COMPARTMENT_BYTES, MOST_COMPARTMENTS = 4 * 2**20, 512
ROWS_AT_ONCE = 2**17  # are put away together: one write, of which each compartment has a slice worth a read


class Shelf:
    """Rows in compartments, which are ranges of `store_key`, in the order they came in; in one temporary file.

    What is put away together is written together, in the order of the compartments, and their bounds are remembered.
    """

    def __init__(self, columns: dict[str, str], key: tuple[str, ...], size_bytes: int) -> None:
        """`columns` are names and numpy types, `key` the ones to sort by; a larger file has more compartments."""
        self._row, self._key = np.dtype(list(columns.items())), key
        self._waiting: list[pl.DataFrame] = []
        self._bits = min(max(size_bytes // COMPARTMENT_BYTES, 1), MOST_COMPARTMENTS - 1).bit_length()
        self._rows_put_away = 0
        self._bounds: list[
            np.ndarray
        ] = []  # of each put-away: the first row of each compartment, and the last one's end

    def __enter__(self) -> Shelf:
        self._file = TemporaryFile()
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def put(self, frame: pl.DataFrame) -> None:
        """Adds rows that have at least the shelf's columns."""
        self._waiting.append(frame)
        if sum(waiting.height for waiting in self._waiting) >= ROWS_AT_ONCE:
            self._put_away()

    def _put_away(self) -> None:
        if not self._waiting:
            return
        frame = pl.concat(self._waiting)
        self._waiting.clear()
        count = 1 << self._bits
        # Stable, and for numbers as small as these in one pass.
        compartments = ((frame["store_key"].to_numpy() >> 64 - self._bits) + count // 2).astype(np.uint16)
        order = np.argsort(compartments, kind="stable")
        rows = np.empty(frame.height, self._row)
        for name in self._row.names or ():
            rows[name] = frame[name].to_numpy()[order]
        self._file.write(rows.data)
        ends = np.cumsum(np.bincount(compartments, minlength=count))
        self._bounds.append(self._rows_put_away + np.append(0, ends))
        self._rows_put_away += frame.height

    def parts(self, most_rows: int | None = None) -> Iterator[tuple[int, pl.DataFrame]]:
        """Each compartment in the order of its key, then as rows came in; in numbered parts of `most_rows`.

        One of up to twice as many is left whole: more stores than ever make all compartments a little too large.
        """
        self._put_away()
        self._file.flush()
        for compartment in range(1 << self._bits):
            slices = [(bounds[compartment], bounds[compartment + 1]) for bounds in self._bounds]
            rows_there = sum(end - first for first, end in slices)
            part_rows = rows_there if most_rows is None or rows_there <= 2 * most_rows else most_rows
            for part_no, first in enumerate(range(0, rows_there, part_rows or 1)):
                rows = self._read(slices, first, min(first + part_rows, rows_there))
                frame = pl.DataFrame({name: rows[name] for name in self._row.names or ()})
                yield part_no, frame.sort(self._key, maintain_order=True)

    def _read(self, slices: list[tuple[int, int]], first: int, end: int) -> np.ndarray:
        """Of the rows in `slices` of the file, one after the other, those from `first` to `end`."""
        rows = np.empty(end - first, self._row)
        octets, width = rows.view(np.uint8).data, self._row.itemsize
        before = 0  # rows in the slices so far
        for slice_first, slice_end in slices:
            wanted_first = max(first - before, 0)
            wanted_end = min(end - before, slice_end - slice_first)
            if wanted_first < wanted_end:
                place = octets[(before + wanted_first - first) * width : (before + wanted_end - first) * width]
                read = os.preadv(self._file.fileno(), [place], (slice_first + wanted_first) * width)
                if read != len(place):
                    raise OSError(f"A temporary file is cut short: {read} of {len(place)} bytes.")
            before += slice_end - slice_first
        return rows


def is_like_neighbour(shift: int, *columns: str) -> pl.Expr:
    """Whether the row before (shift 1) or after (-1) has the same values in `columns`."""
    return pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(shift)) for name in columns)
