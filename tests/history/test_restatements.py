"""What a change settles again: the stores and dates that it touches, with its cause in the log, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, text

from store_uptime.history import days
from support import history_oracle
from support.history_rows import add_files, expected_restatements, restatements, settled
from support.history_world import (
    ALL_STORES,
    GROUPS,
    HOURS,
    PLANNED,
    SPECIAL,
    STATUS,
    TARGETS,
    ZONES,
    GroupMember,
    PlannedDowntime,
    Poll,
    Scope,
    SpecialHours,
    StoreZone,
    Target,
    WeeklyOpening,
    World,
)

NOW = datetime(2031, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (date(2023, 6, day) for day in (5, 6, 7, 8))
WEST, BERLIN = Scope(kind="region", name="West"), Scope(kind="timezone", name="Europe/Berlin")
ZONE_OF = {"a": "UTC", "b": "UTC", "c": "Europe/Berlin"}


def utc(on: date, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(on.year, on.month, on.day, hour, minute, tzinfo=UTC)


def open_daily(**ends: str) -> list[WeeklyOpening]:
    """All stores from 09:00 on, to 17:00 or as named."""
    return [
        WeeklyOpening(store_id, weekday, "09:00", ends.get(store_id, "17:00"))
        for store_id in "abc"
        for weekday in range(7)
    ]


def in_zones(**zones: str) -> list[StoreZone]:
    return [StoreZone(store_id, zone) for store_id, zone in (ZONE_OF | zones).items()]


def world() -> World:
    """Three stores, a poll an hour from Monday to Thursday noon; b is in the West, c in Berlin; all down at 12:00."""
    known = World(utc(THURSDAY, 12))
    known.accept(ZONES, *in_zones())
    known.accept(HOURS, *open_daily())
    known.accept(GROUPS, GroupMember("b", "region", "West"), GroupMember("c", "owner", "Ö"))
    known.accept(
        SPECIAL, SpecialHours(WEST, TUESDAY, "10:00", "16:00"), SpecialHours(BERLIN, TUESDAY, "11:00", "12:00")
    )
    known.accept(PLANNED, PlannedDowntime(WEST, utc(WEDNESDAY, 9), utc(WEDNESDAY, 10)))
    known.accept(TARGETS, Target(ALL_STORES, Decimal(99)), Target(WEST, Decimal(95)))
    instants = [utc(MONDAY, 1) + number * HOUR for number in range(84)]
    return known.accept(STATUS, *(Poll(name, at, at.hour != 12) for name in "abc" for at in instants))


@dataclass(frozen=True)
class Change:
    """A file, with the stores that it settles again, each from the date, and those whose days it changes."""

    kind: str
    rows: Sequence[Any]
    settled: dict[str, date]
    restated: dict[str, list[date]]
    valid_from: date | None = None


CHANGES = {
    "a late poll": Change(
        STATUS, [Poll("a", utc(TUESDAY, 13, 30), is_active=False)], {"a": TUESDAY}, {"a": [TUESDAY]}
    ),
    "a corrected poll": Change(
        STATUS, [Poll("b", utc(WEDNESDAY, 12), is_active=True)], {"b": WEDNESDAY}, {"b": [WEDNESDAY]}
    ),
    "polls that change nothing": Change(STATUS, [Poll("a", utc(TUESDAY, 13, 30), is_active=True)], {"a": TUESDAY}, {}),
    "hours of one store": Change(HOURS, open_daily(b="18:00"), {"b": WEDNESDAY}, {"b": [WEDNESDAY]}, WEDNESDAY),
    "hours that lack a store": Change(
        HOURS, [row for row in open_daily() if row.store_id != "c"], {"c": WEDNESDAY}, {"c": [WEDNESDAY]}, WEDNESDAY
    ),
    "hours that are the same from another date on": Change(HOURS, open_daily(), {}, {}, WEDNESDAY),
    "a zone": Change(
        ZONES, in_zones(c="America/New_York"), {"c": MONDAY}, {"c": [TUESDAY, WEDNESDAY]}, WEDNESDAY
    ),
    "a zone whose special hours another store gets": Change(
        ZONES, in_zones(a="Europe/Berlin"), {"a": TUESDAY}, {"a": [TUESDAY]}, THURSDAY
    ),
    "special hours of a store": Change(
        SPECIAL,
        [
            SpecialHours(Scope("a"), WEDNESDAY),
            SpecialHours(WEST, TUESDAY, "10:00", "16:00"),
            SpecialHours(BERLIN, TUESDAY, "11:00", "12:00"),
        ],
        {"a": WEDNESDAY},
        {"a": [WEDNESDAY]},
    ),
    "special hours of a group and a zone": Change(
        SPECIAL,
        [SpecialHours(WEST, TUESDAY, "10:00", "15:00"), SpecialHours(BERLIN, TUESDAY)],
        {"b": TUESDAY, "c": TUESDAY},
        {"b": [TUESDAY], "c": [TUESDAY]},
    ),
    "special hours of all stores": Change(
        SPECIAL,
        [
            SpecialHours(ALL_STORES, TUESDAY, "09:00", "11:00"),
            SpecialHours(WEST, TUESDAY, "10:00", "16:00"),
            SpecialHours(BERLIN, TUESDAY, "11:00", "12:00"),
        ],
        {"a": TUESDAY, "b": TUESDAY, "c": TUESDAY},
        {"a": [TUESDAY]},
    ),
    "no special hours any more": Change(
        SPECIAL, [], {"b": TUESDAY, "c": TUESDAY}, {"b": [TUESDAY], "c": [TUESDAY]}
    ),
    "planned downtime of a store": Change(
        PLANNED,
        [
            PlannedDowntime(WEST, utc(WEDNESDAY, 9), utc(WEDNESDAY, 10)),
            PlannedDowntime(Scope("a"), utc(WEDNESDAY, 11), utc(WEDNESDAY, 12)),
        ],
        {"a": MONDAY},
        {"a": [WEDNESDAY]},
    ),
    "planned downtime of a group": Change(
        PLANNED, [PlannedDowntime(WEST, utc(WEDNESDAY, 9), utc(WEDNESDAY, 11))], {"b": MONDAY}, {"b": [WEDNESDAY]}
    ),
    "a store joins a group": Change(
        GROUPS,
        [GroupMember("a", "region", "West"), GroupMember("b", "region", "West")],
        {"a": MONDAY},
        {"a": [TUESDAY, WEDNESDAY]},
    ),
    "a store leaves a group": Change(
        GROUPS, [GroupMember("c", "owner", "Ö")], {"b": MONDAY}, {"b": [TUESDAY, WEDNESDAY]}
    ),
    "a group that no row names": Change(
        GROUPS, [GroupMember("b", "region", "West"), GroupMember("a", "owner", "Ö")], {}, {}
    ),
    "targets": Change(TARGETS, [Target(ALL_STORES, Decimal(98))], {}, {}),
}  # fmt: skip


def settle(owner: Engine, max_gap: timedelta | None, **options: Any) -> dict[str, date]:
    """Settles what is new; returns the stores with a day that was final, each with the first date settled."""
    settlement_id = days.begin(owner, NOW, max_gap, **options)
    assert settlement_id is not None
    days.settle(owner, settlement_id, 0)
    again = "select store_id, from_date from history.new_store where from_date < provisional_from"
    with owner.connect() as connection:
        found = {row.store_id: row.from_date for row in connection.execute(text(again))}
    days.publish(owner, settlement_id, NOW)
    return found


@pytest.mark.parametrize("name", CHANGES)
def test_a_file_settles_again_what_it_touches(owner: Engine, name: str) -> None:
    change = CHANGES[name]
    before = world()
    position = add_files(owner, before)
    settle(owner, before.max_gap)
    after = replace(before, log=[*before.log]).accept(change.kind, *change.rows, valid_from=change.valid_from)
    position = add_files(owner, after, position)
    assert settle(owner, before.max_gap) == change.settled
    found = restatements(owner)
    assert {row.facts for row in found} == expected_restatements(before, after)
    assert {(row.cause, row.file_id) for row in found} <= {(change.kind, position)}
    restated = {(row.store_id, row.local_date) for row in found}
    assert restated == {(store_id, on) for store_id, dates in change.restated.items() for on in dates}


def settled_world(owner: Engine) -> tuple[World, int]:
    known = world()
    position = add_files(owner, known)
    settle(owner, known.max_gap)
    return known, position


def test_of_several_causes_the_file_accepted_last_is_named(owner: Engine) -> None:
    """Hours touch b from Wednesday on, then a late poll its Tuesday and Wednesday; the special hours only touch a."""
    before, position = settled_world(owner)
    after = replace(before, log=[*before.log])
    after.accept(HOURS, *open_daily(b="18:00"), valid_from=TUESDAY)
    after.accept(STATUS, Poll("b", utc(WEDNESDAY, 13, 30), is_active=False))
    after.accept(SPECIAL, *before.newest(SPECIAL), SpecialHours(Scope("a"), TUESDAY))
    add_files(owner, after, position)
    assert settle(owner, before.max_gap) == {"a": TUESDAY, "b": TUESDAY}
    found = restatements(owner)
    assert {row.facts for row in found} == expected_restatements(before, after)
    assert {(row.store_id, row.local_date): (row.cause, row.file_id) for row in found} == {
        ("a", TUESDAY): (SPECIAL, position + 3),
        ("b", WEDNESDAY): (STATUS, position + 2),
    }


def test_a_file_of_polls_that_came_first_is_not_named(owner: Engine) -> None:
    before, position = settled_world(owner)
    after = replace(before, log=[*before.log])
    after.accept(STATUS, Poll("a", utc(TUESDAY, 13, 30), is_active=False))
    after.accept(HOURS, *open_daily(a="18:00"), valid_from=WEDNESDAY)
    add_files(owner, after, position)
    settle(owner, before.max_gap)
    found = restatements(owner)
    assert {row.facts for row in found} == expected_restatements(before, after)
    assert {(row.local_date, row.cause, row.file_id) for row in found} == {
        (TUESDAY, STATUS, position + 1),
        (WEDNESDAY, HOURS, position + 2),
    }


def test_another_max_gap_is_the_cause_of_all_that_it_changes(owner: Engine) -> None:
    before, _ = settled_world(owner)
    after = replace(before, max_gap=timedelta(minutes=30))
    assert settle(owner, after.max_gap) == {"a": MONDAY, "b": MONDAY, "c": MONDAY}
    found = restatements(owner)
    assert {row.facts for row in found} == expected_restatements(before, after)
    assert len(found) == 9
    assert {(row.cause, row.file_id) for row in found} == {("max_gap", None)}


def test_a_date_that_was_asked_for_mends_what_is_wrong(owner: Engine) -> None:
    before, _ = settled_world(owner)
    figures = "up_us = up_us + 1, open_us = open_us + 1"
    with owner.begin() as connection:
        connection.execute(text(f"update history.day set {figures} where local_date <= :on"), {"on": TUESDAY})
    assert settle(owner, before.max_gap, from_date=TUESDAY) == {"a": TUESDAY, "b": TUESDAY, "c": TUESDAY}
    found = restatements(owner)
    assert {(row.store_id, row.local_date, row.cause) for row in found} == {
        (store_id, TUESDAY, "from_date") for store_id in "abc"
    }
    new = {(day.store_id, day.local_date): day.figures for day in history_oracle.settle(before)[0]}
    assert {row.new for row in found} == {new[row.store_id, row.local_date] for row in found}


def test_a_date_that_was_asked_for_is_kept_by_the_settlement_that_overtakes(owner: Engine) -> None:
    before, _ = settled_world(owner)
    with owner.begin() as connection:
        connection.execute(text("update history.day set up_us = up_us + 1, open_us = open_us + 1"))
    assert days.begin(owner, NOW, before.max_gap, from_date=TUESDAY) is not None
    assert settle(owner, before.max_gap, from_date=WEDNESDAY) == {"a": TUESDAY, "b": TUESDAY, "c": TUESDAY}
    assert days.begin(owner, NOW, before.max_gap, from_date=MONDAY) is not None
    assert settle(owner, before.max_gap) == {"a": MONDAY, "b": MONDAY, "c": MONDAY}
    assert days.begin(owner, NOW, before.max_gap) is None


def test_a_first_day_that_is_no_more_is_logged(owner: Engine) -> None:
    """c's first poll, of Monday 01:00 in UTC, is Sunday's in Chicago, by a file that holds for all dates at first."""
    before = World(utc(WEDNESDAY, 12)).accept(HOURS, *open_daily())
    before.accept(ZONES, StoreZone("c", "America/Chicago"))
    before.accept(STATUS, *(Poll("c", utc(MONDAY, 1) + number * HOUR, is_active=True) for number in range(60)))
    position = add_files(owner, before)
    settle(owner, before.max_gap)
    after = replace(before, log=[*before.log]).accept(ZONES, StoreZone("c", "UTC"), valid_from=date(2023, 6, 1))
    add_files(owner, after, position)
    settle(owner, before.max_gap)
    found = restatements(owner)
    assert {row.facts for row in found} == expected_restatements(before, after)
    assert {row.local_date for row in found if row.new is None} == {date(2023, 6, 4)}
    assert {(row.cause, row.file_id) for row in found} == {(ZONES, position + 1)}


def test_a_changed_target_is_logged_by_scope(owner: Engine) -> None:
    before, position = settled_world(owner)
    after = replace(before, log=[*before.log])
    after.accept(TARGETS, Target(ALL_STORES, Decimal(98)), Target(Scope("a"), None, TUESDAY))
    add_files(owner, after, position)
    settle(owner, before.max_gap)
    assert restatements(owner) == []
    log = "select store_id, group_kind, group_name, valid_from, old_percent, new_percent, file_id"
    with owner.connect() as connection:
        found = set(map(tuple, connection.execute(text(f"{log} from history.target_change"))))
    assert found == {
        (None, None, None, None, Decimal(99), Decimal(98), position + 1),
        (None, "region", "West", None, Decimal(95), None, position + 1),
        ("a", None, None, TUESDAY, None, None, position + 1),
    }


@pytest.mark.parametrize("corrected", [utc(TUESDAY), utc(TUESDAY, 0, 30)])
def test_a_correction_after_midnight_tells_of_the_last_active_poll_before(owner: Engine, corrected: datetime) -> None:
    """Polls were active over midnight; now the last active one before the outage is of Monday, 22:00."""
    before = World(utc(TUESDAY, 12)).accept(ZONES, StoreZone("a", "UTC"))
    instants = [utc(MONDAY, 20), utc(MONDAY, 22), corrected, utc(TUESDAY, 1), utc(TUESDAY, 12)]
    before.accept(STATUS, *(Poll("a", at, at != utc(TUESDAY, 1)) for at in instants))
    position = add_files(owner, before)
    settle(owner, before.max_gap)
    after = replace(before, log=[*before.log]).accept(STATUS, Poll("a", corrected, is_active=False))
    add_files(owner, after, position)
    settle(owner, before.max_gap)
    found = settled(owner)
    assert found == history_oracle.settle(after)
    assert found[1][0].started_after == utc(MONDAY, 22)
