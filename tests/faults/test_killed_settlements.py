"""A settlement that is killed, or loses its session, shows readers nothing; run again, it is as if nothing had been."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from faults.breakable import other_sessions, somebody_waits, wait_until
from faults.task_process import TaskProcess
from store_uptime.db.engine import connected
from store_uptime.history import days
from store_uptime.settings import Settings
from support.history_rows import add_files
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
from support.pipeline import CLOCK, is_waiting

MONDAY = datetime(2023, 6, 5, tzinfo=UTC)
WEST = Scope(kind="region", name="West")
HOUR = timedelta(hours=1)
# What each stage of a second settlement writes, in the order of its transactions.
WRITTEN = {
    "settle_begin": ["history.settlement", "history.file_period", "history.change", "history.changed_row"],
    "settle": [
        *("history.new_store", "history.clock_segment", "history.clock_piece", "history.clock_date"),
        *("history.clock_planned", "history.new_change", "history.new_carry", "history.new_special"),
        *("history.new_planned", "history.new_status", "history.new_opening"),
        *("history.new_stretch", "history.new_day"),
        *("history.new_outage_day", "history.new_outage", "history.new_day_hours"),
        *("history.store_now", "history.finished_shard"),
    ],
    "settle_publish": [
        *("history.restatement", "history.day", "history.store", "history.store_month", "history.outage_day"),
        *("history.outage", "history.day_hours", "history.target_change", "history.settlement"),
        *("history.store_group", "history.store_target"),
    ],
}
# What readers see, but for the numbers of settlements, which also count those that were never published.
PUBLISHED = (
    *("restatement", "day", "day_hours", "store", "outage_day", "outage", "target_change", "store_group"),
    *("store_target", "store_month"),
)
ROWS = "select cast(to_jsonb(line) - 'settlement_id' as text) as line from history.{table} as line order by line"
NOW_ROWS = """
    select cast(to_jsonb(line) - 'settlement_id' as text) as line
    from history.store_now as line
    where settlement_id = (select max(settlement_id) from history.settlement where published_at is not null)
    order by line
"""


def world() -> World:
    """Two nights in one log: the second changes a file of every kind."""
    known = World(MONDAY + timedelta(days=3), max_gap=None)
    for is_second in (False, True):
        day = date(2023, 6, 6 if is_second else 5)
        zones = {"a": "UTC", "b": "Asia/Tokyo" if is_second else "UTC", "c": "Europe/Berlin"}
        known.accept(ZONES, *(StoreZone(store_id, zone) for store_id, zone in zones.items()), valid_from=day)
        ends = {"a": "17:00", "b": "17:00", "c": "18:00" if is_second else "17:00"}
        hours = [WeeklyOpening(name, weekday, "09:00", end) for name, end in ends.items() for weekday in range(7)]
        known.accept(HOURS, *hours, valid_from=day)
        known.accept(GROUPS, GroupMember("b", "region", "West"), *([GroupMember("a", "region", "West")] * is_second))
        known.accept(SPECIAL, SpecialHours(WEST, day, "10:00", "16:00"))
        known.accept(PLANNED, PlannedDowntime(WEST, MONDAY + 10 * HOUR, MONDAY + (12 + is_second) * HOUR))
        known.accept(TARGETS, Target(ALL_STORES, Decimal(98 + is_second)), Target(WEST, Decimal(95)))
        instants = [MONDAY + (number + 48 * is_second) * HOUR for number in range(60)]
        polls = [Poll(name, at, at.hour not in (12, 13 + is_second)) for name in ends for at in instants]
        known.accept(STATUS, *polls)
    return known


FILES_OF_A_NIGHT = len(world().log) // 2


def add_night(owner: Engine, night: int) -> None:
    """Adds the files of a night, and a report as of its last poll."""
    known = world()
    seen = World(MONDAY + timedelta(hours=59 + 48 * night), known.log[: FILES_OF_A_NIGHT * (night + 1)], max_gap=None)
    add_files(owner, seen, FILES_OF_A_NIGHT * night)


def seen(owner: Engine) -> dict[str, list[str]]:
    """All that readers see of history."""
    with owner.connect() as connection:
        rows = {table: list(connection.scalars(text(ROWS.format(table=table)))) for table in PUBLISHED}
        return rows | {"store_now": list(connection.scalars(text(NOW_ROWS)))}


@pytest.fixture(scope="module")
def nights(new_database: Callable) -> list[dict[str, list[str]]]:
    """What readers see after each night, when nothing goes wrong."""
    result = []
    with (
        new_database() as url,
        connected(Settings.from_environment({"STORE_UPTIME_DATABASE_URL": url}), "owner") as engine,
    ):
        for night in range(2):
            add_night(engine, night)
            days.settle_all(engine, CLOCK, None, with_hours=True)
            result.append(seen(engine))
    assert all(rows for rows in result[1].values()), "every table is written"
    return result


@pytest.fixture
def pending(owner: Engine) -> Engine:
    """The first night is settled, the second is not."""
    add_night(owner, 0)
    days.settle_all(owner, CLOCK, None, with_hours=True)
    add_night(owner, 1)
    return owner


def newest_id(owner: Engine) -> int:
    with owner.connect() as connection:
        return connection.scalar(text("select max(settlement_id) from history.settlement"))


def assert_nothing_is_staged(owner: Engine) -> None:
    with owner.connect() as connection:
        left = connection.scalar(text("select count(*) from history.settlement where published_at is null"))
        assert left == 0, "a settlement was neither published nor deleted"
        assert connection.scalar(text("select count(*) from history.new_day")) == 0


def kill(process: TaskProcess, owner: Engine) -> None:
    assert process.kill() == -9


def end_sessions(process: TaskProcess, owner: Engine) -> None:
    """The server ends the sessions that wait."""
    waiting = (
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid() and wait_event_type = 'Lock'"
    )
    with owner.connect() as connection:
        assert connection.execute(text(waiting)).all()


@pytest.mark.parametrize("end", [kill, end_sessions])
def test_ended_while_it_writes_to_each_table(
    end: Callable[[TaskProcess, Engine], None],
    process: TaskProcess,
    pending: Engine,
    settings: Settings,
    nights: list[dict[str, list[str]]],
    tmp_path: Path,
) -> None:
    """Every table that a stage writes is kept from it in turn, and the stage is ended while it waits."""
    for stage, tables in WRITTEN.items():
        shard = 1 if stage == "settle_begin" else 0  # of `settle_begin` it is the number of shards
        for table in tables:
            with pending.begin() as blocker:
                blocker.exec_driver_sql(f"lock table {table} in exclusive mode")
                process.start(stage, settings.database_url, newest_id(pending), tmp_path, shard)
                assert is_waiting(pending, process), f"{stage} did not wait for {table}"
                end(process, pending)
            if end is end_sessions:
                assert "OperationalError" in process.failure()
            wait_until(lambda: other_sessions(pending) == [], "its sessions to end")
            assert seen(pending) == nights[0], f"readers see what {stage} was about to write to {table}"
        process.start(stage, settings.database_url, newest_id(pending), tmp_path, shard)
        process.wait()
        assert seen(pending) == nights[1 if stage == "settle_publish" else 0]
    assert_nothing_is_staged(pending)


@contextmanager
def two_at_once(
    first: TaskProcess, second: TaskProcess, pending: Engine, settings: Settings, folder: Path
) -> Iterator[None]:
    """Within the block the first has come to its days, and the second waits for its turn."""
    with pending.begin() as blocker:
        blocker.exec_driver_sql("lock table history.new_day in exclusive mode")
        first.start("settle_all", settings.database_url, 0, folder, 1)
        assert is_waiting(pending, first)
        second.start("settle_all", settings.database_url, 0, folder, 1)
        wait_until(lambda: somebody_waits(pending, "advisory"), "the second to wait for its turn")
        yield


def test_two_at_once(
    processes: list[TaskProcess],
    pending: Engine,
    settings: Settings,
    nights: list[dict[str, list[str]]],
    tmp_path: Path,
) -> None:
    """The second waits for the first, and finds nothing to settle."""
    first, second, _ = processes
    with two_at_once(first, second, pending, settings, tmp_path):
        pass
    first.wait()
    second.wait()
    assert newest_id(pending) == 2, "one settlement for each night"
    assert seen(pending) == nights[1]
    assert_nothing_is_staged(pending)


def test_the_first_of_two_is_killed(
    processes: list[TaskProcess],
    pending: Engine,
    settings: Settings,
    nights: list[dict[str, list[str]]],
    tmp_path: Path,
) -> None:
    """Nothing of it keeps the other from settling all."""
    first, second, _ = processes
    with two_at_once(first, second, pending, settings, tmp_path):
        kill(first, pending)
    second.wait()
    assert seen(pending) == nights[1]
    assert_nothing_is_staged(pending)
