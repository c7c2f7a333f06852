"""The columns of answers, and how a value of each kind is written: the same names in every format.

Only durations have two names: exact microseconds where a program reads (`open_us`), hours with two decimals where a
person does (`open_hours`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, Literal

from store_uptime.calendar.durations import instant_text
from store_uptime.percentages import hundredths

HOUR_US = 3_600_000_000


class Kind(Enum):
    """What a column holds."""

    TEXT = "text"
    DATE = "date"
    INSTANT = "instant"
    BOOLEAN = "boolean"
    COUNT = "count"
    DURATION = "microseconds"
    PERCENT = "percentage with two decimals"
    TARGET = "percentage with three decimals"
    DECIMAL = "number with two decimals"
    NUMBER = "number with six digits"


@dataclass(frozen=True)
class Column:
    """A column by its exact name; of a duration that ends in `_us`."""

    name: str
    kind: Kind

    @property
    def rounded_name(self) -> str:
        """The name where durations are hours."""
        return f"{self.name.removesuffix('_us')}_hours" if self.kind is Kind.DURATION else self.name


@dataclass(frozen=True)
class Table:
    """What an answer is called, and its columns. A row is an object with a field for each."""

    name: str
    columns: tuple[Column, ...]

    def values(self, row: Any) -> list[Any]:
        """The values of a row."""
        return [getattr(row, column.name) for column in self.columns]

    def with_columns(self, names: Sequence[str] | None) -> Table:
        """The same with some of its columns, in this order; None for all."""
        columns = {column.name: column for column in self.columns}
        return self if names is None else Table(self.name, tuple(columns[name] for name in names))


@dataclass(frozen=True)
class Basis:
    """What an answer was computed from: enough to compute it again, and to notice if it is from other input."""

    as_of: datetime
    accepted_order: int
    hashes: dict[str, str]
    notice: str = ""  # what a reader has to know first, such as that it is provisional


def rounded_text(value: Any, kind: Kind) -> str | None:
    """A value for a person, with durations in hours; None if there is none."""
    if value is None:
        return None
    if kind is Kind.DURATION:
        return hundredths(value, HOUR_US)
    return exact_text(value)


def exact_text(value: Any) -> str:
    """A value in its one spelling."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def _table(name: str, **columns: Kind) -> Table:
    return Table(name, tuple(Column(column, kind) for column, kind in columns.items()))


AVAILABILITY = _table(
    "availability",
    period=Kind.TEXT,
    from_date=Kind.DATE,
    until_date=Kind.DATE,
    is_final=Kind.BOOLEAN,
    scope=Kind.TEXT,
    stores=Kind.COUNT,
    open_us=Kind.DURATION,
    planned_us=Kind.DURATION,
    up_us=Kind.DURATION,
    down_us=Kind.DURATION,
    unknown_us=Kind.DURATION,
    uptime_percent=Kind.PERCENT,
    uptime_percent_low=Kind.PERCENT,
    uptime_percent_high=Kind.PERCENT,
    outages=Kind.COUNT,
    longest_outage_us=Kind.DURATION,
    mttr_us=Kind.DURATION,
    mtbf_us=Kind.DURATION,
    opened_late_us=Kind.DURATION,
    closed_early_us=Kind.DURATION,
    missed_openings=Kind.COUNT,
    target_percent=Kind.TARGET,
    days_without_target=Kind.COUNT,
    budget_us=Kind.DURATION,
    remaining_us=Kind.DURATION,
    verdict=Kind.TEXT,
)

OUTAGES = _table(
    "outages",
    store_id=Kind.TEXT,
    started_at=Kind.INSTANT,
    ended_at=Kind.INSTANT,
    downtime_us=Kind.DURATION,
    elapsed_us=Kind.DURATION,
    ended_by=Kind.TEXT,
    started_after=Kind.INSTANT,
    ended_before=Kind.INSTANT,
)

NOW = _table(
    "now",
    store_id=Kind.TEXT,
    status=Kind.TEXT,
    is_open=Kind.BOOLEAN,
    since=Kind.INSTANT,
    outage_started_at=Kind.INSTANT,
    downtime_us=Kind.DURATION,
    last_poll_at=Kind.INSTANT,
    next_change_at=Kind.INSTANT,
)

REPORT = _table(
    "report",
    store_id=Kind.TEXT,
    uptime_last_hour=Kind.DECIMAL,
    uptime_last_day=Kind.DECIMAL,
    uptime_last_week=Kind.DECIMAL,
    downtime_last_hour=Kind.DECIMAL,
    downtime_last_day=Kind.DECIMAL,
    downtime_last_week=Kind.DECIMAL,
)

BREACHES = Table("breaches", AVAILABILITY.columns)

# What can be sent.
AnswerName = Literal["report", "availability", "outages", "breaches"]
ANSWERS: dict[AnswerName, Table] = {
    "report": REPORT,
    "availability": AVAILABILITY,
    "outages": OUTAGES,
    "breaches": BREACHES,
}

ANOMALIES = _table(
    "anomalies",
    kind=Kind.TEXT,
    scope_kind=Kind.TEXT,
    scope=Kind.TEXT,
    from_date=Kind.DATE,
    until_date=Kind.DATE,
    observed=Kind.NUMBER,
    expected=Kind.NUMBER,
    score=Kind.NUMBER,
    explanation=Kind.TEXT,
)

FORECAST = _table(
    "forecast",
    store_id=Kind.TEXT,
    hour_start=Kind.INSTANT,
    probability_down=Kind.NUMBER,
    brier_score=Kind.NUMBER,
    brier_climatology=Kind.NUMBER,
    brier_persistence=Kind.NUMBER,
)
