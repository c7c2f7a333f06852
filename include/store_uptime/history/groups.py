"""The groups of a kind beside each other: what their stores were like, and the change from the period before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from sqlalchemy import Connection, Row

from store_uptime.db.statements import statement
from store_uptime.history.availability import Availability, Question, find_availability
from store_uptime.history.questions import Settlement, check_kind

DAY = timedelta(days=1)
KEPT = {"met", "on_track"}


@dataclass(frozen=True)
class Group:
    """A group in a period. Shares and percentages are exact parts of 1; None where they would be parts of nothing."""

    figures: Availability
    mean: Fraction | None  # of its stores' uptime / known time
    tenth_percentile: Fraction | None  # of the same: a tenth of the stores, rounded up, have at most this
    stores_with_target: int
    stores_meeting_target: int
    share_of_downtime: Fraction | None  # of that of all stores
    before: Fraction | None  # uptime of the period before, up to the same open time

    @property
    def uptime(self) -> Fraction | None:
        """Uptime of all its stores together."""
        return self.figures.uptime

    @property
    def share_meeting_target(self) -> Fraction | None:
        """Of its stores that have a target."""
        return Fraction(self.stores_meeting_target, self.stores_with_target) if self.stores_with_target else None

    @property
    def change(self) -> Fraction | None:
        """Of uptime since the period before."""
        return None if self.uptime is None or self.before is None else self.uptime - self.before


@dataclass(frozen=True)
class GroupsAnswer:
    """Groups by name in byte order, and the dates of the period before."""

    settlement: Settlement
    rows: list[Group]
    before: tuple[date, date]


def find_groups(connection: Connection, kind: str, from_date: date, until_date: date) -> GroupsAnswer:
    """The groups of a kind that have a store with a day in the period; raises as `find_availability`."""
    check_kind(connection, "kind", kind)
    groups = find_availability(connection, Question(from_date, until_date, by=kind))
    stores = {row.scope: row for row in find_availability(connection, Question(from_date, until_date)).rows}
    members: dict[str, list[Availability]] = defaultdict(list)
    for row in connection.execute(statement("history/groups/list_members"), {"kind": kind}):
        if row.store_id in stores:
            members[row.name].append(stores[row.store_id])
    before = dates_before(from_date, until_date)
    days: dict[str, list[Row]] = defaultdict(list)
    binds = {"kind": kind, "from_date": before[0], "until_date": before[1]}
    for row in connection.execute(statement("history/groups/by_date"), binds):
        days[row.name].append(row)
    all_down_us = sum(row.down_us for row in stores.values())
    rows = [_group(row, members[row.scope], days[row.scope], all_down_us) for row in groups.rows]
    return GroupsAnswer(groups.settlement, rows, before)


def dates_before(from_date: date, until_date: date) -> tuple[date, date]:
    """As many dates before a period, or, of whole months, as many months."""
    until = from_date - DAY
    if from_date.day == 1 and (until_date + DAY).day == 1:
        end = until_date + DAY
        months = (end.year - from_date.year) * 12 + end.month - from_date.month
        year, month = divmod(max(from_date.year * 12 + from_date.month - 1 - months, 12), 12)
        return date(year, month + 1, 1), until
    days = (until_date - from_date).days + 1
    return date.fromordinal(max(1, from_date.toordinal() - days)), until


def _group(figures: Availability, members: Sequence[Availability], before: Sequence[Row], all_down_us: int) -> Group:
    known = sorted(member.uptime for member in members if member.uptime is not None)
    judged = [member for member in members if member.verdict is not None]
    return Group(
        figures=figures,
        mean=total(known) / len(known) if known else None,
        tenth_percentile=known[(len(known) + 9) // 10 - 1] if known else None,
        stores_with_target=len(judged),
        stores_meeting_target=sum(member.verdict in KEPT for member in judged),
        share_of_downtime=Fraction(figures.down_us, all_down_us) if all_down_us else None,
        before=uptime_up_to(figures.open_us, [(int(row.open_us), int(row.up_us), int(row.down_us)) for row in before]),
    )


def uptime_up_to(open_us: int, days: Sequence[tuple[int, int, int]]) -> Fraction | None:
    """Uptime of the first days (open, up, down time) up to that much open time; of the last one in proportion."""
    up = down = Fraction(0)
    left = open_us
    for day_open, day_up, day_down in days:
        part = Fraction(min(left, day_open), day_open) if day_open else Fraction(0)
        up, down = up + day_up * part, down + day_down * part
        left -= min(left, day_open)
    return up / (up + down) if up + down else None


def total(shares: Sequence[Fraction]) -> Fraction:
    """Their sum, half by half: numerators of thousands of fractions are long."""
    if len(shares) < 2:
        return shares[0] if shares else Fraction(0)
    middle = len(shares) // 2
    return total(shares[:middle]) + total(shares[middle:])
