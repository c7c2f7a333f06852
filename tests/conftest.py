"""One embedded PostgreSQL for all tests, and a new, migrated database for each test that requests one."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import hypothesis
import psycopg2
import pytest
from sqlalchemy import Engine
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from store_uptime.db import embedded_postgres
from store_uptime.db.engine import connect
from store_uptime.db.migrations import migrate
from store_uptime.settings import PROJECT, Settings

if TYPE_CHECKING:
    from support.system import System

# A running Airflow with the plugin, once for all folders whose tests ask for it.
pytest_plugins = ["plugin.fixtures"]

MIGRATED = "migrated"

# Folders whose modules share what takes long to start, with a name for that: tests/dags, and the running Airflow.
TOGETHER = {"dags": "dags", "plugin": "stack", "security": "stack", "faults": "faults"}

# A busy machine must not fail an example.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of tests/dags come first, which need an Airflow in this process that no test before has imported. Modules
    that need the running Airflow come last: as long as it runs, it takes a part of the processor.
    """
    with_stack = {item.path for item in items if "stack" in getattr(item, "fixturenames", ())}
    items.sort(key=lambda item: (scope_of(item.nodeid) != "dags", item.path in with_stack))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Where several processes run tests, those that share fixtures are run by one of them."""

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return scope_of(nodeid)

    return Scheduling(config, log)


def scope_of(nodeid: str) -> str:
    """Which tests stay together: those of a module, or of folders with fixtures in common."""
    module = Path(nodeid.partition("::")[0])
    return TOGETHER.get(module.parts[1], str(module))


def pytest_collection_finish() -> None:
    """Airflow reads its configuration when it is imported; tests/dags must come first."""
    assert "airflow" not in sys.modules, "a test module imports Airflow when it is collected; import it within the test"


@pytest.fixture(scope="session")
def server() -> Iterator[Callable[[str], str]]:
    """A running PostgreSQL, as a function from the name of a database to its URL."""
    with (
        tempfile.TemporaryDirectory(prefix="store-uptime-tests-") as home,
        embedded_postgres.running(Path(home)) as url,
    ):

        def url_of(database: str) -> str:
            return url.replace(f"/{embedded_postgres.DATABASE}?", f"/{database}?")

        # The data is temporary, so it need not be flushed to disk.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            execute(url, f"alter system set {setting} = off")
        execute(url, "select pg_reload_conf()")
        execute(url, f"create database {MIGRATED}")
        migrate(settings_for(Path(home), url_of(MIGRATED)))
        yield url_of


@pytest.fixture(scope="session")
def new_database(server: Callable[[str], str]) -> Callable[[], contextmanager]:
    """`with new_database() as url:` creates a migrated, empty database, and drops it when the block ends."""

    @contextmanager
    def create() -> Iterator[str]:
        name = f"test_{uuid4().hex}"
        execute(server("postgres"), f"create database {name} template {MIGRATED}")
        try:
            yield server(name)
        finally:
            execute(server("postgres"), f"drop database {name} with (force)")

    return create


@pytest.fixture(scope="session")
def new_engine(new_database: Callable[[], contextmanager]) -> Callable[[], contextmanager]:
    """`with new_engine() as engine:` connects a writer to a new database, for tests that need several."""

    @contextmanager
    def create() -> Iterator[Engine]:
        with new_database() as url:
            engine = connect(Settings.from_environment({"STORE_UPTIME_DATABASE_URL": url}), "writer")
            try:
                yield engine
            finally:
                engine.dispose()

    return create


@pytest.fixture
def database_url(new_database: Callable[[], contextmanager]) -> Iterator[str]:
    with new_database() as url:
        yield url


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(tmp_path, database_url)


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """An engine with a writer's rights, as tasks have."""
    engine = connect(settings, "writer")
    yield engine
    engine.dispose()


@pytest.fixture
def owner(settings: Settings) -> Iterator[Engine]:
    """An engine with all rights, for tests that prepare or empty tables."""
    engine = connect(settings, "owner")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def system(new_database: Callable, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system of many machines; it stops after the module, to free the processor."""
    from support.system import running_system

    with running_system(new_database, tmp_path_factory.mktemp("machines")) as system:
        yield system


@pytest.fixture(scope="session")
def sample_report(new_engine: Callable, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The report on the sample, computed in one process."""
    from support.pipeline import run_report

    with new_engine() as engine:
        return run_report(engine, PROJECT / "data" / "sample", tmp_path_factory.mktemp("sample-report")).csv


def settings_for(home: Path, database_url: str) -> Settings:
    return Settings.from_environment({"STORE_UPTIME_HOME": str(home), "STORE_UPTIME_DATABASE_URL": database_url})


def execute(url: str, command: str) -> None:
    """Executes one command outside a transaction, as `create database` requires."""
    connection = psycopg2.connect(url.replace("postgresql+psycopg2://", "postgresql://", 1))
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(command)
    finally:
        connection.close()
