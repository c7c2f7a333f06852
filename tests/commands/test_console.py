"""What a command shows while it is busy: a spinner on a terminal, plain lines elsewhere, and never silence."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import time

import pytest

from commands import still_lines
from commands.still_lines import StillLines
from store_uptime.settings import PROJECT

COMMAND = """
from commands.console import user_console
from store_uptime.errors import StoreUptimeError
with user_console("try") as console:
    with console.step("starting [the database]"):
        print("what a library prints")
    console.begin("running validate")
    console.report_progress("validate: " + "x" * 200)
    if FAILS:
        raise StoreUptimeError("a.csv: no usable row")
    console.print("/a/path.csv")
"""


def test_nothing_is_silent_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(still_lines, "SILENT_SECONDS", 0.3)
    stream = io.StringIO()
    lines = StillLines(stream)
    lines.begin("running ingest")
    wait_for(stream, r"running ingest")
    lines.began -= 7
    wait_for(stream, r"store-uptime: still running ingest \([78] s\)\n")
    lines.print("ingest: files 3")
    lines.begin("starting Airflow")
    lines.describe("starting Airflow; the scheduler is not healthy yet")
    wait_for(stream, r"starting Airflow; the scheduler is not healthy yet")
    assert still_lines.SILENT_SECONDS < 3
    lines.end()
    written = stream.getvalue()
    time.sleep(0.4)
    assert stream.getvalue() == written
    assert "\ningest: files 3\n" in written


def wait_for(stream: io.StringIO, pattern: str) -> None:
    deadline = time.monotonic() + 60
    while not re.search(pattern, stream.getvalue()):
        assert time.monotonic() < deadline, stream.getvalue()
        time.sleep(0.01)


def in_terminal(home: str, *, fails: bool = False, **variables: str) -> tuple[int, str]:
    """What the command writes to a terminal, standard output and error together."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"STORE_UPTIME_HOME": home, "PYTHONPATH": "include", "TERM": "xterm"} | variables
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND.replace("FAILS", str(fails))],
        cwd=PROJECT,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    written = b""
    while True:
        try:
            written += os.read(ours, 65536)
        except OSError:  # the terminal's way to say that nobody writes to it any more
            break
    os.close(ours)
    return process.wait(), written.decode()


def lines_that_stay(written: str) -> list[str]:
    """The lines of a terminal in the end: what a line held before it was erased is gone."""
    written = re.sub(r"[^\n]*\n(\x1b\[\?25h)?\r\x1b\[1A\x1b\[2K", "", written)  # up a line, which is erased
    found = [line.rpartition("\x1b[2K")[2].strip("\r") for line in written.split("\n")]
    return [line for line in (re.sub(r"\x1b\[[?\d;]*\w", "", line) for line in found) if line]


def test_a_terminal_shows_a_spinner_and_keeps_a_line_a_step(tmp_path) -> None:
    status, written = in_terminal(str(tmp_path))
    assert status == 0
    assert re.search(r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]\S* starting \[the database\] ", written)
    assert re.search(r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]\S* running validate ", written)
    assert lines_that_stay(written) == [
        "store-uptime: starting [the database]: 0.0 s",
        f"store-uptime: validate: {'x' * 200}",
        "/a/path.csv",
    ]
    assert written.endswith("/a/path.csv\r\n"), "the spinner is gone before the result comes"


def test_a_terminal_ends_with_the_error(tmp_path) -> None:
    status, written = in_terminal(str(tmp_path), fails=True)
    assert status == 1
    assert lines_that_stay(written)[-1] == "store-uptime: a.csv: no usable row"
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l"), "the cursor is shown again"


def test_a_dumb_terminal_gets_plain_lines(tmp_path) -> None:
    status, written = in_terminal(str(tmp_path), TERM="dumb")
    assert status == 0
    assert lines_that_stay(written)[-1] == "/a/path.csv"
    assert "\x1b" not in written


def test_a_pipe_gets_lines_only(tmp_path) -> None:
    environment = os.environ | {"STORE_UPTIME_HOME": str(tmp_path), "PYTHONPATH": "include", "TERM": "xterm"}
    done = subprocess.run(
        [sys.executable, "-c", COMMAND.replace("FAILS", "False")],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "/a/path.csv\n"
    assert done.stderr == f"store-uptime: starting [the database]: 0.0 s\nstore-uptime: validate: {'x' * 200}\n"
    assert (tmp_path / "logs" / "try.log").read_text() == "what a library prints\n"
