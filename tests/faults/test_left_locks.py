"""What a killed PostgreSQL leaves in the folder of its socket, and what others can put there."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest

from store_uptime.db import embedded_postgres
from store_uptime.db.embedded_postgres import ServerError


def kill_server(home: Path) -> None:
    """As the kernel does when memory is short."""
    lock = embedded_postgres.hold(home)
    server = psutil.Process(embedded_postgres.postmaster_pid(home))
    family = [server, *server.children(recursive=True)]
    server.kill()
    psutil.wait_procs(family, timeout=20)
    lock.close()


@pytest.fixture
def unreaped() -> Iterator[int]:
    """The number of a process that has ended, and that its parent does not ask for."""
    program = "import os, time\npid = os.fork()\nif not pid: os._exit(0)\nprint(pid, flush=True)\ntime.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        deadline = time.monotonic() + 10
        while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
            time.sleep(0.01)
        yield pid
        parent.kill()


def starts_with_lock_of(home: Path, pid: int) -> None:
    """A server starts although the left lock of its socket has that number."""
    folder = embedded_postgres.socket_folder(home)
    lock = folder / ".s.PGSQL.5432.lock"
    assert lock.exists(), "a killed server leaves it"
    lines = lock.read_text().split("\n")
    lock.write_text("\n".join([str(pid), *lines[1:]]))
    with embedded_postgres.running(home) as url:
        psycopg2.connect(url.replace("+psycopg2", "")).close()
        assert lock.read_text().split("\n", 1)[0] == str(embedded_postgres.postmaster_pid(home))
    assert not lock.exists()


def test_a_number_that_another_process_has_now(tmp_path: Path) -> None:
    kill_server(tmp_path)
    with subprocess.Popen(["sleep", "600"]) as other:
        starts_with_lock_of(tmp_path, other.pid)
        assert other.poll() is None, "nobody else is touched"
        other.kill()


def test_a_number_of_a_process_that_nobody_reaps(tmp_path: Path, unreaped: int) -> None:
    kill_server(tmp_path)
    starts_with_lock_of(tmp_path, unreaped)


@pytest.mark.parametrize("content", ["", "x\n", "-1\n", "99999999999999999999\n", "\n" * 5])
def test_a_lock_without_a_number(tmp_path: Path, content: str) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / ".s.PGSQL.5432.lock").write_text(content)
    embedded_postgres.remove_stale_socket(data, data)
    assert not (data / ".s.PGSQL.5432.lock").exists()


def test_a_lock_that_a_server_of_this_home_holds_stays(tmp_path: Path) -> None:
    with embedded_postgres.running(tmp_path) as url:
        data, folder = embedded_postgres.data_folder(tmp_path), embedded_postgres.socket_folder(tmp_path)
        embedded_postgres.remove_stale_socket(data, folder)
        assert (folder / ".s.PGSQL.5432.lock").exists()
        psycopg2.connect(url.replace("+psycopg2", "")).close()


def test_a_link_in_place_of_the_socket_s_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(shared))
    victim = tmp_path / "victim"
    victim.mkdir(mode=0o755)
    home = tmp_path / ("long" * 30)
    folder = embedded_postgres.socket_folder(home)
    assert folder.parent == shared
    folder.symlink_to(victim)
    before = victim.stat()
    with pytest.raises(ServerError, match="a link to one"):
        embedded_postgres.hold(home)
    after = victim.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert list(victim.iterdir()) == []
    folder.unlink()
    folder.write_text("no folder")
    with pytest.raises(ServerError, match="is no folder"):
        embedded_postgres.hold(home)


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    folder = Path("/usr")  # root's, as root itself can only give one away
    if os.geteuid() == 0:
        folder = tmp_path / "theirs"
        folder.mkdir(mode=0o777)
        os.chown(folder, 12345, 12345)
    before = folder.stat()
    with pytest.raises(ServerError, match="belongs to another user"):
        embedded_postgres.make_private(folder)
    after = folder.stat()
    assert (after.st_uid, after.st_mode) == (before.st_uid, before.st_mode)
