"""The embedded server: runs while somebody uses it, in any folder, and after every kind of sudden end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg2
import pytest

from store_uptime.db import embedded_postgres
from store_uptime.settings import PROJECT, Settings


def answer(url: str) -> int:
    """What the server at `url` says to a simple question."""
    connection = psycopg2.connect(url.replace("+psycopg2", ""))
    with connection, connection.cursor() as cursor:
        cursor.execute("select 42")
        (number,) = cursor.fetchone()
    connection.close()
    return number


def test_the_last_user_stops_it(tmp_path: Path) -> None:
    with embedded_postgres.running(tmp_path) as url:
        with embedded_postgres.running(tmp_path) as same_url:
            assert same_url == url
        assert answer(url) == 42
    assert embedded_postgres.postmaster_pid(tmp_path) is None


def test_a_killed_user_does_not_keep_it_running(tmp_path: Path) -> None:
    program = f"""
import os, signal
from pathlib import Path
from store_uptime.db import embedded_postgres
lock = embedded_postgres.hold(Path({str(tmp_path)!r}))
os.kill(os.getpid(), signal.SIGKILL)
"""
    environment = os.environ | {"PYTHONPATH": str(PROJECT / "include")}
    killed = subprocess.run([sys.executable, "-c", program], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert embedded_postgres.postmaster_pid(tmp_path) is not None
    with embedded_postgres.running(tmp_path) as url:
        assert answer(url) == 42
    assert embedded_postgres.postmaster_pid(tmp_path) is None


@pytest.mark.parametrize("reused_by", ["nobody", "this process"])
def test_starts_again_after_a_kill_whoever_has_its_number_now(tmp_path: Path, reused_by: str) -> None:
    lock = embedded_postgres.hold(tmp_path)
    server = psutil.Process(embedded_postgres.postmaster_pid(tmp_path))
    family = [server, *server.children(recursive=True)]
    server.kill()
    psutil.wait_procs(family, timeout=20)
    lock.close()
    pid_file = tmp_path / "postgres" / "postmaster.pid"
    if reused_by == "this process":
        with subprocess.Popen(["sleep", "60"], **as_server_account()) as stranger:
            pid_file.write_text("\n".join([str(stranger.pid), *pid_file.read_text().split("\n")[1:]]))
            with embedded_postgres.running(tmp_path) as url:
                assert answer(url) == 42
            stranger.kill()
    else:
        with embedded_postgres.running(tmp_path) as url:
            assert answer(url) == 42


def as_server_account() -> dict[str, int]:
    """Options of `Popen` for a process that looks like the server's own to the server."""
    account = embedded_postgres.server_account()
    return {} if account is None else {"user": account[0], "group": account[1]}


@pytest.mark.parametrize("name", ["a-folder-" + "x" * 120, "with blank, comma & ümlaut's"])
def test_any_folder_will_do_and_two_run_side_by_side(tmp_path: Path, name: str) -> None:
    with embedded_postgres.running(tmp_path / name) as url, embedded_postgres.running(tmp_path / "plain") as other:
        assert url != other
        assert answer(url) == answer(other) == 42


def test_a_killed_initialisation_is_begun_anew(tmp_path: Path) -> None:
    half = tmp_path / "postgres.initializing"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with embedded_postgres.running(tmp_path) as url:
        assert answer(url) == 42


def test_data_of_another_version_is_named(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("16\n")
    with (
        pytest.raises(embedded_postgres.ServerError, match="holds data of PostgreSQL 16"),
        embedded_postgres.running(tmp_path),
    ):
        pass


def test_a_failure_says_the_server_s_own_cause(tmp_path: Path) -> None:
    with embedded_postgres.running(tmp_path):
        pass
    with (tmp_path / "postgres" / "postgresql.conf").open("a") as configuration:
        configuration.write("work_mem = plenty\n")
    wanted = r"pg_ctl: could not start server; its log: .*FATAL: .*contains errors"
    with pytest.raises(embedded_postgres.ServerError, match=wanted), embedded_postgres.running(tmp_path):
        pass


def test_a_failure_that_is_only_in_the_collected_log_is_told(tmp_path: Path) -> None:
    with embedded_postgres.running(tmp_path):
        pass
    for segment in (tmp_path / "postgres" / "pg_wal").glob("0*"):
        segment.unlink()
    wanted = r"pg_ctl: could not start server; its log: .*PANIC: .*checkpoint record"
    with pytest.raises(embedded_postgres.ServerError, match=wanted), embedded_postgres.running(tmp_path):
        pass


def test_a_server_of_one_s_own_is_used_and_the_embedded_one_left_alone(tmp_path: Path) -> None:
    with embedded_postgres.running(tmp_path / "elsewhere") as url:
        settings = Settings.from_environment(
            {"STORE_UPTIME_HOME": str(tmp_path / "home"), "STORE_UPTIME_DATABASE_URL": url}
        )
        with embedded_postgres.database(settings) as same:
            assert same.database_url == url
        assert not (tmp_path / "home").exists()
        assert answer(url) == 42


def test_a_server_out_of_reach_is_one_clear_line() -> None:
    settings = Settings.from_environment({"STORE_UPTIME_DATABASE_URL": "postgresql://me:secret@127.0.0.1:1/x"})
    with (
        pytest.raises(embedded_postgres.ServerError, match="cannot be reached") as caught,
        embedded_postgres.database(settings),
    ):
        pass
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_server_is_not_left_with_the_caller_s_terminal(tmp_path: Path) -> None:
    with embedded_postgres.running(tmp_path):
        assert os.getsid(embedded_postgres.postmaster_pid(tmp_path)) != os.getsid(0)


@pytest.mark.parametrize("password", ["p%zz", "p@ss:w/ord%1"])
def test_a_url_that_cannot_be_read_is_not_shown(password: str) -> None:
    with pytest.raises(embedded_postgres.ServerError, match="STORE_UPTIME_DATABASE_URL") as raised:
        embedded_postgres.check_server(f"postgresql+psycopg2://boss:{password}@host.invalid/su")
    assert password[-4:] not in str(raised.value)
