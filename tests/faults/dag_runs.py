"""The other side of dag_process.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from commands.airflow_environment import airflow_environment
from faults.breakable import wait_until
from store_uptime.reports.request import report_id_of
from store_uptime.settings import PROJECT, Settings

TASKS = ["ingest", "validate", "localize", "clip", "interpolate", "export"]


@dataclass(frozen=True)
class Run:
    """A DAG run that is over: for each task the state and the number of tries of its instances."""

    report_id: UUID
    states: dict[str, list[tuple[str, int]]]


class DagProcess:
    """Runs the DAG, one run at a time."""

    def __init__(self, metadata: Settings) -> None:
        python_path = [PROJECT / "include", PROJECT / "config", PROJECT / "tests", PROJECT]
        self._log = (metadata.home / "dag_process.log").open("w")
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("dag_process.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=os.environ
            | airflow_environment(metadata)
            | {
                "AIRFLOW__CORE__PLUGINS_FOLDER": str(metadata.home / "no-plugins"),
                "PYTHONPATH": os.pathsep.join(map(str, python_path)),
            },
        )
        assert self._answer() == {"is_ready": True}

    def start(self, settings: Settings, variables: Mapping[str, str] | None = None, **conf: Any) -> None:
        """Starts a run with these settings and other variables of the environment."""
        environment = {
            "STORE_UPTIME_HOME": str(settings.home),
            "STORE_UPTIME_DATABASE_URL": settings.database_url,
            "STORE_UPTIME_DATA": settings.data,
            "STORE_UPTIME_REPORTS": settings.reports,
            "STORE_UPTIME_MAX_UNUSABLE_PERCENT": "100",  # the world holds odd rows
            **(variables or {}),
        }
        self._start_of_log = len(Path(self._log.name).read_text())
        self._process.stdin.write(json.dumps({"environment": environment, "conf": conf}).encode() + b"\n")
        self._process.stdin.flush()

    def wait(self) -> Run:
        """The run that was started, when it is over."""
        answer = self._answer()
        states = {task: [tuple(one) for one in instances] for task, instances in answer["states"].items()}
        return Run(report_id_of(answer["run_id"]), states)

    def wait_for_log(self, words: str) -> None:
        """Waits until the run that was started says so, after what was waited for before."""
        wait_until(lambda: words in Path(self._log.name).read_text()[self._start_of_log :], words)
        self._start_of_log = len(Path(self._log.name).read_text())

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()
        self._log.close()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        assert line, Path(self._log.name).read_text()[-4000:]
        return json.loads(line)
