"""Rows in PostgreSQL's binary COPY format, which needs no conversion to text and back.

A row is the number of fields, then the length and the value of each field, all big-endian:
https://www.postgresql.org/docs/18/sql-copy.html#SQL-COPY-FILE-FORMATS
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import DTypeLike

POSTGRES_EPOCH_US = 946_684_800_000_000
# An interval: microseconds, and days and months, which are none here.
INTERVAL = np.dtype([("us", ">i8"), ("days", ">i4"), ("months", ">i4")])
COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_TRAILER = b"\xff\xff"


def postgres_us(instants: pl.Series) -> np.ndarray:
    """Microseconds since 1970 as int64 microseconds since 2000, PostgreSQL's epoch."""
    return instants.to_numpy() - POSTGRES_EPOCH_US


def intervals(microseconds: pl.Series) -> np.ndarray:
    """Spans in microseconds as values of `INTERVAL`."""
    result = np.zeros(len(microseconds), INTERVAL)
    result["us"] = microseconds.to_numpy()
    return result


def elements(values: np.ndarray, element: DTypeLike) -> np.ndarray:
    """Values as elements of arrays: each, of the big-endian numpy type `element`, with its length before it."""
    result = np.empty(len(values), np.dtype([("length", ">i4"), ("value", element)]))
    result["length"] = np.dtype(element).itemsize
    result["value"] = values
    return result


def array_heads(lengths: np.ndarray, element: DTypeLike, element_type: int) -> np.ndarray:
    """What comes before the `elements` of arrays with so many of them; `element_type` is PostgreSQL's number of a type.

    It is the length of the field, the number of dimensions, whether there are nulls, the type, the length of the array,
    and the first index.
    """
    names = ("field_length", "dimensions", "has_nulls", "element_type", "length", "first_index")
    result = np.empty(len(lengths), np.dtype([(name, ">i4") for name in names]))
    field_lengths = 20 + lengths * (4 + np.dtype(element).itemsize)
    for name, value in zip(names, (field_lengths, 1, 0, element_type, lengths, 1), strict=True):
        result[name] = value
    return result


def encoded(columns: Mapping[str, DTypeLike], rows: pl.DataFrame, values: dict[str, Any]) -> np.ndarray:
    """`rows` in the binary COPY format, as a structured array with one element for each row.

    `columns` maps names to big-endian numpy types. Columns in `values` (scalars or arrays) are not read from `rows`.
    """
    return encoded_columns(
        columns, rows.height, {name: rows[name].to_numpy() for name in columns if name not in values} | values
    )


def encoded_columns(
    columns: Mapping[str, DTypeLike], height: int, values: Mapping[str, Any], more_fields: int = 0
) -> np.ndarray:
    """As `encoded`, of `values` alone; `more_fields` follow each row."""
    result = np.empty(height, row_type(columns))
    result["fields"] = len(columns) + more_fields
    for name, dtype in columns.items():
        result[name] = values[name]
        result[f"{name}_length"] = np.dtype(dtype).itemsize
    return result


def row_type(columns: Mapping[str, DTypeLike]) -> np.dtype:
    """A row of fields of these big-endian numpy types."""
    fields: list[tuple[str, DTypeLike]] = [("fields", ">i2")]
    for name, dtype in columns.items():
        fields += [(f"{name}_length", ">i4"), (name, dtype)]
    return np.dtype(fields)


def copied_rows(cursor: Any, copy: str, columns: Mapping[str, DTypeLike]) -> np.ndarray:
    """What the COPY statement `copy` writes on psycopg2's cursor: rows of fields of these types, none of them null."""
    copied = io.BytesIO()
    cursor.copy_expert(copy, copied, size=2**20)
    data, row = copied.getbuffer()[len(COPY_HEADER) :], row_type(columns)
    return np.frombuffer(data, row, len(data) // row.itemsize)


class RowStream:
    """What psycopg2 writes a binary COPY to: each row comes whole, the first one with the header before it."""

    def __init__(self) -> None:
        self.rows: list[bytes] = []

    def write(self, row: bytes) -> int:
        """Takes one row."""
        taken = row[len(COPY_HEADER) :] if row.startswith(COPY_HEADER) else row
        if len(taken) > len(COPY_TRAILER):
            self.add(taken)
        return len(row)

    def add(self, row: bytes) -> None:
        """Keeps one row."""
        self.rows.append(row)


def copy_rows(cursor: Any, copy: str, rows: np.ndarray | bytes) -> None:
    """Executes the COPY statement `copy` on psycopg2's cursor with rows from `encoded`."""
    pieces = (COPY_HEADER, rows if isinstance(rows, bytes) else rows.view(np.uint8).data, COPY_TRAILER)
    cursor.copy_expert(copy, PiecesStream(memoryview(piece) for piece in pieces), size=2**20)


class PiecesStream:
    """A binary stream over several buffers, for `copy_expert`."""

    def __init__(self, pieces: Iterator[memoryview]) -> None:
        self._pieces, self._buffer = pieces, memoryview(b"")

    def read(self, size: int) -> bytes:
        """At most `size` bytes; empty at the end."""
        if not self._buffer:
            self._buffer = next(self._pieces, memoryview(b""))
        piece, self._buffer = self._buffer[:size], self._buffer[size:]
        return bytes(piece)
