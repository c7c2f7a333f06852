"""Figures for people: minutes or hours with two decimals, rounded half away from zero from exact microseconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from store_uptime.calendar.periods import PERIODS, Period
from store_uptime.percentages import hundredths, percent_text

MEASURES = ("open", "uptime", "downtime", "unknown")
NOTHING = dict.fromkeys(MEASURES, 0)


def percentages(microseconds: Mapping[str, int], no_data: str) -> dict[str, str | None]:
    """Uptime as a part of known time, and known time as a part of open time; None where that part is of nothing.

    With `no_data` down, unknown time is within downtime: how much of the open time is known cannot be told.
    """
    known_us = microseconds["uptime"] + microseconds["downtime"]
    return {
        "uptime_percent": percent_text(microseconds["uptime"], known_us),
        "coverage_percent": percent_text(known_us, microseconds["open"]) if no_data == "unknown" else None,
    }


def difference(now: str | None, before: str | None) -> str | None:
    """`now` - `before`, or None if one is missing."""
    return None if now is None or before is None else str(Decimal(now) - Decimal(before))


def fraction_percent(fraction: Decimal) -> str | None:
    """A fraction as percent."""
    return percent_text(*fraction.as_integer_ratio())


def by_period(rows: Iterable[Row], no_data: str) -> dict[str, dict[str, Any]]:
    """The figures of each period: from rows with a period and its measures, 0 where there is none."""
    found = {row.period: {measure: int(getattr(row, f"{measure}_us")) for measure in MEASURES} for row in rows}
    return {name: of_period(found.get(name, NOTHING), period, no_data) for name, period in PERIODS.items()}


def of_period(microseconds: Mapping[str, int], period: Period, no_data: str) -> dict[str, Any]:
    """The figures of one period."""
    texts = {measure: hundredths(value, period.unit_us) for measure, value in microseconds.items()}
    exact = {f"{measure}_us": value for measure, value in microseconds.items()}
    return {**texts, **exact, **percentages(microseconds, no_data)}
