"""Sums of scopes are exact, also where they are more than 64 bits hold."""

from __future__ import annotations

import numpy as np

from store_uptime.history import figures

LARGE = (1 << 62) + 1


def rows(scope: list[int], open_us: list[int]) -> figures.Columns:
    columns = {name: np.zeros(len(scope), np.int64) for name in (*figures.COLUMNS, *figures.ADDED)}
    return columns | {"scope": np.array(scope), "open_us": np.array(open_us, np.int64)}


def test_sums_of_more_than_64_bits_are_whole_numbers() -> None:
    part = figures.put_together(rows([1, 0, 1], [LARGE, 5, LARGE]))
    assert part["scope"].tolist() == [0, 1]
    assert part["open_us"].tolist() == [5, 2 * LARGE]
    again = figures.put_together({name: np.concatenate([part[name], part[name]]) for name in part})
    assert again["open_us"].tolist() == [10, 4 * LARGE]


def test_targets_and_ends_of_several_stores() -> None:
    columns = rows([0, 0, 1], [1, 2, 3])
    columns["is_final"] = np.array([1, 0, 1])
    columns["longest_outage_us"] = np.array([4, 9, 1])
    columns["greatest_target"] = np.array([99_000, figures.NO_TARGET, figures.NO_TARGET])
    columns["least_target"] = np.array([98_000, figures.LARGEST, figures.LARGEST])
    found = figures.put_together(columns)
    names = ("is_final", "longest_outage_us", "greatest_target", "least_target")
    assert [found[name].tolist() for name in names] == [[0, 1], [9, 1], [99_000, -1], [98_000, figures.LARGEST]]
