"""The example that docs/how-a-forecast-is-made.md computes by hand."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from store_uptime.insight.forecasting import (
    CLOSED,
    DAY_HOURS,
    DOWN,
    HOURS_AHEAD,
    UP,
    WEEK,
    WEEK_HOURS,
    Base,
    Model,
    State,
    candidates,
    labels,
    predictors,
)
from store_uptime.settings import PROJECT

ONE_AHEAD, THREE_AHEAD = 0, 2


def by_hand() -> tuple[np.ndarray, np.ndarray]:
    """Predictors and simple candidates of 09:00 on Monday, one to 24 open hours ahead: the last hour was down."""
    climatology = (1 + 12 * 0.05) / (8 + 12)
    of_week = np.full((1, WEEK_HOURS), climatology)
    base = Base(
        rate=np.array([0.05]), climatology=of_week, own=of_week, usual=of_week, latest=of_week, goes_on=np.array([0.5])
    )
    state = State(
        last=np.array([[DOWN]], np.int8),
        lately=np.array([[0.05]], np.float32),
        run=np.ones((1, 1), np.float32),
        week_rate=np.array([[0.05]]),
    )
    x, others = predictors(base, state, np.full((1, 1, HOURS_AHEAD), 9))
    return x[0, 0], others[0, 0]


def test_the_example() -> None:
    text = (Path(PROJECT) / "docs/how-a-forecast-is-made.md").read_text(encoding="utf-8")
    told = [float(number) for number in re.findall(r"\*\*([\d.]+)\*\*", text[text.index("## By hand") :])]
    x, others = by_hand()
    climatology, latest, damped, last_week = others[ONE_AHEAD].tolist()
    assert (latest, last_week) == pytest.approx((climatology, climatology))
    only_climatology = np.eye(x.shape[1])[1]
    assert candidates(x, others, only_climatology)[ONE_AHEAD] == pytest.approx(
        [climatology, climatology, latest, damped, last_week]
    )
    model = Model(only_climatology, np.array([[0.2, 0.2, 0.05, 0.5, 0.05]]))
    p = float(model.probabilities(x, others, np.zeros(HOURS_AHEAD, int))[ONE_AHEAD])
    found = [climatology, damped, float(others[THREE_AHEAD, 2]), p, (1 - p) ** 2, (1 - climatology) ** 2]
    assert told == pytest.approx([*found, float(np.log(p / climatology))], abs=5e-5)


def test_climatology_is_that_of_the_example() -> None:
    """A store open from 9 to 17 that was down at 9 on one Monday of eight: between its share and 1 of 8."""
    hours = np.full((40, 8 * WEEK, DAY_HOURS), CLOSED, np.int8)
    hours[:, :, 9:17] = UP
    hours[:, 14, 9] = DOWN
    base = Base.before(hours, 8 * WEEK)
    share = 8 * 7 * 8
    assert base.rate[0] == pytest.approx(1 / share, abs=2e-4)
    assert 1 / share < base.climatology[0, 9] < 1 / 8
    assert base.climatology[0, 10] < base.climatology[0, 9]
    assert base.climatology[0, 9] == pytest.approx(base.climatology[39, 9])


def test_what_hours_are() -> None:
    """Open 0, 100, 100, 100, 100 parts; down 0, 50, 49, 30, 50; unknown 0, 0, 0, 30, 50."""
    open_, down, unknown = (
        np.array(parts, np.uint8)[None, None]
        for parts in ([0, 100, 100, 100, 100], [0, 50, 49, 30, 50], [0, 0, 0, 30, 50])
    )
    found = labels(open_, down, unknown, np.ones((1, 1), bool))
    assert found[0, 0].tolist() == [CLOSED, DOWN, UP, -1, DOWN]
    assert set(labels(open_, down, unknown, np.zeros((1, 1), bool))[0, 0]) == {CLOSED}
