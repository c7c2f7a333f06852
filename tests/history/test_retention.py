"""Days and outages stay when their polls are gone, whatever comes later; those too old to be kept go for good."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Engine, text

from store_uptime.history import days
from store_uptime.operations import maintenance
from support import history_oracle
from support.history_oracle import Day
from support.history_rows import add_files, restatements, settled
from support.history_world import (
    ALL_STORES,
    DAY,
    GROUPS,
    HOURS,
    PLANNED,
    SPECIAL,
    STATUS,
    ZONES,
    GroupMember,
    PlannedDowntime,
    Poll,
    Scope,
    SpecialHours,
    StoreZone,
    WeeklyOpening,
    World,
)
from support.owners import NewDatabase, new_owner

NOW = datetime(2031, 1, 1, tzinfo=UTC)
JUNE = datetime(2023, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEST = Scope(kind="region", name="West")
ZONE_OF = {"a": "UTC", "b": "Europe/Berlin", "c": "Pacific/Honolulu"}
NOTHING = dict.fromkeys(("days", "outages", "restatements", "anomalies", "hours", "scores"), 0)
FIRST_POLL, LAST_POLL = JUNE - 5 * DAY, JUNE + 9 * DAY


@pytest.fixture
def owner(new_database: NewDatabase) -> Iterator[Engine]:
    """All rights on a database of its own: months of polls are dropped from it."""
    with new_owner(new_database) as engine:
        yield engine


def week(**starts: str) -> list[WeeklyOpening]:
    """b is open from 20:00 to 02:00 and c from 09:00 to 17:00, or from other times on; a always."""
    times = {"b": ("20:00", "02:00"), "c": ("09:00", "17:00")}
    return [
        WeeklyOpening(store_id, weekday, starts.get(store_id, start), end)
        for store_id, (start, end) in times.items()
        for weekday in range(7)
    ]


def zones(**other: str) -> list[StoreZone]:
    return [StoreZone(store_id, zone) for store_id, zone in (ZONE_OF | other).items()]


def is_active(store_id: str, at: datetime) -> bool:
    """b and c are down from the afternoon of 31 May to that of 1 June, and all are at noon of each date."""
    return at.hour != 12 and (store_id == "a" or not JUNE - 10 * HOUR <= at <= JUNE + 15 * HOUR)


def known() -> World:
    """A poll an hour from 27 May to 10 June, but none of a in the night in which May ends."""
    world = World(LAST_POLL)
    world.accept(ZONES, *zones())
    world.accept(HOURS, *week())
    world.accept(GROUPS, GroupMember("a", "region", "West"))
    world.accept(SPECIAL, SpecialHours(Scope("c"), date(2023, 5, 30)), SpecialHours(WEST, date(2023, 6, 3)))
    instants = [FIRST_POLL + number * HOUR for number in range((LAST_POLL - FIRST_POLL) // HOUR + 1)]
    polls = [Poll(store_id, at, is_active(store_id, at)) for store_id in "abc" for at in instants]
    return world.accept(STATUS, *(poll for poll in polls if poll.store_id != "a" or not in_the_gap(poll.at)))


def in_the_gap(at: datetime) -> bool:
    return JUNE - 4 * HOUR <= at <= JUNE + 12 * HOUR


CHANGES: dict[str, tuple[str, list[Any], date | None]] = {
    "late polls of May": (STATUS, [Poll("a", JUNE - 40 * HOUR, False), Poll("c", JUNE - 60 * HOUR, False)], None),
    "a late poll that counts in June": (STATUS, [Poll("a", JUNE - HOUR / 2, is_active=False)], None),
    "a late poll from before the first one": (STATUS, [Poll("b", FIRST_POLL - 4 * DAY, is_active=False)], None),
    "a late poll of June": (STATUS, [Poll("a", JUNE + 40.5 * HOUR, is_active=False)], None),
    "hours of May": (HOURS, week(b="19:00", c="06:00"), date(2023, 5, 20)),
    "hours of June": (HOURS, week(b="19:00", c="06:00"), date(2023, 6, 5)),
    "another group": (GROUPS, [GroupMember("b", "region", "West"), GroupMember("c", "region", "West")], None),
    "special hours": (
        SPECIAL, [SpecialHours(ALL_STORES, date(2023, month, day)) for month, day in ((5, 29), (5, 31), (6, 4))], None
    ),
    "planned downtime over the end of May": (
        PLANNED, [PlannedDowntime(ALL_STORES, JUNE - 30 * HOUR, JUNE + 30 * HOUR)], None
    ),
}  # fmt: skip


def settle(owner: Engine, world: World, **options: Any) -> None:
    days.settle_all(owner, NOW, world.max_gap, **options)


def with_dropped_polls(owner: Engine, world: World) -> tuple[int, list[Day], list[Any]]:
    """A settled world whose polls of May are gone: its position, days and outages."""
    position = add_files(owner, world)
    settle(owner, world)
    before = settled(owner)
    assert before == history_oracle.settle(world)
    changes = maintenance.drop_polls(owner, 8, NOW, dry_run=False)
    assert changes.counts["months"] == 1
    return position, *before


def is_frozen(day: Day) -> bool:
    """Whether some of a day's polls are gone."""
    return bool(day.spans) and day.spans[0][0] < JUNE


@pytest.mark.parametrize("name", CHANGES)
def test_days_whose_polls_are_gone_stay_and_later_ones_are_settled(owner: Engine, name: str) -> None:
    before = known()
    position, days_before, outages_before = with_dropped_polls(owner, before)
    kind, rows, valid_from = CHANGES[name]
    after = replace(before, log=[*before.log]).accept(kind, *rows, valid_from=valid_from)
    add_files(owner, after, position)
    settle(owner, after)
    days_after, outages_after = settled(owner)
    expected_days, expected_outages = history_oracle.settle(after)
    # Of an opening that reaches into June its day tells how it went on.
    assert [day.figures for day in days_after if is_frozen(day)] == [
        day.figures for day in days_before if is_frozen(day)
    ]
    assert [day for day in days_after if not is_frozen(day)] == [day for day in expected_days if not is_frozen(day)]
    assert all(row.local_date >= JUNE.date() for row in restatements(owner))
    assert [outage for outage in outages_after if outage.ended_at < JUNE] == [
        outage for outage in outages_before if outage.ended_at < JUNE
    ]
    in_june = JUNE + 2 * DAY
    assert [outage for outage in outages_after if outage.started_at > in_june] == [
        outage for outage in expected_outages if outage.started_at > in_june
    ]


@pytest.mark.parametrize("max_gap", [timedelta(minutes=30), None])
def test_another_setting_does_not_touch_days_whose_polls_are_gone(owner: Engine, max_gap: timedelta | None) -> None:
    before = known()
    _, days_before, _ = with_dropped_polls(owner, before)
    after = replace(before, max_gap=max_gap)
    settle(owner, after, from_date=FIRST_POLL.date())
    found = settled(owner)[0]
    assert [day.figures for day in found if is_frozen(day)] == [day.figures for day in days_before if is_frozen(day)]
    expected = history_oracle.settle(after)[0]
    assert [day for day in found if not is_frozen(day)] == [day for day in expected if not is_frozen(day)]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "Etc/GMT+12"])
def test_another_zone_since_before_loses_no_time_and_counts_none_twice(owner: Engine, zone: str) -> None:
    """It begins two dates after the polls, so that no day whose polls are gone is cut."""
    before = known()
    position, days_before, _ = with_dropped_polls(owner, before)
    rows = zones(a=zone, b=zone, c=zone)
    after = replace(before, log=[*before.log]).accept(ZONES, *rows, valid_from=date(2023, 5, 20))
    add_files(owner, after, position)
    for _ in range(2):
        settle(owner, after, from_date=FIRST_POLL.date())
        found = settled(owner)[0]
        assert [day.figures for day in found if is_frozen(day)] == [
            day.figures for day in days_before if is_frozen(day)
        ]
        for store_id in "abc":
            spans = [span for day in found if day.store_id == store_id for span in day.spans]
            assert all(one[1] == next_one[0] for one, next_one in pairwise(sorted(spans)))
        later = date(2023, 6, 4)
        expected = [day for day in history_oracle.settle(after)[0] if day.local_date >= later]
        assert [day for day in found if day.local_date >= later] == expected


def test_a_settlement_whose_polls_are_dropped_meanwhile_is_not_published(owner: Engine) -> None:
    world = known()
    add_files(owner, world)
    settlement_id = days.begin(owner, NOW, world.max_gap)
    assert settlement_id is not None
    days.settle(owner, settlement_id, 0)
    maintenance.drop_polls(owner, 8, NOW, dry_run=False)
    with pytest.raises(days.SupersededError, match="polls that maintenance has dropped"):
        days.publish(owner, settlement_id, NOW)
    settle(owner, world)
    expected = [day for day in history_oracle.settle(world)[0] if not is_frozen(day)]
    assert [day.figures for day in settled(owner)[0]] == [day.figures for day in expected]


def history_counts(owner: Engine) -> dict[str, int]:
    tables = ("day", "outage", "outage_day", "restatement")
    with owner.connect() as connection:
        return {name: connection.scalar(text(f"select count(*) from history.{name}")) for name in tables}


def test_old_days_go_and_do_not_come_back(owner: Engine) -> None:
    """With eight days, settled up to 10 June, days from 2 June on are kept, and the one before: it is gone on from."""
    world = known()
    position = add_files(owner, world)
    settle(owner, world)
    all_days, all_outages = settled(owner)
    counts = history_counts(owner)
    assert maintenance.delete_history(owner, None, dry_run=False).counts == NOTHING
    would = maintenance.delete_history(owner, 8, dry_run=True)
    assert history_counts(owner) == counts
    assert maintenance.delete_history(owner, 8, dry_run=False).counts == would.counts
    first = date(2023, 6, 1)
    kept_days = [day for day in all_days if day.local_date >= first]
    kept_outages = [outage for outage in all_outages if outage.ended_on >= first]
    assert settled(owner) == (kept_days, kept_outages)
    assert would.counts == {
        "days": len(all_days) - len(kept_days),
        "outages": len(all_outages) - len(kept_outages),
        "restatements": 0,
        "anomalies": 0,
        "hours": 0,
        "scores": 0,
    }
    assert maintenance.delete_history(owner, 8, dry_run=False).counts == NOTHING
    # Whatever comes, days before are not settled again, and the others are right.
    after = replace(world, log=[*world.log]).accept(HOURS, *week(b="19:00", c="06:00"), valid_from=date(2023, 5, 1))
    after.accept(STATUS, Poll("a", JUNE - 40 * HOUR, is_active=False))
    add_files(owner, after, position)
    settle(owner, after, keep_days=8, from_date=date(2023, 5, 1))
    found, _ = settled(owner)
    assert min(day.local_date for day in found) == first
    expected = [day for day in history_oracle.settle(after)[0] if day.local_date > first]
    assert [day for day in found if day.local_date > first] == expected


def test_an_outage_that_goes_on_stays_whole(owner: Engine) -> None:
    """a is down from 28 May on, without end."""
    world = World(JUNE + 9 * DAY).accept(ZONES, StoreZone("a", "UTC"))
    polls = [Poll("a", FIRST_POLL + number * HOUR, is_active=number < 24) for number in range(14 * 24 + 1)]
    world.accept(STATUS, *polls)
    add_files(owner, world)
    settle(owner, world)
    outages = settled(owner)[1]
    assert maintenance.delete_history(owner, 8, dry_run=False).counts["outages"] == 0
    assert settled(owner)[1] == outages == history_oracle.settle(world)[1]
    settle(owner, world, keep_days=8, from_date=date(2023, 5, 1))
    assert settled(owner)[1] == outages
