"""How good the forecast is in worlds whose truth is known: `forecasts.py` asks the same of many more."""

from __future__ import annotations

import numpy as np
import pytest

from worlds.forecasts import Outcome, evaluated, skill, world_of

SEEDS = range(3)
LEAST_SKILL = 0.1


def outcomes(kind: str) -> list[Outcome]:
    return [evaluated(world_of(kind, seed)) for seed in SEEDS]


@pytest.mark.parametrize("kind", ["unusual", "lasting"])
def test_where_there_is_something_to_know_forecasts_are_a_tenth_better(kind: str) -> None:
    found = outcomes(kind)
    assert sum(int(outcome.shown.sum()) for outcome in found) > len(found)
    model, climatology, persistence = np.sum([outcome.errors() for outcome in found], axis=0).tolist()
    assert skill((model, climatology, persistence)) >= LEAST_SKILL


@pytest.mark.parametrize("kind", ["ordinary", "independent"])
def test_where_there_is_nothing_to_know_no_store_has_a_forecast(kind: str) -> None:
    assert [int(outcome.shown.sum()) for outcome in outcomes(kind)] == [0] * len(SEEDS)
