"""Figures for people: minutes or hours with two decimals, rounded half away from zero from exact microseconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import Row

from store_uptime.calendar.periods import PERIODS, Period

MEASURES = ("open", "uptime", "downtime", "unknown")
NOTHING = dict.fromkeys(MEASURES, 0)


def hundredths(numerator: int, denominator: int) -> str:
    """`numerator / denominator` (neither is negative) with two decimals."""
    rounded = (numerator * 200 + denominator) // (denominator * 2)
    return f"{rounded // 100}.{rounded % 100:02d}"


def percent(uptime_us: int, downtime_us: int) -> str | None:
    """uptime / (uptime + downtime) in percent, or None if both are 0."""
    measured_us = uptime_us + downtime_us
    return hundredths(uptime_us * 100, measured_us) if measured_us else None


def difference(now: str | None, before: str | None) -> str | None:
    """`now` - `before`, or None if one is missing."""
    return None if now is None or before is None else str(Decimal(now) - Decimal(before))


def fraction_percent(fraction: Decimal) -> str:
    """A fraction as percent."""
    return str((fraction * 100).quantize(Decimal("0.01"), ROUND_HALF_UP))


def by_period(rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
    """The figures of each period: from rows with a period and its measures, 0 where there is none."""
    found = {row.period: {measure: int(getattr(row, f"{measure}_us")) for measure in MEASURES} for row in rows}
    return {name: of_period(found.get(name, NOTHING), period) for name, period in PERIODS.items()}


def of_period(microseconds: Mapping[str, int], period: Period) -> dict[str, Any]:
    """The figures of one period."""
    texts = {measure: hundredths(value, period.unit_us) for measure, value in microseconds.items()}
    exact = {f"{measure}_us": value for measure, value in microseconds.items()}
    return {**texts, **exact, "uptime_percent": percent(microseconds["uptime"], microseconds["downtime"])}
