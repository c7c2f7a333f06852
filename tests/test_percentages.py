"""Percentages never say that all or nothing was up where that is not exactly so."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_uptime.history.figures import percent_texts
from store_uptime.percentages import percent_text

WEEK_US = 604_800_000_000


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (0, WEEK_US, "0.00"),
        (1, WEEK_US, "0.01"),
        (WEEK_US - 1, WEEK_US, "99.99"),
        (WEEK_US, WEEK_US, "100.00"),
        (99_995, 100_000, "99.99"),
        (99_994, 100_000, "99.99"),
        (1, 3, "33.33"),
        (2, 3, "66.67"),
        (12_345, 1_000_000, "1.23"),
        (12_350, 1_000_000, "1.24"),
        (10**30 - 1, 10**30, "99.99"),
        (3, 2, "150.00"),
        (0, 0, None),
    ],
)
def test_all_and_nothing_are_shown_only_where_they_are(part: int, whole: int, shown: str | None) -> None:
    assert percent_text(part, whole) == shown


@given(st.integers(0, WEEK_US), st.integers(0, WEEK_US))
def test_anything_else_is_rounded_half_away_from_zero(part: int, rest: int) -> None:
    whole = part + rest
    shown = percent_text(part, whole)
    if not whole:
        assert shown is None
        return
    rounded = (Decimal(100 * part) / whole).quantize(Decimal("0.01"), ROUND_HALF_UP)
    if 0 < part < whole:
        rounded = min(max(rounded, Decimal("0.01")), Decimal("99.99"))
    assert shown == str(rounded)


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 10**7)), max_size=8), st.sampled_from([1, 10**11]))
def test_many_at_once_are_the_same(pairs: list[tuple[int, int]], scale: int) -> None:
    parts, wholes = [part * scale for part, _ in pairs], [(part + rest) * scale for part, rest in pairs]
    found = percent_texts(np.array(parts, np.int64), np.array(wholes, np.int64))
    assert found == [percent_text(part, whole) for part, whole in zip(parts, wholes, strict=True)]


def test_many_at_once_may_be_larger_than_64_bits() -> None:
    wholes = [10**30, 10**30, 0]
    assert percent_texts(np.array([10**30 - 1, 5 * 10**29, 0], object), np.array(wholes, object)) == [
        "99.99",
        "50.00",
        None,
    ]
