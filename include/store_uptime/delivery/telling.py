"""Tells what a rule has noticed: when, and in how many messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row

from store_uptime.calendar.zones import zone
from store_uptime.db.statements import statement
from store_uptime.delivery import outbox
from store_uptime.delivery.notice_messages import Message, compose
from store_uptime.delivery.rules import Rule

HOUR = timedelta(hours=1)
MAX_PICTURES = 100  # that a rule draws at a time: nobody looks at more


@dataclass(frozen=True)
class Teller:
    """A rule that tells what it has noticed, as of what is settled."""

    connection: Connection
    rule_id: int
    rule: Rule
    as_of: datetime
    clock: datetime
    base_url: str


def tell(teller: Teller) -> int:
    """Puts what is pending into the outbox, unless something holds it back; returns the number of messages.

    At most so many an hour: the last one says how many events it leaves out.
    """
    rule, clock = teller.rule, teller.clock
    pending = teller.connection.execute(statement("delivery/notices/pending"), {"rule_id": teller.rule_id}).all()
    if not pending:
        return 0
    told = count_told(teller.connection, teller.rule_id, clock)
    if reason_to_hold(rule, min(one.noticed_at for one in pending), told, clock) is not None:
        return 0
    left = rule.hourly_cap - told
    if rule.digest_minutes:
        parts = [pending]
    elif len(pending) <= left:
        parts = [[one] for one in pending]
    else:
        parts = [*([one] for one in pending[: left - 1]), pending[left - 1 :]]
    for number, part in enumerate(parts, start=1):
        at = clock - timedelta(microseconds=len(parts) - number)  # so that they are sent in this order
        tell_part(teller, list(part), at, has_picture=number <= MAX_PICTURES)
    return len(parts)


def count_told(connection: Connection, rule_id: int, clock: datetime) -> int:
    """How many messages a rule has put into the outbox within an hour."""
    binds = {"prefix": f"rule:{rule_id}:", "since_at": clock - HOUR}
    return connection.execute(statement("delivery/notices/count_told"), binds).scalar_one()


def reason_to_hold(rule: Rule, noticed_at: datetime, told: int, clock: datetime) -> str | None:
    """Why a rule does not tell now what it has noticed, first at `noticed_at`; None: it does.

    `told` is how many messages it has sent within an hour.
    """
    if rule.is_paused:
        return "the rule is paused"
    if rule.is_quiet(clock.astimezone(zone(rule.timezone)).time()):
        return f"quiet hours until {rule.quiet_until:%H:%M} in {rule.timezone}"
    told_at = noticed_at + timedelta(minutes=rule.digest_minutes)
    if told_at > clock:
        return f"collected until {rule.clock_text(told_at)}"
    if told >= rule.hourly_cap:
        return f"messages within an hour: {told}, of {rule.hourly_cap} that the rule allows"
    return None


def tell_part(teller: Teller, part: list[Row], at: datetime, *, has_picture: bool) -> None:
    """One message about one event, or about several: a digest lists them, a message at the cap counts them."""
    rule = teller.rule
    is_counted = len(part) > 1 and not rule.digest_minutes
    message = Message(teller.connection, rule, part, teller.as_of, teller.base_url, is_counted, has_picture)
    content = compose(message)
    source = f"rule:{teller.rule_id}:notice:{part[0].notice_id}"
    outbox.add(teller.connection, source, rule.recipients, content, at)
    binds = {"notice_ids": [one.notice_id for one in part], "clock": teller.clock, "source": source}
    teller.connection.execute(statement("delivery/notices/mark_told"), binds)
