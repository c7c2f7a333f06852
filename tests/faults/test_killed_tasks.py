"""`kill -9` in the middle of every stage, and again, and then the stage is simply run: the report is the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from faults.breakable import assert_nothing_is_left, wait_until
from faults.task_process import TaskProcess
from store_uptime.ingest import acceptance, stage_files
from store_uptime.settings import Settings
from support import worlds
from support.pipeline import CLOCK, Published, compute, figures, is_waiting, run_report, start

STAGES = ["ingest", "accept", "localize", "clip", "interpolate", "export"]
# What each stage writes, in the order of its transactions.
WRITTEN = {
    "ingest": [
        *("core.file", "core.store_timezone", "core.business_hours", "core.poll_day", "quality.quarantined_row"),
        *("core.snapshot_store", "core.polled_store", "core.store", "report.source_file"),
    ],
    "accept": [
        "core.acceptance",
        "core.snapshot",
        "core.file",
        "core.store",
        "core.status_interval",
        "core.polled_store",
        "report.report",
    ],
    "localize": ["report.store", "report.zone_segment", "report.zone_day"],
    "clip": ["report.open_time"],
    "interpolate": ["report.observed_status", "report.store_uptime"],
    "export": ["report.report"],
}


@pytest.fixture
def world(request: pytest.FixtureRequest) -> worlds.World:
    zone, change = worlds.MOMENTS[0]
    plans = [(seed, 12, 4) for seed in range(60)]
    return worlds.build((zone, change), change + timedelta(hours=30), getattr(request, "param", None), "unknown", plans)


@pytest.fixture
def undisturbed(new_engine: Callable, tmp_path: Path, world: worlds.World) -> Published:
    with new_engine() as engine:
        folder = world.write(tmp_path / "data", Random(1))
        return run_report(engine, folder, tmp_path / "undisturbed", as_of=world.as_of, max_gap=world.max_gap)


def folder_of(stage: str, tmp_path: Path) -> Path:
    return tmp_path / ("reports" if stage == "export" else "data")


def kill_while_it_waits(
    owner: Engine, table: str, process: TaskProcess, stage: str, *task: Any, **options: Any
) -> None:
    """Keeps a table from a stage, and kills it as soon as it waits for that."""
    with owner.begin() as blocker:
        blocker.exec_driver_sql(f"lock table {table} in exclusive mode")
        process.start(stage, *task, **options)
        assert is_waiting(owner, process), f"{stage} did not wait for {table}"
        assert process.kill() == -9


@pytest.mark.parametrize("world", [None, timedelta(hours=2)], ids=["", "max_gap"], indirect=True)
def test_killed_while_it_writes_to_each_table(
    process: TaskProcess,
    undisturbed: Published,
    world: worlds.World,
    engine: Engine,
    owner: Engine,
    settings: Settings,
    tmp_path: Path,
) -> None:
    """Every table that a stage writes is kept from it in turn, and the stage is killed while it waits."""
    report_id = start(engine, as_of=world.as_of, max_gap=world.max_gap)
    for stage in STAGES:
        for table in WRITTEN[stage]:
            kill_while_it_waits(
                owner, table, process, stage, settings.database_url, report_id, folder_of(stage, tmp_path)
            )
        process.start(stage, settings.database_url, report_id, folder_of(stage, tmp_path))
        process.wait()
    assert_is(undisturbed, engine, owner, report_id, tmp_path)


def test_one_of_several_loaders_is_killed(
    processes: list[TaskProcess],
    undisturbed: Published,
    world: worlds.World,
    engine: Engine,
    owner: Engine,
    settings: Settings,
    tmp_path: Path,
) -> None:
    """The others load its share too, however far it had come."""
    report_id = start(engine, as_of=world.as_of, max_gap=world.max_gap)
    first, *others = processes
    ingest = ("ingest", settings.database_url, report_id, tmp_path / "data")
    for table in ("core.file_partition", "core.poll_day", "core.polled_store", "core.store"):
        kill_while_it_waits(owner, table, first, *ingest, loaders=3)
    with owner.begin() as blocker:
        blocker.exec_driver_sql("lock table core.polled_store in exclusive mode")
        for loader in processes:
            loader.start(*ingest, loaders=3)
        wait_until(lambda: waiting_for_tables(owner) == 3, "all loaders to be at it")
        assert first.kill() == -9
    for loader in others:
        loader.wait()
    acceptance.accept(engine, report_id, CLOCK)
    compute(engine, report_id, tmp_path / "reports")
    assert_is(undisturbed, engine, owner, report_id, tmp_path)


def waiting_for_tables(owner: Engine) -> int:
    """How many sessions wait for a table."""
    query = "select count(*) from pg_locks where not granted and relation is not null"
    with owner.connect() as connection:
        return connection.exec_driver_sql(query).scalar_one()


def test_killed_while_it_validates(
    process: TaskProcess, undisturbed: Published, world: worlds.World, engine: Engine, owner: Engine, tmp_path: Path
) -> None:
    report_id = start(engine, as_of=world.as_of, max_gap=world.max_gap)
    stage_files.ingest(engine, report_id, tmp_path / "data", CLOCK)
    validate = ("validate", owner.url.render_as_string(), report_id, tmp_path)
    for table in ("quality.expectation_result", "core.acceptance", "report.report"):
        kill_while_it_waits(owner, table, process, *validate)
    process.start(*validate)
    process.wait()
    published = compute(engine, report_id, tmp_path / "reports")
    assert (published.csv, published.figures) == (undisturbed.csv, undisturbed.figures)
    assert_nothing_is_left(owner, tmp_path / "reports")
    once = "select count(*), count(distinct (suite, expectation, file_id)) from quality.expectation_result"
    with owner.connect() as connection:
        found, distinct = connection.exec_driver_sql(once).one()
    assert found == distinct > 10


def test_killed_at_any_moment(
    process: TaskProcess,
    undisturbed: Published,
    world: worlds.World,
    engine: Engine,
    owner: Engine,
    settings: Settings,
    tmp_path: Path,
) -> None:
    random = Random(7)
    report_id = start(engine, as_of=world.as_of, max_gap=world.max_gap)
    for stage in STAGES:
        longest, killed = 0.3, 0
        while killed < 3:
            process.start(stage, settings.database_url, report_id, folder_of(stage, tmp_path))
            time.sleep(random.uniform(0, longest))
            if process.kill() == 0:
                longest *= 0.7
            else:
                killed += 1
        process.start(stage, settings.database_url, report_id, folder_of(stage, tmp_path))
        process.wait()
    assert_is(undisturbed, engine, owner, report_id, tmp_path)


def assert_is(undisturbed: Published, engine: Engine, owner: Engine, report_id: UUID, tmp_path: Path) -> None:
    assert figures(engine, report_id) == undisturbed.figures
    assert (tmp_path / "reports" / f"{report_id}.csv").read_bytes() == undisturbed.csv
    assert_nothing_is_left(owner, tmp_path / "reports")
