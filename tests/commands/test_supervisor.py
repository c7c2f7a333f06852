"""Users and their passwords, the rotation of logs, and the report of what is unhealthy."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from commands import supervisor
from commands.stack import USERS, log_of, passwords_file, unhealthy_parts, users_of, write_passwords
from store_uptime.errors import SettingError


def test_users_and_their_roles() -> None:
    assert users_of(None) == users_of("") == users_of("admin:admin") == {"admin": "admin"}
    assert users_of(" prometheus:viewer, me:Op,") == {"admin": "admin", "prometheus": "viewer", "me": "Op"}


@pytest.mark.parametrize("text", ["prometheus", "prometheus:", ":viewer", "me:root", "admin:viewer"])
def test_invalid_users(text: str) -> None:
    with pytest.raises(
        SettingError, match=f"{USERS} is '{text}'; expected users such as admin:admin,prometheus:viewer"
    ):
        users_of(text)


def test_passwords_are_generated_once_and_stay(tmp_path: Path) -> None:
    write_passwords(tmp_path, ["admin"])
    first = json.loads(passwords_file(tmp_path).read_text())
    assert len(first["admin"]) >= 12
    write_passwords(tmp_path, ["admin", "prometheus"])
    both = json.loads(passwords_file(tmp_path).read_text())
    assert both["admin"] == first["admin"] != both["prometheus"]
    write_passwords(tmp_path, ["admin"], {"admin": "given"})
    assert json.loads(passwords_file(tmp_path).read_text()) == both | {"admin": "given"}
    assert passwords_file(tmp_path).stat().st_mode & 0o077 == 0


def test_a_large_log_is_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a process has it open."""
    monkeypatch.setattr(supervisor, "MAX_LOG_BYTES", 40)
    log = log_of("supervisor", tmp_path)
    log.parent.mkdir()
    log.write_text("short\n")
    with log.open("a") as stream:
        assert supervisor.large_logs(tmp_path) == []
        print("x" * 40, file=stream, flush=True)
        assert supervisor.large_logs(tmp_path) == [log]
        supervisor.rotate(log)
        print("after", file=stream, flush=True)
    assert log.read_text() == "after\n"
    assert log.with_name("supervisor.log.1").read_text() == f"short\n{'x' * 40}\n"
    assert supervisor.large_logs(tmp_path) == [], "the copy is not rotated"


@contextmanager
def answering(status: int, body: str) -> Iterator[str]:
    """The URL of a server that answers every request in the same way."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/health"
        server.shutdown()


def test_unhealthy_parts_are_named() -> None:
    with answering(503, "database: ok\nreport store: cannot be written to\nscheduler: ok\n") as url:
        assert unhealthy_parts(url) == "report store: cannot be written to"
    with answering(404, "") as url:
        assert unhealthy_parts(url) == "status 404"
    assert "refused" in unhealthy_parts(url)
