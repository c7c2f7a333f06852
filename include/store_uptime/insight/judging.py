"""Judges a date: which stores, groups and polls are unlike the eight weeks before it.

All of it is arrays of (store, date, hour): hours count back from the end of each store's local date, in UTC clock
hours. What is found is left out of the baselines of later dates, so dates are judged in their order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from scipy.sparse import csr_array

from store_uptime.concurrency import in_two_threads
from store_uptime.insight.scores import (
    LEAST_PROBABILITY,
    Calibration,
    Rates,
    adjusted,
    beta_binomial,
    compound,
    poisson_lower,
    poisson_upper,
)

Kind = Literal["downtime", "opened_late", "closed_early", "common_cause", "data"]
Fault = Literal["missing", "doubled", "frozen"]
Places = tuple[np.ndarray, ...]  # stores, days

WEEKS, WEEK, DAY_HOURS = 8, 7, 24
BASELINE_DAYS = WEEKS * WEEK
LEAST_DAYS = 14  # of its own before a store is judged
FALSE_DISCOVERIES = 0.1
UNIT = 240  # parts of an hour that times are counted in
STORES_AT_ONCE = 1000
# What a share of the same hour of the week weighs against a store's share of all hours, in weeks.
PROFILE_WEEKS, ALL_PROFILE_HOURS = 8.0, 50.0
# The days that are looked at together, counted back from the one that is judged: alone, one week, two, four, and the
# last three of its weekday. What is usual is asked of the days before the latest ones.
# Of several days one alone must not tell the story: the severity of each counts up to a limit; once of a week without.
WINDOWS = (
    (range(1), np.inf),
    (range(WEEK), np.inf),
    (range(WEEK), 2.0),
    (range(2 * WEEK), 2.0),
    (range(4 * WEEK), 2.0),
    (range(0, 3 * WEEK, WEEK), 2.0),
)
LATEST_DAYS, LATEST_FOUR_WEEKS = 2 * WEEK, 4 * WEEK
LEAST_HOURS, MOST_CHANCE = 0.05, 0.9
LEAST_STORES = 3  # that are down at once
# Polls are missing if fewer come than these shares of what is expected, and doubled or frozen likewise.
MISSING_SHARE, DOUBLED_SHARE, FROZEN_SHARE, LEAST_CHANGES = 0.8, 1.3, 0.5, 10
DATA_SLOPE = 0.13
CHANGED = ("open", "down", "unknown", "is_left_out", "has_no_start", "has_no_end")


@dataclass(frozen=True)
class Group:
    """Stores (their numbers) that are looked at together."""

    kind: str
    name: str
    members: np.ndarray


@dataclass
class Hours:
    """What stores' dates were like; times in parts of an hour (`UNIT`), late and early in hours."""

    open: np.ndarray  # (store, date, hour) of uint8
    down: np.ndarray
    unknown: np.ndarray
    late: np.ndarray  # (store, date)
    early: np.ndarray
    end_hour: np.ndarray  # UTC clock hours since 1970 at the end of the date
    is_there: np.ndarray
    is_special: np.ndarray
    polls: np.ndarray
    changes: np.ndarray
    # Of no baseline: days that were flagged, or whose polls are faulty.
    is_left_out: np.ndarray = field(init=False)
    # Whose first, or last, open hour was left out for a common cause: nothing is said of the opening, or the end.
    has_no_start: np.ndarray = field(init=False)
    has_no_end: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.is_left_out = np.zeros(self.is_there.shape, bool)
        self.has_no_start = np.zeros(self.is_there.shape, bool)
        self.has_no_end = np.zeros(self.is_there.shape, bool)

    def note(self, kind: Kind, stores: np.ndarray, date: int, hours: tuple[int, int] | None) -> None:
        """Leaves what was found out of the baselines of later dates."""
        if hours is None or kind != "common_cause":
            self.is_left_out[stores, date] = True
        else:
            there = self.is_there[stores, date] & ~self.is_left_out[stores, date]
            self.leave_out(stores[there], date, hours)

    def copy_of(self, date: int) -> dict[str, np.ndarray]:
        """What judging a date changes."""
        return {name: getattr(self, name)[:, date].copy() for name in CHANGED}

    def restore(self, date: int, copied: dict[str, np.ndarray]) -> None:
        for name, values in copied.items():
            getattr(self, name)[:, date] = values

    def parts(self, stores: np.ndarray, date: int, hours: tuple[int, int]) -> list[tuple[np.ndarray, slice]]:
        """Stores, with the hours of their date that lie in a time, in UTC clock hours since 1970."""
        first = self.end_hour[stores, date] - DAY_HOURS
        parts = []
        for offset in np.unique(first):
            some = stores[first == offset]
            span = slice(max(hours[0] - int(offset), 0), min(hours[1] - int(offset), DAY_HOURS))
            if span.start < span.stop:
                parts.append((some, span))
        return parts

    def leave_out(self, stores: np.ndarray, date: int, hours: tuple[int, int]) -> None:
        """Leaves out a time in which stores were down for a common cause, until the next poll of each is due."""
        position = np.arange(DAY_HOURS)
        for some, span in self.parts(stores, date, hours):
            last = span.stop - 1
            every = -(-DAY_HOURS // np.maximum(self.polls[some, date], 1)).clip(1, 3)
            until = np.full(len(some), last)
            for _ in range(3):
                following = np.minimum(until + 1, DAY_HOURS - 1)
                goes_on = (self.down[some, date, following] > 0) & (until - last < every)
                until = np.where(goes_on, following, until)
            chosen = (position >= span.start) & (position <= until[:, None])
            is_open = self.open[some, date] > 0
            number = np.arange(len(some))
            self.has_no_start[some, date] |= (is_open & chosen)[number, is_open.argmax(axis=1)]
            self.has_no_end[some, date] |= (is_open & chosen)[number, DAY_HOURS - 1 - is_open[:, ::-1].argmax(axis=1)]
            for values in (self.open, self.down, self.unknown):
                values[some, date] = np.where(chosen, 0, values[some, date])


@dataclass(frozen=True)
class Finding:
    """Something that is tested: what was observed and expected on the date, in hours, or polls, and its q-value."""

    kind: Kind
    group: int | None
    store: int | None
    observed: float
    expected: float
    probability: float
    days: int = 1  # that were looked at together; of a weekday: occurrences
    is_weekly: bool = False
    of_days: tuple[float, float] = (0.0, 0.0)  # what was observed and expected on all of them
    fault: Fault | None = None
    hours: tuple[int, int] | None = None  # UTC clock hours since 1970, half-open
    stores: int = 0  # that were down at once, of those that were open
    of_stores: int = 0
    score: float = 1.0


@dataclass
class Judge:
    """Judges dates by their number in `hours`, in their order."""

    hours: Hours
    groups: Sequence[Group]
    tests: int = field(init=False, default=0)  # of the date that was judged last

    def __post_init__(self) -> None:
        stores = len(self.hours.is_there)
        if not self.groups:
            self._member = csr_array((0, stores), dtype=np.float32)
            return
        row = np.concatenate([np.full(len(group.members), number) for number, group in enumerate(self.groups)])
        column = np.concatenate([group.members for group in self.groups])
        shape = (len(self.groups), stores)
        self._member = csr_array((np.ones(len(row), np.float32), (row, column)), shape=shape)

    def judge(self, date: int) -> list[Finding]:
        """What is unusual about a date, by Benjamini and Hochberg over all that is tested; later dates leave it out."""
        window = slice(max(date - BASELINE_DAYS, 0), date + 1)
        before = self.hours.copy_of(date)
        tested = [*self._data(date, window), *self._common_causes(date, window), *self._stores(date, window)]
        self.tests = len(tested)
        probabilities = np.array([finding.probability for finding in tested])
        # What goes on makes no room for more: it counts for itself, not for others.
        recent = set(np.flatnonzero(self.hours.is_left_out[:, max(date - WEEK, 0) : date].any(axis=1)).tolist())
        goes_on = np.array([finding.store in recent for finding in tested], dtype=np.bool_)
        scores = np.where(goes_on, adjusted(probabilities), adjusted(np.where(goes_on, 1, probabilities)))
        found = [
            replace(finding, score=float(score))
            for finding, score in zip(tested, scores, strict=True)
            if score < FALSE_DISCOVERIES
        ]
        # Of a store whose polls are faulty nothing else is said.
        faulty = {finding.store for finding in found if finding.kind == "data"} - {None}
        found = [finding for finding in found if finding.kind == "data" or finding.store not in faulty]
        # What looked like a common cause, or a fault of a group's polls, may be none beside all that was tested.
        self.hours.restore(date, before)
        for finding in found:
            self.hours.note(finding.kind, self.stores_of(finding), date, finding.hours)
        return found

    def stores_of(self, finding: Finding) -> np.ndarray:
        """The numbers of the stores that a finding is about."""
        return np.array([finding.store]) if finding.group is None else self.groups[finding.group].members

    # Polls ------------------------------------------------------------------------------------------------------------

    def _data(self, date: int, window: slice) -> Iterator[Finding]:
        hours = self.hours
        usable = hours.is_there[:, window] & ~hours.is_left_out[:, window] & ~hours.is_special[:, window]
        long_enough = usable[:, :-1].sum(axis=1) >= LEAST_DAYS
        if not long_enough.any():
            return
        lengths = np.full(usable.shape, DAY_HOURS, np.float32)
        lengths[:, 1:] = np.diff(hours.end_hour[:, window], axis=1)
        lengths = np.where((lengths >= 20) & (lengths <= 28), lengths, DAY_HOURS) / DAY_HOURS
        polls = hours.polls[:, window].astype(np.float32)
        expected = np.maximum(weekday_means(polls / lengths, usable) * lengths, 1e-3)
        changes = hours.changes[:, window].astype(np.float32)
        expected_changes = weekday_means(changes, usable)
        valid = usable & long_enough[:, None]
        is_free = np.array(valid[:, -1])  # not told yet

        faults: list[tuple[Fault, np.ndarray, np.ndarray]] = [
            ("missing", polls, expected * MISSING_SHARE),
            ("doubled", polls, expected * DOUBLED_SHARE),
            ("frozen", changes, expected_changes * FROZEN_SHARE),
        ]
        for fault, seen, limit in faults:
            upper = fault == "doubled"
            score_of = poisson_upper if upper else poisson_lower
            seen, limit = np.where(valid, seen, 0), np.where(valid, limit, 0)
            told = set[int]()
            while True:
                of_group = self._member @ np.where(is_free, seen[:, -1], 0)
                limit_of_group = self._member @ np.where(is_free, limit[:, -1], 0)
                scores = np.where(limit_of_group > 0, score_of(of_group, limit_of_group), 0)
                if fault == "frozen":
                    scores[limit_of_group < LEAST_CHANGES * FROZEN_SHARE] = 0
                beyond = (of_group > limit_of_group) if upper else (of_group < limit_of_group)
                probabilities = np.where(beyond, 10**-scores, 1.0)
                gain = likelihood_gain(of_group, limit_of_group) * beyond
                gain[adjusted(probabilities) >= FALSE_DISCOVERIES] = 0
                if not gain.any():
                    break
                best = int(np.argmax(gain))
                told.add(best)
                yield Finding(
                    "data", best, None, float(of_group[best]),
                    float(limit_of_group[best]) / share_of(fault), float(probabilities[best]), fault=fault,
                )  # fmt: skip
                members = self.groups[best].members
                hours.is_left_out[members, date] |= is_free[members]
                is_free[members] = False
            for number, probability in enumerate(probabilities):
                if number not in told:
                    yield Finding("data", number, None, 0, 0, float(probability), fault=fault)
        # A store's polls are missing or doubled, not both: one test.
        seen = np.where(valid, polls, 0)
        missing, doubled = np.zeros(seen.shape), np.zeros(seen.shape)
        few = valid & (seen < expected * MISSING_SHARE)
        missing[few] = poisson_lower(seen[few], expected[few] * MISSING_SHARE)
        many = valid & (seen > expected * DOUBLED_SHARE)
        doubled[many] = poisson_upper(seen[many], expected[many] * DOUBLED_SHARE)
        scores = np.maximum(missing, doubled)
        calibration = Calibration.of(scores[:, :-1][valid[:, :-1]], least_slope=DATA_SLOPE)
        probabilities = calibration.probabilities(scores[:, -1])
        for store in np.flatnonzero(is_free):
            is_missing = missing[store, -1] >= doubled[store, -1]
            yield Finding(
                "data", None, int(store), float(seen[store, -1]), float(expected[store, -1]),
                float(probabilities[store]), fault="missing" if is_missing else "doubled",
            )  # fmt: skip

    # Stores of a group down at once -----------------------------------------------------------------------------------

    def _common_causes(self, date: int, window: slice) -> Iterator[Finding]:
        hours = self.hours
        usable = hours.is_there[:, window] & ~hours.is_left_out[:, window]
        usable[:, -1] = hours.is_there[:, date] & ~hours.is_left_out[:, date]
        is_baseline = usable & ~hours.is_special[:, window]
        is_baseline[:, -1] = False
        if is_baseline.any(axis=0).sum() < LEAST_DAYS:
            return
        days = usable.shape[1]
        # By date, one after the other in memory: each is looked at alone.
        opened, down = (np.empty((days, len(usable), DAY_HOURS), np.bool_) for _ in range(2))
        own_down, own_open = (np.zeros(len(usable), np.float32) for _ in range(2))
        for number in range(days):
            opened[number], down[number] = self._down_hours(window.start + number, usable[:, number])
            own_down += is_baseline[:, number] * down[number].sum(axis=1, dtype=np.float32)
            own_open += is_baseline[:, number] * opened[number].sum(axis=1, dtype=np.float32)
        weekday = (np.arange(days) - (days - 1)) % WEEK
        mean = float(own_down.sum() / max(own_open.sum(), 1))
        share = (own_down + 24 * mean) / (own_open + 24)
        down_at = np.zeros((WEEK, DAY_HOURS), np.float32)
        expected_at = np.zeros((WEEK, DAY_HOURS), np.float32)
        for number in range(days - 1):
            down_at[weekday[number]] += is_baseline[:, number].astype(np.float32) @ down[number]
            expected_at[weekday[number]] += (share * is_baseline[:, number]) @ opened[number]
        profile = (down_at + ALL_PROFILE_HOURS * mean) / (expected_at + ALL_PROFILE_HOURS * mean)

        def of_groups(number: int) -> tuple[list[np.ndarray], int]:
            """Of groups and UTC clock hours: stores down, expected so, and, on the date, open; and the first hour."""
            end = hours.end_hour[:, window][:, number]
            there = usable[:, number]
            if not there.any():
                return [np.zeros((len(self.groups), 1))] * 3, 0
            first = int(end[there].min()) - DAY_HOURS
            column = np.where(there, end - DAY_HOURS - first, 0)
            width = int(column.max()) + DAY_HOURS
            counted = [down[number], opened[number] * np.minimum(share[:, None] * profile[weekday[number]], 0.9)]
            if number == days - 1:
                counted.append(opened[number])
            grids = np.zeros((len(counted), len(end), width), np.float32)
            for offset in np.unique(column[there]):
                some = np.flatnonzero(there & (column == offset))
                for grid, values in zip(grids, counted, strict=True):
                    grid[some, offset : offset + DAY_HOURS] = values[some]
            return [self._member @ grid for grid in grids], first

        def scores_of(counted: np.ndarray, expected: np.ndarray) -> np.ndarray:
            scores = np.zeros(counted.shape)
            enough = (counted >= LEAST_STORES) & (counted > expected)
            scores[enough] = poisson_upper(counted[enough], np.maximum(expected[enough], 1e-9))
            return scores

        baseline = in_two_threads(
            lambda number: scores_of(*of_groups(int(number))[0][:2]).max(axis=1),
            np.flatnonzero(is_baseline.any(axis=0)),
        )
        calibration = Calibration.of(np.concatenate(list(baseline)))
        told = set[int]()
        while True:
            (counted, expected, open_stores), first = of_groups(days - 1)
            scores = scores_of(counted, expected)
            probabilities = calibration.probabilities(scores.max(axis=1))
            gain = (likelihood_gain(counted, expected) * (scores > 0)).max(axis=1)
            gain[adjusted(probabilities) >= FALSE_DISCOVERIES] = 0
            if not gain.any() or len(told) > 20:
                break
            best = int(np.argmax(gain))
            told.add(best)
            peak = int(np.argmax(scores[best]))
            enough = (scores[best] >= 2) & (counted[best] >= counted[best, peak] / 2)
            begin, end = peak, peak + 1
            while begin > 0 and enough[begin - 1]:
                begin -= 1
            while end < len(enough) and enough[end]:
                end += 1
            members = self.groups[best].members
            members = members[usable[members, -1]]
            finding = self._leave_out(members, date, (first + begin, first + end), share)
            yield Finding(
                "common_cause", best, None, *finding, float(probabilities[best]),
                hours=(first + begin, first + end),
                stores=int(counted[best, peak]), of_stores=int(open_stores[best, peak]),
            )  # fmt: skip
            opened[-1], down[-1] = self._down_hours(date, usable[:, -1])
        for number, probability in enumerate(probabilities):
            if number not in told:
                yield Finding("common_cause", number, None, 0, 0, float(probability))

    def _down_hours(self, date: int, usable: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of a date's usable stores: the hours in which they were open and mostly known, and of these mostly down."""
        hours = self.hours
        is_open, half = hours.open[:, date], hours.open[:, date] // 2
        opened = (is_open > 0) & usable[:, None] & (hours.unknown[:, date] <= half)
        return opened, opened & (hours.down[:, date] >= np.maximum(half, 1))

    def _leave_out(
        self, members: np.ndarray, date: int, span: tuple[int, int], share: np.ndarray
    ) -> tuple[float, float]:
        """Leaves out hours of a date for stores; returns their time down in them, and what is expected."""
        hours = self.hours
        observed = expected = 0.0
        for stores, part in hours.parts(members, date, span):
            observed += float(hours.down[stores, date, part].sum(dtype=np.int64)) / UNIT
            expected += float((share[stores] * hours.open[stores, date, part].sum(axis=1, dtype=np.int64)).sum()) / UNIT
        hours.leave_out(members, date, span)
        return observed, expected

    # Stores -----------------------------------------------------------------------------------------------------------

    def _stores(self, date: int, window: slice) -> Iterator[Finding]:
        hours = self.hours
        there = hours.is_there[:, window]
        is_baseline = there & ~hours.is_left_out[:, window] & ~hours.is_special[:, window]
        is_baseline[:, -1] = False
        is_tested = there[:, -1] & ~hours.is_left_out[:, date] & (is_baseline.sum(axis=1) >= LEAST_DAYS)
        if not is_tested.any():
            return
        of_days = (values[:, window].sum(axis=2, dtype=np.int32) for values in (hours.open, hours.unknown, hours.down))
        opened, unknown, down_parts = of_days
        known = ((opened - unknown) / UNIT).astype(np.float32)
        down = (down_parts / UNIT).astype(np.float32)
        usable = is_baseline.copy()
        usable[:, -1] = is_tested
        measures: list[tuple[Kind, np.ndarray, np.ndarray, np.ndarray]] = [
            ("downtime", down, known, usable),
            ("opened_late", hours.late[:, window], known, usable & ~hours.has_no_start[:, window]),
            ("closed_early", hours.early[:, window], known, usable & ~hours.has_no_end[:, window]),
        ]

        def of_measure(
            measure: tuple[Kind, np.ndarray, np.ndarray, np.ndarray], relative: np.ndarray | np.float64
        ) -> Scored:
            kind, seen, trials, counts = measure
            seen, trials = np.where(counts, np.minimum(seen, trials), 0), np.where(counts, trials, 0)
            at_risk = self._at_risk(kind, seen, trials, is_baseline & counts, window)
            return Scored.of(seen, trials, at_risk * relative, is_baseline & counts)

        downtime = of_measure(measures[0], np.float64(1))
        # A store that is down more often opens late more often.
        scored = [downtime, *(of_measure(measure, downtime.relative) for measure in measures[1:])]
        highest = np.stack([one.scores for one in scored])
        latest = highest[:, :, -1]
        # A store's day is told once: as late or early if that says as much.
        chosen = (latest * np.array([0.9, 1, 1])[:, None]).argmax(axis=0)
        probabilities = calibrated(highest.max(axis=0), is_baseline)
        for store in np.flatnonzero(is_tested & (known[:, -1] > 0)):
            number = int(chosen[store])
            one, best = scored[number], int(scored[number].best[store])
            yield Finding(
                measures[number][0], None, int(store), float(one.observed[0][store]), float(one.expected[0][store]),
                float(probabilities[store]), days=len(WINDOWS[best][0]), is_weekly=WINDOWS[best][0].step == WEEK,
                of_days=(float(one.observed[best][store]), float(one.expected[best][store])),
            )  # fmt: skip

    def _at_risk(
        self, kind: Kind, seen: np.ndarray, trials: np.ndarray, is_baseline: np.ndarray, window: slice
    ) -> np.ndarray:
        """Each day's hours, weighted by how often its store is down at the same hours of the week, without that day."""
        stores, days = seen.shape
        weekday = (np.arange(days) - (days - 1)) % WEEK
        parts = [slice(first, first + STORES_AT_ONCE) for first in range(0, stores, STORES_AT_ONCE)]
        total = max(float(trials[is_baseline].sum()), 1.0)
        mean = max(float(seen[is_baseline].sum()) / total, 1e-5)
        own = (np.where(is_baseline, seen, 0).sum(axis=1) + 24 * mean) / (
            np.where(is_baseline, trials, 0).sum(axis=1) + 24
        )
        if kind != "downtime":
            # An opening is late, or a day ends early, as a whole: the profile is one of weekdays.
            weekdays = np.ones((WEEK, 1), np.float32)
            return np.concatenate([
                weighted(
                    seen[part, :, None], trials[part, :, None], is_baseline[part], own[part], weekday, weekdays,
                    hours_of_cell=12,
                )
                for part in parts
            ])  # fmt: skip
        hours = self.hours
        down_at, expected_at = np.zeros((WEEK, DAY_HOURS)), np.zeros((WEEK, DAY_HOURS))
        for number in range(days - 1):
            rows = is_baseline[:, number]
            at = window.start + number
            down_at[weekday[number]] += hours.down[rows, at].sum(axis=0, dtype=np.int64) / UNIT
            known = (hours.open[rows, at].astype(np.float32) - hours.unknown[rows, at]) / UNIT
            expected_at[weekday[number]] += own[rows] @ known
        common = ((down_at + ALL_PROFILE_HOURS * mean) / (expected_at + ALL_PROFILE_HOURS * mean)).astype(np.float32)

        def of_hours(part: slice) -> np.ndarray:
            known = hours.open[part, window] - hours.unknown[part, window]
            known *= (trials[part] > 0)[:, :, None]
            down = hours.down[part, window].astype(np.uint16)
            of_week = weighted(
                down, known.astype(np.uint16), is_baseline[part], own[part], weekday, common, hours_of_cell=UNIT
            )
            return of_week / UNIT

        return np.concatenate(list(in_two_threads(of_hours, parts)))


def weighted(
    down: np.ndarray, known: np.ndarray, is_baseline: np.ndarray, own: np.ndarray, weekday: np.ndarray,
    common: np.ndarray, *, hours_of_cell: float,
) -> np.ndarray:  # fmt: skip
    """The hours of each day (store, day, hour), each times its risk relative to the store's own share.

    A cell of the week of a store is shrunk to that of all stores (`common`); a day is not part of its own risk.
    """
    result = np.empty(down.shape[:2], np.float32)
    prior, usual = np.float32(PROFILE_WEEKS * hours_of_cell), own.astype(np.float32)[:, None, None]
    base = is_baseline[:, :, None]
    for number in range(WEEK):
        days = slice(int(np.argmax(weekday == number)), None, WEEK)
        # Nor are the two occurrences before it, which are looked at together with it.
        down_sum, known_sum = (
            cell.sum(axis=1, dtype=cell.dtype, keepdims=True) - latest_three(cell)
            for cell in (values[:, days] * base[:, days] for values in (down, known))
        )
        relative = (down_sum + prior * usual * common[number]) / ((known_sum + prior) * usual)
        result[:, days] = (known[:, days] * relative).sum(axis=2)
    return result


@dataclass(frozen=True)
class Scored:
    """A measure of stores' days: how unlikely is what was seen on the day, on the days up to it, or on the last
    occurrences of its weekday, whichever is the least likely (on the last day `best`, of `WINDOWS`).
    """

    scores: np.ndarray
    best: np.ndarray
    observed: list[np.ndarray]
    expected: list[np.ndarray]
    share: np.ndarray  # of each day: its store's share of the hours at risk
    mean: float  # share of all stores

    @property
    def relative(self) -> np.ndarray:
        """Of each day: what its store is like, in parts of what all are like."""
        return self.share / self.mean

    @classmethod
    def of(cls, seen: np.ndarray, trials: np.ndarray, at_risk: np.ndarray, is_baseline: np.ndarray) -> Scored:
        """A day is judged by how often its store has such days at all, and by how bad it is among such days."""
        is_bad = (seen > LEAST_HOURS) & (trials > 0)
        bad = np.nonzero(is_bad)
        rates, [(share, hours)] = shares(seen, at_risk, is_baseline, LATEST_DAYS)
        law = [
            trials[bad],
            share[bad] * at_risk[bad] / trials[bad],
            (rates.dispersion - 1) / np.maximum(trials[bad] - 1, 1) + 1 / (hours[bad] + rates.strength + 1),
        ]
        badness = beta_binomial(seen[bad], *law) - beta_binomial(np.minimum(seen[bad], 1.0), *law)
        found = Calibration.of(badness[is_baseline[bad]], slower=3.0).probabilities(badness)
        severity = -np.log(np.maximum(found, LEAST_PROBABILITY))
        chance, early = (
            np.where(trials > 0, np.minimum(1 - np.exp(-of_day * at_risk), MOST_CHANCE), 0)
            for of_day, _ in shares(is_bad.astype(np.float32), at_risk, is_baseline, LATEST_DAYS, LATEST_FOUR_WEEKS)[1]
        )
        highest = np.zeros(seen.shape, np.float32)
        is_scored = bad[1] >= first_calibrated(seen)
        stores, days = scored = bad[0][is_scored], bad[1][is_scored]
        scores = cls._of_bad_days(bad, severity, scored, trials > 0, chance, early)
        highest[scored] = scores.max(axis=0)
        latest = np.zeros((len(WINDOWS), len(seen)), np.float32)
        is_latest = days == seen.shape[1] - 1
        latest[:, stores[is_latest]] = scores[:, is_latest]
        columns = [[-1 - offset for offset in offsets] for offsets, _ in WINDOWS]
        usual = share[:, -LATEST_FOUR_WEEKS:] * at_risk[:, -LATEST_FOUR_WEEKS:]
        return cls(
            highest,
            latest.argmax(axis=0),
            [seen[:, of_window].sum(axis=1) for of_window in columns],
            [usual[:, of_window].sum(axis=1) for of_window in columns],
            share,
            rates.mean,
        )

    @staticmethod
    def _of_bad_days(
        bad: Places, severity: np.ndarray, scored: Places, usable: np.ndarray, chance: np.ndarray, early: np.ndarray
    ) -> np.ndarray:
        """The scores (window, day) of some bad days and those before them; `early`: the chances of four weeks."""
        windows = [offsets for offsets, _ in WINDOWS]
        of_day = np.zeros(usable.shape)
        of_day[bad] = 1
        days, bad_days, chances = (totals_at(values, windows, scored) for values in (usable, of_day, chance))
        for number, offsets in enumerate(windows):
            if len(offsets) == LATEST_FOUR_WEEKS:
                [chances[number]] = totals_at(early, [offsets], scored)
        severities = {}
        for most in {most for _, most in WINDOWS}:
            of_day[bad] = np.minimum(severity, most)
            severities[most] = totals_at(of_day, windows, scored)
        scores = [
            compound(of_bad, severities[most][number], of_all, chance / np.maximum(of_all, 1), most)
            for number, (of_bad, of_all, chance, (_, most)) in enumerate(
                zip(bad_days, days, chances, WINDOWS, strict=True)
            )
        ]
        return np.stack(scores).astype(np.float32)


def first_calibrated(values: np.ndarray) -> int:
    """The first day of (store, day) whose score counts: before it there are too few to look back on."""
    return min(LATEST_FOUR_WEEKS, values.shape[1] // 2)


def calibrated(scores: np.ndarray, is_baseline: np.ndarray) -> np.ndarray:
    """Probabilities of the last day's scores, by those of the baseline's days."""
    first = first_calibrated(scores)
    return Calibration.of(scores[:, first:-1][is_baseline[:, first:-1]]).probabilities(scores[:, -1])


def shares(
    seen: np.ndarray, at_risk: np.ndarray, is_baseline: np.ndarray, *latest_days: int
) -> tuple[Rates, list[tuple[np.ndarray, np.ndarray]]]:
    """What all stores are like; and of each day its store's share of the hours at risk, with how many hours tell it.

    It is asked of the days before so many that are looked at together, and shrunk to what all stores are like.
    """
    base = np.where(is_baseline, seen, 0), np.where(is_baseline, at_risk, 0)
    rates = Rates.of(*base)
    sums = [(values.sum(axis=1, keepdims=True), np.cumsum(values, axis=1, dtype=np.float64)) for values in base]
    found = []
    for days in latest_days:
        down, hours = (before(whole, so_far, days) for whole, so_far in sums)
        for values in (down, hours):
            values /= rates.dispersion
        down += rates.strength * rates.mean
        down /= hours + rates.strength
        found.append((down, hours))
    return rates, found


def before(whole: np.ndarray, so_far: np.ndarray, days: int) -> np.ndarray:
    """Of each day what is not of it and those before it, so many in all; `so_far`: of all days up to each."""
    result = whole - so_far
    result[:, days:] += so_far[:, :-days]
    return np.maximum(result, 0, out=result)


def totals_at(values: np.ndarray, windows: Sequence[range], places: Places) -> list[np.ndarray]:
    """Of each window of days, which are counted back: the totals of the `places` (stores, days)."""
    stores, days = places
    so_far = np.cumsum(values, axis=1, dtype=np.float64)

    def at(offset: int, of: np.ndarray) -> np.ndarray:
        return np.where(days >= offset, of[stores, days - offset], 0)

    return [
        at(0, so_far) - at(len(offsets), so_far)
        if offsets.step == 1 and len(offsets) > 1
        else sum((at(offset, values) for offset in offsets), np.zeros(len(days)))
        for offsets in windows
    ]


def latest_three(values: np.ndarray) -> np.ndarray:
    """Of each column the sum with the two before it."""
    result = values.copy()
    for back in (1, 2):
        result[:, back:] += values[:, :-back]
    return result


def weekday_means(values: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """What is usual on each day's weekday, shrunk to the mean of all days; without the day itself."""
    days = values.shape[1]
    kept = np.where(usable, values, 0)
    kept[:, -1] = 0
    count = usable.astype(np.float32)
    count[:, -1] = 0
    mean = (kept.sum(axis=1, keepdims=True) - kept) / np.maximum(count.sum(axis=1, keepdims=True) - count, 1)
    result = np.empty(values.shape, np.float32)
    weekday = (np.arange(days) - (days - 1)) % WEEK
    for number in range(WEEK):
        at = np.flatnonzero(weekday == number)
        others = kept[:, at].sum(axis=1, keepdims=True) - kept[:, at]
        counted = count[:, at].sum(axis=1, keepdims=True) - count[:, at]
        result[:, at] = (others + 2 * mean[:, at]) / (counted + 2)
    return result


def likelihood_gain(counted: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """How much likelier a count is with a mean of its own (Kulldorff's statistic): the most specific group wins."""
    expected = np.maximum(expected, 1e-9)
    ratio = np.where(counted > 0, counted / expected, 1)
    return np.asarray(counted * np.log(ratio) - (counted - expected))


def share_of(fault: Fault) -> float:
    return {"missing": MISSING_SHARE, "doubled": DOUBLED_SHARE, "frozen": FROZEN_SHARE}[fault]
