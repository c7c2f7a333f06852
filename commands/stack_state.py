"""What `make up` leaves for the other commands: where its Airflow is, and a lock that says who runs the DAG.

Airflow's scheduler takes up every run of its database, so `make report` may run the DAG itself only while there is no
scheduler. Reports share `airflow/scheduler.lock`, a scheduler has it for itself.
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
    """A running Airflow: its address, its folders, and for each process its id and when it was started.

    The supervisor is the process that starts the others again; while they are started for the first time there is none.
    """

    url: str
    data: str
    reports: str
    processes: dict[str, tuple[int, float]]
    supervisor: tuple[int, float] | None = None

    def write(self, home: Path) -> None:
        """Remembers it, in one go: others may read meanwhile."""
        draft = file_of(home).with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self)))
        draft.rename(file_of(home))


def read_stack(home: Path) -> Stack | None:
    """What `make up` wrote, if `make down` has not been called since."""
    try:
        content = json.loads(file_of(home).read_text())
        # As version 0.1 called it: an Airflow that it started can still be stopped.
        content["supervisor"] = content.pop("keeper", None) or content.get("supervisor")
        return Stack(**content)
    except FileNotFoundError:
        return None


def file_of(home: Path) -> Path:
    """Where it is remembered."""
    return home / "airflow" / "stack.json"


@contextmanager
def no_scheduler(home: Path) -> Iterator[bool]:
    """Keeps `make up` from starting a scheduler for the time being. False: one is there already."""
    with open_lock(home) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def open_lock(home: Path) -> IO[str]:
    """The lock file; a child that inherits it keeps what was locked."""
    (home / "airflow").mkdir(parents=True, exist_ok=True)
    return (home / "airflow" / "scheduler.lock").open("a")


def is_scheduler_alive() -> bool:
    """Whether a scheduler, wherever it runs, was heard of lately in Airflow's database."""
    from airflow.jobs.job import most_recent_job

    job = most_recent_job("SchedulerJob")
    return job is not None and job.is_alive()
