"""An explanation as JSON."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from store_uptime.calendar.durations import duration_text, instant_text
from store_uptime.history.explain import Explanation, OpeningRow, PlannedRow


def explanation_json(found: Explanation) -> dict[str, Any]:
    """All of an explanation, in the order in which it is read: what it counts as, then why."""
    return {
        "store_id": found.store_id,
        "at": instant_text(found.at),
        "as_of": instant_text(found.as_of),
        "counts_as": found.counts_as,
        "local_time": found.local_time.isoformat(timespec="microseconds"),
        "timezone": found.timezone,
        "utc_offset": offset_text(found.utc_offset),
        "opening_rule": found.opening_rule,
        "opening_rows": [_opening(row) for row in found.opening_rows],
        "planned_downtime": [_planned(row) for row in found.planned_rows],
        "status": found.status,
        "status_rule": found.status_rule,
        "max_gap": duration_text(found.max_gap),
        "poll": None
        if found.poll is None
        else {
            "polled_at": instant_text(found.poll.polled_at),
            "status": "active" if found.poll.is_active else "inactive",
            "file": found.poll.file_name,
            "sha256": found.poll.content_sha256,
            "accepted_at": instant_text(found.poll.accepted_at),
        },
    }


def _opening(row: OpeningRow) -> dict[str, Any]:
    return {
        "kind": "special_hours" if row.is_special else "business_hours",
        "scope": row.scope,
        "date": row.local_date.isoformat(),
        "start_time_local": clock_text(row.start_time_local),
        "end_time_local": clock_text(row.end_time_local),
        "reason": row.reason,
        "file": row.file_name,
        "line": row.line,
    }


def _planned(row: PlannedRow) -> dict[str, Any]:
    return {
        "scope": row.scope,
        "starts_at": _instant(row.starts_at),
        "ends_at": _instant(row.ends_at),
        "reason": row.reason,
        "file": row.file_name,
        "line": row.line,
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)


def clock_text(since_midnight: timedelta | None) -> str | None:
    """A time of day, to 48:00:00; None if there is none."""
    if since_midnight is None:
        return None
    seconds, fraction = divmod(since_midnight, timedelta(seconds=1))
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{fraction // timedelta(microseconds=1):06}" if fraction else text


def offset_text(offset: timedelta) -> str:
    """An offset from UTC, such as -06:00; with seconds where a zone has them."""
    sign = "-" if offset < timedelta(0) else "+"
    text = clock_text(abs(offset)) or ""
    return sign + text.removesuffix(":00")
