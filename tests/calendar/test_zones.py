"""Offset segments begin where, hour by hour, a zone's offset is another one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from store_uptime.calendar.zones import listed_changes, offset_segments, zone

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("name", "year"),
    [
        ("UTC", 2023),
        ("America/New_York", 2023),
        ("America/New_York", 2045),  # by the rule alone
        ("America/St_Johns", 2010),  # at 00:01
        ("Australia/Lord_Howe", 2040),  # half an hour
        ("Africa/Casablanca", 2031),  # back and forth within a month
        ("Pacific/Apia", 2011),  # skips a date
        ("America/Caracas", 2016),
        ("Europe/Dublin", 2007),
    ],
)
def test_segments_are_those_that_probing_finds(name: str, year: int) -> None:
    start = datetime(year, 1, 1, 5, 30, 0, 250_000, tzinfo=UTC)
    end = start + timedelta(days=400)
    found = list(offset_segments(name, start, end))
    assert (found[0][0], found[-1][1]) == (start, end)
    assert all(before[1] == after[0] and before[2] != after[2] for before, after in pairwise(found))
    for utc_from, utc_to, offset in found:
        instants = [utc_from + number * HOUR for number in range(int((utc_to - utc_from) / HOUR) + 1)]
        ends = [instant for instant in (*instants, utc_to - timedelta(microseconds=1)) if instant < utc_to]
        assert {instant.astimezone(zone(name)).utcoffset() for instant in ends} == {offset}


def test_changes_are_listed_in_order_up_to_where_the_rule_goes_on() -> None:
    listed = listed_changes("America/New_York")
    assert listed == sorted(listed)
    assert datetime(1967, 4, 30, 7, tzinfo=UTC) in listed
    assert listed_changes("UTC") == []
