"""`make backup` and `make restore`: what comes back, and what is refused."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path

import psycopg2
import pytest

from commands.backup import tool
from conftest import execute
from store_uptime.db import embedded_postgres
from store_uptime.errors import StoreUptimeError
from store_uptime.settings import SAMPLE
from support import citus_extension
from support.programs import run_command

AS_OF = "2023-01-25T18:13:22Z"


def run(home: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a command as make does."""
    return run_command(home, *command, **{"STORE_UPTIME_DATA": str(SAMPLE)} | variables)


def restore(home: Path, source: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return run(home, "commands.backup", "restore", FROM=str(source), **variables)


def refusal(finished: subprocess.CompletedProcess[str]) -> str:
    """The one line that says why not."""
    assert (finished.returncode, finished.stdout) == (1, "")
    (line,) = finished.stderr.splitlines()
    return line.removeprefix("store-uptime: ")


def made(finished: subprocess.CompletedProcess[str]) -> Path:
    """The path that the command printed."""
    assert finished.returncode == 0, finished.stderr
    return Path(finished.stdout.splitlines()[-1])


def rows(url: str, query: str) -> list[tuple]:
    with closing(psycopg2.connect(url.replace("+psycopg2", ""))) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home of a user")


@pytest.fixture(scope="module")
def report(home: Path) -> Path:
    return made(run(home, "commands.report", AS_OF=AS_OF))


@pytest.fixture(scope="module")
def backup(home: Path, report: Path) -> Path:
    # What is being written has no name yet, and is not part of a backup.
    (home / "quality" / ".unfinished.json").touch()
    return made(run(home, "commands.backup", "backup"))


def test_what_was_backed_up_comes_back_and_goes_on(home: Path, report: Path, backup: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert restore(other, backup).returncode == 0
    back = other / "reports" / report.name
    assert back.read_bytes() == report.read_bytes()
    names = {str(path.relative_to(home)) for path in (home / "quality").rglob("*") if not path.name.startswith(".")}
    assert {str(path.relative_to(other)) for path in (other / "quality").rglob("*")} == names
    assert (other / "airflow" / "secrets.json").read_bytes() == (home / "airflow" / "secrets.json").read_bytes()

    again = made(run(other, "commands.report", AS_OF=AS_OF))
    assert again.name != report.name
    assert again.read_bytes() == report.read_bytes()
    with embedded_postgres.running(other) as url:
        assert rows(url, "select csv_path from report.report order by created_at") == [(str(back),), (str(again),)]
        # Airflow knows both runs, and the files were not loaded again.
        assert rows(url, "select count(*) from report.report join public.dag_run on dag_run_id = run_id") == [(2,)]
        assert rows(url, "select count(*) from core.file") == [(7,)]


def test_a_backup_is_its_owner_s_alone_and_tells_nothing_unfinished(backup: Path) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert [path.name for path in backup.parent.iterdir()] == [backup.name]
    with tarfile.open(backup) as tar:
        names = tar.getnames()
    assert (names[0], names[-1]) == ("database.dump", "manifest.json")
    assert not any(".unfinished" in name for name in names)


def test_a_home_that_is_not_empty_is_refused(home: Path, backup: Path) -> None:
    assert refusal(restore(home, backup)).endswith("already exists: restore into an empty STORE_UPTIME_HOME.")


def test_a_database_that_is_not_empty_is_refused(
    backup: Path, tmp_path: Path, new_database: Callable[[], AbstractContextManager[str]]
) -> None:
    with new_database() as url:
        line = refusal(restore(tmp_path / "other", backup, STORE_UPTIME_DATABASE_URL=url))
    assert line.startswith("The database is not empty: it has core.")
    assert {path.name for path in (tmp_path / "other").iterdir()} == {"logs"}


@pytest.mark.parametrize("damage", ["cut", "flipped", "no archive", "absent"])
def test_a_damaged_backup_is_refused_before_anything_starts(backup: Path, tmp_path: Path, damage: str) -> None:
    source = tmp_path / "backup.tar"
    shutil.copy(backup, source)
    if damage == "cut":
        with tarfile.open(source) as tar:
            (last,) = (member for member in tar if member.name == "manifest.json")
        os.truncate(source, last.offset)
    elif damage == "flipped":
        content = bytearray(source.read_bytes())
        content[5000] ^= 1  # in the dump, which comes first
        source.write_bytes(content)
    elif damage == "no archive":
        source.write_text("store_id,status\n" * 100)
    else:
        source.unlink()
    line = refusal(restore(tmp_path / "other", source))
    assert str(source) in line
    assert {path.name for path in (tmp_path / "other").iterdir()} == {"logs"}


def test_what_is_not_said_or_not_there_is_named(tmp_path: Path) -> None:
    assert refusal(run(tmp_path, "commands.backup", "restore")) == "FROM is not set; expected the path of a backup."
    assert refusal(run(tmp_path, "commands.backup", "backup")).startswith("There is nothing to back up")


def test_programs_are_as_new_as_the_server() -> None:
    said = subprocess.run(
        [tool("pg_dump", embedded_postgres.MAJOR_VERSION), "--version"], capture_output=True, text=True
    )
    assert f" {embedded_postgres.MAJOR_VERSION}." in said.stdout
    with pytest.raises(StoreUptimeError, match="Expected pg_dump of PostgreSQL 99 or newer"):
        tool("pg_dump", 99)


def test_a_backup_of_a_cluster_comes_back_to_one_server(database_url: str, tmp_path: Path) -> None:
    citus_extension.create(database_url)
    cluster, single = tmp_path / "cluster", tmp_path / "single"
    report = made(run(cluster, "commands.report", AS_OF=AS_OF, STORE_UPTIME_DATABASE_URL=database_url))
    backup = made(run(cluster, "commands.backup", "backup", STORE_UPTIME_DATABASE_URL=database_url))
    assert restore(single, backup).returncode == 0
    assert (single / "reports" / report.name).read_bytes() == report.read_bytes()


def test_a_database_with_nothing_but_an_extension_is_empty(
    server: Callable[[str], str], backup: Path, tmp_path: Path
) -> None:
    url = server("with_extension")
    execute(server("postgres"), "create database with_extension")
    citus_extension.create(url)
    finished = restore(tmp_path, backup, STORE_UPTIME_DATABASE_URL=url)
    execute(server("postgres"), "drop database with_extension with (force)")
    assert finished.returncode == 0, finished.stderr
