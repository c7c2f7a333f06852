"""The Params of a DAG run that asks for nothing in particular."""

from __future__ import annotations

from typing import Any

DEFAULTS: dict[str, Any] = {
    "as_of": None,
    "max_gap": None,
    "no_data": "unknown",
    "store_ids": None,
    "shards": 1,
    "hours_valid_from": None,
    "zones_valid_from": None,
}
