"""A disk that fills up: the task says which one in one line, leaves nothing, and works when there is room again."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from conftest import execute
from faults.breakable import Server, assert_nothing_is_left, small_disk
from faults.conftest import new_database_on
from faults.dag_runs import DagProcess
from store_uptime.db import embedded_postgres
from store_uptime.db.engine import connect
from store_uptime.ingest import acceptance
from store_uptime.settings import Settings
from support import worlds
from support.pipeline import CLOCK, Published, compute, figures, run_report, start

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
ROWS, STORES = 200_000, 20_000
STAGES = ["accept", "localize", "clip", "interpolate"]


def write_big(folder: Path) -> Path:
    """Polls that need more room than the disk has at first."""
    rows = "".join(f"store {n % STORES},active,2023-01-22 {n // 10000:02}:{n % 60:02}:00 UTC\n" for n in range(ROWS))
    folder.mkdir(exist_ok=True)
    (folder / "store_status.csv").write_text(f"store_id,status,timestamp_utc\n{rows}")
    return folder


def make_room(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=200m", str(disk)], check=True)


@pytest.fixture
def small_tablespace(breakable: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A tablespace `small` with little room; the server's log and its other databases have theirs elsewhere."""
    with small_disk(breakable.home / "small", "14m") as disk:
        account = embedded_postgres.server_account()
        if account is not None:
            os.chown(disk, *account)
        execute(breakable.url("postgres"), f"create tablespace small location '{disk}'")
        yield disk
        execute(breakable.url("postgres"), "drop tablespace small")
    (breakable.home / "small").rmdir()


def test_the_database_s_disk(
    breakable: Server,
    small_tablespace: Path,
    dag_process: DagProcess,
    fragile: Settings,
    one_world: worlds.World,
    undisturbed_report: Published,
) -> None:
    with new_database_on(breakable.url, "tablespace small") as url:
        settings = replace(fragile, database_url=url)
        owner = connect(settings, "owner")
        big = Path(settings.data) / "store_status_big.csv"
        write_big(settings.home / "big")
        (settings.home / "big" / "store_status.csv").rename(big)
        dag_process.start(settings, as_of=one_world.as_of.isoformat())
        run = dag_process.wait()
        assert run.states["ingest"] == [("failed", 4)]
        with owner.connect() as connection:
            cause = connection.execute(text("select failure_cause from report.report")).scalar()
            assert connection.execute(text("select count(*) from core.file")).scalar() == 0
        assert cause.startswith("The disk of the database server is full: ")
        assert "\n" not in cause
        assert_nothing_is_left(owner, Path(settings.reports))
        make_room(small_tablespace)
        dag_process.start(settings, as_of=one_world.as_of.isoformat())
        run = dag_process.wait()
        assert run.states["export"] == [("success", 1)]
        theirs = {store: periods for store, periods in figures(owner, run.report_id).items() if "store " not in store}
        assert theirs == undisturbed_report.figures
        assert_nothing_is_left(owner, Path(settings.reports))
        owner.dispose()


def test_the_folder_for_temporary_files(
    new_process: Callable, engine: Engine, owner: Engine, settings: Settings, tmp_path: Path
) -> None:
    folder = write_big(tmp_path / "data")
    with small_disk(tmp_path / "small", "1m") as disk:
        process = new_process(TMPDIR=str(disk))
        report_id = start(engine)
        process.start("ingest", settings.database_url, report_id, folder)
        assert f"DiskFullError: The folder for temporary files ({disk}) is full. " in process.failure()
        assert list(disk.iterdir()) == []
        assert_nothing_is_left(owner, tmp_path / "reports")
        with engine.connect() as connection:
            assert connection.execute(text("select count(*) from core.file")).scalar() == 0
        make_room(disk)
        process.start("ingest", settings.database_url, report_id, folder)
        process.wait()
        process.close()
    acceptance.accept(engine, report_id, CLOCK)
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from core.poll")).scalar() == ROWS
    assert len(compute(engine, report_id, tmp_path / "reports").figures) == STORES
    assert_nothing_is_left(owner, tmp_path / "reports")


def test_the_reports_folder(
    new_process: Callable, engine: Engine, owner: Engine, settings: Settings, tmp_path: Path
) -> None:
    first = run_report(engine, write_big(tmp_path / "data"), tmp_path / "elsewhere")
    process = new_process()
    with small_disk(tmp_path / "small", "100k") as disk:
        report_id = start(engine)
        for stage, folder in [("ingest", tmp_path / "data"), *((stage, disk) for stage in STAGES)]:
            process.start(stage, settings.database_url, report_id, folder)
            process.wait()
        process.start("export", settings.database_url, report_id, disk)
        assert f"DiskFullError: The reports folder ({disk}) is full. " in process.failure()
        assert list(disk.iterdir()) == []
        make_room(disk)
        process.start("export", settings.database_url, report_id, disk)
        process.wait()
        assert (disk / f"{report_id}.csv").read_bytes() == first.csv
        shutil.move(first.path, disk)
        assert_nothing_is_left(owner, disk)
