"""Commands that are killed, or cannot do what they are asked for: nothing stays `running`, and little time is lost."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
import pytest

from commands.console import open_log
from commands.lost_reports import CAUSE, claimed, is_claimed
from store_uptime.db import embedded_postgres
from store_uptime.settings import PROJECT
from support import small
from support.programs import commands_environment

STATES = """
select d.state, d.run_id, r.failed_task, r.failure_cause, r.published_at is not null as is_published
from public.dag_run d left join report.report r on r.dag_run_id = d.run_id order by d.id
"""


def start(home: Path, data: Path, **variables: str) -> subprocess.Popen[str]:
    """`make report`, without make."""
    return subprocess.Popen(
        [sys.executable, "-m", "commands.report"],
        cwd=PROJECT,
        env=commands_environment(home, DATA=str(data), **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def rows(url: str, query: str) -> list[tuple]:
    connection = psycopg2.connect(url.replace("+psycopg2", ""))
    with connection, connection.cursor() as cursor:
        cursor.execute(query)
        found = cursor.fetchall()
    connection.close()
    return found


def test_a_killed_report_is_failed_at_the_next_command(tmp_path: Path) -> None:
    home, data = tmp_path / "home", small.write(tmp_path / "data")
    with embedded_postgres.running(home) as url:
        with start(home, data) as killed:
            for line in killed.stderr:
                if "ingest:" in line:
                    break
            killed.send_signal(signal.SIGKILL)
        ((state, lost, *_),) = rows(url, STATES)
        assert state == "running", "nobody was left to say that it is over"
        finished = start(home, data)
        output, errors = finished.communicate()
        assert finished.returncode == 0, errors
        assert Path(output.strip()).exists()
        first, second = rows(url, STATES)
        assert first[:2] == ("failed", lost)
        assert first[3:] == (CAUSE, False)
        assert second[0] == "success"
        assert second[4]
        assert rows(url, "select count(*) from public.task_instance where state = 'running'") == [(0,)]
    assert list((home / "airflow" / "claimed").iterdir()) == []
    for log in (home / "logs").glob("*.log"):
        assert stat.S_IMODE(log.stat().st_mode) == 0o600, log


def test_who_is_alive_keeps_what_it_claimed(tmp_path: Path) -> None:
    with claimed(tmp_path, "manual__1"):
        assert is_claimed(tmp_path, "manual__1")
        assert not is_claimed(tmp_path, "manual__2")
    assert not is_claimed(tmp_path, "manual__1")


def test_logs_are_their_owner_s(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "report.log"
    log.parent.mkdir()
    log.write_text("before\n")
    log.chmod(0o644)
    with open_log(log) as stream:
        stream.write("after\n")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert log.read_text() == "before\nafter\n"


@pytest.mark.parametrize(
    "what", ["missing data", "data is a file", "out is below a file", "out is a broken link", "out holds no files"]
)
def test_folders_that_cannot_be_used_are_named_before_anything_starts(tmp_path: Path, what: str) -> None:
    home, data, out = tmp_path / "home", small.write(tmp_path / "data"), tmp_path / "out"
    file = tmp_path / "file"
    file.write_text("")
    if what == "missing data":
        data = tmp_path / "nowhere"
    elif what == "data is a file":
        data = file
    elif what == "out is below a file":
        out = file / "out"
    elif what == "out holds no files":
        out = Path("/proc/reports")  # root may write there, but nobody can
    else:
        out.symlink_to(tmp_path / "nowhere")
    began = time.monotonic()
    refused = start(home, data, OUT=str(out))
    _, errors = refused.communicate()
    seconds = time.monotonic() - began
    assert refused.returncode == 1
    (line,) = errors.splitlines()
    named = data if "data" in what else out
    assert str(named) in line
    causes = {"missing data": "does not exist", "data is a file": "is not a folder"}
    assert causes.get(what, "is set by STORE_UPTIME_REPORTS or OUT") in line
    assert not (home / "postgres").exists()
    assert seconds < 5, "a second, on a machine that has nothing else to do"


def test_an_instant_before_every_poll_is_one_line(tmp_path: Path) -> None:
    refused = start(tmp_path / "home", small.write(tmp_path / "data"), AS_OF="2001-01-01T00:00:00Z")
    output, errors = refused.communicate()
    assert (refused.returncode, output) == (1, "")
    assert errors.splitlines()[-1] == (
        "store-uptime: validate failed: as_of is 2001-01-01 00:00:00 UTC, before every poll; "
        "the first one is of 2023-01-22 12:09:39 UTC."
    )
    assert errors.count("as_of") == 1
