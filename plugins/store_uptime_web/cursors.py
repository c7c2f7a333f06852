"""Cursors: where a page ended, as opaque text that the caller sends back."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from store_uptime.reports.request import is_storable
from store_uptime_web.problems import Problem, invalid

WHOLE = re.compile(r"-?\d{1,19}", re.ASCII)
Row = TypeVar("Row")


def encode(*values: Any) -> str:
    """`values` (JSON) as a cursor."""
    return urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(cursor: str, *types: type) -> list[Any]:
    """The values of a cursor, which must be of `types`; 422 for anything else."""
    try:
        values = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError) as error:
        raise unknown() from error
    if not isinstance(values, list) or [type(value) for value in values] != list(types):
        raise unknown()
    for value in values:
        if isinstance(value, str) and not is_storable(value):
            raise unknown()
        if isinstance(value, int) and not 0 <= value < 1 << 63:
            raise unknown()
    return values


def is_back(way: str) -> bool:
    """Whether a cursor leads back (`back`) or on (`on`); 422 for anything else."""
    if way not in ("on", "back"):
        raise unknown()
    return way == "back"


def whole(number: str) -> int:
    """A whole number of 64 bits in a cursor; 422 for anything else."""
    if not WHOLE.fullmatch(number) or abs(int(number)) >= 1 << 63:
        raise unknown()
    return int(number)


@dataclass(frozen=True)
class Part(Generic[Row]):
    """A page of rows, with the cursors of those beside it."""

    rows: list[Row]
    next: str | None
    previous: str | None


def part(rows: Sequence[Row], limit: int, cursor: str | None) -> Part[Row]:
    """The page of all `rows` at which a cursor of this function points; 422 for another one."""
    start = 0 if cursor is None else decode(cursor, int)[0]
    end = start + limit
    return Part(
        list(rows[start:end]),
        encode(end) if end < len(rows) else None,
        encode(max(0, start - limit)) if start else None,
    )


def around(
    rows: Sequence[Row], cursor: str | None, cursor_at: Callable[[str, Row], str], *, is_backward: bool, has_more: bool
) -> Part[Row]:
    """The page of `rows`, which were read from a cursor on, or back from it; `has_more` says whether more follow there.

    `cursor_at` makes the cursor of the page after (`on`) or before (`back`) a row.
    """
    listed = list(reversed(rows)) if is_backward else list(rows)
    has_next = has_more or is_backward
    has_previous = has_more if is_backward else cursor is not None
    return Part(
        listed,
        cursor_at("on", listed[-1]) if listed and has_next else None,
        cursor_at("back", listed[0]) if listed and has_previous else None,
    )


def may_be_of_airflow(cursor: str) -> bool:
    """Whether Airflow may have made the cursor of a list of DAG runs: it hands any value of a forged one to SQL."""
    if not cursor:
        return True
    token = cursor.removeprefix("~")
    try:
        values = msgspec.msgpack.decode(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return False
    return isinstance(values, list) and len(values) == 1 and type(values[0]) is int and 0 <= values[0] < 1 << 31


def unknown() -> Problem:
    """422 for text that is no cursor of this list."""
    return invalid("cursor", "not a cursor of this list")
