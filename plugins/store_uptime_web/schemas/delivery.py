"""Templates, subscriptions and what became of them."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from store_uptime.calendar.periods import CalendarUnit
from store_uptime.delivery.recipients import MAX_RECIPIENTS
from store_uptime.delivery.rules import EventName
from store_uptime.delivery.subscriptions import MAX_WAIT_HOURS, SendWhen
from store_uptime.delivery.tables import AnswerName
from store_uptime.delivery.templates import SentFormat
from store_uptime_web.schemas.common import Instant, Text

Title = Annotated[Text, Field(min_length=1, max_length=200)]
Label = Annotated[Text, Field(min_length=1, max_length=1024)]
Formats = Annotated[list[SentFormat], Field(min_length=1, max_length=5)]
Columns = Annotated[list[Label], Field(min_length=1, max_length=40)]
SentPeriod = Literal["day", "week", "month", "quarter", "year"]
Recipients = Annotated[list[Annotated[Text, Field(min_length=1, max_length=2000)]], Field(min_length=1)]
Cron = Annotated[Text, Field(min_length=1, max_length=200)]
Hours = Annotated[int, Field(ge=0, le=MAX_WAIT_HOURS, strict=True)]
Id = Annotated[int, Field(ge=1, le=(1 << 63) - 1, strict=True)]


CLOCK_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


def read_time(value: object) -> time:
    """A time of day in its one spelling; ValueError for others."""
    if isinstance(value, time):
        return value
    if not isinstance(value, str) or not CLOCK_TIME.fullmatch(value):
        raise ValueError("expected a time of day such as 22:00")
    return time.fromisoformat(value)


ClockTime = Annotated[
    time,
    BeforeValidator(read_time),
    PlainSerializer(lambda value: f"{value:%H:%M}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$"}),
]
Events = Annotated[list[EventName], Field(min_length=1, max_length=6)]
Minutes = Annotated[int, Field(ge=0, le=10_080, strict=True)]
Count = Annotated[int, Field(ge=1, le=1000, strict=True)]
WholePercent = Annotated[int, Field(ge=1, le=100, strict=True)]


class TemplateRequest(BaseModel):
    """A named selection of figures, and the formats in which it is sent."""

    model_config = ConfigDict(extra="forbid")

    name: Title
    answer: AnswerName = Field(
        description="report: the six figures of every store; breaches: the rows of availability with a breached target."
    )
    formats: Formats = Field(description="Attachments of one message; link: only links into the pages.")
    period: CalendarUnit = Field(default="range", description="What a row is about; range: the whole period.")
    by: Label = Field(default="store", description="store, all, timezone, or a kind of group.")
    store_id: Label | None = Field(default=None, description="Only this store.")
    group_kind: Label | None = Field(default=None, description="With group_name: only the stores of this group.")
    group_name: Label | None = None
    columns: Columns | None = Field(default=None, description="Which, and in which order. Null: all.")


class TemplateChange(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: Title | None = None
    answer: AnswerName | None = None
    formats: Formats | None = None
    period: CalendarUnit | None = None
    by: Label | None = None
    store_id: Label | None = None
    group_kind: Label | None = None
    group_name: Label | None = None
    columns: Columns | None = None


class Template(BaseModel):
    """A template."""

    template_id: int
    name: str
    answer: AnswerName
    formats: list[SentFormat]
    period: CalendarUnit
    by: str
    store_id: str | None
    group_kind: str | None
    group_name: str | None
    columns: list[str] | None
    subscriptions: int = Field(description="How many subscriptions send it.")
    changed_by: str
    changed_at: Instant


class Templates(BaseModel):
    """All templates, by name."""

    templates: list[Template]


class SubscriptionRequest(BaseModel):
    """Which template is sent to whom, and when."""

    model_config = ConfigDict(extra="forbid")

    name: Title = Field(description="The subject of a message begins with it.")
    template_id: Id
    recipients: Recipients = Field(
        description=f"Mail addresses, https:// URLs and connection:ids, at most {MAX_RECIPIENTS}, each allowed by "
        "STORE_UPTIME_ALLOW_RECIPIENTS."
    )
    cron: Cron = Field(description="Five fields, on the clock of timezone.", examples=["0 7 * * 1"])
    timezone: Label = Field(description="An IANA zone.", examples=["America/Chicago"])
    period: SentPeriod = Field(description="What is sent: the previous complete one.")
    send_when: SendWhen = Field(
        default="always",
        description="breach: only if a target was breached; change: only if a verdict is another than in the period "
        "before.",
    )
    wait_hours: Hours = Field(
        default=24, description="How long it waits for final figures; then it says that it is provisional."
    )
    is_paused: bool = False


class SubscriptionChange(BaseModel):
    """What is left out stays as it is. What was due while a subscription was paused is not sent."""

    model_config = ConfigDict(extra="forbid")

    name: Title | None = None
    template_id: Id | None = None
    recipients: Recipients | None = Field(
        default=None, description="A webhook's URL as answers show it means the one that is there."
    )
    cron: Cron | None = None
    timezone: Label | None = None
    period: SentPeriod | None = None
    send_when: SendWhen | None = None
    wait_hours: Hours | None = None
    is_paused: bool | None = None


class LastDelivery(BaseModel):
    """What became of the newest delivery of a subscription."""

    period: str
    state: Literal["waiting", "rendered", "skipped", "failed"]
    reason: str | None
    messages: int
    sent: int
    given_up: int = Field(description="Messages that were tried for a day.")


class Subscription(BaseModel):
    """A subscription."""

    subscription_id: int
    name: str
    template_id: int
    template_name: str
    recipients: list[str] = Field(description="Of webhooks only scheme and host.")
    cron: str
    timezone: str
    period: SentPeriod
    send_when: SendWhen
    wait_hours: int
    is_paused: bool
    next_due_at: Instant | None
    test_requested_at: Instant | None = Field(description="Null: nobody waits for a test.")
    changed_by: str
    changed_at: Instant
    last: LastDelivery | None


class Outbox(BaseModel):
    """Whether messages are sent."""

    is_on: bool = Field(description="STORE_UPTIME_NOTIFICATIONS.")
    is_paused: bool = Field(description="After a restore, until somebody triggers the delivery DAG with Go.")
    reason: str | None
    queued: int
    sent: int
    given_up: int


class DeliveryPermissions(BaseModel):
    """What the caller may do."""

    change: bool


class Subscriptions(BaseModel):
    """All subscriptions, by name."""

    subscriptions: list[Subscription]
    outbox: Outbox
    allowed: list[str] = Field(description="Who may be a recipient; of URLs only scheme and host.")
    may: DeliveryPermissions


class PreviewedFile(BaseModel):
    """An attachment."""

    name: str
    media_type: str
    bytes: int


class Preview(BaseModel):
    """What a subscription would send now, of the previous complete period."""

    subject: str
    text: str
    files: list[PreviewedFile]


class DeliveryMessage(BaseModel):
    """What became of the message to one recipient."""

    recipient: str
    state: Literal["queued", "sent", "given_up"]
    attempts: int
    next_attempt_at: Instant
    sent_at: Instant | None
    error: str | None


class Delivery(BaseModel):
    """What a subscription sent of a period."""

    delivery_id: int
    period: str
    from_date: date
    until_date: date
    due_at: Instant
    deadline_at: Instant
    state: Literal["waiting", "rendered", "skipped", "failed"]
    is_provisional: bool | None
    finished_at: Instant | None
    reason: str | None
    messages: list[DeliveryMessage]


class DeliveryPage(BaseModel):
    """The log of a subscription, newest first."""

    deliveries: list[Delivery]
    next: str | None


class RuleRequest(BaseModel):
    """Which events of stores are told to whom."""

    model_config = ConfigDict(extra="forbid")

    name: Title = Field(description="The subject of a message begins with it.")
    events: Events = Field(description="data: that polls are stale or silent; then nothing is told of stores.")
    recipients: Recipients = Field(description="As of a subscription.")
    store_id: Label | None = Field(default=None, description="Only this store.")
    group_kind: Label | None = Field(default=None, description="With group_name: only the stores of this group.")
    group_name: Label | None = None
    by: Label = Field(default="all", description="Whose budgets and shares: all, store, or a kind of group.")
    timezone: Label = Field(default="UTC", description="An IANA zone: the recipients' clock.")
    quiet_from: ClockTime | None = Field(default=None, description="With quiet_until: when nothing is told.")
    quiet_until: ClockTime | None = None
    digest_minutes: Minutes = Field(default=0, description="How long events are collected; 0: each by itself.")
    hourly_cap: Count = Field(default=20, description="Messages an hour; the last one counts the other events.")
    inactive_polls: Count = Field(default=2, description="From how many inactive polls on an outage is told.")
    least_minutes: Minutes = Field(default=0, description="From how much downtime on an outage is told.")
    grace_minutes: Minutes = Field(default=30, description="How late an opening may be.")
    group_percent: WholePercent = Field(default=50, description="From which share of open stores on it is a group's.")
    stale_hours: Count = Field(default=26, description="From which age on data is stale.")
    is_paused: bool = False


class RuleChange(BaseModel):
    """What is left out stays as it is. What was over while a rule was paused is not told."""

    model_config = ConfigDict(extra="forbid")

    name: Title | None = None
    events: Events | None = None
    recipients: Recipients | None = None
    store_id: Label | None = None
    group_kind: Label | None = None
    group_name: Label | None = None
    by: Label | None = None
    timezone: Label | None = None
    quiet_from: ClockTime | None = None
    quiet_until: ClockTime | None = None
    digest_minutes: Minutes | None = None
    hourly_cap: Count | None = None
    inactive_polls: Count | None = None
    least_minutes: Minutes | None = None
    grace_minutes: Minutes | None = None
    group_percent: WholePercent | None = None
    stale_hours: Count | None = None
    is_paused: bool | None = None


class HeldBack(BaseModel):
    """Events that a rule has noticed and not told yet."""

    events: int
    since: Instant
    reason: str | None = Field(description="Null: they are told when the delivery DAG runs next.")


class Rule(RuleRequest):
    """A rule."""

    model_config = ConfigDict(extra="ignore")

    rule_id: int
    last_told_at: Instant | None = Field(description="Null: it has not told anything yet.")
    held_back: HeldBack | None
    changed_by: str
    changed_at: Instant


class Rules(BaseModel):
    """All rules, by name."""

    rules: list[Rule]
    outbox: Outbox
    allowed: list[str] = Field(description="Who may be a recipient; of URLs only scheme and host.")
    may: DeliveryPermissions


class Notice(BaseModel):
    """An event that a rule has noticed, or its end, and what became of the messages about it."""

    notice_id: int
    event: EventName
    phase: Literal["begun", "ended"]
    scope: str
    started_at: Instant
    ended_at: Instant | None = Field(description="Up to when it is known.")
    line: str = Field(description="What is told of it.")
    noticed_at: Instant
    told_at: Instant | None = Field(description="Null: it is held back.")
    subject: str | None = Field(description="Of the message, which may tell of several events.")
    messages: list[DeliveryMessage]


class NoticePage(BaseModel):
    """The log of a rule, newest first."""

    notices: list[Notice]
    next: str | None
