"""Typed rows of a file on disk, sorted by store in steps, so that memory stays flat however large the file is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import TemporaryFile

import numpy as np
import polars as pl

COMPARTMENT_BYTES, MOST_COMPARTMENTS = 4 * 2**20, 512
ROWS_AT_ONCE = 2**16  # are put away together: a write costs the same for one row as for a hundred


class Shelf:
    """Rows in compartments, which are ranges of `store_key`; each is a temporary file, in the order they came in."""

    def __init__(self, columns: dict[str, str], key: tuple[str, ...], size_bytes: int) -> None:
        """`columns` are names and numpy types, `key` the ones to sort by; a larger file has more compartments."""
        self._row, self._key = np.dtype(list(columns.items())), key
        self._waiting: list[pl.DataFrame] = []
        self._bits = min(max(size_bytes // COMPARTMENT_BYTES, 1), MOST_COMPARTMENTS - 1).bit_length()

    def __enter__(self) -> Shelf:
        with ExitStack() as stack:
            self._files = [stack.enter_context(TemporaryFile()) for _ in range(1 << self._bits)]
            self._closing = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

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
        count = len(self._files)
        # Stable, and for numbers as small as these in one pass.
        compartments = ((frame["store_key"].to_numpy() >> 64 - self._bits) + count // 2).astype(np.uint16)
        order = np.argsort(compartments, kind="stable")
        rows = np.empty(frame.height, self._row)
        for name in self._row.names or ():
            rows[name] = frame[name].to_numpy()[order]
        ends = np.cumsum(np.bincount(compartments, minlength=count))
        for file, piece in zip(self._files, np.split(rows, ends[:-1]), strict=True):
            file.write(piece.data)

    def parts(self, most_rows: int | None = None) -> Iterator[tuple[int, pl.DataFrame]]:
        """Each compartment in the order of its key, then as rows came in; in numbered parts of `most_rows`.

        One of up to twice as many is left whole: more stores than ever make all compartments a little too large.
        """
        self._put_away()
        for file in self._files:
            rows_there = file.tell() // self._row.itemsize
            part_rows = rows_there if most_rows is None or rows_there <= 2 * most_rows else most_rows
            file.seek(0)
            part_no = 0
            while data := file.read(part_rows * self._row.itemsize):
                rows = np.frombuffer(data, self._row)
                frame = pl.DataFrame({name: rows[name] for name in self._row.names or ()})
                yield part_no, frame.sort(self._key, maintain_order=True)
                part_no += 1


def is_like_neighbour(shift: int, *columns: str) -> pl.Expr:
    """Whether the row before (shift 1) or after (-1) has the same values in `columns`."""
    return pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(shift)) for name in columns)
