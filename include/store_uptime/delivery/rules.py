"""Rules of notifications: which events of a scope are told to whom, when and how often."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, time
from typing import Any, Literal, get_args

from sqlalchemy import Connection, RowMapping

from store_uptime.calendar.zones import known_timezones, zone
from store_uptime.db.statements import statement
from store_uptime.delivery import recipients
from store_uptime.errors import InvalidFieldError, quoted

EventName = Literal["outage", "missed_opening", "group_outage", "budget", "breach", "data"]
EVENT_NAMES: tuple[EventName, ...] = get_args(EventName)


@dataclass(frozen=True)
class Rule:
    """What is told. `grouped_by` is whose budgets and shares are watched: `all`, `store`, or a kind of group."""

    name: str
    events: tuple[EventName, ...]
    recipients: tuple[str, ...]
    scope_kind: str = "all"
    scope_name: str = "all"
    grouped_by: str = "all"
    timezone: str = "UTC"
    quiet_from: time | None = None
    quiet_until: time | None = None
    digest_minutes: int = 0
    hourly_cap: int = 20
    inactive_polls: int = 2
    least_minutes: int = 0
    grace_minutes: int = 30
    group_percent: int = 50
    stale_hours: int = 26
    is_paused: bool = False

    def __post_init__(self) -> None:
        if not self.events or len(set(self.events)) < len(self.events):
            raise InvalidFieldError("events", f"expected some of {', '.join(EVENT_NAMES)}, each once")
        recipients.check_list(self.recipients)
        if self.timezone not in known_timezones():
            raise InvalidFieldError("timezone", f"{quoted(self.timezone)} is no IANA zone, such as America/Chicago")
        if (self.quiet_from is None) != (self.quiet_until is None) or self.quiet_from == self.quiet_until is not None:
            raise InvalidFieldError("quiet_until", "goes with quiet_from, and is another time")

    def is_quiet(self, wall_clock: time) -> bool:
        """Whether nothing is told when the recipients' clock reads this."""
        if self.quiet_from is None or self.quiet_until is None:
            return False
        if self.quiet_from < self.quiet_until:
            return self.quiet_from <= wall_clock < self.quiet_until
        return wall_clock >= self.quiet_from or wall_clock < self.quiet_until

    def clock_text(self, instant: datetime) -> str:
        """An instant on the recipients' clock."""
        return f"{instant.astimezone(zone(self.timezone)):%Y-%m-%d %H:%M %Z}"

    def binds(self, by: str, clock: datetime) -> dict[str, Any]:
        """The rule for a row, changed by somebody at `clock`."""
        lists = {"events": list(self.events), "recipients": list(self.recipients)}
        return asdict(self) | lists | {"changed_by": by, "changed_at": clock}

    @classmethod
    def from_row(cls, row: RowMapping) -> Rule:
        """The rule in a row."""
        fields = {name: row[name] for name in cls.__dataclass_fields__}
        return cls(**fields | {"events": tuple(row["events"]), "recipients": tuple(row["recipients"])})


def event_of(kind: str) -> str:
    """The event that a notice's kind belongs to: each step of a budget is a kind of its own."""
    return "budget" if kind.startswith("budget_") else kind


def add(connection: Connection, rule: Rule, by: str, clock: datetime) -> int:
    """Adds a rule; returns its id."""
    return connection.execute(statement("delivery/rules/add"), rule.binds(by, clock)).scalar_one()


def change(connection: Connection, rule_id: int, rule: Rule, by: str, clock: datetime) -> bool:
    """Replaces a rule; False if there is none with this id."""
    binds = rule.binds(by, clock) | {"rule_id": rule_id}
    return connection.execute(statement("delivery/rules/change"), binds).first() is not None
