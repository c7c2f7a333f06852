"""What planned downtime needs to be read on the wall clocks of stores."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from store_uptime.calendar.zones import offset_segments

# More than a clock was ever set by: of two times that read the same one may be this long before or after the other.
MARGIN = timedelta(days=2)


def zone_spans(timezones: Iterable[str], start: datetime, end: datetime) -> dict[str, list[Any]]:
    """The UTC spans with one offset of each zone, from some days before `start` to some after `end`, as binds."""
    first, last = start - MARGIN, end + MARGIN
    spans = [(timezone, *segment) for timezone in timezones for segment in offset_segments(timezone, first, last)]
    return {
        "timezones": [timezone for timezone, _, _, _ in spans],
        "utc_froms": [utc_from for _, utc_from, _, _ in spans],
        "utc_tos": [utc_to for _, _, utc_to, _ in spans],
        "utc_offset_seconds": [utc_offset.total_seconds() for _, _, _, utc_offset in spans],
    }
