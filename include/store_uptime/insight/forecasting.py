"""Forecasts hours: the probability that a store is down in each of its next open hours, and how good that has been.

All of it is arrays of (store, date, hour) with what each hour was: closed, up, down, or open and unknown. Hours are
counted as in `judging`: UTC clock hours back from the end of each store's local date, so that the same place in two
weeks is the same hour of the week on the store's clock.

A model that is fitted to weeks before a week forecasts it, from what is known before each forecast; the days of the
week are used for nothing else. So are climatology and persistence, which it has to beat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
from scipy.special import expit

from store_uptime.concurrency import in_two_threads
from store_uptime.history.timeline import HOURS_OF_DATE
from store_uptime.insight.scores import adjusted, strength_of_mean

Result = TypeVar("Result")

UP, DOWN, UNKNOWN, CLOSED = 0, 1, -1, -2
WEEK, DAY_HOURS = 7, 24
WEEK_HOURS = WEEK * DAY_HOURS
BASE_WEEKS, FIT_WEEKS, SCORED_WEEKS = 8, 3, 4
BASE_DAYS = BASE_WEEKS * WEEK
LEAST_BASE_DAYS = 2 * WEEK  # before a week that a model is fitted to
HOURS_AHEAD = 24
# A forecast is made at these hours of a week, four times a day.
ORIGINS = np.arange(0, WEEK_HOURS, 6)
MORNING_AND_EVENING, NOON = ORIGINS[1::2], ORIGINS[2::4]
STORES_AT_ONCE = 100
FIT_STORES = 400
LEAST_SCORED_DAYS = 14
FALSE_DISCOVERIES, LEAST_SKILL = 0.1, 0.05
# What older weeks count for, of an hour of the week; and how many open hours tell how a store is of late.
WEEK_WEIGHT, LATELY_HOURS = 0.7, 8.0
LATEST_WEEKS = 2.0  # what all hours weigh against the latest ones of an hour of the week
# The candidates of which a store's forecast is the mean: climatology, the regression, and those of the latest weeks, of
# an outage that goes on, and of the last seven dates. What each counts for before anything is known of the store, and
# what is known of a week for every week that has passed since.
CANDIDATES = 5
AT_FIRST, OLDER_WEEK = np.array([0.2, 0.65, 0.05, 0.05, 0.05]), 0.8
RATE_HOURS = 20.0  # of the eight weeks, against those of the last seven dates
LEAST_SHARE, MOST_SHARE = 1e-4, 1 - 1e-4
# How much hours of the week differ: the variance of their true shares, in parts of the largest possible.
DIFFERENCE = 0.002, 0.8
RIDGE = 10.0
STEPS = 25


def labels(open_: np.ndarray, down: np.ndarray, unknown: np.ndarray, is_there: np.ndarray) -> np.ndarray:
    """What hours are: down if a store is down for half of its open time or more, whatever it was in unknown time."""
    result = np.full(open_.shape, UNKNOWN, np.int8)
    twice_down, unknown = 2 * down.astype(np.int16), unknown.astype(np.int16)
    result[twice_down + 2 * unknown < open_] = UP
    result[twice_down >= open_] = DOWN
    result[(open_ == 0) | ~is_there[..., None]] = CLOSED
    return result


@dataclass(frozen=True)
class Base:
    """What stores were like in the eight weeks before a date; shares of open hours in which they were down."""

    rate: np.ndarray  # (store,), shrunk to all stores
    climatology: np.ndarray  # (store, hour of the week), shrunk to the store's rate
    own: np.ndarray  # the same, the latest weeks counting most, by how much the store's hours differ
    usual: np.ndarray  # the store's rate, times what the hour is like for all stores
    latest: np.ndarray  # (store, hour of the week), of the latest weeks, hardly shrunk
    goes_on: np.ndarray  # (store,), how much of being down is left an open hour later

    def logits(self) -> Iterator[np.ndarray]:
        """Of climatology, and how much more those of `own` and `usual` are."""
        usually = logit(self.climatology)
        yield usually
        yield logit(self.own) - usually
        yield logit(self.usual) - usually

    def of(self, stores: slice | np.ndarray) -> Base:
        """The same of some stores."""
        return Base(*(getattr(self, field.name)[stores] for field in fields(self)))

    @classmethod
    def before(cls, hours: np.ndarray, date: int) -> Base:
        """Of the dates before one; the first hour of the week is that of this date."""
        counts = Counts.before(hours, date)
        down, known = counts.down, counts.known
        own_down, own_known = (values.sum(axis=1, dtype=np.float64) for values in (down, known))
        stay = float((counts.stays.sum() + 1.0) / (counts.ended.sum() + 2.0))
        mean = float(np.clip(own_down.sum() / max(own_known.sum(), 1.0), LEAST_SHARE, 0.5))
        lasting = float(np.clip((stay - mean) / (1 - mean), 0, 0.9))
        dispersion = (1 + lasting) / (1 - lasting)
        # One store alone says nothing of how stores differ.
        are_several = np.count_nonzero(own_known > DAY_HOURS) > 1
        strength = strength_of_mean(own_down, own_known, mean, dispersion) if are_several else 1.0
        rate = kept((own_down / dispersion + strength * mean) / (own_known / dispersion + strength))
        at_any = rate[:, None]
        # How much hours of the week differ, of all stores and of each one.
        expected = known * at_any
        common = (down.sum(axis=0, dtype=np.float64) + 50 * mean) / (expected.sum(axis=0, dtype=np.float64) + 50 * mean)
        unlike = ((down - expected) ** 2 - expected * (1 - at_any)).sum(axis=1, dtype=np.float64)
        pairs = (known * (known - 1)).sum(axis=1, dtype=np.float64) * (rate * (1 - rate))
        del expected
        of_all = float(np.clip(unlike.sum() / max(float(pairs.sum()), 1e-9), *DIFFERENCE))
        prior = 4 * float(pairs.sum()) / max(int((pairs > 0).sum()), 1) + 1e-9
        of_each = np.clip((unlike + prior * of_all) / (pairs + prior), *DIFFERENCE)
        weight, own_weight = 1 / of_all - 1, (1 / of_each - 1).astype(np.float32)[:, None]
        usual = kept(at_any * common.astype(np.float32))
        stay_of_each = (counts.stays + 10 * stay) / (counts.ended + 10)
        return cls(
            rate=rate,
            climatology=kept((down + weight * at_any) / (known + weight)),
            own=kept((counts.late_down + own_weight * usual) / (counts.late_known + own_weight)),
            usual=usual,
            latest=kept((counts.late_down + LATEST_WEEKS * usual) / (counts.late_known + LATEST_WEEKS)),
            goes_on=np.clip((stay_of_each - rate) / (1 - rate), -0.9, 0.97).astype(np.float32),
        )


@dataclass(frozen=True)
class Counts:
    """The hours of stores in eight weeks (store, hour of the week): how many were known, and how many of them down; the
    same with older weeks counting less; and how many down hours of a store were followed by a known one (`ended`), and
    by another one that was down.
    """

    down: np.ndarray
    known: np.ndarray
    late_down: np.ndarray
    late_known: np.ndarray
    stays: np.ndarray
    ended: np.ndarray

    @classmethod
    def before(cls, hours: np.ndarray, date: int) -> Counts:
        """Of the dates before one; the first hour of the week is that of this date."""
        past = hours[:, max(date - BASE_DAYS, date % WEEK) : date]
        shape = (len(hours), WEEK_HOURS)
        counts = cls(*(np.zeros(shape, np.float32) for _ in range(4)), *(np.zeros(len(hours)) for _ in range(2)))

        def count(some: slice) -> None:
            in_order = past[some].reshape(-1, past.shape[1] * DAY_HOURS)
            is_down, is_known = in_order == DOWN, in_order >= 0
            counts.stays[some] = (is_down[:, :-1] & is_down[:, 1:]).sum(axis=1)
            counts.ended[some] = (is_down[:, :-1] & is_known[:, 1:]).sum(axis=1)
            for values, all_weeks, latest in (
                (is_down, counts.down, counts.late_down),
                (is_known, counts.known, counts.late_known),
            ):
                for week in np.split(values, past.shape[1] // WEEK, axis=1):
                    all_weeks[some] += week
                    latest[some] = latest[some] * WEEK_WEIGHT + week

        for _ in in_two_threads(count, blocks(len(hours))):
            pass
        return counts


def blocks(stores: int) -> list[slice]:
    """Of so many stores, those that are looked at at once."""
    return [slice(first, first + STORES_AT_ONCE) for first in range(0, stores, STORES_AT_ONCE)]


class Bases:
    """The bases of all stores before some weeks. As many are kept as a model is fitted to: of the latest weeks."""

    def __init__(self, hours: np.ndarray) -> None:
        self.hours = hours
        self._kept: dict[int, Base] = {}

    def before(self, date: int) -> Base:
        """`Base.before` a date."""
        if date not in self._kept:
            while len(self._kept) >= FIT_WEEKS:
                del self._kept[min(self._kept)]
            self._kept[date] = Base.before(self.hours, date)
        return self._kept[date]


def kept(shares: np.ndarray) -> np.ndarray:
    """As shares are kept: never none and never all."""
    return shares.clip(LEAST_SHARE, MOST_SHARE).astype(np.float32, copy=False)


@dataclass(frozen=True)
class State:
    """What is known of stores before each of some forecasts (store, forecast)."""

    last: np.ndarray  # the last open hour that is known; UNKNOWN: there was none
    lately: np.ndarray  # the share of the latest open hours in which it was down
    run: np.ndarray  # how many open hours in a row were like the last one
    week_rate: np.ndarray  # the share of the seven dates before

    def of(self, stores: slice) -> State:
        """The same of some stores."""
        return State(*(getattr(self, field.name)[stores] for field in fields(self)))

    @classmethod
    def before(cls, hours: np.ndarray, base: Base, date: int, origins: np.ndarray) -> State:
        """At hours from a date on, in hours; it looks back two weeks."""
        first = max(date - 2 * WEEK, 0)
        stores, begin = len(hours), (date - first) * DAY_HOURS
        part = hours[:, first : date + -(-int(origins[-1]) // DAY_HOURS)]
        in_order = np.ascontiguousarray(part.reshape(stores, part.shape[1] * DAY_HOURS).T)
        shape = (stores, len(origins))
        lasts, all_lately, runs = np.empty(shape, np.int8), np.empty(shape, np.float32), np.empty(shape, np.float32)
        last = np.full(stores, UNKNOWN, np.int8)
        lately, run = base.rate, np.zeros(stores, np.float32)
        number = 0
        for place, origin in enumerate((origins + begin).tolist()):
            for hour in range(number, origin):
                now = in_order[hour]
                is_known = now >= 0
                run = np.where(is_known, np.where(now == last, run + 1, 1), run)
                lately = np.where(is_known, lately + (now - lately) / np.float32(LATELY_HOURS), lately)
                last = np.where(is_known, now, last)
            number = origin
            lasts[:, place], all_lately[:, place], runs[:, place] = last, lately, run
        down, known = ((part == DOWN).sum(axis=2), (part >= 0).sum(axis=2))
        sums = [np.concatenate((np.zeros((stores, 1)), np.cumsum(values, axis=1)), axis=1) for values in (down, known)]
        until = np.clip(date - first + origins // DAY_HOURS, 0, part.shape[1])
        since = np.maximum(until - WEEK, 0)
        # Hours that go on like the one before tell less.
        lasting = base.goes_on.clip(0, 0.95)
        dispersion = ((1 + lasting) / (1 - lasting))[:, None]
        down_of_week, known_of_week = ((total[:, until] - total[:, since]) / dispersion for total in sums)
        week_rate = (down_of_week + RATE_HOURS * base.rate[:, None]) / (known_of_week + RATE_HOURS)
        return cls(lasts, all_lately, runs, week_rate.clip(LEAST_SHARE, MOST_SHARE).astype(np.float32))


def next_open(hours: np.ndarray, origins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each forecast its open hours to come within the same time, and whether there are so many (store, forecast,
    hour).
    """
    is_open = hours != CLOSED
    order = np.argsort(~is_open, axis=1, kind="stable")
    so_far = np.concatenate((np.zeros((len(hours), 1), np.int64), np.cumsum(is_open, axis=1)), axis=1)
    rank = so_far[:, origins][:, :, None] + np.arange(HOURS_AHEAD)
    is_there = rank < so_far[:, -1][:, None, None]
    rank = np.minimum(rank, hours.shape[1] - 1)
    found = np.take_along_axis(order, rank.reshape(len(hours), -1), axis=1).reshape(rank.shape)
    return found, is_there


def predictors(base: Base, state: State, cell: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the regression is of, for each forecast's hours by their hour of the week (store, forecast, hour); and the
    probabilities of the other candidates, climatology first.
    """
    shape = cell.shape
    flat = cell.reshape(len(cell), -1)
    climatology, own, latest, usually, own_more, usual_more = (
        np.take_along_axis(values, flat, axis=1).reshape(shape)
        for values in (base.climatology, base.own, base.latest, *base.logits())
    )
    is_down = np.maximum(state.last, 0).astype(np.float32)[:, :, None]
    ahead = np.arange(1, shape[2] + 1, dtype=np.float32)
    goes_on = base.goes_on[:, None]
    left = (np.sign(goes_on) ** ahead * np.abs(goes_on) ** ahead)[:, None, :]
    damped = own + left * (is_down - own)
    np.clip(damped, LEAST_SHARE, MOST_SHARE, out=damped)
    rate = base.rate[:, None]
    lasting = np.maximum(goes_on, 0)[:, :, None]
    of_week = (logit(state.week_rate) - logit(rate))[:, :, None]
    result, others = np.empty((*shape, len(NOTHING_KNOWN)), np.float32), np.empty((*shape, CANDIDATES - 1), np.float32)
    for place, values in enumerate(
        (
            1,
            usually,
            own_more,
            usual_more,
            of_week,
            logit(damped) - usually,
            lasting * (state.lately - rate)[:, :, None] * np.exp(-ahead / 24),
            lasting * is_down,
            is_down * np.exp(-ahead / 3),
            lasting * is_down * np.log(np.maximum(state.run, 1))[:, :, None] * np.exp(-ahead / 12),
        )
    ):
        result[..., place] = values
    for place, values in enumerate((climatology, latest, damped, expit(usually + usual_more + of_week))):
        others[..., place] = values
    np.clip(others, LEAST_SHARE, MOST_SHARE, out=others)
    return result, others


NOTHING_KNOWN = np.array([0, 1, 0, 0, 0, 0, 0, 0, 0, 0], np.float64)  # weights with which it is climatology


def logit(share: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(share / (1 - share)))


def fitted(parts: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """The weights of predictors by what hours were: logistic regression, drawn to climatology."""
    weights = NOTHING_KNOWN.copy()
    if not parts:
        return weights
    x = np.concatenate([part for part, _ in parts])
    y = np.concatenate([part for _, part in parts]).astype(np.float32)
    for _ in range(STEPS):
        p = expit(x @ weights.astype(np.float32))
        gradient = x.T @ (y - p) - RIDGE * (weights - NOTHING_KNOWN)
        curvature = (x * (p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(len(weights))
        step = np.linalg.solve(curvature.astype(np.float64), gradient.astype(np.float64))
        weights += step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-9))
        if np.abs(step).max() < 1e-4:
            break
    return weights


def candidates(x: np.ndarray, others: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The probabilities of all candidates (hour, candidate)."""
    regression = expit(x @ weights.astype(np.float32)).clip(LEAST_SHARE, MOST_SHARE)
    return np.column_stack((others[:, 0], regression, others[:, 1:])).astype(np.float64)


@dataclass(frozen=True)
class Model:
    """What a week is forecast with: the weights of the regression, and what each candidate counts for (store,
    candidate).
    """

    weights: np.ndarray
    shares: np.ndarray

    @classmethod
    def before(cls, bases: Bases, date: int, stores: np.ndarray | None = None) -> Model:
        """For the week from a date on, of some stores or all: by the weeks before, each forecast from what came before.

        A candidate counts by how likely it makes what happened to the store.
        """
        hours = bases.hours
        # The regression is of the stores that were there, whatever stores there are since.
        there = np.flatnonzero((hours[:, max(date - FIT_WEEKS * WEEK, 0) : date] >= 0).any(axis=(1, 2)))
        chosen = there[:: max(-(-len(there) // FIT_STORES), 1)]
        weeks = [week for number in range(FIT_WEEKS, 0, -1) if (week := date - number * WEEK) >= LEAST_BASE_DAYS]
        weights = fitted(
            [
                part
                for week in weeks
                for part in _of_forecasts(
                    lambda found: (found.x, found.was), hours, bases.before(week), week, MORNING_AND_EVENING, chosen
                )
            ]
        )

        def likelihoods(found: Forecasts) -> tuple[int, np.ndarray]:
            p = candidates(found.x, found.others, weights)
            likely = np.log(np.where(found.was[:, None] == DOWN, p, 1 - p)) / found.of_hour[:, None]
            columns = (np.bincount(found.store, likely[:, number], found.stores) for number in range(CANDIDATES))
            return found.first, np.column_stack(tuple(columns))

        likelihood = np.tile(np.log(AT_FIRST), (len(hours) if stores is None else len(stores), 1))
        for week in weeks:
            likelihood = np.log(AT_FIRST) + (likelihood - np.log(AT_FIRST)) * OLDER_WEEK
            for first, of_week in _of_forecasts(likelihoods, hours, bases.before(week), week, NOON, stores):
                likelihood[first : first + len(of_week)] += of_week
        shares = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
        return cls(weights, shares / shares.sum(axis=1, keepdims=True))

    def probabilities(self, x: np.ndarray, others: np.ndarray, store: np.ndarray) -> np.ndarray:
        """The probability of each hour, of a store by its number among those of the model."""
        return np.asarray((candidates(x, others, self.weights) * self.shares[store]).sum(axis=1))


@dataclass(frozen=True)
class Scores:
    """Squared errors of a week's forecasts (store, date), added up: of the model, climatology and persistence.

    And the evidence against climatology: how much likelier the model makes what happened, as a logarithm, of each hour
    the mean of its forecasts.
    """

    hours: np.ndarray
    model: np.ndarray
    climatology: np.ndarray
    persistence: np.ndarray
    evidence: np.ndarray


@dataclass(frozen=True)
class Forecasts:
    """Hours that were forecast and are known, of so many stores from the first one's number on: predictors, other
    candidates, what each hour was, its store among these and its hour of the week, what its store was last, and how
    many forecasts there are of the same hour.
    """

    first: int
    stores: int
    x: np.ndarray
    others: np.ndarray
    was: np.ndarray
    store: np.ndarray
    hour: np.ndarray
    last: np.ndarray
    of_hour: np.ndarray


def _of_forecasts(
    work: Callable[[Forecasts], Result],
    hours: np.ndarray,
    base: Base,
    date: int,
    origins: np.ndarray,
    stores: np.ndarray | None = None,
) -> Iterator[Result]:
    """What `work` makes of the forecasts of the week from a date on, made at some of its hours, of some stores or all:
    some stores at a time, in order.
    """

    if stores is not None:
        hours, base = hours[stores], base.of(stores)
    states, weeks = State.before(hours, base, date, origins), hours[:, date : date + WEEK].reshape(-1, WEEK_HOURS)

    def made(part: slice) -> Result:
        state, week = states.of(part), weeks[part]
        cell, is_there = next_open(week, origins)
        x, others = predictors(base.of(part), state, cell)
        was = np.take_along_axis(week, cell.reshape(len(week), -1), axis=1).reshape(cell.shape)
        chosen = np.flatnonzero(is_there & (was >= 0) & (state.last >= 0)[:, :, None])
        store, hour = chosen // was[0].size, cell.reshape(-1)[chosen]
        same = store * WEEK_HOURS + hour
        return work(
            Forecasts(
                first=part.start,
                stores=len(week),
                x=x.reshape(-1, x.shape[-1])[chosen],
                others=others.reshape(-1, others.shape[-1])[chosen],
                was=was.reshape(-1)[chosen],
                store=store,
                hour=hour,
                last=state.last.reshape(-1)[chosen // HOURS_AHEAD],
                of_hour=np.bincount(same, minlength=1)[same],
            )
        )

    return in_two_threads(made, blocks(len(hours)))


def score_week(bases: Bases, date: int, model: Model) -> Scores:
    """How good forecasts of the week from a date on are."""

    def scored(found: Forecasts) -> list[np.ndarray]:
        p = model.probabilities(found.x, found.others, found.store + found.first)
        climatology, is_down = found.others[:, 0].astype(np.float64), found.was == DOWN
        errors = [(each - found.was) ** 2 for each in (p, climatology, found.last.astype(np.float64))]
        likelier = np.where(is_down, np.log(p / climatology), np.log((1 - p) / (1 - climatology))) / found.of_hour
        at = found.store * WEEK + found.hour // DAY_HOURS
        return [
            np.bincount(at, values, found.stores * WEEK).reshape(-1, WEEK)
            for values in (np.ones(len(at)), *errors, likelier)
        ]

    parts = list(_of_forecasts(scored, bases.hours, bases.before(date), date, ORIGINS))
    return Scores(*(np.concatenate(of_all) for of_all in zip(*parts, strict=True)))


def gain(by_day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sum of what days gained against a baseline (scope, date; NaN: no hours), and its standard error."""
    days = np.isfinite(by_day).sum(axis=-1)
    total = np.nansum(by_day, axis=-1)
    mean = total / np.maximum(days, 1)
    squares = np.nansum((by_day - mean[..., None]) ** 2, axis=-1)
    return total, np.sqrt(squares * days / np.maximum(days - 1, 1))


def is_better(scores: Scores) -> np.ndarray:
    """Of which stores the forecast beats both baselines, by scores of (store, date) of some weeks.

    By more than the standard error of the difference, and by a twentieth of the smaller error. And so that of those
    that are called better not more than a tenth are so by chance: if climatology is right, what happens is x times as
    likely by the model with a probability of 1 / x at most, whatever the model, and Benjamini and Hochberg's q-values
    of all stores are below a tenth.
    """
    model, *baselines = (part.sum(axis=1) for part in (scores.model, scores.climatology, scores.persistence))
    is_long = (scores.hours > 0).sum(axis=1) >= LEAST_SCORED_DAYS
    beats = is_long & (model <= (1 - LEAST_SKILL) * np.minimum(*baselines))
    for baseline in (scores.climatology, scores.persistence):
        total, error = gain(np.where(scores.hours > 0, baseline - scores.model, np.nan))
        beats &= total > error
    chance = np.exp(-np.maximum(scores.evidence.sum(axis=1), 0))
    return np.asarray(beats & (adjusted(np.where(is_long, chance, 1)) < FALSE_DISCOVERIES))


@dataclass(frozen=True)
class Ahead:
    """The next open hours of stores (store, hour): UTC clock hours since 1970, -1: there are no more; the number of the
    date of each, its place among that date's hours as `day_hours` has them, and how much of it is open.
    """

    hour: np.ndarray
    date: np.ndarray
    place: np.ndarray
    open: np.ndarray

    def probabilities(self, bases: Bases, stores: np.ndarray, date: int, model: Model) -> tuple[np.ndarray, np.ndarray]:
        """The probability that each is down, and that any later hour is, of some stores: those of the model.

        Dates before the one that is given are over on every store's calendar.
        """
        hours, of_some = bases.hours, bases.before(date).of(stores)
        # What is known of the dates that run is known before the first hour to come.
        state = State.before(hours[stores], of_some, date, np.array([(hours.shape[1] - date) * DAY_HOURS]))
        place = np.clip(self.place - (HOURS_OF_DATE - DAY_HOURS), 0, DAY_HOURS - 1)
        cell = ((self.date - date) % WEEK * DAY_HOURS + place)[:, None, :]
        x, others = predictors(of_some, state, cell)
        store = np.repeat(np.arange(len(stores)), cell.shape[2])
        found = model.probabilities(x.reshape(len(store), -1), others.reshape(len(store), -1), store)
        later = (state.week_rate[:, 0] + of_some.rate) / 2
        return found.reshape(len(stores), -1), later
