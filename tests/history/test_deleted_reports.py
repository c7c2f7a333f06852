"""Reports that maintenance deletes change no days, outages or what stores are now; what comes later is settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from store_uptime.history import days
from store_uptime.history.now import find_now
from store_uptime.history.questions import Choice, reading
from store_uptime.operations import maintenance
from support import history_oracle
from support.history_periods import Books
from support.history_rows import add_file, add_files, publish_report, settled
from support.history_world import (
    ALL_STORES,
    DAY,
    HOURS,
    SPECIAL,
    STATUS,
    ZONES,
    Poll,
    SpecialHours,
    StoreZone,
    WeeklyOpening,
    World,
)
from support.pipeline import dump

NOW = datetime(2031, 1, 1, tzinfo=UTC)
JUNE = datetime(2023, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEEP_DAYS = 30
AS_OF = JUNE + 4 * DAY + 15 * HOUR  # of the report that goes
LONG_AFTER = AS_OF + 100 * DAY


def polls(begin: datetime, hours: int, stores: str = "ab") -> list[Poll]:
    """A poll an hour; stores are down from 0 to 3, 11 to 14, and 22 to 24 o'clock in UTC."""
    return [
        Poll(store_id, at, is_active=at.hour % 11 > 2)
        for store_id in stores
        for at in (begin + number * HOUR for number in range(hours))
    ]


def known() -> World:
    """Polls to a day after `AS_OF`; b is open at night."""
    world = World(AS_OF)
    world.accept(ZONES, StoreZone("a", "Europe/Berlin"), StoreZone("b", "America/New_York"))
    world.accept(HOURS, *(WeeklyOpening("b", weekday, "20:00", "02:00") for weekday in range(7)))
    return world.accept(STATUS, *polls(JUNE, 5 * 24 + 15))


def settle(owner: Engine, world: World) -> dict[str, Any] | None:
    return days.settle_all(owner, NOW, world.max_gap)


def delete_reports(owner: Engine, clock: datetime = LONG_AFTER) -> int:
    """Runs maintenance; returns how many reports there are still."""
    maintenance.delete_reports(owner, Path("/nowhere"), KEEP_DAYS, clock, dry_run=False)
    with owner.connect() as connection:
        return connection.scalar(text("select count(*) from report.report")) or 0


def publish(owner: Engine, as_of: datetime, created_at: datetime) -> None:
    with owner.begin() as connection:
        publish_report(connection, as_of, created_at)


def rows_of_others(owner: Engine) -> dict[str, list[Any]]:
    """All rows of all tables but those of reports."""
    return {table: rows for table, rows in dump(owner).items() if not table.startswith("report.")}


def assert_is_as_expected(owner: Engine, world: World) -> None:
    """Days, outages and what stores are now agree with the oracle."""
    assert settled(owner) == history_oracle.settle(world)
    with reading(owner) as connection:
        answer = find_now(connection, Choice())
    assert answer.settlement.as_of == world.as_of
    assert [astuple(row) for row in answer.rows] == [astuple(row) for row in Books(world).now()]


@pytest.fixture
def world(owner: Engine) -> World:
    """What is settled as of `AS_OF`; an earlier night was made up for long after."""
    world = known()
    add_files(owner, world)
    publish(owner, AS_OF - DAY, created_at=LONG_AFTER)
    settle(owner, world)
    assert_is_as_expected(owner, world)
    return world


@pytest.mark.parametrize("are_all_deleted", [False, True])
def test_a_deleted_report_changes_nothing(owner: Engine, world: World, *, are_all_deleted: bool) -> None:
    before = rows_of_others(owner)
    assert delete_reports(owner, NOW if are_all_deleted else LONG_AFTER) == (0 if are_all_deleted else 1)
    assert settle(owner, world) is None
    assert rows_of_others(owner) == before
    assert_is_as_expected(owner, world)


NEW_FILES = {
    "late polls": (STATUS, [Poll("a", JUNE + 30.5 * HOUR, is_active=False), Poll("new", JUNE + DAY, is_active=True)]),
    "polls after as_of": (STATUS, polls(AS_OF + DAY, 30)),
    "special hours": (SPECIAL, [SpecialHours(ALL_STORES, (JUNE + 2 * DAY).date(), "10:00", "12:00")]),
}


@pytest.mark.parametrize("name", NEW_FILES)
@pytest.mark.parametrize("are_all_deleted", [False, True])
def test_what_comes_later_is_settled_as_of_the_report_that_is_gone(
    owner: Engine, world: World, name: str, *, are_all_deleted: bool
) -> None:
    delete_reports(owner, NOW if are_all_deleted else LONG_AFTER)
    kind, rows = NEW_FILES[name]
    add_later(owner, world, kind, rows)
    assert settle(owner, world) is not None
    assert_is_as_expected(owner, world)

    # Another earlier night does not move it, a later one does.
    publish(owner, AS_OF - 2 * DAY, created_at=NOW)
    assert settle(owner, world) is None
    world.as_of = AS_OF + HOUR
    publish(owner, world.as_of, created_at=NOW)
    assert settle(owner, world) is not None
    assert_is_as_expected(owner, world)


def test_a_report_that_is_deleted_while_days_are_settled_counts(owner: Engine) -> None:
    world = known()
    add_files(owner, world)
    settlement_id = days.begin(owner, NOW, world.max_gap)
    assert settlement_id is not None
    assert delete_reports(owner) == 0
    days.settle(owner, settlement_id, 0)
    days.publish(owner, settlement_id, NOW)
    assert_is_as_expected(owner, world)


def test_if_all_are_deleted_before_the_first_settlement_it_waits_for_the_next_one(owner: Engine) -> None:
    world = known()
    add_files(owner, world)
    assert delete_reports(owner) == 0
    assert settle(owner, world) is None
    publish(owner, AS_OF, created_at=NOW)
    settle(owner, world)
    assert_is_as_expected(owner, world)


def add_later(owner: Engine, world: World, kind: str, rows: Sequence[Any]) -> None:
    """Adds an accepted file without a report on it."""
    world.accept(kind, *rows)
    with owner.begin() as connection:
        add_file(connection, world.log[-1])
