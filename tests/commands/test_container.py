"""What the image's entry point does besides starting Airflow's processes, as plain processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import psycopg2
import pytest

from commands.container import wait_for_tables
from store_uptime.db.migrations import is_migrated
from store_uptime.errors import StoreUptimeError
from store_uptime.settings import PROJECT, Settings

ACCOUNT, PASSWORD = "somebody", "a pass/word"


def run(home: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a container's command; of this machine it knows the PATH."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": "include", "STORE_UPTIME_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-m", "commands.container", *command],
        cwd=PROJECT,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def execute(url: str, *statements: str) -> list[tuple]:
    """Each in a transaction of its own; the rows of the last one."""
    with closing(psycopg2.connect(url.replace("+psycopg2", ""))) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def account(server: Callable[[str], str]) -> Iterator[None]:
    """A user whom the server asks for a password, as it asks nobody else."""
    admin = server("postgres")
    [(path,)] = execute(admin, "show hba_file")
    rules = Path(path).read_text()
    Path(path).write_text(f"local all {ACCOUNT} scram-sha-256\n{rules}")
    execute(admin, f"create role {ACCOUNT} superuser login password '{PASSWORD}'", "select pg_reload_conf()")
    yield
    Path(path).write_text(rules)
    execute(admin, f"drop role {ACCOUNT}", "select pg_reload_conf()")


@contextmanager
def empty_database(server: Callable[[str], str]) -> Iterator[str]:
    execute(server("postgres"), "create database restored template template0")
    try:
        yield server("restored")
    finally:
        execute(server("postgres"), "drop database restored with (force)")


@pytest.mark.usefixtures("account")
def test_a_backup_of_a_server_with_a_password(
    server: Callable[[str], str], new_database: Callable[[], AbstractContextManager[str]], tmp_path: Path
) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    with new_database() as url, empty_database(server) as empty_url:
        execute(url, "update public.store_uptime_version set version_num = 'told apart'")
        told = {
            "STORE_UPTIME_DATABASE_URL": url.replace("postgresql+psycopg2://postgres@", f"postgresql://{ACCOUNT}@"),
            "OUT": str(tmp_path / "backups"),
        }
        assert told["STORE_UPTIME_DATABASE_URL"] != url
        refused = run(tmp_path / "home", "backup", **told)
        assert refused.returncode == 1
        assert "no password supplied" in refused.stderr

        secret = {"POSTGRES_PASSWORD_FILE": str(tmp_path / "password")}
        done = run(tmp_path / "home", "backup", **told, **secret)
        assert done.returncode == 0, done.stderr
        backup = Path(done.stdout.strip())
        assert backup.parent == tmp_path / "backups"
        with tarfile.open(backup) as tar:
            assert tar.getnames() == ["database.dump", "manifest.json"]

        told["STORE_UPTIME_DATABASE_URL"] = told["STORE_UPTIME_DATABASE_URL"].replace(
            url.split("@/")[1], empty_url.split("@/")[1]
        )
        done = run(tmp_path / "other", "restore", FROM=str(backup), **told, **secret)
        assert done.returncode == 0, done.stderr
        assert execute(empty_url, "select version_num from public.store_uptime_version") == [("told apart",)]


def test_a_process_waits_for_the_tables_of_its_version(
    new_database: Callable[[], AbstractContextManager[str]], server: Callable[[str], str], tmp_path: Path
) -> None:
    def settings(url: str) -> Settings:
        return Settings.from_environment({"STORE_UPTIME_HOME": str(tmp_path), "STORE_UPTIME_DATABASE_URL": url})

    with new_database() as url:
        wait_for_tables(settings(url), seconds=0)
        execute(url, "update public.store_uptime_version set version_num = 'of another version'")
        with pytest.raises(StoreUptimeError, match="the tables of another version"):
            wait_for_tables(settings(url), seconds=0)
    with empty_database(server) as url:
        assert not is_migrated(settings(url))
        assert execute(url, "select count(*) from pg_tables where schemaname = 'public'") == [(0,)]


def test_a_program_gets_its_arguments_and_airflow_s_environment(tmp_path: Path) -> None:
    code = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]))"
    told = {"STORE_UPTIME_DATABASE_URL": "postgresql://me@db/x", "POSTGRES_PASSWORD": "secret"}
    done = run(tmp_path, "python", "-c", code, "--an-option", "two words", **told)
    assert done.returncode == 0, done.stderr
    arguments, environment = json.loads(done.stdout)
    assert arguments == ["--an-option", "two words"]
    assert environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == "postgresql+psycopg2://me:secret@db/x"
    assert environment["AIRFLOW__CORE__PLUGINS_FOLDER"] == str(PROJECT / "plugins")


def test_a_word_that_nothing_is_called_is_refused_with_those_that_are(tmp_path: Path) -> None:
    done = run(tmp_path / "home", "schedular")
    assert done.returncode == 1
    assert done.stderr.startswith("store-uptime: schedular is neither a process nor a program on the PATH; ")
    assert not (tmp_path / "home").exists()
