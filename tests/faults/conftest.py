"""Processes to run stages and runs in, a server that may be broken, and one world with its undisturbed report."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy import Engine, NullPool

from conftest import MIGRATED, execute, settings_for
from faults.breakable import Server
from faults.dag_runs import DagProcess
from faults.task_process import TaskProcess
from store_uptime.db.engine import connect
from store_uptime.db.migrations import migrate
from store_uptime.settings import Settings
from support import worlds
from support.pipeline import Published, run_report


@pytest.fixture(scope="module")
def new_process() -> Iterator[Callable[..., TaskProcess]]:
    """`new_process(TMPDIR="/somewhere")`: one with such variables."""
    processes: list[TaskProcess] = []

    def create(**variables: str) -> TaskProcess:
        processes.append(TaskProcess(variables))
        return processes[-1]

    yield create
    for process in processes:
        process.close()


@pytest.fixture(scope="module")
def process(new_process: Callable[..., TaskProcess]) -> TaskProcess:
    return new_process()


@pytest.fixture(scope="module")
def processes(new_process: Callable[..., TaskProcess]) -> list[TaskProcess]:
    return [new_process() for _ in range(3)]


@pytest.fixture(scope="session")
def breakable() -> Iterator[Server]:
    """A server that no other test uses."""
    with tempfile.TemporaryDirectory(prefix="store-uptime-faults-") as home:
        server = Server(Path(home))
        execute(server.url("postgres"), f"create database {MIGRATED}")
        migrate(settings_for(Path(home), server.url(MIGRATED)))
        yield server
        server.close()


@pytest.fixture
def fragile(breakable: Server, folder: Path, tmp_path: Path) -> Iterator[Settings]:
    """A migrated, empty database on that server, and the folder of the world to read."""
    with new_database_on(breakable.url) as url:
        yield replace(settings_for(tmp_path, url), data=str(folder), reports=str(tmp_path / "reports"))


@contextmanager
def new_database_on(url_of: Callable[[str], str], more: str = "") -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    execute(url_of("postgres"), f"create database {name} template {MIGRATED} {more}")
    try:
        yield url_of(name)
    finally:
        execute(url_of("postgres"), f"drop database {name} with (force)")


@pytest.fixture
def onlooker(fragile: Settings) -> Engine:
    """With all rights, and a new connection each time: the last one may be broken."""
    return connect(fragile, "owner", poolclass=NullPool)


@pytest.fixture(scope="session")
def dag_process(new_database: Callable, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DagProcess]:
    """Airflow, whose own tables are where nothing is broken."""
    with new_database() as url:
        process = DagProcess(settings_for(tmp_path_factory.mktemp("airflow"), url))
        yield process
        process.close()


@pytest.fixture(scope="session")
def one_world() -> worlds.World:
    """Sixty stores around a clock change."""
    zone, change = worlds.MOMENTS[0]
    plans = [(seed, 12, 4) for seed in range(60)]
    return worlds.build((zone, change), change + timedelta(hours=30), None, "unknown", plans)


@pytest.fixture(scope="session")
def undisturbed_report(
    one_world: worlds.World, new_engine: Callable, tmp_path_factory: pytest.TempPathFactory
) -> Published:
    """What everybody should get from that world in the end."""
    home = tmp_path_factory.mktemp("undisturbed")
    with new_engine() as engine:
        return run_report(engine, one_world.write(home / "data", Random(1)), home / "reports", as_of=one_world.as_of)


@pytest.fixture
def folder(undisturbed_report: Published, tmp_path: Path) -> Path:
    """The world's files, for a test to spoil."""
    return Path(shutil.copytree(undisturbed_report.path.parents[1] / "data", tmp_path / "data"))
