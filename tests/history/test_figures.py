"""Sums of scopes are exact, also where they are more than 64 bits hold."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest
from sqlalchemy import Engine

from store_uptime.history import days, figures
from store_uptime.history.availability import Question, find_availability
from store_uptime.history.questions import reading
from support.history_rows import add_files
from support.history_worlds import MOMENTS, story

LARGE = (1 << 62) + 1
NAMES = ("period_no", "open_us", "is_final", "longest_outage_us", "greatest_target", "least_target")


def rows(scope: list[int], open_us: list[int]) -> figures.Columns:
    columns = {name: np.ones(len(scope), np.int64) for name in NAMES}
    return columns | {"scope": np.array(scope), "open_us": np.array(open_us, np.int64)}


def test_sums_of_more_than_64_bits_are_whole_numbers() -> None:
    part = figures.put_together(rows([1, 0, 1], [LARGE, 5, LARGE]), "scope", 1)
    assert part["scope"].tolist() == [0, 1]
    assert part["open_us"].tolist() == [5, 2 * LARGE]
    twice = {name: np.concatenate([part[name], part[name]]) for name in part}
    assert figures.put_together(twice, "scope", 1)["open_us"].tolist() == [10, 4 * LARGE]


def test_targets_and_ends_of_several_stores() -> None:
    columns = rows([0, 0, 1], [1, 2, 3])
    columns["is_final"] = np.array([1, 0, 1])
    columns["longest_outage_us"] = np.array([4, 9, 1])
    columns["greatest_target"] = np.array([99_000, figures.NO_TARGET, figures.NO_TARGET])
    columns["least_target"] = np.array([98_000, figures.LARGEST, figures.LARGEST])
    found = figures.put_together(columns, "scope", 1)
    names = ("is_final", "longest_outage_us", "greatest_target", "least_target")
    assert [found[name].tolist() for name in names] == [[0, 1], [9, 1], [99_000, -1], [98_000, figures.LARGEST]]


@pytest.mark.parametrize("by", ["store", "all", "timezone", "region"])
def test_stores_are_read_part_by_part(owner: Engine, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    told = next(told for seed in range(100) if "region" in str(told := story(seed, MOMENTS[0], None, stores=5)))
    add_files(owner, told.world())
    days.settle_all(owner, datetime(2031, 1, 1, tzinfo=UTC), told.max_gap)
    first, last = told.dates()
    question = Question(date.fromordinal(first.toordinal() - 1), last, period="day", by=by)
    with reading(owner) as connection:
        whole = find_availability(connection, question).rows
        monkeypatch.setattr(figures, "ROWS_AT_ONCE", 1)
        assert find_availability(connection, question).rows == whole != []
