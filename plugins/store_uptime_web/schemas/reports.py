"""Requesting a report, and how far it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, field_validator

from store_uptime.calendar.durations import duration_text, parse_date, parse_duration, parse_instant
from store_uptime.contract import MAX_SHARDS, MAX_STORE_IDS
from store_uptime.errors import SettingError
from store_uptime_web.schemas.common import Instant, NoData, Text, instant_text

EARLIEST, LATEST = datetime(1970, 1, 8, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class ReportState(StrEnum):
    """How far a report is."""

    QUEUED = "Queued"
    RUNNING = "Running"
    COMPLETE = "Complete"
    FAILED = "Failed"


class ReportRequest(BaseModel):
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
        description="How long a poll counts for a store's status, such as 2h, 90m or PT2H. "
        "Default: until the next poll.",
        examples=["2h"],
    )
    no_data: NoData = Field(default="unknown", description="What open time without data counts as.")
    store_ids: list[Annotated[Text, Field(min_length=1, max_length=1024)]] | None = Field(
        default=None, min_length=1, max_length=MAX_STORE_IDS, description="Only these stores. Default: all."
    )
    shards: int = Field(default=1, strict=True, ge=1, le=MAX_SHARDS, description="Number of shards.")
    hours_valid_from: Annotated[date, WithJsonSchema({"type": "string", "format": "date"})] | None = Field(
        default=None,
        description="From which date on the business hours in the data folder hold, in what is computed for past "
        "dates. Default: from the date on which they are accepted.",
        examples=["2023-01-16"],
    )
    zones_valid_from: Annotated[date, WithJsonSchema({"type": "string", "format": "date"})] | None = Field(
        default=None, description="As hours_valid_from, for the time zones.", examples=["2023-01-16"]
    )

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

    @field_validator("hours_valid_from", "zones_valid_from", mode="before")
    @classmethod
    def read_valid_from(cls, value: Any) -> date | None:
        """Text only, as the DAG's own Params read it."""
        if value is None:
            return None
        try:
            valid_from = parse_date("date", expect_text(value))
        except SettingError as error:
            raise ValueError("expected a date such as 2023-03-01") from error
        if valid_from > datetime.now(UTC).date():
            raise ValueError("expected no date after today")
        return valid_from

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
            "hours_valid_from": str(self.hours_valid_from) if self.hours_valid_from else None,
            "zones_valid_from": str(self.zones_valid_from) if self.zones_valid_from else None,
        }


def expect_text(value: Any) -> str:
    """`value`; ValueError if it is not text."""
    if not isinstance(value, str):
        raise ValueError("expected text")
    return value


class TriggeredReport(BaseModel):
    """The report that was requested."""

    report_id: UUID


class ReportStatus(BaseModel):
    """A report that is not published yet, or failed."""

    status: Literal["Queued", "Running", "Failed"]
    created_at: Instant
    failed_task: str | None = None
    cause: str | None = Field(default=None, description="With Failed: why, for a person.")


class CanceledReport(BaseModel):
    """The report that was canceled."""

    report_id: UUID
    status: Literal["Failed"] = "Failed"


class ReportLinks(BaseModel):
    """Relative to /store-uptime/, or from the server's root."""

    self: str
    dag_run: str = Field(description="The DAG run in Airflow's own pages.")


class Report(BaseModel):
    """A report in a list."""

    report_id: UUID
    dag_run_id: str
    state: ReportState
    created_at: Instant
    finished_at: Instant | None
    run_type: str | None
    requested_by: str | None
    as_of: Instant | None
    store_count: int | None
    failed_task: str | None
    cause: str | None
    warnings: int | None = Field(description="Expectations of severity warn that were not met; null: not checked yet.")
    warnings_that_change_figures: int | None = Field(description="Those of them of the first tier.")
    links: ReportLinks


class ListPermissions(BaseModel):
    """What the caller may do with reports."""

    trigger: bool
    cancel: bool


class ReportPage(BaseModel):
    """A page of reports, newest first."""

    reports: list[Report]
    next: str | None = Field(description="The cursor of the next page.")
    may: ListPermissions


class ReportParameters(BaseModel):
    """The parameters of a report as requested."""

    as_of: Instant | None
    max_gap: str | None
    no_data: str
    store_ids: list[str] | None
    shards: int
    hours_valid_from: date | None
    zones_valid_from: date | None


class ReportTask(BaseModel):
    """A task of the DAG in one report."""

    task: str
    state: str | None = Field(description="Airflow's state of the task; null: not yet.")
    started_at: Instant | None
    finished_at: Instant | None
    seconds: float | None
    shards: int
    shards_done: int
    counts: dict[str, int | float | str | bool | None] = Field(description="What it did, summed over shards.")


class SourceFile(BaseModel):
    """An input file of a report: that its DAG run found, or that was accepted before."""

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
    """The version of business hours or time zones that a report uses."""

    file_id: int
    name: str
    content_sha256: str


class Snapshots(BaseModel):
    """The snapshots that a report uses; null: there was none, so defaults were used."""

    business_hours: Snapshot | None
    store_timezones: Snapshot | None


class ValidationCounts(BaseModel):
    """The validation of a report's input in numbers."""

    expectations: int
    met: int
    warnings: int
    warnings_that_change_figures: int
    failures: int
    quarantined_rows: int


class FigureWarning(BaseModel):
    """A warning of the first tier: figures may differ from what the owner of the input means."""

    expectation: str
    description: str = Field(description="What was expected.")
    observed_value: str | None
    example: str | None


class CsvFile(BaseModel):
    """The published CSV."""

    bytes: int
    sha256: str


class ReportPermissions(BaseModel):
    """What the caller may do with the report."""

    cancel: bool
    run_again: bool = Field(description="Whether they may request a report with its parameters, which can be read.")


class ReportDetailLinks(ReportLinks):
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


class ReportDetail(Report):
    """Everything about a report but its figures."""

    parameters: ReportParameters
    tasks: list[ReportTask]
    data_folder: str | None = Field(description="The folder that the DAG run read; null: not yet, or not recorded.")
    other_folders: list[str] = Field(
        description="Other data folders whose files count in this report: all that was ever loaded into a home adds up."
    )
    sources: list[SourceFile] = Field(description="Snapshots that the DAG run found, and the newest 100 status files.")
    status_files: int = Field(description="How many status files the report rests on.")
    snapshots: Snapshots
    quality: ValidationCounts | None
    figure_warnings: list[FigureWarning]
    csv: CsvFile | None
    may: ReportPermissions
    links: ReportDetailLinks
