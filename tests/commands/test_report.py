"""`make report` as its user sees it: what it prints, its exit status, and what it leaves behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import execute
from store_uptime.db import embedded_postgres
from store_uptime.settings import PROJECT, SAMPLE
from support import small
from support.programs import run_command

TASKS = ["ingest", "validate", "localize", "clip", "interpolate", "export"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home of a user")


def report(home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs the command as make does."""
    return run_command(home, "commands.report", **variables)


def test_the_last_line_is_the_path_of_the_csv(home: Path) -> None:
    finished = report(home, DATA=str(SAMPLE))
    assert finished.returncode == 0, finished.stderr
    path = Path(finished.stdout.splitlines()[-1])
    assert path.parent == home / "reports"
    assert path.read_text().startswith("store_id,uptime_last_hour,")
    lines = [line for line in finished.stderr.splitlines() if not line.startswith("store-uptime: still ")]
    steps = ["starting the database", "starting Airflow", "reading the DAG", *TASKS]
    assert lines[0] == f"store-uptime: reading {SAMPLE}"
    assert [line.split(": ")[1] for line in lines[1:-2]] == steps
    assert lines[-2] == f"store-uptime: read: {SAMPLE}: 7 files, 7 new with 15,035 rows (33 unusable)"
    assert lines[-1].startswith("store-uptime: result: 86 stores as of 2023-01-25 18:13:22 UTC, last week 84.74 % up, ")
    again = report(home, DATA=str(SAMPLE))
    assert f"store-uptime: read: {SAMPLE}: 7 files, all loaded before\n" in again.stderr
    assert embedded_postgres.postmaster_pid(home) is None


def test_what_changes_figures_is_printed_with_an_example(tmp_path: Path) -> None:
    finished = report(tmp_path, DATA=str(SAMPLE.with_name("sample-dirty")))
    assert finished.returncode == 0, finished.stderr
    named = [line for line in finished.stderr.splitlines() if line.startswith("store-uptime: changes your figures: ")]
    assert len(named) >= 7, "tests/end_to_end/test_sample.py says which"
    assert all("For example: " in line for line in named)
    assert any(line.endswith("For example: no-usable-hours.") for line in named)
    assert f"store-uptime: all that was found: {tmp_path}/quality/data_docs/runs/" in finished.stderr


def test_data_of_another_folder_in_the_home_is_named(tmp_path: Path) -> None:
    first, second = small.write(tmp_path / "a"), small.write(tmp_path / "b")
    (second / "store_status.csv").write_text("store_id,status,timestamp_utc\n0042,active,2023-01-25 18:30:00 UTC\n")
    alone = report(tmp_path / "home", DATA=str(first))
    assert alone.returncode == 0, alone.stderr
    assert "counts too" not in alone.stderr
    mixed = report(tmp_path / "home", DATA=str(second))
    (line,) = [line for line in mixed.stderr.splitlines() if "counts too" in line]
    assert line == (
        f"store-uptime: data of {first} counts too: all that was ever loaded into a home adds up; "
        f"for {second} alone, set another STORE_UPTIME_HOME"
    )


def test_folders_are_the_caller_s_and_a_bad_file_is_one_clear_line(home: Path, tmp_path: Path) -> None:
    data = shutil.copytree(SAMPLE, tmp_path / "data")
    (data / "store_status.csv").write_bytes(b"\x00\x01\x02")
    finished = report(home, DATA=os.path.relpath(data, PROJECT), OUT=str(tmp_path / "out"))
    assert finished.returncode == 1
    assert finished.stdout == ""
    line = finished.stderr.splitlines()[-1]
    assert line.startswith("store-uptime: ingest failed: store_status.csv")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("AS_OF", "yesterday"), ("MAX_GAP", "-2h"), ("NO_DATA", "up"), ("SHARDS", "0"), ("SHARDS", "many")),
        *(("HOURS_VALID_FROM", "01.03.2023"), ("ZONES_VALID_FROM", "2999-01-01")),
    ],
)
def test_a_bad_variable_is_named_before_anything_starts(home: Path, name: str, value: str) -> None:
    finished = report(home, **{name: value})
    assert finished.returncode == 1
    assert finished.stdout == ""
    (line,) = finished.stderr.splitlines()
    assert line.startswith(f"store-uptime: {name} is {value!r}; expected ")


def test_a_command_that_fails_early_does_not_wait_for_its_import_worker() -> None:
    """Its handler of SIGTERM is the worker's too until that has begun, and may get lost within an import."""
    code = """
import signal, sys
from commands.import_worker import ImportWorker
signal.signal(signal.SIGTERM, lambda *_: None)
for _ in range(5):
    with ImportWorker():
        pass
"""
    subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=os.environ | {"PYTHONPATH": "include"}, check=True, timeout=120
    )


def test_a_cause_that_the_database_does_not_take_is_one_clear_line(new_database: Callable, tmp_path: Path) -> None:
    """As on a cluster while a node is away: tables that all nodes have a copy of cannot be changed."""
    with new_database() as url:
        execute(
            url,
            "create function report.refuse() returns trigger language plpgsql as "
            "$$ begin raise exception 'node 2 is away'; end $$",
        )
        execute(url, "create trigger refuse before insert on report.report execute function report.refuse()")
        finished = report(tmp_path, DATA=str(SAMPLE), STORE_UPTIME_DATABASE_URL=url)
    assert finished.returncode == 1
    assert finished.stdout == ""
    assert finished.stderr.splitlines()[-1].startswith("store-uptime: ingest failed: RaiseException: node 2 is away")


def test_a_database_out_of_reach_is_one_clear_line(home: Path) -> None:
    url = "postgresql://me:secret@127.0.0.1:1/nowhere"
    finished = report(home, DATA=str(SAMPLE), STORE_UPTIME_DATABASE_URL=url)
    assert finished.returncode == 1
    line = finished.stderr.splitlines()[-1]
    assert line.startswith("store-uptime: STORE_UPTIME_DATABASE_URL cannot be reached")
    assert "secret" not in finished.stderr
