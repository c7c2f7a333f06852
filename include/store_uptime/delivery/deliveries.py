"""Deliveries: composes what waits, once its figures are final or its deadline is over, and puts it into the outbox."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping

from store_uptime.calendar.durations import instant_text
from store_uptime.calendar.periods import CalendarPeriod
from store_uptime.db.statements import statement
from store_uptime.delivery import outbox
from store_uptime.delivery.composing import NothingToSendError, Prepared, Task, compose, is_final, prepare
from store_uptime.delivery.rendering import TooManyRowsError
from store_uptime.delivery.schedules import period_at
from store_uptime.delivery.templates import Selection
from store_uptime.errors import StoreUptimeError
from store_uptime.history.questions import NotSettledError, QuestionError, find_settlement

log = logging.getLogger(__name__)

REFUSALS = (NothingToSendError, NotSettledError, QuestionError, TooManyRowsError)
# One delivery that fails must not keep all others back; a template may not fit this version any more.
UNFORESEEN = (StoreUptimeError, ArithmeticError, LookupError, TypeError, ValueError, OSError, RuntimeError)
MAX_PREPARED = 16  # at a time: files take memory
WAITS = "waits for final figures"


class Composer:
    """Prepares the figures and files of a selection and period once for all subscriptions that send them."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.prepared: dict[tuple[Task, int | None], Prepared] = {}
        self.final: dict[tuple[Task, int | None], bool] = {}

    def prepare(self, connection: Connection, task: Task, settlement_id: int | None) -> Prepared:
        """As `composing.prepare`."""
        key = (replace(task, name=""), settlement_id)
        if key not in self.prepared:
            if len(self.prepared) >= MAX_PREPARED:
                del self.prepared[next(iter(self.prepared))]
            self.prepared[key] = prepare(connection, task)
        return self.prepared[key]

    def is_final(self, connection: Connection, task: Task, settlement_id: int | None) -> bool:
        """As `composing.is_final`."""
        key = (replace(task, name="", send_when="always"), settlement_id)
        if key not in self.final:
            self.final[key] = is_final(connection, task)
        return self.final[key]


def render(engine: Engine, clock: datetime, base_url: str) -> Counter[str]:
    """Looks at each delivery that waits, and at tests that were asked for; returns how many became what.

    Each has a transaction of its own: killed, the rest waits for the next time.
    """
    snapshots = engine.execution_options(isolation_level="REPEATABLE READ")  # one settlement, however many statements
    composer, counts, after = Composer(base_url), Counter[str](), 0
    failures: list[Exception] = []
    settlement_id, deadline_at = None, clock
    while True:
        try:
            with snapshots.begin() as connection:
                connection.execute(statement("history/questions/prepare"))
                settlement = find_settlement(connection)
                settlement_id = None if settlement is None else settlement.settlement_id
                binds = {"after": after, "settlement_id": settlement_id, "clock": clock}
                row = connection.execute(statement("delivery/deliveries/take"), binds).mappings().one_or_none()
                if row is None:
                    break
                after, deadline_at = row["delivery_id"], row["deadline_at"]
                counts[_judge(connection, composer, row, settlement_id, clock)] += 1
        except UNFORESEEN as error:
            log.exception("Delivery %s could not be composed; it is tried again until its deadline", after)
            failures.append(error)
            if deadline_at <= clock:
                delivery = {"delivery_id": after, "settlement_id": settlement_id, "clock": clock}
                with engine.begin() as connection:
                    _finish(connection, delivery, "failed", None, "It could not be composed; see the log of render.")
                counts["failed"] += 1
    while _send_test(snapshots, composer, clock):
        counts["tests"] += 1
    if failures:
        raise failures[0]  # after all others
    return counts


def _judge(
    connection: Connection,
    composer: Composer,
    row: RowMapping,
    settlement_id: int | None,
    clock: datetime,
) -> str:
    """Composes a delivery, or lets it wait; returns its state then."""
    subscription = read_subscription(connection, row["subscription_id"])
    period = CalendarPeriod(row["period"], row["from_date"], row["until_date"])
    task = task_of(subscription, period)
    is_late = row["deadline_at"] <= clock
    delivery = {"delivery_id": row["delivery_id"], "settlement_id": settlement_id, "clock": clock}
    try:
        if not is_late and not composer.is_final(connection, task, settlement_id):
            binds = delivery | {"reason": f"{WAITS} until {instant_text(row['deadline_at'])}"}
            connection.execute(statement("delivery/deliveries/keep_waiting"), binds)
            return "waiting"
        prepared = composer.prepare(connection, task, settlement_id)
    except REFUSALS as error:
        if not is_late and not isinstance(error, TooManyRowsError):
            binds = delivery | {"reason": str(error)}
            connection.execute(statement("delivery/deliveries/keep_waiting"), binds)
            return "waiting"
        _finish(connection, delivery, "failed", None, str(error))
        return "failed"
    if prepared.skipped is not None:
        _finish(connection, delivery, "skipped", not prepared.is_final, prepared.skipped)
        return "skipped"
    source = f"subscription:{row['subscription_id']}:{row['period']}"
    content = compose(task, prepared, composer.base_url)
    outbox.add(connection, source, subscription["recipients"], content, clock, delivery_id=row["delivery_id"])
    _finish(connection, delivery, "rendered", not prepared.is_final, None)
    return "rendered"


def _finish(
    connection: Connection, delivery: dict[str, Any], state: str, is_provisional: bool | None, reason: str | None
) -> None:
    binds = delivery | {"state": state, "is_provisional": is_provisional, "reason": reason}
    connection.execute(statement("delivery/deliveries/finish"), binds)


def _send_test(engine: Engine, composer: Composer, clock: datetime) -> bool:
    """Puts a test of a subscription into the outbox; False if nobody waits for one."""
    with engine.begin() as connection:
        connection.execute(statement("history/questions/prepare"))
        subscription_id = connection.scalar(statement("delivery/subscriptions/take_test"))
        if subscription_id is None:
            return False
        row = read_subscription(connection, subscription_id)
        try:
            with connection.begin_nested():
                content = preview(connection, row, clock, composer.base_url)
        except UNFORESEEN:
            log.exception("The test of subscription %s could not be composed", subscription_id)
            text = "It could not be composed; the log of the task render says why."
            content = outbox.Content(row["name"], f"{text}\n")
        source = f"test:{subscription_id}:{instant_text(row['test_requested_at'])}"
        content = replace(content, subject=f"Test: {content.subject}")
        outbox.add(connection, source, row["recipients"], content, clock)
        connection.execute(statement("delivery/subscriptions/finish_test"), {"subscription_id": subscription_id})
        return True


def preview(connection: Connection, row: RowMapping, clock: datetime, base_url: str) -> outbox.Content:
    """What a subscription would send now, final or not, whatever it waits for; where it cannot, why."""
    period = period_at(clock, row["timezone"], row["period"])
    task = replace(task_of(row, period), send_when="always")
    try:
        return compose(task, prepare(connection, task), base_url)
    except REFUSALS as error:
        text = f"Nothing could be sent of {period.period}: {error}"
        return outbox.Content(f"{row['name']}: {period.period}", f"{text}\n")


def task_of(row: RowMapping, period: CalendarPeriod) -> Task:
    """What a subscription sends of a period; `row` as `read_subscription` returns it."""
    return Task(row["name"], Selection.from_row(row), period, row["period"], row["timezone"], row["send_when"])


def read_subscription(connection: Connection, subscription_id: int) -> RowMapping:
    """A subscription with its template; raises `NoResultFound` for an id that nobody has."""
    binds = {"subscription_id": subscription_id}
    return connection.execute(statement("delivery/subscriptions/list"), binds).mappings().one()
