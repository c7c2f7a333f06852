"""Notifications: finds the events of each rule as of what is settled, and tells each once.

An event is noticed in a table before it is told, so that neither a restart nor a second scheduler tells it again. An
outage that is restated is the same as long as it overlaps what was told of it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from sqlalchemy import Connection, Engine, Row

from store_uptime.calendar.periods import CalendarPeriod, period_of
from store_uptime.calendar.zones import zone
from store_uptime.db.statements import statement
from store_uptime.delivery.composing import hours_text
from store_uptime.delivery.rules import EventName, Rule
from store_uptime.delivery.telling import Teller, tell
from store_uptime.delivery.templates import choice_of
from store_uptime.history.availability import BUDGET_FACTOR, Question
from store_uptime.history.now import StateCounts, find_groups_now, find_now, states_of
from store_uptime.history.questions import QuestionError, Settlement, find_settlement
from store_uptime.history.targets import find_budgets

# How far back an outage that has ended is looked at: late polls restate some days.
LOOK_BACK = timedelta(days=7)
BUDGET_STEPS = (50, 75, 100)
SILENT_SHARE = Fraction(1, 5)  # of the open stores without data: it is the data, not the stores
CLOSING = timedelta(days=2)  # after a month its budgets are looked at for so long
LEAST_STORES_DOWN = 2  # at once, so that it is a group's
EVER = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Watch:
    """A rule at work: on what it looks, and where it notices."""

    connection: Connection
    rule_id: int
    rule: Rule
    since_at: datetime
    settlement: Settlement
    clock: datetime

    def tells(self, event: EventName) -> bool:
        """Whether the rule is about such events."""
        return event in self.rule.events

    def notice(
        self, kind: str, phase: str, scope: str, started_at: datetime, line: str, *, ended_at: datetime | None = None
    ) -> None:
        """Notices an event, or its end, once."""
        self.connection.execute(
            statement("delivery/notices/add"),
            {
                "rule_id": self.rule_id,
                "kind": kind,
                "phase": phase,
                "scope": scope,
                "started_at": started_at,
                "ended_at": ended_at,
                "line": line,
                "clock": self.clock,
                "told_at": None,
            },
        )

    def noticed(self, kind: str, from_at: datetime) -> list[Row]:
        """What was noticed of a kind, and is open or not over before an instant."""
        binds = {"rule_id": self.rule_id, "kind": kind, "from_at": from_at}
        return list(self.connection.execute(statement("delivery/notices/list"), binds))

    def whose(self, scope: str) -> str:
        """Who has done something: the scope of a figure, or if it is of all stores together, whom the rule is about."""
        if self.rule.grouped_by != "all":
            return f"{scope} has"
        return "All stores together have" if self.rule.scope_kind == "all" else f"{self.rule.scope_name} has"

    def text(self, instant: datetime) -> str:
        """An instant on the recipients' clock."""
        return self.rule.clock_text(instant)


def notify(engine: Engine, clock: datetime, base_url: str) -> Counter[str]:
    """Looks at each rule, and puts what it has to tell into the outbox; returns the numbers of rules and messages."""
    snapshots = engine.execution_options(isolation_level="REPEATABLE READ")
    counts, after = Counter[str](), 0
    while True:
        with snapshots.begin() as connection:
            connection.execute(statement("history/questions/prepare"))
            row = connection.execute(statement("delivery/rules/take"), {"after": after}).mappings().one_or_none()
            if row is None:
                return counts
            after = row["rule_id"]
            settlement = find_settlement(connection)
            if settlement is not None:
                watch = Watch(connection, after, Rule.from_row(row), row["since_at"], settlement, clock)
                is_new = row["seen_settlement_id"] != settlement.settlement_id
                if is_data_fine(watch) and is_new:
                    find_events(watch)
                    binds = {"rule_id": after, "settlement_id": settlement.settlement_id}
                    connection.execute(statement("delivery/rules/mark_seen"), binds)
                counts["messages"] += tell(Teller(connection, after, watch.rule, settlement.as_of, clock, base_url))
            counts["rules"] += 1


def find_events(watch: Watch) -> None:
    """Notices what has happened to stores, as of a settlement in which it was not looked for yet."""
    finders = {
        "outage": find_outages,
        "missed_opening": find_missed_openings,
        "group_outage": find_group_outages,
    }
    for event, find in finders.items():
        if event in watch.rule.events:
            find(watch)
    if watch.tells("budget") or watch.tells("breach"):
        find_budget_events(watch)


def is_data_fine(watch: Watch) -> bool:
    """Whether stores can be judged; notices that they cannot, and when they can again.

    While they cannot, nothing is noticed of them.
    """
    as_of, scope = watch.settlement.as_of, watch.rule.scope_name
    age = watch.clock - as_of
    line = None
    if age > timedelta(hours=watch.rule.stale_hours):
        line = f"Data is stale: nothing is known after {watch.text(as_of)}."
    else:
        states = scope_states(watch)
        if states.unknown and Fraction(states.unknown, states.open) >= SILENT_SHARE:
            some = f"{states.unknown} of {states.open} open stores"
            line = f"Data is silent: {some} have no polls as of {watch.text(as_of)}."
    opened = [one for one in watch.noticed("data", as_of) if not one.is_ended]
    if line is not None:
        if not opened and watch.tells("data"):
            watch.notice("data", "begun", scope, as_of, f"{line} Stores are not told of until it is back.")
        return False
    for one in opened:
        watch.notice(
            "data", "ended", scope, one.started_at, f"Data is back: known up to {watch.text(as_of)}.", ended_at=as_of
        )
    return True


def scope_states(watch: Watch) -> StateCounts:
    """How many stores of the rule's scope are in which state; none of a scope that nobody is in any more."""
    kind, name = watch.rule.scope_kind, watch.rule.scope_name
    nothing = StateCounts(name, 0, 0, 0, 0, 0, 0, 0, None)
    try:
        if kind == "store":
            (store,) = find_now(watch.connection, choice_of(kind, name)).rows
            return states_of(store)
        now = find_groups_now(watch.connection, kind)
    except QuestionError:
        return nothing
    return now.totals if kind == "all" else next((group for group in now.groups if group.scope == name), nothing)


def find_outages(watch: Watch) -> None:
    """Outages that have begun, after so many inactive polls and so much open time, and those that are over."""
    opened = watch.noticed("outage", watch.settlement.as_of - 2 * LOOK_BACK)
    from_at = min([watch.settlement.as_of - LOOK_BACK, *(one.started_at for one in opened if not one.is_ended)])
    binds = {"kind": watch.rule.scope_kind, "name": watch.rule.scope_name, "from_at": from_at}
    outages = watch.connection.execute(statement("delivery/events/outages"), binds).all()
    by_store: dict[str, list[Row]] = {}
    for outage in outages:
        by_store.setdefault(outage.store_id, []).append(outage)
    known: dict[str, list[Row]] = {}
    for one in opened:
        known.setdefault(one.scope, []).append(one)
    least_us = watch.rule.least_minutes * 60_000_000
    for store_id, found in by_store.items():
        for outage in found:
            is_new = not any(overlap(one, outage) for one in known.get(store_id, []))
            is_recent = outage.ended_by is None or outage.ended_at > watch.since_at
            is_proved = outage.inactive_polls >= watch.rule.inactive_polls and outage.downtime_us >= least_us
            if is_new and is_recent and is_proved:
                begin_outage(watch, outage)
    for store_id, notices in known.items():
        for one in notices:
            if not one.is_ended:
                follow_outage(watch, one, [outage for outage in by_store.get(store_id, []) if overlap(one, outage)])


def overlap(one: Row, outage: Row) -> bool:
    """Whether an outage is what was noticed, as far as that was known then."""
    return outage.started_at <= one.ended_at and one.started_at <= outage.ended_at


def begin_outage(watch: Watch, outage: Row) -> None:
    """Notices an outage; of one that is over already, the end too."""
    store_id = outage.store_id
    line = f"{store_id} is down since {watch.text(outage.started_at)}."
    watch.notice("outage", "begun", store_id, outage.started_at, line, ended_at=outage.ended_at)
    if is_over(outage):
        end_outage(watch, store_id, outage.started_at, outage)


def follow_outage(watch: Watch, one: Row, now: list[Row]) -> None:
    """Notices that an outage is over: all of what it became is, or nothing of it is left."""
    if not now:
        line = f"{one.scope} was not down at {watch.text(one.started_at)}, as polls that came later say."
        watch.notice("outage", "ended", one.scope, one.started_at, line, ended_at=watch.settlement.as_of)
        return
    last = max(now, key=lambda outage: outage.ended_at)
    binds = {"notice_id": one.notice_id, "ended_at": max(one.ended_at, last.ended_at)}
    watch.connection.execute(statement("delivery/notices/extend"), binds)
    if is_over(last):
        end_outage(watch, one.scope, one.started_at, last)


def is_over(outage: Row) -> bool:
    """Whether a poll says that the store is up again: at once, or after time without data."""
    return outage.ended_by == "up" or (outage.ended_by == "unknown" and outage.ended_before is not None)


def end_outage(watch: Watch, store_id: str, noticed_at: datetime, outage: Row) -> None:
    """Notices that a store is up again, and how long it was down."""
    since = outage.ended_at if outage.ended_by == "up" else outage.ended_before
    line = f"{store_id} is up again since {watch.text(since)}: {hours_text(outage.downtime_us)} down."
    watch.notice("outage", "ended", store_id, noticed_at, line, ended_at=outage.ended_at)


def find_missed_openings(watch: Watch) -> None:
    """Stores that should have opened today, and were down from then on for longer than the grace."""
    grace_us = watch.rule.grace_minutes * 60_000_000
    binds = {"kind": watch.rule.scope_kind, "name": watch.rule.scope_name, "grace_us": max(grace_us, 1)}
    for row in watch.connection.execute(statement("delivery/events/late_openings"), binds):
        line = f"{row.store_id} did not open in time on {row.local_date}: {hours_text(row.opened_late_us)} late so far."
        watch.notice("missed_opening", "begun", row.store_id, at_midnight(row.local_date), line)


def find_group_outages(watch: Watch) -> None:
    """Groups of whose open stores too many are down at once."""
    kind = watch.rule.grouped_by
    groups = [scope_states(watch)] if kind in ("all", "store") else find_groups_now(watch.connection, kind).groups
    opened = {one.scope: one for one in watch.noticed("group_outage", watch.settlement.as_of) if not one.is_ended}
    as_of = watch.settlement.as_of
    for group in groups:
        down = group.open - group.up - group.unknown  # by the newest polls, whatever outages still run
        is_down = down >= LEAST_STORES_DOWN and 100 * down >= watch.rule.group_percent * group.open
        if is_down and group.scope not in opened:
            line = f"{group.scope}: {down} of {group.open} open stores are down as of {watch.text(as_of)}."
            watch.notice("group_outage", "begun", group.scope, as_of, line)
        elif not is_down and group.scope in opened:
            line = f"{group.scope}: {down} of {group.open} open stores are down, as of {watch.text(as_of)}."
            started_at = opened[group.scope].started_at
            watch.notice("group_outage", "ended", group.scope, started_at, line, ended_at=as_of)


def find_budget_events(watch: Watch) -> None:
    """Scopes that have spent half, three quarters or all of the budget of the month that runs, of several steps at once
    the last; and those whose target is breached.

    The last day of a month is settled after it, so the month before is looked at for some time, if the rule is as old.
    """
    as_of = watch.settlement.as_of
    instants = (min(max(watch.since_at, as_of - CLOSING), as_of), as_of)
    dates = (instant.astimezone(zone(watch.rule.timezone)).date() for instant in instants)
    for month in dict.fromkeys(period_of(day, "month") for day in dates):
        find_budget_events_of(watch, month)


def find_budget_events_of(watch: Watch, month: CalendarPeriod) -> None:
    """Those of a month."""
    choice = choice_of(watch.rule.scope_kind, watch.rule.scope_name)
    question = Question(month.from_date, month.until_date, by=watch.rule.grouped_by, choice=choice)
    started_at = at_midnight(month.from_date)
    for budget in find_budgets(watch.connection, question).rows:
        scope, promise = budget.figures.scope, budget.promise
        if watch.tells("budget") and promise.budget:
            spent = Fraction(100 * promise.down_us * BUDGET_FACTOR, promise.budget)
            steps = [step for step in BUDGET_STEPS if spent >= step]
            if steps:
                line = f"{watch.whose(scope)} spent {steps[-1]} % of the budget of {month.period}."
                watch.notice(f"budget_{steps[-1]}", "begun", scope, started_at, line)
        if watch.tells("breach") and budget.figures.verdict == "breached":
            line = f"{watch.whose(scope)} breached the target of {month.period}."
            watch.notice("breach", "begun", scope, started_at, line)


def at_midnight(day: date) -> datetime:
    """The start of a date in UTC: a name for it, whatever clock it is of."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
