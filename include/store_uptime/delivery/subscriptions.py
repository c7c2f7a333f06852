"""Subscriptions: which template is sent to whom, and when; and what is planned of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Engine, RowMapping

from store_uptime.calendar.periods import CalendarUnit
from store_uptime.db.statements import statement
from store_uptime.delivery import recipients
from store_uptime.delivery.schedules import check_schedule, due_until, next_due, period_at
from store_uptime.errors import InvalidFieldError

SendWhen = Literal["always", "breach", "change"]
SEND_WHEN: tuple[SendWhen, ...] = get_args(SendWhen)
MAX_WAIT_HOURS = 31 * 24


@dataclass(frozen=True)
class Subscription:
    """What is sent to whom and when. `period` is the unit of the previous complete period."""

    template_id: int
    name: str
    recipients: tuple[str, ...]
    cron: str
    timezone: str
    period: CalendarUnit
    send_when: SendWhen = "always"
    wait_hours: int = 24  # for final figures; then what is sent is provisional
    is_paused: bool = False

    def __post_init__(self) -> None:
        check_schedule(self.cron, self.timezone)
        recipients.check_list(self.recipients)
        if not 0 <= self.wait_hours <= MAX_WAIT_HOURS:
            raise InvalidFieldError("wait_hours", f"expected 0 to {MAX_WAIT_HOURS}")

    def binds(self, by: str, clock: datetime) -> dict[str, Any]:
        """The subscription for a row, changed by somebody at `clock`; it is due next after that."""
        due = None if self.is_paused else next_due(self.cron, self.timezone, clock)
        return asdict(self) | {
            "recipients": list(self.recipients),
            "next_due_at": due,
            "changed_by": by,
            "changed_at": clock,
        }

    @classmethod
    def from_row(cls, row: RowMapping) -> Subscription:
        """The subscription in a row."""
        fields = {name: row[name] for name in cls.__dataclass_fields__}
        return cls(**fields | {"recipients": tuple(row["recipients"])})


def add(connection: Connection, subscription: Subscription, by: str, clock: datetime) -> int:
    """Adds a subscription; returns its id."""
    return connection.execute(statement("delivery/subscriptions/add"), subscription.binds(by, clock)).scalar_one()


def change(connection: Connection, subscription_id: int, subscription: Subscription, by: str, clock: datetime) -> bool:
    """Replaces a subscription; False if there is none with this id. What was due while it was paused is not sent."""
    binds = subscription.binds(by, clock) | {"subscription_id": subscription_id}
    return connection.execute(statement("delivery/subscriptions/change"), binds).first() is not None


def plan(engine: Engine, clock: datetime) -> int:
    """Plans a delivery for each period of which a subscription is due; returns how often one was due.

    One transaction: killed, it leaves nothing, and what it planned once it does not plan again.
    """
    planned = 0
    with engine.begin() as connection:
        for row in connection.execute(statement("delivery/subscriptions/take_due"), {"clock": clock}).all():
            due_at, planned_before = row.next_due_at, None
            for due_at in due_until(row.cron, row.timezone, row.next_due_at, clock):
                planned += 1
                period = period_at(due_at, row.timezone, row.period)
                if period == planned_before:
                    continue
                planned_before = period
                connection.execute(
                    statement("delivery/deliveries/add"),
                    {
                        "subscription_id": row.subscription_id,
                        "period": period.period,
                        "from_date": period.from_date,
                        "until_date": period.until_date,
                        "due_at": due_at,
                        "deadline_at": due_at + timedelta(hours=row.wait_hours),
                    },
                )
            connection.execute(
                statement("delivery/subscriptions/plan_next"),
                {
                    "subscription_id": row.subscription_id,
                    "next_due_at": next_due(row.cron, row.timezone, due_at),
                },
            )
    return planned
