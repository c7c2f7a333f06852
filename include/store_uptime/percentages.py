"""Figures for people with two decimals; of percentages 100.00 and 0.00 only where it is exactly so."""

from __future__ import annotations


def percent_text(part: int, whole: int) -> str | None:
    """`part` of `whole` (neither is negative) in percent, rounded half away from zero; None if `whole` is 0.

    It is 100.00 only if nothing is missing, and 0.00 only if there is nothing: else 99.99 and 0.01.
    """
    if not whole:
        return None
    hundredths = (part * 20_000 + whole) // (whole * 2)
    if 0 < part < whole:
        hundredths = min(max(hundredths, 1), 99_99)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def uptime_percents(up_us: int, down_us: int, unknown_us: int) -> dict[str, str | None]:
    """Up / (up + down), and what that is at least and at most: if all unknown time was down, or up."""
    open_us = up_us + down_us + unknown_us
    return {
        "uptime_percent": percent_text(up_us, up_us + down_us),
        "uptime_percent_low": percent_text(up_us, open_us),
        "uptime_percent_high": percent_text(up_us + unknown_us, open_us),
    }


def hundredths(numerator: int, denominator: int) -> str:
    """`numerator / denominator` (which is positive) with two decimals, rounded half away from zero; never `-0.00`."""
    rounded = (abs(numerator) * 200 + denominator) // (denominator * 2)
    return f"{'-' if numerator < 0 and rounded else ''}{rounded // 100}.{rounded % 100:02d}"
