"""`make report` as its user sees it: what it prints, its exit status, and what it leaves behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from store_uptime.db import embedded_postgres
from store_uptime.settings import PROJECT, SAMPLE


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home of a user")


def report(home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs the command as make does."""
    named = {name: value for name, value in os.environ.items() if not name.startswith(("STORE_UPTIME_", "AIRFLOW"))}
    environment = named | {"STORE_UPTIME_HOME": str(home), "PYTHONPATH": "include"} | variables
    return subprocess.run(
        [sys.executable, "-m", "commands.report"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_last_line_is_the_path_of_the_csv(home: Path) -> None:
    finished = report(home, DATA=str(SAMPLE))
    assert finished.returncode == 0, finished.stderr
    path = Path(finished.stdout.splitlines()[-1])
    assert path.parent == home / "reports"
    assert path.read_text().startswith("store_id,uptime_last_hour,")
    assert [line.split()[1] for line in finished.stderr.splitlines()] == [
        "ingest:", "validate:", "localize:", "clip:", "interpolate:", "export:", "changes", "all",
    ]  # fmt: skip
    assert "For example: no-usable-hours." in finished.stderr
    assert embedded_postgres.postmaster_pid(home) is None


def test_folders_are_the_caller_s_and_a_bad_file_is_one_clear_line(home: Path, tmp_path: Path) -> None:
    data = shutil.copytree(SAMPLE, tmp_path / "data")
    (data / "store_status.csv").write_bytes(b"\x00\x01\x02")
    finished = report(home, DATA=os.path.relpath(data, PROJECT), OUT=str(tmp_path / "out"))
    assert finished.returncode == 1
    assert finished.stdout == ""
    (line,) = finished.stderr.splitlines()
    assert line.startswith("store-uptime: ingest failed: store_status.csv")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [("AS_OF", "yesterday"), ("MAX_GAP", "-2h"), ("NO_DATA", "up"), ("SHARDS", "0"), ("SHARDS", "many")],
)
def test_a_bad_variable_is_named_before_anything_starts(home: Path, name: str, value: str) -> None:
    finished = report(home, **{name: value})
    assert finished.returncode == 1
    assert finished.stdout == ""
    (line,) = finished.stderr.splitlines()
    assert line.startswith(f"store-uptime: {name} is {value!r}; expected ")


def test_a_database_out_of_reach_is_one_clear_line(home: Path) -> None:
    url = "postgresql://me:secret@127.0.0.1:1/nowhere"
    finished = report(home, DATA=str(SAMPLE), STORE_UPTIME_DATABASE_URL=url)
    assert finished.returncode == 1
    (line,) = finished.stderr.splitlines()
    assert line.startswith("store-uptime: STORE_UPTIME_DATABASE_URL cannot be reached")
    assert "secret" not in line
