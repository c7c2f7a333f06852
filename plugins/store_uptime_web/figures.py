"""Figures for people: minutes or hours with two decimals, rounded half away from zero from exact microseconds."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import Row

PERIODS = ("last_hour", "last_day", "last_week")
KINDS = ("open", "uptime", "downtime", "unknown")
UNIT_US = {"last_hour": 60_000_000, "last_day": 3_600_000_000, "last_week": 3_600_000_000}


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


def figures(row: Row) -> dict[str, dict[str, Any]]:
    """The figures of each period in a row that has them as `{kind}_{period}_us`."""
    return {
        period: of_period({kind: int(getattr(row, f"{kind}_{period}_us")) for kind in KINDS}, period)
        for period in PERIODS
    }


def of_period(microseconds: dict[str, int], period: str) -> dict[str, Any]:
    """The figures of one period."""
    texts = {kind: hundredths(value, UNIT_US[period]) for kind, value in microseconds.items()}
    exact = {f"{kind}_us": value for kind, value in microseconds.items()}
    return {**texts, **exact, "uptime_percent": percent(microseconds["uptime"], microseconds["downtime"])}
