"""Availability over time: the figures of scopes and periods, with their budgets and verdicts, as of what is settled.

SQL adds up days, outages and budgets as whole numbers; what is a fraction of them, or compares them, is decided here
on Python's exact integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Row

from store_uptime.calendar.periods import CALENDAR_UNITS, CalendarPeriod, CalendarUnit, calendar_periods
from store_uptime.db.statements import statement
from store_uptime.history.clocks import MARGIN, clock_binds
from store_uptime.history.questions import (
    Choice,
    QuestionError,
    Settlement,
    check_dates,
    check_kind,
    find_store_keys,
    hours_binds,
    read_settlement,
)
from store_uptime.percentages import uptime_percents

Verdict = Literal["met", "breached", "undecided", "at_risk", "on_track"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

# The factor that makes a budget a whole number: targets are percentages with three decimals.
BUDGET_FACTOR = 100_000
# Open time to come is worked out date by date.
MAX_DAYS_TO_COME = 1100
# Periods are laid out one by one. For each unit: the days that its periods have at least.
MAX_PERIODS = 10_000
LEAST_DAYS: dict[CalendarUnit, int] = {"day": 1, "week": 7, "month": 28, "quarter": 90, "year": 365}


@dataclass(frozen=True)
class Question:
    """Which scopes and periods are asked about, and of which stores."""

    from_date: date
    until_date: date
    period: CalendarUnit = "range"
    by: str = "store"
    choice: Choice = field(default_factory=Choice)

    def __post_init__(self) -> None:
        check_dates(self.from_date, self.until_date)
        if self.period not in CALENDAR_UNITS:
            raise QuestionError("period", f"expected one of {', '.join(CALENDAR_UNITS)}")
        days = (self.until_date - self.from_date).days
        if self.period in LEAST_DAYS and days >= MAX_PERIODS * LEAST_DAYS[self.period]:
            raise QuestionError("until", f"{self.until_date} is more than {MAX_PERIODS:,} {self.period}s later")
        if not self.by:
            raise QuestionError("by", "expected store, all, timezone, or a kind of group")


@dataclass(slots=True)  # not frozen, which takes thrice as long: an answer may have tens of thousands
class Availability:
    """The figures of one scope and period; the fields are the columns, in their order."""

    period: str
    from_date: date
    until_date: date
    is_final: bool
    scope: str
    stores: int
    open_us: int
    planned_us: int
    up_us: int
    down_us: int
    unknown_us: int
    uptime_percent: str | None
    uptime_percent_low: str | None
    uptime_percent_high: str | None
    outages: int
    longest_outage_us: int
    mttr_us: int | None
    mtbf_us: int | None
    opened_late_us: int
    closed_early_us: int
    missed_openings: int
    target_percent: Decimal | None
    days_without_target: int
    budget_us: int | None
    remaining_us: int | None
    verdict: Verdict | None

    @property
    def uptime(self) -> Fraction | None:
        """Up / (up + down), exactly; None where both are 0."""
        known_us = self.up_us + self.down_us
        return Fraction(self.up_us, known_us) if known_us else None


@dataclass(frozen=True)
class Page:
    """Where a page of an answer begins, and how many rows it has at most."""

    rows: int
    scope: str | None = None
    from_date: date | None = None


@dataclass
class Answer:
    """The rows of an answer, by scope in byte order, then period; `next` is where the next page begins, if any."""

    settlement: Settlement
    rows: list[Availability]
    next: Page | None = None
    promises: list[Promise] = field(default_factory=list)  # of each row


@dataclass
class Promise:
    """What a scope and period were promised, and what became of it: only store-dates with a target count."""

    is_final: bool
    dates_with_target: int = 0
    dates_without_target: int = 0
    targets: set[int] = field(default_factory=set)  # thousandths of a percent
    budget: int = 0  # all times are microseconds; the budget is times BUDGET_FACTOR
    open_us: int = 0
    open_to_come_us: int = 0
    down_us: int = 0
    unknown_us: int = 0

    @property
    def budget_us(self) -> int | None:
        """Whole microseconds, cut; None without a target."""
        return self.budget // BUDGET_FACTOR if self.dates_with_target else None

    @property
    def remaining_us(self) -> int | None:
        """The budget less what is spent."""
        return None if self.budget_us is None else self.budget_us - self.down_us

    @property
    def target_percent(self) -> Decimal | None:
        """The target, if it is the same for every store-date."""
        if len(self.targets) != 1 or self.dates_without_target:
            return None
        return Decimal(next(iter(self.targets))).scaleb(-3)

    @property
    def verdict(self) -> Verdict | None:
        """Whether the promise was kept, or will be; None without a target."""
        if not self.dates_with_target:
            return None
        down = self.down_us * BUDGET_FACTOR
        if down > self.budget:
            return "breached"
        if self.is_final:
            return "met" if down + self.unknown_us * BUDGET_FACTOR <= self.budget else "undecided"
        # down / elapsed open time > budget / whole open time, without a division by nothing
        is_spent_too_fast = down * (self.open_us + self.open_to_come_us) > self.budget * self.open_us
        return "at_risk" if is_spent_too_fast else "on_track"


def find_availability(
    connection: Connection, question: Question, page: Page | None = None, *, store_keys: list[int] | None = None
) -> Answer:
    """The answer to a question, or a page of it; of the chosen stores only those of `store_keys`, if they are given.

    Raises `QuestionError` for what nobody has, and `NotSettledError`.
    """
    settlement = read_settlement(connection)
    periods = list(calendar_periods(question.from_date, question.until_date, question.period))
    check_kind(connection, "by", question.by)
    chosen_keys = find_store_keys(connection, question.choice)
    binds = _binds(connection, question, periods, chosen_keys if store_keys is None else store_keys)
    if page is not None and question.by == "store":
        binds["store_keys"] = _stores_of_page(connection, question, page)
    figures = connection.execute(statement("history/availability/figures"), binds).all()
    if page is not None:
        figures = [row for row in figures if _position(row, periods) >= (page.scope or "", page.from_date or date.min)]
    following = None
    if page is not None and len(figures) > page.rows:
        scope, from_date = _position(figures[page.rows], periods)
        following = Page(page.rows, scope, from_date)
        figures = figures[: page.rows]
    to_come = _find_dates_to_come(connection, settlement, question, binds) if _is_any_running(figures) else {}
    promises = [_promise(row, to_come.get((row.scope, row.period_no))) for row in figures]
    rows = [
        _availability(row, periods[row.period_no - 1], promise) for row, promise in zip(figures, promises, strict=True)
    ]
    return Answer(settlement, rows, following, promises)


def find_open_to_come(connection: Connection, question: Question, store_keys: list[int]) -> dict[str, dict[date, int]]:
    """Open time to come under a target of each scope and date up to the last one, of these stores, in microseconds."""
    settlement = read_settlement(connection)
    periods = list(calendar_periods(question.from_date, question.until_date, "day"))
    binds = _binds(connection, question, periods, store_keys)
    coming = _find_dates_to_come(connection, settlement, replace(question, period="range"), binds, is_whole=True)
    found: dict[str, dict[date, int]] = {}
    for (scope, period_no), row in coming.items():
        found.setdefault(scope, {})[periods[period_no - 1].from_date] = int(row.open_us)
    return found


def _binds(
    connection: Connection, question: Question, periods: Sequence[CalendarPeriod], store_keys: list[int] | None
) -> dict[str, Any]:
    edges = [*(period.from_date for period in periods), question.until_date + timedelta(days=1)]
    dates = {"from_date": question.from_date, "until_date": question.until_date}
    changes = connection.scalars(statement("history/availability/target_changes"), dates)
    kind, name = question.choice.scope
    return {
        "kind": kind,
        "name": name,
        "by": question.by,
        "store_keys": store_keys,
        "edges": edges,
        "cuts": sorted({*edges, *changes}),
    }


def _stores_of_page(connection: Connection, question: Question, page: Page) -> list[int]:
    """As many stores as a page can need, and one more: each has a row at least."""
    kind, name = question.choice.scope
    binds = {
        "kind": kind,
        "name": name,
        "from_date": question.from_date,
        "until_date": question.until_date,
        "from_store_id": page.scope,
        "stores": page.rows + 2,
    }
    return list(connection.scalars(statement("history/availability/page_of_stores"), binds))


def _position(row: Row, periods: Sequence[CalendarPeriod]) -> tuple[str, date]:
    return row.scope, periods[row.period_no - 1].from_date


def _is_any_running(figures: Sequence[Row]) -> bool:
    return not all(row.is_final for row in figures)


def _find_dates_to_come(
    connection: Connection,
    settlement: Settlement,
    question: Question,
    binds: dict[str, Any],
    *,
    is_whole: bool = False,
) -> dict[tuple[str, int], Row]:
    """What is to come of the periods that run, by scope and number of the period; if `is_whole`, of later ones too."""
    last = connection.scalar(statement("history/availability/last_dates"))
    if last is None or last < question.from_date:
        return {}
    # Only what has begun has dates to come: whole years after it cost nothing.
    ends = (period for period in calendar_periods(question.from_date, question.until_date, question.period))
    until = next((period.until_date for period in ends if period.until_date >= last), question.until_date)
    if (until - last).days > MAX_DAYS_TO_COME:
        raise QuestionError(
            "until", f"{until} is more than {MAX_DAYS_TO_COME} days after {last}, the last settled date"
        )
    start = settlement.as_of - MARGIN
    end = datetime.combine(until, datetime.min.time(), UTC) + MARGIN
    clocks = connection.scalars(statement("history/availability/list_clocks")).all()
    rows = connection.execute(
        statement("history/availability/days_to_come"),
        binds
        | clock_binds(clocks, start, max(start, end))
        | hours_binds(connection)
        | {"as_of": settlement.as_of, "is_whole": is_whole},
    )
    return {(row.scope, row.period_no): row for row in rows}


def _promise(row: Row, to_come: Row | None) -> Promise:
    """What was promised, from the sums of its days and what is to come."""
    promise = Promise(
        is_final=row.is_final,
        dates_with_target=int(row.days_with_target),
        dates_without_target=int(row.days_without_target),
        targets={one for one in (row.least_target, row.greatest_target) if one is not None},
        budget=int(row.budget_100000),
        open_us=int(row.promised_open_us),
        down_us=int(row.promised_down_us),
        unknown_us=int(row.promised_unknown_us),
    )
    if to_come is not None:
        promise.dates_with_target += int(to_come.dates_with_target)
        promise.dates_without_target += int(to_come.dates_without_target)
        promise.targets |= {one for one in (to_come.least_target, to_come.greatest_target) if one is not None}
        promise.budget += int(to_come.budget_100000)
        promise.open_to_come_us = int(to_come.open_us)
    return promise


def _availability(row: Row, period: CalendarPeriod, promise: Promise) -> Availability:
    """The row of an answer from its sums."""
    up, down, unknown, open_ = int(row.up_us), int(row.down_us), int(row.unknown_us), int(row.open_us)
    outages, repaired = int(row.outages), int(row.repaired_outages)
    return Availability(
        period=period.period,
        from_date=period.from_date,
        until_date=period.until_date,
        is_final=row.is_final,
        scope=row.scope,
        stores=row.stores,
        open_us=open_,
        planned_us=int(row.planned_us),
        up_us=up,
        down_us=down,
        unknown_us=unknown,
        **uptime_percents(up, down, unknown),
        outages=outages,
        longest_outage_us=int(row.longest_outage_us),
        mttr_us=int(row.repaired_us) // repaired if repaired else None,
        mtbf_us=up // outages if outages else None,
        opened_late_us=int(row.opened_late_us),
        closed_early_us=int(row.closed_early_us),
        missed_openings=int(row.missed_openings),
        target_percent=promise.target_percent,
        days_without_target=promise.dates_without_target,
        budget_us=promise.budget_us,
        remaining_us=promise.remaining_us,
        verdict=promise.verdict,
    )
