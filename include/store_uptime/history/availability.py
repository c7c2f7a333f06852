"""Availability over time: the figures of scopes and periods, with their budgets and verdicts, as of what is settled.

Days, outages and budgets are added up as whole numbers (figures.py); what is a fraction of them, or compares them, is
decided here, as exactly.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, get_args

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

if TYPE_CHECKING:
    from store_uptime.history.figures import Sums

Verdict = Literal["met", "breached", "undecided", "at_risk", "on_track"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

# The factor that makes a budget a whole number: targets are percentages with three decimals.
BUDGET_FACTOR = 100_000
EPOCH_DAY = date(1970, 1, 1).toordinal()
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


Columns = dict[str, list[Any]]
FIELDS = tuple(each.name for each in fields(Availability))


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
    promises: list[Promise | None] = field(default_factory=list)  # of each row; None without a target


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
    from store_uptime.history.figures import read_sums  # numpy takes a while: the web starts without it

    binds |= _months_and_days(connection, question, binds)
    sums = read_sums(connection, binds, [period.until_date.toordinal() - EPOCH_DAY for period in periods])
    following = None
    if page is not None:
        asked = (page.scope or "", page.from_date or date.min)
        start = bisect_left(range(len(sums)), asked, key=lambda number: _position(sums, number, periods))
        end = start + page.rows
        if end < len(sums):
            following = Page(page.rows, *_position(sums, end, periods))
        sums = sums.part(start, end)
    columns = sums.lists() | {"scope": sums.scopes}
    is_any_running = not all(columns["is_final"])
    to_come = _find_dates_to_come(connection, settlement, question, binds) if is_any_running else {}
    promises = _promises(columns, to_come)
    return Answer(settlement, _rows(columns, periods, promises), following, promises)


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


def _months_and_days(connection: Connection, question: Question, binds: dict[str, Any]) -> dict[str, Any]:
    """Which months have sums for the question, as all days in them are asked about and lie within two cuts; and of
    which other dates the days are looked at.
    """
    cuts = binds["cuts"]
    dates = {"from_date": question.from_date, "until_date": question.until_date, "store_keys": binds["store_keys"]}
    whole, others = [], []
    for month in connection.execute(statement("history/availability/list_months"), dates):
        first, last = max(month.first_date, question.from_date), min(month.last_date, question.until_date)
        is_within = (first, last) == (month.first_date, month.last_date)
        if is_within and bisect_right(cuts, first) == bisect_right(cuts, last):
            whole.append(month.month)
        elif first <= last:
            others.append((first, last))
    is_mixed = whole and len(others) > 1
    return {
        "whole_months": whole,
        "days_from": others[0][0] if others else date.max,
        "days_until": others[-1][1] if others else date.min,
        "other_dates": f"{{{','.join(f'[{first},{last}]' for first, last in others)}}}" if is_mixed else None,
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


def _position(sums: Sums, number: int, periods: Sequence[CalendarPeriod]) -> tuple[str, date]:
    return sums.scopes[number], periods[sums.columns["period_no"][number] - 1].from_date


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


def _promises(columns: Columns, to_come: dict[tuple[str, int], Row]) -> list[Promise | None]:
    """What each row was promised, from the sums of its days and what is to come; None without a target.

    Adds the dates without a target to the columns.
    """
    promised = [number for number, days in enumerate(columns["days_with_target"]) if days]
    coming: dict[int, Row] = {}
    if to_come:
        keys = zip(columns["scope"], columns["period_no"], strict=True)
        coming = {number: to_come[key] for number, key in enumerate(keys) if key in to_come}
        promised = sorted({*promised, *(number for number, row in coming.items() if row.dates_with_target)})
    names = ("days", "days_with_target", "coming_without_target")
    without = [days - kept + later for days, kept, later in zip(*(columns[name] for name in names), strict=True)]
    for number, row in coming.items():
        without[number] += int(row.dates_without_target)
    columns["days_without_target"] = without
    promises: list[Promise | None] = [None] * len(without)
    for number in promised:
        value = {name: values[number] for name, values in columns.items()}
        promise = promises[number] = Promise(
            is_final=value["is_final"],
            dates_with_target=value["days_with_target"],
            dates_without_target=value["days_without_target"],
            targets={value["least_target"], value["greatest_target"]} if value["days_with_target"] else set(),
            budget=value["budget"] * 10**4 + value["budget_rest"],
            open_us=value["promised_open_us"],
            down_us=value["promised_down_us"],
            unknown_us=value["promised_unknown_us"],
        )
        if number in coming:
            row = coming[number]
            promise.dates_with_target += int(row.dates_with_target)
            promise.targets |= {one for one in (row.least_target, row.greatest_target) if one is not None}
            promise.budget += int(row.budget_100000)
            promise.open_to_come_us = int(row.open_us)
    return promises


def _rows(
    columns: Columns, periods: Sequence[CalendarPeriod], promises: Sequence[Promise | None]
) -> list[Availability]:
    """The rows of an answer: tens of thousands, maybe, so they are made of whole columns."""

    def mean(total: str, count: str) -> list[int | None]:
        return [each // of if of else None for each, of in zip(columns[total], columns[count], strict=True)]

    def of_periods(name: str) -> list[Any]:
        values = [getattr(period, name) for period in periods]
        return [values[number - 1] for number in columns["period_no"]]

    more: Columns = {name: of_periods(name) for name in ("period", "from_date", "until_date")}
    more |= {"mttr_us": mean("repaired_us", "repaired_outages"), "mtbf_us": mean("up_us", "outages")}
    for name in ("target_percent", "budget_us", "remaining_us", "verdict"):
        more[name] = [None if promise is None else getattr(promise, name) for promise in promises]
    return list(map(Availability, *((columns | more)[name] for name in FIELDS)))
