"""Compares the oracle with a scan of every second (or minute), and with figures computed by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from support import oracle, worlds
from support.oracle import Figures, Opening, Store

HOUR = 3_600_000_000


def scanned(store: Store, start: datetime, end: datetime, step: timedelta, max_gap: timedelta | None) -> Figures:
    polls = sorted(poll for poll in store.polls.items() if poll[0] <= end)
    sums = {"open": 0, "up": 0, "down": 0, "unknown": 0}
    at = start
    while at < end:
        if oracle.is_open(store, store.zone or oracle.DEFAULT_ZONE, at):
            sums["open"] += step // oracle.MICROSECOND
            sums[oracle.status(polls, at, max_gap)] += step // oracle.MICROSECOND
        at += step
    return Figures(**sums)


@pytest.mark.parametrize(("zone", "near"), worlds.MOMENTS)
def test_cutting_at_edges_equals_a_scan(zone: str, near: datetime) -> None:
    """All edges of these stores are at whole minutes (in the last hour at whole seconds), so a scan is exact."""
    random = Random(zone)
    as_of = near.replace(second=0) + timedelta(hours=random.randrange(1, 12))
    store = Store(zone=zone)
    for _ in range(4):
        start, end = worlds.opening(random)
        store.openings.append(Opening.read(random.randrange(7), start[:5], end[:5]))
    for _ in range(6):
        store.polls[as_of - timedelta(minutes=random.randrange(9 * 24 * 60))] = random.random() < 0.5
    max_gap = random.choice([None, timedelta(hours=5)])
    figures = oracle.figures(store, as_of, max_gap, "unknown")
    is_whole_minutes = not any(
        oracle.offset(zone, as_of - timedelta(hours=hours)) % timedelta(minutes=1) for hours in range(170)
    )
    if is_whole_minutes:
        week = scanned(store, as_of - timedelta(hours=168), as_of, timedelta(minutes=1), max_gap)
        assert figures["last_week"] == week
    hour = scanned(store, as_of - timedelta(hours=1), as_of, timedelta(seconds=1), max_gap)
    assert figures["last_hour"] == hour


def test_a_repeated_hour_counts_twice_and_a_skipped_one_not_at_all() -> None:
    night = Store(zone="America/New_York", openings=[Opening.read(day, "01:00", "03:00") for day in range(7)])
    autumn = oracle.figures(night, datetime(2023, 11, 5, 12, tzinfo=UTC), None, "unknown")
    spring = oracle.figures(night, datetime(2023, 3, 12, 12, tzinfo=UTC), None, "unknown")
    assert autumn["last_day"].open == 3 * HOUR
    assert spring["last_day"].open == 1 * HOUR
    assert autumn["last_week"].open == 15 * HOUR
    assert spring["last_week"].open == 13 * HOUR


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("00:00", "23:59", 24),
        ("00:00", "23:59:59", 24),
        ("00:00", "24:00:00", 24),
        ("00:00", "00:00", 24),
        ("22:00", "22:00", 24),
        ("22:00", "02:00", 4),
        ("23:59", "23:59", 1 / 60),
        ("23:00", "23:58", 58 / 60),
    ],
)
def test_ends_of_openings(start: str, end: str, hours: float) -> None:
    """One opening, on Wednesdays, in a week without clock changes."""
    store = Store(zone="UTC", openings=[Opening.read(2, start, end)])
    figures = oracle.figures(store, datetime(2023, 6, 12, tzinfo=UTC), None, "unknown")
    assert figures["last_week"].open == round(hours * HOUR)


def test_a_poll_covers_max_gap_on_both_sides() -> None:
    as_of = datetime(2023, 6, 12, tzinfo=UTC)
    store = Store(zone="UTC", polls={as_of - timedelta(hours=10): True, as_of - timedelta(hours=4): False})
    day = oracle.figures(store, as_of, timedelta(hours=2), "unknown")["last_day"]
    assert day == Figures(open=24 * HOUR, up=4 * HOUR, down=2 * HOUR, unknown=18 * HOUR)
    day = oracle.figures(store, as_of, None, "unknown")["last_day"]
    assert day == Figures(open=24 * HOUR, up=20 * HOUR, down=4 * HOUR, unknown=0)
    day = oracle.figures(Store(), as_of, None, "down")["last_day"]
    assert day == Figures(open=24 * HOUR, up=0, down=24 * HOUR, unknown=0)


@pytest.mark.parametrize(
    ("microseconds", "period", "text"),
    [
        (0, "last_hour", "0.00"),
        (299_999, "last_hour", "0.00"),
        (300_000, "last_hour", "0.01"),
        (3_600_000_000, "last_hour", "60.00"),
        (18_000_000, "last_day", "0.01"),
        (17_999_999, "last_week", "0.00"),
        (604_800_000_000, "last_week", "168.00"),
    ],
)
def test_halves_are_rounded_up(microseconds: int, period: str, text: str) -> None:
    assert oracle.rounded(microseconds, period) == text
