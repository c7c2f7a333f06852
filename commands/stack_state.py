"""The state of `make up` that other commands read: the address of its Airflow, and the scheduler's lock.

Airflow's scheduler runs every DAG run in its database, so `make report` may run the DAG itself only while there is no
scheduler. A report holds a shared lock on `airflow/scheduler.lock`, a scheduler an exclusive one.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True)
class Stack:
    """A running Airflow: its URL, its folders, and each process with its id and start time (seconds since 1970).

    The supervisor is the process that restarts the others; it is None until all have been started.
    """

    url: str
    data: str
    reports: str
    processes: dict[str, tuple[int, float]]
    supervisor: tuple[int, float] | None = None

    def write(self, home: Path) -> None:
        """Writes the state atomically: other commands may read it at the same time."""
        draft = file_of(home).with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self)))
        draft.rename(file_of(home))


def read_stack(home: Path) -> Stack | None:
    """The state that `make up` wrote; None after `make down`."""
    try:
        content = json.loads(file_of(home).read_text())
        # The name in version 0.1, so that an Airflow that it started can still be stopped.
        content["supervisor"] = content.pop("keeper", None) or content.get("supervisor")
        return Stack(**content)
    except FileNotFoundError:
        return None


def file_of(home: Path) -> Path:
    """The file with the state."""
    return home / "airflow" / "stack.json"


@contextmanager
def no_scheduler(home: Path) -> Iterator[bool]:
    """Prevents `make up` from starting a scheduler until the block ends; False if one is running already."""
    with open_lock(home) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def open_lock(home: Path) -> IO[str]:
    """Opens the lock file; a child process that inherits it keeps the lock."""
    (home / "airflow").mkdir(parents=True, exist_ok=True)
    return (home / "airflow" / "scheduler.lock").open("a")


def is_scheduler_alive() -> bool:
    """Whether a scheduler on any machine has a recent heartbeat in Airflow's database."""
    from airflow.jobs.job import most_recent_job

    job = most_recent_job("SchedulerJob")
    return job is not None and job.is_alive()
