"""The figures of a report: per period, at a glance, and per store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema

from store_uptime.calendar.periods import LAST_DAY, LAST_HOUR, LAST_WEEK, PERIODS, Period, PeriodName
from store_uptime_web.figures import MEASURES
from store_uptime_web.schemas.common import Digits, Instant, SignedTwoDecimals, Span, TwoDecimals


@dataclass(frozen=True)
class StoreSort:
    """What stores are sorted by: a measure of a period, or their id."""

    measure: str
    period: str | None


SORTS = {"store_id": StoreSort("store_id", None)} | {
    f"{measure}_{period}": StoreSort(measure, period) for measure in ("uptime_percent", *MEASURES) for period in PERIODS
}


def expect_sort(name: str) -> str:
    """`name`; ValueError if it is not one of `SORTS`."""
    if name not in SORTS:
        raise ValueError(f"expected one of {', '.join(SORTS)}")
    return name


SortName = Annotated[
    str,
    AfterValidator(expect_sort),
    WithJsonSchema({"type": "string", "enum": list(SORTS), "description": "store_id, or a measure of a period."}),
]


def described(period: Period) -> Any:
    """The field of a period."""
    return Field(description=f"The {period.title}, in {period.unit}.")


UPTIME_PERCENT = Field(description="uptime / (uptime + downtime); null where both are 0.")
COVERAGE_PERCENT = Field(
    description="(uptime + downtime) / open: how much of the open time is known. Null where open is 0, and with "
    "no_data=down, which counts unknown time as downtime."
)


class PeriodFigures(BaseModel):
    """One period of a store, in the unit of the period and in exact microseconds."""

    open: TwoDecimals
    uptime: TwoDecimals
    downtime: TwoDecimals
    unknown: TwoDecimals
    open_us: int
    uptime_us: int
    downtime_us: int
    unknown_us: int
    uptime_percent: TwoDecimals | None = UPTIME_PERCENT
    coverage_percent: TwoDecimals | None = COVERAGE_PERCENT


class FiguresByPeriod(BaseModel):
    """The three periods of a store."""

    last_hour: PeriodFigures = described(LAST_HOUR)
    last_day: PeriodFigures = described(LAST_DAY)
    last_week: PeriodFigures = described(LAST_WEEK)


class PeriodTotals(BaseModel):
    """One period summed over stores; microseconds as text, since a JavaScript number cannot hold them all."""

    open: TwoDecimals
    uptime: TwoDecimals
    downtime: TwoDecimals
    unknown: TwoDecimals
    open_us: Digits
    uptime_us: Digits
    downtime_us: Digits
    unknown_us: Digits
    uptime_percent: TwoDecimals | None = UPTIME_PERCENT
    coverage_percent: TwoDecimals | None = COVERAGE_PERCENT


class TotalsByPeriod(BaseModel):
    """The three periods, summed over stores."""

    last_hour: PeriodTotals = described(LAST_HOUR)
    last_day: PeriodTotals = described(LAST_DAY)
    last_week: PeriodTotals = described(LAST_WEEK)


class StoreFigures(FiguresByPeriod):
    """A store of a report."""

    store_id: str
    timezone: str
    has_timezone: bool
    has_business_hours: bool


class StorePage(BaseModel):
    """A page of the stores of a report."""

    stores: list[StoreFigures]
    total: int
    matching: int = Field(description="How many stores match the filters.")
    next: str | None
    previous: str | None


class HistogramBin(BaseModel):
    """Stores with at least `from` and less than `to` percent of uptime; the last bin includes 100."""

    from_: int = Field(alias="from", serialization_alias="from")
    to: int
    stores: int


class StoresOfTimezone(BaseModel):
    """How many stores of a report have a zone."""

    timezone: str
    stores: int


class PreviousReport(BaseModel):
    """The report this one is compared with: same parameters, next earlier as-of."""

    report_id: UUID
    as_of: Instant
    created_at: Instant
    totals: TotalsByPeriod


class UptimeDrop(BaseModel):
    """A store that lost uptime, in percent."""

    store_id: str
    before: TwoDecimals
    now: TwoDecimals
    change: SignedTwoDecimals


class ReportComparison(BaseModel):
    """What changed since the previous report, in the period."""

    uptime_percent: SignedTwoDecimals | None
    stores_better: int
    stores_worse: int
    stores_new: int
    stores_gone: int
    drops: list[UptimeDrop]


class ReportSummary(BaseModel):
    """A report at a glance."""

    report_id: UUID
    as_of: Instant
    period: PeriodName
    store_count: int
    totals: TotalsByPeriod
    histogram: list[HistogramBin]
    no_percent: int = Field(description="Stores with neither uptime nor downtime in the period.")
    always_up: int
    always_down: int
    worst: list[StoreFigures]
    timezones: list[StoresOfTimezone] = Field(description="By their number of stores, the most first.")
    before: PreviousReport | None
    change: ReportComparison | None


class TimeRange(BaseModel):
    """A half-open range of time."""

    from_: Instant = Field(alias="from", serialization_alias="from")
    to: Instant


class UtcOffsetRange(TimeRange):
    """A part of the reported week with one UTC offset."""

    utc_offset_seconds: int


class Poll(BaseModel):
    """One poll."""

    at: Instant
    status: Literal["active", "inactive"]


class Opening(BaseModel):
    """One opening on a weekday (0 = Monday) in the store's local time, as its file has it."""

    weekday: int
    start: str
    end: str


class StoreDetail(StoreFigures):
    """A store of a report with its week; spans are UTC, half-open; up + down + unknown = open."""

    report_id: UUID
    as_of: Instant
    no_data: str
    max_gap: str | None
    week: TimeRange = Field(description="The 168 hours that the report covers.")
    offsets: list[UtcOffsetRange]
    open: list[Span]
    up: list[Span]
    down: list[Span]
    unknown: list[Span]
    polls: list[Poll] = Field(description="Oldest first: the last one before the week, and those in it.")
    polls_left_out: int
    business_hours: list[Opening] = Field(description="None: open all the time.")
