"""What commands import before they begin: a container's health check runs every few seconds."""

from __future__ import annotations

import subprocess
import sys

import pytest

from store_uptime.settings import PROJECT

HEAVY = {"airflow", "celery", "numpy", "pandas", "polars", "sqlalchemy"}


@pytest.mark.parametrize("command", ["commands.health", "commands.stack", "commands.report"])
def test_commands_begin_without_heavy_libraries(command: str) -> None:
    code = f"import sys, {command}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env={"PYTHONPATH": str(PROJECT / "include")},
        capture_output=True,
        text=True,
        check=True,
    )
    imported = set(done.stdout.split())
    assert {command, "psycopg2"} <= imported
    assert not imported & HEAVY
