"""Availability over time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from store_uptime.calendar.durations import parse_date, parse_duration, parse_instant
from store_uptime.errors import SettingError
from store_uptime.history.availability import Verdict
from store_uptime_web.schemas.common import Digits, Instant


def read_date(value: object) -> date:
    """A date in its one spelling; ValueError for others."""
    try:
        return parse_date("date", value if isinstance(value, str) else "")
    except SettingError as error:
        raise ValueError("expected a date such as 2023-03-01") from error


def read_instant(value: object) -> datetime:
    """An instant; ValueError for other text."""
    try:
        return parse_instant("at", value if isinstance(value, str) else "")
    except SettingError as error:
        raise ValueError(f"expected {error.expected}") from error


def read_duration(value: object) -> timedelta:
    """A duration; ValueError for other text."""
    try:
        return parse_duration("duration", value if isinstance(value, str) else "")
    except SettingError as error:
        raise ValueError(f"expected {error.expected}") from error


Date = Annotated[date, BeforeValidator(read_date), WithJsonSchema({"type": "string", "format": "date"})]
InstantGiven = Annotated[
    datetime, BeforeValidator(read_instant), WithJsonSchema({"type": "string", "format": "date-time"})
]
Duration = Annotated[timedelta, BeforeValidator(read_duration), WithJsonSchema({"type": "string"})]
SignedDigits = Annotated[str, Field(pattern=r"^-?\d+$")]
Percent = Annotated[float, Field(ge=0, le=100)]


class AsSettled(BaseModel):
    """What every answer about days and outages says of the settlement that it rests on."""

    as_of: Instant = Field(description="Up to when days are settled: the instant that is now.")
    accepted_order: int = Field(description="Position in the log of acceptances that it rests on.")


class VerdictCounts(BaseModel):
    """How many scopes have each verdict; those without a target have none."""

    met: int
    breached: int
    undecided: int
    at_risk: int
    on_track: int


class Availability(BaseModel):
    """The figures of one scope and period. `_us` are exact microseconds as digits: sums pass 2^53."""

    period: str = Field(examples=["2023-01-09", "2023-W02", "2023-01", "2023-Q1", "2023", "range"])
    from_date: date
    until_date: date
    is_final: bool = Field(description="Whether the period is over on the calendar of every store that counts.")
    scope: str = Field(description="The store's id, the group's name, or all.")
    stores: int = Field(description="Stores with at least one day in the period.")
    open_us: Digits
    planned_us: Digits
    up_us: Digits
    down_us: Digits
    unknown_us: Digits
    uptime_percent: Percent | None = Field(description="Uptime / (uptime + downtime).")
    uptime_percent_low: Percent | None = Field(description="If all unknown time was down.")
    uptime_percent_high: Percent | None = Field(description="If all unknown time was up.")
    outages: int = Field(description="Those that start in the period.")
    longest_outage_us: Digits
    mttr_us: Digits | None = Field(description="Mean downtime of the outages that ended in the period.")
    mtbf_us: Digits | None = Field(description="Uptime / outages.")
    opened_late_us: Digits
    closed_early_us: Digits
    missed_openings: int
    target_percent: Percent | None = Field(description="Null unless it is the same for every store and date.")
    days_without_target: int
    budget_us: Digits | None = Field(description="The downtime that the targets allow; null: there is no target.")
    remaining_us: SignedDigits | None
    verdict: Verdict | None


class AvailabilityPage(AsSettled):
    """A page of an answer, by scope in byte order, then period."""

    availability: list[Availability]
    next: str | None = Field(description="The cursor of the next page.")


class GroupName(BaseModel):
    """A group of a kind."""

    name: str
    stores: int


class GroupKind(BaseModel):
    """A kind of groups, with the first of them in byte order."""

    kind: str
    groups: int = Field(description="How many there are, if more than are named.")
    names: list[GroupName]


class GroupKinds(AsSettled):
    """The kinds of groups by which stores can be asked about, in byte order."""

    kinds: list[GroupKind]


class Outage(BaseModel):
    """A chain of open time in which a store was down."""

    store_id: str
    started_at: Instant
    ended_at: Instant = Field(description="Of one that is ongoing: so far.")
    downtime_us: Digits
    elapsed_us: Digits = Field(description="From start to end, closed time included.")
    ended_by: Literal["up", "unknown"] | None = Field(description="What the store was next; null: it is ongoing.")
    started_after: Instant | None = Field(description="The last active poll before it.")
    ended_before: Instant | None = Field(description="The first active poll at its end or later.")


class OutagesPage(AsSettled):
    """A page of outages."""

    outages: list[Outage]
    next: str | None = Field(description="The cursor of the next page.")
    previous: str | None = Field(description="The cursor of the page before.")


class OutageStartHour(BaseModel):
    """The outages that start in an hour of the week."""

    weekday: int = Field(description="0 is Monday; on each store's own clock, as the hour.")
    hour: int
    outages: int
    ongoing: int = Field(description="How many of them are.")
    downtime_us: Digits = Field(description="Theirs, whole.")


class OutageStartHours(AsSettled):
    """Outages by the hour of the week in which they start; hours without any are left out."""

    outages: int = Field(description="All of them.")
    ongoing: int
    downtime_us: Digits
    start_hours: list[OutageStartHour]


Status = Literal["up", "down", "unknown"]


class StoreNow(BaseModel):
    """What a store is at `as_of`."""

    store_id: str
    status: Status = Field(description="Whether the store is open or closed.")
    is_open: bool
    since: Instant | None = Field(description="From when on it has had that status; null: never polled.")
    outage_started_at: Instant | None = Field(description="Of the outage that is ongoing.")
    downtime_us: Digits = Field(description="Of the outage that is ongoing, so far; else 0.")
    last_poll_at: Instant | None
    next_change_at: Instant | None = Field(description="When it opens or closes next; null: not within 366 days.")


class NowPage(AsSettled):
    """A page of stores."""

    now: list[StoreNow]
    next: str | None = Field(description="The cursor of the next page.")
    previous: str | None = Field(description="The cursor of the page before.")


class StateCounts(BaseModel):
    """How many stores of a group are in which state now."""

    scope: str = Field(description="The group's name, or all.")
    stores: int
    open: int
    up: int = Field(description="Of those that are open.")
    down: int = Field(description="Open and down, or in an outage that is ongoing.")
    down_and_closed: int = Field(description="Of those that are down.")
    unknown: int = Field(description="Of those that are open.")
    closed: int
    oldest_outage_at: Instant | None = Field(description="The start of the first of the outages that are ongoing.")


class GroupsNow(AsSettled):
    """Groups of a kind, those with the most stores down first, and all stores."""

    totals: StateCounts
    all_groups: int = Field(description="How many groups the kind has.")
    groups: list[StateCounts]


class OpeningRow(BaseModel):
    """A row of hours that begins on a date; without times the store is closed then."""

    kind: Literal["business_hours", "special_hours"]
    scope: str = Field(description="A store's id, kind and name of a group, or * for all stores.")
    date: date
    start_time_local: str | None
    end_time_local: str | None
    reason: str | None
    file: str
    line: int | None = Field(description="Of special hours.")


class PlannedRow(BaseModel):
    """A row of planned downtime, as the store's clock reads it."""

    scope: str = Field(description="A store's id, kind and name of a group, or * for all stores.")
    starts_at: Instant
    ends_at: Instant | None = Field(description="Null: it goes on.")
    reason: str | None
    file: str
    line: int


class PollHeld(BaseModel):
    """A poll, and the file that it is from."""

    polled_at: Instant
    status: Literal["active", "inactive"]
    file: str
    sha256: str
    accepted_at: Instant


class Explanation(BaseModel):
    """What an instant of a store counts as, and why."""

    store_id: str
    at: Instant
    as_of: Instant = Field(description="Up to when days are settled.")
    counts_as: Literal["up", "down", "unknown", "planned", "closed"] | None = Field(
        description="Null: the instant is in no day of the store."
    )
    local_time: str = Field(description="What the store's clock shows.", examples=["2023-01-22T06:09:39.388884"])
    timezone: str
    utc_offset: str = Field(examples=["-06:00"])
    opening_rule: Literal[
        "special hours", "weekly hours", "always open", "closed by special hours", "closed by weekly hours"
    ]
    opening_rows: list[OpeningRow] = Field(description="The rows that the rule rests on.")
    planned_downtime: list[PlannedRow] = Field(description="The rows that the instant lies in.")
    status: Status
    status_rule: Literal["last poll", "before the first poll", "beyond max gap", "no poll"]
    max_gap: str | None
    poll: PollHeld | None = Field(description="The poll that holds, or would but for the max gap.")
