"""Figures of groups by hand: means, percentiles, and the period before up to the same open time."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from store_uptime.history.groups import dates_before, total, uptime_up_to


@pytest.mark.parametrize(
    ("from_date", "until_date", "expected"),
    [
        ("2023-03-01", "2023-03-31", ("2023-02-01", "2023-02-28")),
        ("2023-01-01", "2023-01-31", ("2022-12-01", "2022-12-31")),
        ("2023-01-01", "2023-03-31", ("2022-10-01", "2022-12-31")),
        ("2024-01-01", "2024-12-31", ("2023-01-01", "2023-12-31")),
        ("2023-01-16", "2023-01-22", ("2023-01-09", "2023-01-15")),
        ("2023-01-20", "2023-01-20", ("2023-01-19", "2023-01-19")),
        ("0002-01-02", "9998-12-31", ("0001-01-01", "0002-01-01")),
        ("0002-01-01", "9998-12-31", ("0001-01-01", "0001-12-31")),
    ],
)
def test_the_period_before(from_date: str, until_date: str, expected: tuple[str, str]) -> None:
    found = dates_before(date.fromisoformat(from_date), date.fromisoformat(until_date))
    assert found == tuple(map(date.fromisoformat, expected))


@pytest.mark.parametrize(
    ("open_us", "expected"),
    [
        (10, Fraction(9, 10)),
        (20, Fraction(14, 20)),
        (15, Fraction(9 * 2 + 5, 30)),  # all of the first day and half of the second, of which half is up
        (13, Fraction(9 * 10 + 15, 130)),
        (99, Fraction(14, 20)),
        (0, None),
    ],
)
def test_the_period_before_counts_up_to_the_same_open_time(open_us: int, expected: Fraction | None) -> None:
    assert uptime_up_to(open_us, [(10, 9, 1), (0, 0, 0), (10, 5, 5)]) == expected


def test_unknown_time_is_neither_up_nor_down() -> None:
    assert uptime_up_to(10, [(10, 3, 1)]) == Fraction(3, 4)
    assert uptime_up_to(10, [(10, 0, 0)]) is None


def test_a_sum_of_thousands_of_fractions_is_exact() -> None:
    shares = [Fraction(1, number * (number + 1)) for number in range(1, 5000)]
    assert total(shares) == 1 - Fraction(1, 5000)
    assert total([]) == 0
