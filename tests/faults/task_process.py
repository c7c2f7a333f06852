"""A process that runs one stage at a time, to be killed or to be run beside others."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from store_uptime.settings import PROJECT

TESTS = PROJECT / "tests"


class TaskProcess:
    """Forks a fresh child for each stage; one at a time."""

    def __init__(self, variables: dict[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("stage_process.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # so that `has_ended` sees every answer that is there
            env={**os.environ, **(variables or {}), "PYTHONPATH": f"{PROJECT / 'include'}{os.pathsep}{TESTS}"},
        )
        self._child = 0

    def start(self, stage: str, url: str, report_id: object, folder: Path, shard: int = 0, loaders: int = 1) -> None:
        """Starts a stage; one of several `loaders` takes every status file for a large one."""
        task = {"stage": stage, "url": url, "report_id": str(report_id), "folder": str(folder), "shard": shard}
        task["loaders"] = loaders
        self._process.stdin.write(json.dumps(task).encode() + b"\n")
        self._child = self._answer()["pid"]

    def kill(self) -> int:
        """`kill -9`; returns how the child ended, 0 if it was done before."""
        with suppress(ProcessLookupError):
            os.kill(self._child, signal.SIGKILL)
        return self._answer()["status"]

    def has_ended(self) -> bool:
        """Whether the child is done, with a good end."""
        is_readable, _, _ = select.select([self._process.stdout], [], [], 0)
        if is_readable:
            self.wait()
        return bool(is_readable)

    def wait(self) -> None:
        """Waits for the child's end, which must be a good one."""
        result = self.end()
        assert result["status"] == 0, result["error"]

    def failure(self) -> str:
        """Waits for the child's end, which must be an error: its text."""
        result = self.end()
        assert result["status"] == 1, result
        return result["error"]

    def end(self) -> dict[str, Any]:
        """Waits for the child's end: `status`, `error` and `peak_memory_bytes`."""
        return self._answer()

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()

    def _answer(self) -> dict[str, Any]:
        return json.loads(self._process.stdout.readline())
