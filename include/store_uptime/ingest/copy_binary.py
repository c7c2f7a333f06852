"""Rows in PostgreSQL's binary COPY format, which costs neither side a conversion to text.

After a field count each value follows its length, all big-endian:
https://www.postgresql.org/docs/18/sql-copy.html#SQL-COPY-FILE-FORMATS
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

POSTGRES_EPOCH_US = 946_684_800_000_000
COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_TRAILER = b"\xff\xff"


def postgres_us(instants: pl.Series) -> np.ndarray:
    """Microseconds since 1970 as PostgreSQL counts them, from 2000."""
    return instants.to_numpy() - POSTGRES_EPOCH_US


def encoded(columns: dict[str, str], rows: pl.DataFrame, values: dict[str, Any]) -> np.ndarray:
    """`columns` of `rows`, or of `values` where those have them, as rows of the binary COPY format."""
    fields = [("fields", ">i2")]
    for name, dtype in columns.items():
        fields += [(f"{name}_length", ">i4"), (name, dtype)]
    result = np.empty(rows.height, np.dtype(fields))
    result["fields"] = len(columns)
    for name, dtype in columns.items():
        result[name] = values[name] if name in values else rows[name].to_numpy()
        result[f"{name}_length"] = np.dtype(dtype).itemsize
    return result


def copy_rows(cursor: Any, copy: str, rows: np.ndarray) -> None:
    """Runs the statement `copy` on psycopg2's cursor with rows that are `encoded`."""
    pieces = (COPY_HEADER, rows.view(np.uint8).data, COPY_TRAILER)
    cursor.copy_expert(copy, PiecesStream(memoryview(piece) for piece in pieces), size=2**20)


class PiecesStream:
    """What `copy_expert` reads from: a stream over pieces of bytes."""

    def __init__(self, pieces: Iterator[memoryview]) -> None:
        self._pieces, self._buffer = pieces, memoryview(b"")

    def read(self, size: int) -> bytes:
        """At most `size` bytes; empty at the end."""
        if not self._buffer:
            self._buffer = next(self._pieces, memoryview(b""))
        piece, self._buffer = self._buffer[:size], self._buffer[size:]
        return bytes(piece)
