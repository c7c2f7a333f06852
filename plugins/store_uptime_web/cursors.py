"""Cursors: where a page ended, as opaque text that the caller sends back."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from store_uptime_web.problems import Problem, invalid
from store_uptime_web.schemas.common import is_storable


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


def unknown() -> Problem:
    """422 for text that is no cursor of this list."""
    return invalid("cursor", "not a cursor of this list")
