"""A PostgreSQL server to be stopped, started again and filled up, and what every fault must leave behind: nothing."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path

import psycopg2
from sqlalchemy import Engine, text

from store_uptime.db import embedded_postgres
from support.pipeline import SCHEMAS

# Few connections, so that they can run out; commits have to outlive the server, but not the machine.
SETTINGS = """
max_connections = 20
fsync = off
"""
START_SECONDS = 60


class Server:
    """The embedded server of a home."""

    def __init__(self, home: Path) -> None:
        self.home = home
        embedded_postgres.release(home, embedded_postgres.hold(home))
        with (embedded_postgres.data_folder(home) / "postgresql.conf").open("a") as configuration:
            configuration.write(SETTINGS)
        self._lock = embedded_postgres.hold(home)

    def url(self, database: str) -> str:
        return embedded_postgres.url_of(self.home).replace(f"/{embedded_postgres.DATABASE}?", f"/{database}?")

    def break_down(self) -> None:
        """Ends as if the power had failed: no checkpoint, no goodbye to anybody."""
        data = embedded_postgres.data_folder(self.home)
        embedded_postgres.run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop", data=data)

    def start(self) -> None:
        """Starts again, and recovers."""
        embedded_postgres.start(self.home)

    def close(self) -> None:
        embedded_postgres.release(self.home, self._lock)

    @contextmanager
    def all_connections(self) -> Iterator[None]:
        """Nobody else gets a connection."""
        with ExitStack() as taken:
            while True:
                try:
                    connection = psycopg2.connect(self.url("postgres").replace("+psycopg2", ""))
                except psycopg2.OperationalError:
                    break
                taken.callback(connection.close)
            yield


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """`folder` on a disk of its own with so much room (a tmpfs: only root may mount one)."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "store-uptime-test", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def wait_until(condition: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Looks again and again; the time only keeps a broken test from hanging."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.02)


def somebody_waits(owner: Engine, words: str = "") -> bool:
    """Whether a statement with these words waits for a lock in this database."""
    query = text(
        "select count(*) from pg_locks inner join pg_stat_activity using (pid)"
        " where not granted and datname = current_database() and position(:words in query) > 0"
    )
    with owner.connect() as connection:
        return bool(connection.execute(query, {"words": words}).scalar())


def assert_nothing_is_left(owner: Engine, reports: Path) -> None:
    """What no fault may leave: files that nobody published, rows of files that were never finished, sessions, locks."""
    files = {path.name: sha256(path.read_bytes()).hexdigest() for path in reports.iterdir()} if reports.exists() else {}
    with owner.connect() as connection:
        published = connection.exec_driver_sql(
            "select report_id::text || '.csv', csv_sha256 from report.report where published_at is not null"
        ).all()
        assert files == dict(map(tuple, published))
        for table in tables_with_files(connection):
            query = f"select count(*) from {table} where file_id not in (select file_id from core.file)"
            assert connection.execute(text(query)).scalar() == 0, f"{table} holds rows of a file that is not there"
        for table in ("core.polled_store", "core.staged_interval"):
            query = f"select count(*) from {table} inner join core.file using (file_id) where state = 'accepted'"
            assert connection.execute(text(query)).scalar() == 0, f"{table} was not emptied"
        loading = connection.exec_driver_sql("select name from core.file where state = 'loading'").scalars().all()
        assert loading == [], "a file was not loaded whole"
        assert connection.exec_driver_sql("select count(*) from core.file_partition").scalar() == 0
        loose = connection.exec_driver_sql(
            "select c.relname from pg_class c where c.relnamespace = 'core'::regnamespace and c.relkind = 'r'"
            " and c.relname ~ '^poll_day_' and not c.relispartition"
        )
        assert loose.scalars().all() == [], "a table of polls is no partition"
        twice = connection.exec_driver_sql(
            "select kind, content_sha256 from core.file where state <> 'rejected'"
            " group by kind, content_sha256 having count(*) > 1"
        )
        assert twice.all() == []
    wait_until(lambda: other_sessions(owner) == [], f"sessions to end: {other_sessions(owner)}")


def tables_with_files(connection: object) -> list[str]:
    """Our tables whose rows belong to a file."""
    query = (
        "select table_schema || '.' || table_name from information_schema.columns"
        " inner join information_schema.tables using (table_schema, table_name)"
        " where column_name = 'file_id' and table_schema = any(:schemas) and table_type = 'BASE TABLE'"
    )
    return list(connection.execute(text(query), {"schemas": list(SCHEMAS)}).scalars())


def other_sessions(owner: Engine) -> list[str]:
    """What others do in this database, or left undone: an open transaction or a lock."""
    query = (
        "select distinct coalesce(state, '') || ' ' || query from pg_stat_activity"
        " inner join pg_locks using (pid)"
        " where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
    )
    with owner.connect() as connection:
        return list(connection.exec_driver_sql(query).scalars())
