"""Ends the session of a task within its transaction."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError


def kill_at(table: str, engine: Engine, work: Callable[[], Any]) -> None:
    """Lets a task work until it waits for a lock on a table, and ends its session there."""
    waiting = f"select pid from pg_locks where not granted and relation = '{table}'::regclass"
    with engine.connect() as other, ThreadPoolExecutor(1) as executor:
        other.execute(text(f"lock table {table} in share row exclusive mode"))
        working = executor.submit(work)
        while not other.scalar(text(waiting)):
            assert not working.done()
        other.execute(text(f"select pg_terminate_backend(pid) from ({waiting}) as waiting (pid)"))
        with pytest.raises(OperationalError):
            working.result()
        other.rollback()
