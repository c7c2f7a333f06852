"""What the texts of the optional inputs mean."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from store_uptime.ingest.scoped_rows import parse_date, parse_percent, parsed_moments


@pytest.mark.parametrize(
    ("text", "expected", "has_zone"),
    [
        ("2023-01-22 01:30", datetime(2023, 1, 22, 1, 30, tzinfo=UTC), False),
        (" 2023-01-22t01:30:00.5\u00a0", datetime(2023, 1, 22, 1, 30, 0, 500_000, tzinfo=UTC), False),
        ("20230122T0130", datetime(2023, 1, 22, 1, 30, tzinfo=UTC), False),
        ("2023-01-22 01:30 utc", datetime(2023, 1, 22, 1, 30, tzinfo=UTC), True),
        ("2023-01-22T01:30Z", datetime(2023, 1, 22, 1, 30, tzinfo=UTC), True),
        ("2023-01-22T01:30:00-05:00", datetime(2023, 1, 22, 6, 30, tzinfo=UTC), True),
        ("2023-01-22T01-05", datetime(2023, 1, 22, 6, tzinfo=UTC), True),
        ("2023/01/22 1:30 +0130", datetime(2023, 1, 22, 0, tzinfo=UTC), True),
        ("2023-01-22 01:30 +00:00 UTC", datetime(2023, 1, 22, 1, 30, tzinfo=UTC), True),
    ],
)
def test_a_moment_with_a_zone_is_an_instant(text: str, expected: datetime, has_zone: bool) -> None:
    (at,), (local,) = parsed_moments(pl.Series([text]))
    microseconds = int(expected.timestamp() * 1_000_000)
    assert (at, local) == ((microseconds, None) if has_zone else (None, microseconds))


@pytest.mark.parametrize("text", ["", "soon", "2023-01-22", "22.01.2023 01:30", "9999-12-31 00:00", "2023-02-29 00:00"])
def test_what_is_no_moment(text: str) -> None:
    (at,), (local,) = parsed_moments(pl.Series([text]))
    assert (at, local) == (None, None)


@pytest.mark.parametrize("text", ["2023-12-25", " 2023/12/25 ", "2023-12-25 00:00:00", "2023-12-25T00:00"])
def test_a_date(text: str) -> None:
    assert parse_date(text) == date(2023, 12, 25)


@pytest.mark.parametrize(
    "text", ["", "25.12.2023", "12/25/2023", "2023-12/25", "20231225", "2023-12-25 09:00", "2023-02-29"]
)
def test_what_is_no_date(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("text", "percent"),
    [("99.5", "99.5"), (" 99 ", "99.0"), ("0.001", "0.001"), ("99.9990", "99.999"), ("99.5 %", "99.5"), ("05", "05.0")],
)
def test_a_percentage(text: str, percent: str) -> None:
    assert parse_percent(text) == percent


@pytest.mark.parametrize("text", ["", "0", "0.000", "100", "100.0", "99.9999", "-1", "1e1", "99,5", "99.", ".5", "٩"])
def test_what_is_no_percentage(text: str) -> None:
    assert parse_percent(text) is None
