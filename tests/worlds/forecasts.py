"""How good forecasts of generated worlds are: run as a program, over many seeds.

    PYTHONPATH=include:tests python tests/worlds/forecasts.py [SEEDS] [FIRST]

Of each world the last four weeks but one are scored, as a settlement does; the stores that would get a forecast by them
are then forecast in the last week, which nothing has seen.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

import numpy as np

from store_uptime.insight.forecasting import SCORED_WEEKS, WEEK, Bases, Model, Scores, is_better, labels, score_week
from worlds.generated import GeneratedWorld, generate, settled

# Each kind of world, and whether there is something to know in it.
KINDS = {"unusual": True, "lasting": True, "ordinary": False, "independent": False}


@dataclass(frozen=True)
class Outcome:
    """The stores that get a forecast, and the squared errors of the last week's, of them alone and of all stores."""

    shown: np.ndarray
    scores: Scores

    def errors(self, stores: np.ndarray | None = None) -> tuple[float, float, float]:
        """Of the model, climatology and persistence, added up."""
        chosen = self.shown if stores is None else stores
        model, climatology, persistence = (
            float(part[chosen].sum()) for part in (self.scores.model, self.scores.climatology, self.scores.persistence)
        )
        return model, climatology, persistence


def world_of(kind: str, seed: int, stores: int = 300) -> GeneratedWorld:
    """A world of a kind: with what anomalies are about, with outages that last, or with neither."""
    if kind == "unusual":
        return generate(seed, stores=stores)
    if kind == "lasting":
        return generate(seed, stores=stores, is_structured=False, rate=0.04, outages="lasting")
    return generate(
        seed, stores=stores, is_structured=False, outages="independent" if kind == "independent" else "ordinary"
    )


def evaluated(world: GeneratedWorld) -> Outcome:
    """What the forecast of a world comes to."""
    hours, _ = settled(world)
    known = labels(hours.open, hours.down, hours.unknown, hours.is_there)
    last = (world.days // WEEK - 2) * WEEK  # the last date that is over is one of the last week
    bases = Bases(known)
    weeks = [
        score_week(bases, date, Model.before(bases, date)) for date in range(last - SCORED_WEEKS * WEEK, last, WEEK)
    ]
    joined = Scores(
        *(np.concatenate(parts, axis=1) for parts in zip(*(vars(week).values() for week in weeks), strict=True))
    )
    return Outcome(is_better(joined), score_week(bases, last, Model.before(bases, last)))


def skill(errors: tuple[float, float, float]) -> float:
    """How much smaller the model's errors are than those of the better baseline."""
    model, *baselines = errors
    return 1 - model / min(baselines) if min(baselines) else 0.0


def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    for kind, is_structured in KINDS.items():
        started = time.monotonic()
        total, shown, silent, skills = np.zeros(3), 0, 0, []
        for seed in range(first, first + seeds):
            outcome = evaluated(world_of(kind, seed))
            total += outcome.errors()
            shown += int(outcome.shown.sum())
            silent += not outcome.shown.any()
            if outcome.shown.any():
                skills.append(skill(outcome.errors()))
        of_all = skill((float(total[0]), float(total[1]), float(total[2])))
        print(
            f"{kind:12} {'structure' if is_structured else 'nothing to know'}: {shown / seeds:.1f} stores with a "
            f"forecast, none in {silent} of {seeds} worlds; skill {of_all:.1%}, median of worlds "
            f"{np.median(skills) if skills else 0:.1%} ({time.monotonic() - started:.0f} s)",
            flush=True,
        )


if __name__ == "__main__":
    main()
