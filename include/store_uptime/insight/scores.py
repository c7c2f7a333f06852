"""How unlikely a time down is: beta-binomial scores, shrunk to what all stores are like, calibrated on the baseline.

A score is -log10 of a probability. The model says how unlikely an observation is for its store; the scores of the
baseline's own days then say how often such a score occurs (`Calibration`), whatever the model overlooks: times down
come in stretches, and more of them are long than any simple law allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincc, gammaln, pdtr, pdtrc, xlog1py, xlogy

LN10 = float(np.log(10))
LEAST_PROBABILITY = 1e-300
DAY_HOURS = 24
# The tail of the scores is fitted to the largest of them: this share, but at least this many.
TAIL_SHARE, TAIL_COUNT = 1 / 100, 40
# Scores of a model that is right fall by a factor of e within 1 / ln 10: they are not believed to fall faster.
LEAST_SLOPE = 1 / LN10
# Nor more than this much slower: unusual days that nobody noticed would say so.
SLOWER = 1.25


def beta_binomial(observed: np.ndarray, trials: np.ndarray, mean: np.ndarray, overdispersion: np.ndarray) -> np.ndarray:
    """Scores of at least `observed` of `trials` hours, which need not be whole, with a mean share."""
    score = np.zeros(observed.shape)
    chosen = np.flatnonzero((observed > 0) & (trials > 0))
    if len(chosen) == 0:
        return score
    n = np.maximum(np.ceil(trials[chosen] - 0.01), 1)
    k = np.minimum(observed[chosen], n)
    mu = np.clip(mean[chosen], 1e-6, 1 - 1e-6)
    size = 1 / np.clip(overdispersion[chosen], 1e-4, 0.95) - 1
    alpha, beta = mu * size, (1 - mu) * size
    whole = np.minimum(np.floor(k), n - 1)
    log_mass = (
        gammaln(n + 1) - gammaln(whole + 1) - gammaln(n - whole + 1)
        + gammaln(whole + alpha) + gammaln(n - whole + beta) - gammaln(n + alpha + beta)
        + gammaln(alpha + beta) - gammaln(alpha) - gammaln(beta)
    )  # fmt: skip
    # The sum of the masses from `whole` on, relative to the first, and without it.
    term, rest, j = np.ones(len(k)), np.zeros(len(k)), whole.copy()
    active = np.flatnonzero(j < n)
    while len(active):
        at = j[active]
        term[active] *= (n[active] - at) * (at + alpha[active]) / ((at + 1) * (beta[active] + n[active] - at - 1))
        rest[active] += term[active]
        j[active] += 1
        active = active[(j[active] < n[active]) & (term[active] > 1e-9 * (1 + rest[active]))]
    at_least = (log_mass + np.log1p(rest)) / LN10
    more = (log_mass + np.log(np.maximum(rest, LEAST_PROBABILITY))) / LN10
    score[chosen] = -np.minimum(at_least + (k - whole) * (more - at_least), 0)
    return score


def compound(
    bad_days: np.ndarray, severity: np.ndarray, days: np.ndarray, chance: np.ndarray, most: float = np.inf
) -> np.ndarray:
    """Scores of so many bad days, of so much severity together, or anything less likely.

    Each day is bad with a chance, and the severity of a bad day is exponential with mean 1, but at most `most`. What
    counts is their sum, to which each bad day adds -ln of its chance.
    """
    chance = np.clip(chance, 1e-9, 0.999)
    cost = -np.log(chance)
    reached = bad_days * cost + severity
    probability = np.zeros(len(reached))
    for count in range(1, int(days.max(initial=0)) + 1):
        is_possible = count <= days
        others = np.where(is_possible, days - count, 0)
        ways = gammaln(days + 1) - gammaln(count + 1) - gammaln(others + 1)
        mass = np.exp(ways + xlogy(count, chance) + xlog1py(others, -chance))
        needed = reached - count * cost
        tail = np.where(needed <= count * most + 1e-9, gammaincc(count, np.maximum(needed, 0)), 0)
        probability += np.where(is_possible, mass * tail, 0)
    return np.asarray(np.where(bad_days > 0, -np.log10(np.maximum(probability, LEAST_PROBABILITY)), 0))


def poisson_upper(observed: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Scores of at least as many."""
    at_least = np.where(observed > 0, pdtrc(np.maximum(observed - 1, 0), expected), 1.0)
    return -np.log10(np.maximum(at_least.astype(np.float64), LEAST_PROBABILITY))


def poisson_lower(observed: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Scores of at most as many."""
    return -np.log10(np.maximum(np.asarray(pdtr(observed, expected), np.float64), LEAST_PROBABILITY))


@dataclass(frozen=True)
class Calibration:
    """How often a score occurs when nothing is unusual, from such scores: as counted, and beyond the largest as an
    exponential tail says that was fitted to them.
    """

    scores: np.ndarray  # sorted
    count: int
    start: float
    share: float  # of scores from start on
    slope: float

    @classmethod
    def of(cls, scores: np.ndarray, least_slope: float = LEAST_SLOPE, slower: float = SLOWER) -> Calibration:
        """Of the scores of a baseline."""
        kept = np.sort(scores[scores > 0])
        count = len(scores)
        tail = min(max(TAIL_COUNT, int(count * TAIL_SHARE)), len(kept) // 2)
        if tail < TAIL_COUNT // 4:
            # Too few to fit: the model is taken at its word.
            return cls(kept, count, 0.0, 1.0, least_slope)
        start = float(kept[-tail])
        # Of its quartile, not of its mean: neither those that were flagged before, and are not here, nor a few that
        # nobody noticed must matter.
        fourth = float(kept[-(tail // 4)])
        slope = float(np.clip((fourth - start) / np.log(tail / (tail // 4)), least_slope, least_slope * slower))
        return cls(kept, count, start, (tail + 1) / (count + 1), slope)

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Of at least such a score."""
        at_least = (len(self.scores) - np.searchsorted(self.scores, scores) + 1) / (self.count + 1)
        tail = self.share * np.exp(-np.maximum(scores - self.start, 0) / self.slope)
        return np.where(scores <= 0, 1.0, np.where(scores < self.start, np.minimum(at_least, 1.0), np.minimum(tail, 1)))


@dataclass(frozen=True)
class Rates:
    """What all stores are like: the mean share of time down, how much stores differ, and days of one store."""

    mean: float
    strength: float  # of the mean against a store's own hours
    dispersion: float  # variance of a day's time down / that of independent hours

    @classmethod
    def of(cls, down: np.ndarray, hours: np.ndarray) -> Rates:
        """Of stores' days (store, day): times down, and hours weighted by their risk."""
        total = float(hours.sum())
        mean = min(max(float(down.sum()) / total if total else 0.0, 1e-5), 0.5)
        own_hours = hours.sum(axis=1)
        share = (down.sum(axis=1) + mean * 8) / (own_hours + 8)
        expected = share[:, None] * hours
        has_any = hours > 0.5
        variance = float((expected * (1 - share[:, None]))[has_any].sum())
        squares = float(((down - expected) ** 2)[has_any].sum())
        dispersion = max(squares / variance if variance else 1.0, 1.0)
        return cls(mean, strength_of_mean(down.sum(axis=1), own_hours, mean, dispersion), dispersion)


def strength_of_mean(down: np.ndarray, hours: np.ndarray, mean: float, dispersion: float) -> float:
    """What the share of all stores weighs against a store's own hours, by the stores with more than a day of them."""
    long = hours > DAY_HOURS
    weight = hours[long] / dispersion
    of_store = down[long] / hours[long]
    # DerSimonian and Laird's estimate of how much true shares vary.
    spread = float((weight * (of_store - mean) ** 2).sum()) - mean * (1 - mean) * max(len(weight) - 1, 0)
    scale = float(weight.sum() - (weight**2).sum() / weight.sum()) if len(weight) > 1 else 1.0
    between = max(spread / scale if scale > 0 else 0.0, (mean * 0.1) ** 2)
    return max(mean * (1 - mean) / between - 1, 1.0)


def adjusted(probabilities: Sequence[float] | np.ndarray) -> np.ndarray:
    """Benjamini and Hochberg's q-values of one family."""
    p = np.asarray(probabilities, float)
    if len(p) == 0:
        return p
    order = np.argsort(p)
    q = p[order] * len(p) / np.arange(1, len(p) + 1)
    result = np.empty(len(p))
    result[order] = np.minimum(np.minimum.accumulate(q[::-1])[::-1], 1)
    return result
