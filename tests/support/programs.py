"""Programs that tests start."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from store_uptime.settings import PROJECT, Settings


def program(name: str) -> str | None:
    """Its path: the one that the development set-up brought, the same on every machine, else the machine's own."""
    brought = str(Path(sys.executable).parent)
    return shutil.which(name, path=os.pathsep.join([brought, os.environ.get("PATH", os.defpath)]))


def commands_environment(home: Path, **variables: str) -> dict[str, str]:
    """What make gives to a command for this home: nothing of the settings that tests run with."""
    named = {name: value for name, value in os.environ.items() if not name.startswith(("STORE_UPTIME_", "AIRFLOW"))}
    return named | {"STORE_UPTIME_HOME": str(home), "PYTHONPATH": "include"} | variables


def run_command(home: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a module with its arguments as make does, and returns what it printed."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=PROJECT,
        env=commands_environment(home, **variables),
        capture_output=True,
        text=True,
        check=False,
    )


def run_on(settings: Settings, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a module of `commands` for the home and the database of some settings."""
    url = settings.database_url
    return run_command(settings.home, f"commands.{command}", STORE_UPTIME_DATABASE_URL=url, **variables)
