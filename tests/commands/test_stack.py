"""`make up` and `make down`: everything is healthy when the first returns, and gone when the second does."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from pathlib import Path

import psutil

from commands.stack_state import read_stack
from store_uptime.settings import PROJECT, SAMPLE
from support.programs import run_command


def run(home: Path, port: int, *command: str) -> subprocess.CompletedProcess[str]:
    """Runs a command as make does."""
    return run_command(home, *command, STORE_UPTIME_DATA=str(SAMPLE), PORT=str(port))


def of_home(home: Path) -> list[str]:
    """What still runs for this home, PostgreSQL included."""
    found = []
    for process in psutil.process_iter(["environ", "cmdline"]):
        environment, command = process.info["environ"] or {}, process.info["cmdline"] or []
        if environment.get("STORE_UPTIME_HOME") == str(home) or str(home / "postgres") in command:
            found.append(" ".join(command))
    return found


def lines_of_readme(home: Path, port: int) -> list[str]:
    """What the README's commands from a token to a CSV print, by the shell that make uses."""
    section = (PROJECT / "README.md").read_text().partition("## From a token to a CSV")[2]
    commands = section.partition("```sh\n")[2].partition("```")[0]
    assert "http://127.0.0.1:8080" in commands
    folder = home / "readme"
    folder.mkdir()
    password = json.loads((home / "airflow" / "passwords.json").read_text())["admin"]
    done = subprocess.run(
        ["sh", "-c", commands.replace("http://127.0.0.1:8080", f"http://127.0.0.1:{port}")],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PASSWORD": password},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return done.stdout.splitlines()


def test_up_report_down(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = run(tmp_path, port, "commands.stack", "up")
    assert refused.returncode == 1
    assert refused.stderr == f"store-uptime: Port {port} is taken; choose another: make up PORT={port + 1}\n"

    up = run(tmp_path, port, "commands.stack", "up")
    try:
        assert up.returncode == 0, up.stderr
        assert up.stdout.startswith(f"Airflow is up: http://127.0.0.1:{port}\nSign in as admin with password ")
        assert (tmp_path / "airflow" / "passwords.json").stat().st_mode & 0o077 == 0
        again = run(tmp_path, port, "commands.stack", "up")
        assert again.stdout.startswith(f"Airflow is up already: http://127.0.0.1:{port}\n")

        # The scheduler would take up a run of `make report`, so that hands it over and waits.
        report = run(tmp_path, port, "commands.report")
        assert report.returncode == 0, report.stderr
        path = Path(report.stdout.strip())
        assert path.parent == tmp_path / "reports"
        assert path.exists()

        assert lines_of_readme(tmp_path, port) == path.read_text().splitlines()[:5]
    finally:
        down = run(tmp_path, port, "commands.stack", "down")
    assert down.stdout == "Airflow is down.\n"
    assert read_stack(tmp_path) is None
    assert of_home(tmp_path) == []
    assert run(tmp_path, port, "commands.stack", "down").stdout == "Nothing is up.\n"
