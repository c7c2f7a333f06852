"""Several runs, and several shards of one, at the same time in processes of their own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy import Engine, StaticPool, create_engine, text

from faults.task_process import TaskProcess
from store_uptime.db.engine import connect
from store_uptime.ingest import acceptance, stage_files
from store_uptime.ingest.store_keys import store_key
from store_uptime.reports.request import ReportRequest, create_report, report_id_of
from store_uptime.settings import Settings
from support import small, worlds
from support.pipeline import CLOCK, Published, compute, dump, figures, is_waiting, run_report, start

STAGES = ["localize", "clip", "interpolate"]


@pytest.fixture
def world() -> worlds.World:
    moment = worlds.MOMENTS[1]
    return worlds.build(moment, moment[1] + timedelta(hours=30), None, "unknown", [(seed, 8, 4) for seed in range(60)])


@pytest.fixture
def alone(new_engine, tmp_path: Path, world: worlds.World) -> Published:
    with new_engine() as engine:
        folder = world.write(tmp_path / "data", Random(1))
        return run_report(engine, folder, tmp_path / "alone", as_of=world.as_of)


def together(
    processes: list[TaskProcess],
    stage: str,
    settings: Settings,
    report_ids: list,
    folders: list[Path],
    shards: list[int],
) -> None:
    work = list(zip(processes, report_ids, folders, shards, strict=True))
    for process, report_id, folder, shard in work:
        process.start(stage, settings.database_url, report_id, folder, shard)
    for process, *_ in work:
        process.wait()


@pytest.mark.parametrize("attempt", range(3))
def test_runs_of_the_same_folder(
    processes: list[TaskProcess],
    alone: Published,
    engine: Engine,
    settings: Settings,
    tmp_path: Path,
    world: worlds.World,
    attempt: int,
) -> None:
    report_ids = [start(engine, as_of=world.as_of) for _ in processes]
    for stage in ["ingest", "accept", *STAGES]:
        together(processes, stage, settings, report_ids, [tmp_path / "data"] * 3, [0, 0, 0])
    together(processes, "export", settings, report_ids, [tmp_path / "reports"] * 3, [0, 0, 0])
    for report_id in report_ids:
        assert figures(engine, report_id) == alone.figures
        assert (tmp_path / "reports" / f"{report_id}.csv").read_bytes() == alone.csv
    tables = dump(engine)
    assert len(tables["core.file"]) == 3
    assert len(tables["core.acceptance"]) == 3


@pytest.mark.parametrize("attempt", range(3))
def test_runs_of_folders_that_share_files(
    processes: list[TaskProcess],
    alone: Published,
    engine: Engine,
    settings: Settings,
    tmp_path: Path,
    world: worlds.World,
    attempt: int,
) -> None:
    """Each run brings other polls of the same stores in the same new months, beside files that all bring."""
    folders = []
    for number in range(3):
        folder = world.write(tmp_path / f"data {number}", Random(1))
        next(folder.glob("store*status*")).unlink()
        for name in {0: "ab", 1: "bc", 2: "ca"}[number]:
            polls = world.polls["abc".index(name) :: 3]
            worlds.write_file(
                folder, Random(name), [f"store_status_{name}"], ["store_id", "status", "timestamp_utc"], polls
            )
        folders.append(folder)
    report_ids = [start(engine, as_of=world.as_of) for _ in processes]
    for stage in ("ingest", "accept"):
        together(processes, stage, settings, report_ids, folders, [0, 0, 0])
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from core.file where state = 'accepted'")).scalar() == 5
        assert connection.execute(text("select count(distinct file_id) from core.acceptance")).scalar() == 5


def test_loaders_that_open_one_report_at_the_same_moment(settings: Settings, engine: Engine) -> None:
    """Whoever comes first writes its row, and nobody fails: with two keys to clash in that took luck."""
    runs = [str(uuid4()) for _ in range(500)]
    start_line = Barrier(3, timeout=60)

    def open_all() -> None:
        own = connect(settings, "writer")
        for run in runs:
            start_line.wait()
            create_report(own, ReportRequest(report_id_of(run), run, created_at=CLOCK))
        own.dispose()

    with ThreadPoolExecutor() as threads:
        for opened in [threads.submit(open_all) for _ in range(3)]:
            opened.result()
    with engine.connect() as connection:
        found = connection.execute(text("select dag_run_id from report.report")).scalars().all()
    assert sorted(found) == sorted(runs)


def test_shards_of_one_report(
    processes: list[TaskProcess],
    alone: Published,
    engine: Engine,
    settings: Settings,
    tmp_path: Path,
    world: worlds.World,
) -> None:
    report_id = start(engine, as_of=world.as_of, shards=3)
    for stage in ("ingest", "accept"):
        together(processes[:1], stage, settings, [report_id], [tmp_path / "data"], [0])
    for stage in STAGES:
        together(processes, stage, settings, [report_id] * 3, [tmp_path] * 3, [0, 1, 2])
    together(processes[:1], "export", settings, [report_id], [tmp_path / "reports"], [0])
    assert figures(engine, report_id) == alone.figures


def test_two_tries_of_the_same_task(
    processes: list[TaskProcess],
    alone: Published,
    engine: Engine,
    settings: Settings,
    tmp_path: Path,
    world: worlds.World,
) -> None:
    """A worker that was given up still runs when the task is tried again."""
    report_id = start(engine, as_of=world.as_of)
    for stage in ["ingest", "accept", *STAGES]:
        together(processes, stage, settings, [report_id] * 3, [tmp_path / "data"] * 3, [0, 0, 0])
    together(processes, "export", settings, [report_id] * 3, [tmp_path / "reports"] * 3, [0, 0, 0])
    assert figures(engine, report_id) == alone.figures
    assert [path.name for path in (tmp_path / "reports").iterdir()] == [f"{report_id}.csv"]
    assert (tmp_path / "reports" / f"{report_id}.csv").read_bytes() == alone.csv


def test_polls_that_are_accepted_while_a_report_is_computed_do_not_exist_for_it(
    processes: list[TaskProcess], engine: Engine, owner: Engine, settings: Settings, tmp_path: Path, world: worlds.World
) -> None:
    folder = world.write(tmp_path / "data", Random(1))
    before = run_report(engine, folder, tmp_path / "reports", as_of=world.as_of)
    opposite = {"active": "inactive", "inactive": "active"}
    corrections = [(row[0], opposite[row[1].strip().lower()], row[2]) for row in world.polls if row in world.meaning]
    replace(world, polls=corrections).write(tmp_path / "corrections", Random(2))
    report_id = start(engine, as_of=world.as_of)
    stage_files.ingest(engine, report_id, tmp_path / "corrections", CLOCK)

    # The acceptance has the only connection of this engine, and with it the lock, which goes when it commits.
    accepting = create_engine(settings.database_url, poolclass=StaticPool)
    blocker = accepting.raw_connection()
    blocker.cursor().execute("lock table core.status_interval in access exclusive mode")
    processes[0].start("interpolate", settings.database_url, before.report_id, folder)
    assert is_waiting(owner, processes[0])
    acceptance.accept(accepting, report_id, CLOCK)
    processes[0].wait()
    blocker.close()
    accepting.dispose()
    assert figures(engine, before.report_id) == before.figures
    assert compute(engine, report_id, tmp_path / "reports").figures != before.figures


def test_runs_that_bring_the_same_new_months_in_another_order(
    processes: list[TaskProcess], engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    """They may wait for each other, but not in a circle."""
    stores = sorted((f"store {number}" for number in range(24)), key=store_key)
    months = [f"{year}-{month:02}-10 12:00:00 UTC" for year in (2022, 2023) for month in range(1, 13)]
    folders, report_ids = [], []
    for name, order in (("up", months), ("down", months[::-1])):
        rows = "".join(f"{store},active,{stamp}\n" for store, stamp in zip(stores, order, strict=True))
        status = f"store_id,status,timestamp_utc\n{rows}"
        folders.append(small.write(tmp_path / name, store_status=status, business_hours=None, store_timezones=None))
        report_ids.append(start(engine))
    together(processes[:2], "ingest", settings, report_ids, folders, [0, 0])
    assert len(dump(engine)["core.poll_day"]) == 48
