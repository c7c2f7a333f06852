"""What is asked and what is answered, as OpenAPI shows it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    field_validator,
)

from store_uptime.calendar.durations import duration_text, parse_duration, parse_instant
from store_uptime.contract import MAX_SHARDS, MAX_STORE_IDS
from store_uptime.errors import SettingError
from store_uptime_web.cursors import is_storable

EARLIEST, LATEST = datetime(1970, 1, 8, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def storable(text: str) -> str:
    """`text`, if the database can hold it."""
    if not is_storable(text):
        raise ValueError("may not hold NUL or half a character")
    return text


def instant_text(instant: datetime) -> str:
    """UTC, to the microsecond, with Z."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


Text = Annotated[str, AfterValidator(storable)]
Instant = Annotated[datetime, PlainSerializer(instant_text, return_type=str)]
Period = Literal["last_hour", "last_day", "last_week"]
NoData = Literal["unknown", "down"]
Span = Annotated[tuple[Instant, Instant], Field(description="From, and up to but not including.")]
TwoDecimals = Annotated[str, Field(pattern=r"^\d+\.\d\d$", examples=["58.50"])]
Digits = Annotated[str, Field(pattern=r"^\d+$"), BeforeValidator(str)]
SignedTwoDecimals = Annotated[str, Field(pattern=r"^-?\d+\.\d\d$", examples=["-0.31"])]


class State(StrEnum):
    """How far a report is."""

    QUEUED = "Queued"
    RUNNING = "Running"
    COMPLETE = "Complete"
    FAILED = "Failed"


class Sort(StrEnum):
    """What stores can be sorted by."""

    STORE_ID = "store_id"
    UPTIME_PERCENT_LAST_HOUR = "uptime_percent_last_hour"
    UPTIME_PERCENT_LAST_DAY = "uptime_percent_last_day"
    UPTIME_PERCENT_LAST_WEEK = "uptime_percent_last_week"
    UPTIME_LAST_HOUR = "uptime_last_hour"
    UPTIME_LAST_DAY = "uptime_last_day"
    UPTIME_LAST_WEEK = "uptime_last_week"
    DOWNTIME_LAST_HOUR = "downtime_last_hour"
    DOWNTIME_LAST_DAY = "downtime_last_day"
    DOWNTIME_LAST_WEEK = "downtime_last_week"
    UNKNOWN_LAST_HOUR = "unknown_last_hour"
    UNKNOWN_LAST_DAY = "unknown_last_day"
    UNKNOWN_LAST_WEEK = "unknown_last_week"
    OPEN_LAST_HOUR = "open_last_hour"
    OPEN_LAST_DAY = "open_last_day"
    OPEN_LAST_WEEK = "open_last_week"


class Asked(BaseModel):
    """The optional body of trigger_report."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{}, {"as_of": "2023-01-25T18:13:22Z", "max_gap": "2h", "no_data": "down"}]},
    )

    as_of: Annotated[datetime, WithJsonSchema({"type": "string", "format": "date-time"})] | None = Field(
        default=None,
        description="The instant to look back from, ISO 8601; UTC if it has no zone. Default: the newest poll.",
        examples=["2023-01-25T18:13:22Z"],
    )
    max_gap: Annotated[timedelta, WithJsonSchema({"type": "string"})] | None = Field(
        default=None,
        description="How long a poll vouches for a store's status, such as 2h, 90m or PT2H. Default: until the next.",
        examples=["2h"],
    )
    no_data: NoData = Field(default="unknown", description="What open time that no poll vouches for counts as.")
    store_ids: list[Annotated[Text, Field(min_length=1, max_length=1024)]] | None = Field(
        default=None, min_length=1, max_length=MAX_STORE_IDS, description="Only these stores. Default: all."
    )
    shards: int = Field(default=1, strict=True, ge=1, le=MAX_SHARDS, description="Pieces to compute the stores in.")

    @field_validator("as_of", mode="before")
    @classmethod
    def read_as_of(cls, value: Any) -> datetime | None:
        """Text only: a bare number could mean seconds or milliseconds."""
        if value is None:
            return None
        try:
            instant = parse_instant("as_of", expect_text(value))
        except (SettingError, OverflowError) as error:
            raise ValueError("expected an instant such as 2023-01-25T18:13:22Z") from error
        if not EARLIEST <= instant < LATEST:
            raise ValueError("expected an instant from 1970-01-08 to 2199")
        return instant

    @field_validator("max_gap", mode="before")
    @classmethod
    def read_max_gap(cls, value: Any) -> timedelta | None:
        """As the DAG's own Param reads it."""
        if value is None:
            return None
        try:
            return parse_duration("max_gap", expect_text(value))
        except SettingError as error:
            raise ValueError("expected a duration such as 2h, 90m or PT2H, at most ten years") from error

    def conf(self) -> dict[str, Any]:
        """The DAG run's conf: every Param, in one spelling, so that equal requests are equal."""
        return {
            "as_of": instant_text(self.as_of) if self.as_of else None,
            "max_gap": duration_text(self.max_gap),
            "no_data": self.no_data,
            "store_ids": sorted(set(self.store_ids)) if self.store_ids else None,
            "shards": self.shards,
        }


def expect_text(value: Any) -> str:
    """`value`, if it is text."""
    if not isinstance(value, str):
        raise ValueError("expected text")
    return value


class Triggered(BaseModel):
    """The report that was asked for."""

    report_id: UUID


class Status(BaseModel):
    """A report that is not there yet, or will not be."""

    status: Literal["Queued", "Running", "Failed"]
    created_at: Instant
    failed_task: str | None = None
    cause: str | None = Field(default=None, description="With Failed: why, for a person.")


class Canceled(BaseModel):
    """The report that was canceled."""

    report_id: UUID
    status: Literal["Failed"] = "Failed"


class RowLinks(BaseModel):
    """Relative to /store-uptime/, or from the server's root."""

    self: str
    dag_run: str = Field(description="The DAG run in Airflow's own pages.")


class ReportRow(BaseModel):
    """A report in a list."""

    report_id: UUID
    dag_run_id: str
    state: State
    created_at: Instant
    finished_at: Instant | None
    run_type: str | None
    requested_by: str | None
    as_of: Instant | None
    store_count: int | None
    failed_task: str | None
    cause: str | None
    warnings: int | None = Field(description="Expectations of severity warn that were not met; null: not checked yet.")
    links: RowLinks


class MayInList(BaseModel):
    """What the caller may do."""

    trigger: bool
    cancel: bool


class ReportPage(BaseModel):
    """Reports, newest first."""

    reports: list[ReportRow]
    next: str | None = Field(description="The cursor of the next page.")
    may: MayInList


class Parameters(BaseModel):
    """What was asked for."""

    as_of: Instant | None
    max_gap: str | None
    no_data: str
    store_ids: list[str] | None
    shards: int


class Task(BaseModel):
    """A task of the DAG in one report."""

    task: str
    state: str | None = Field(description="As Airflow calls it; null: not yet.")
    started_at: Instant | None
    finished_at: Instant | None
    seconds: float | None
    shards: int
    shards_done: int
    counts: dict[str, int | float | str | bool | None] = Field(description="What it did, summed over shards.")


class SourceFile(BaseModel):
    """A file the run found."""

    file_id: int
    kind: str
    name: str
    content_sha256: str
    state: str
    size_bytes: int
    rows_read: int
    rows_quarantined: int
    rows_replaced: int
    store_count: int
    first_polled_at: Instant | None
    last_polled_at: Instant | None
    loaded_at: Instant
    rejected_because: str | None


class Snapshot(BaseModel):
    """The version of hours or zones a report rests on."""

    file_id: int
    name: str
    content_sha256: str


class Snapshots(BaseModel):
    """Null: there was none, defaults were used."""

    business_hours: Snapshot | None
    store_timezones: Snapshot | None


class QualityCounts(BaseModel):
    """Data quality in short."""

    expectations: int
    met: int
    warnings: int
    failures: int
    quarantined_rows: int


class CsvFile(BaseModel):
    """The published file."""

    bytes: int
    sha256: str


class MayWithReport(BaseModel):
    """What the caller may do."""

    cancel: bool


class ReportLinks(RowLinks):
    """Null: not before the report is complete."""

    get_report: str
    csv: str | None
    xlsx: str | None
    parquet: str | None
    json_: str | None = Field(alias="json", serialization_alias="json")
    stores: str | None
    summary: str | None
    events: str
    cancel: str
    quality: str
    quarantine: str


class ReportDetail(ReportRow):
    """Everything about a report but its figures."""

    parameters: Parameters
    tasks: list[Task]
    sources: list[SourceFile]
    snapshots: Snapshots
    quality: QualityCounts | None
    csv: CsvFile | None
    may: MayWithReport
    links: ReportLinks


class Figures(BaseModel):
    """One period: minutes for the last hour, hours for the last day and week; and exact microseconds."""

    open: TwoDecimals
    uptime: TwoDecimals
    downtime: TwoDecimals
    unknown: TwoDecimals
    open_us: int
    uptime_us: int
    downtime_us: int
    unknown_us: int
    uptime_percent: TwoDecimals | None = Field(description="uptime / (uptime + downtime); null where both are 0.")


class ByPeriod(BaseModel):
    """The three periods."""

    last_hour: Figures
    last_day: Figures
    last_week: Figures


class Total(BaseModel):
    """One period summed over stores; microseconds as text, since a JavaScript number cannot hold them all."""

    open: TwoDecimals
    uptime: TwoDecimals
    downtime: TwoDecimals
    unknown: TwoDecimals
    open_us: Digits
    uptime_us: Digits
    downtime_us: Digits
    unknown_us: Digits
    uptime_percent: TwoDecimals | None = Field(description="uptime / (uptime + downtime); null where both are 0.")


class Totals(BaseModel):
    """The three periods, summed over stores."""

    last_hour: Total
    last_day: Total
    last_week: Total


class StoreRow(ByPeriod):
    """A store of a report."""

    store_id: str
    timezone: str
    has_timezone: bool
    has_business_hours: bool


class StorePage(BaseModel):
    """Stores of a report."""

    stores: list[StoreRow]
    total: int
    matching: int = Field(description="How many the search leaves.")
    next: str | None
    previous: str | None


class Bin(BaseModel):
    """Stores with at least `from` and less than `to` percent of uptime; the last one includes 100."""

    from_: int = Field(alias="from", serialization_alias="from")
    to: int
    stores: int


class ReportBefore(BaseModel):
    """What a report is compared with: same parameters, next earlier as-of."""

    report_id: UUID
    as_of: Instant
    created_at: Instant
    totals: Totals


class Drop(BaseModel):
    """A store that lost uptime, in percent."""

    store_id: str
    before: TwoDecimals
    now: TwoDecimals
    change: SignedTwoDecimals


class Change(BaseModel):
    """Against the report before, in the period."""

    uptime_percent: SignedTwoDecimals | None
    stores_better: int
    stores_worse: int
    stores_new: int
    stores_gone: int
    drops: list[Drop]


class Summary(BaseModel):
    """A report at a glance."""

    report_id: UUID
    as_of: Instant
    period: Period
    store_count: int
    totals: Totals
    histogram: list[Bin]
    no_percent: int = Field(description="Stores with neither uptime nor downtime in the period.")
    always_up: int
    always_down: int
    worst: list[StoreRow]
    before: ReportBefore | None
    change: Change | None


class Week(BaseModel):
    """The 168 hours a report looks back on."""

    from_: Instant = Field(alias="from", serialization_alias="from")
    to: Instant


class Offset(Week):
    """A part of the week with one UTC offset."""

    utc_offset_seconds: int


class Poll(BaseModel):
    """One poll."""

    at: Instant
    status: Literal["active", "inactive"]


class Opening(BaseModel):
    """One opening on a weekday (0 = Monday) on the store's wall clock, as its file has it."""

    weekday: int
    start: str
    end: str


class StoreDetail(StoreRow):
    """A store of a report with its week; spans are UTC, half-open; up + down + unknown = open."""

    report_id: UUID
    as_of: Instant
    no_data: str
    max_gap: str | None
    week: Week
    offsets: list[Offset]
    open: list[Span]
    up: list[Span]
    down: list[Span]
    unknown: list[Span]
    polls: list[Poll] = Field(description="Oldest first: the last one before the week, and those in it.")
    polls_left_out: int
    business_hours: list[Opening] = Field(description="None: open all the time.")


class QualityRow(QualityCounts):
    """The check of one report's input."""

    report_id: UUID
    dag_run_id: str
    verdict: Literal["passed", "warned", "failed"]
    created_at: Instant
    checked_at: Instant
    rows_read: int


class QualityPage(BaseModel):
    """Checks, newest first."""

    runs: list[QualityRow]
    next: str | None


class FileName(BaseModel):
    """A file, in short."""

    file_id: int
    name: str
    kind: str


class Expectation(BaseModel):
    """What was expected, and what was found."""

    suite: str
    expectation: str
    severity: Literal["fail", "warn"]
    is_met: bool
    description: str
    observed_value: str | None
    unexpected_count: int | None
    examples: list[Any]
    file: FileName | None
    checked_at: Instant


class QuarantineReason(BaseModel):
    """Why rows of one file could not be used, and how many."""

    file_id: int
    file: str
    reason: str
    column: str | None
    rows: int


class QualityLinks(BaseModel):
    """Relative to /store-uptime/."""

    report: str
    quarantine: str
    csv: str
    xlsx: str
    json_: str = Field(alias="json", serialization_alias="json")


class QualityDetail(QualityRow):
    """The check of one report's input, expectation by expectation; what was not met comes first."""

    expectations_list: list[Expectation]
    files: list[SourceFile]
    quarantine: list[QuarantineReason]
    data_docs: str | None
    links: QualityLinks


class QuarantinedRow(BaseModel):
    """A row that could not be used, as it is in its file."""

    file_id: int
    file: str
    line_number: int
    column: str | None
    reason: str
    raw_text: str


class QuarantinePage(BaseModel):
    """Unusable rows in file and line order."""

    rows: list[QuarantinedRow]
    total: int
    next: str | None
