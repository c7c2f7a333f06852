"""Reports of a `make report` that was killed: no process continues their DAG runs, which are `running` in Airflow.

Each `make report` locks a file of its own while it runs, and the kernel drops the lock of a killed process. So the next
command knows which DAG runs are lost.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from store_uptime.contract import REPORT_DAG_ID
from store_uptime.settings import Settings

CAUSE = "The command that made it was killed; run it again."


@contextmanager
def claimed(home: Path, run_id: str) -> Iterator[None]:
    """Lets other commands see that this process is busy with the DAG run, until the block ends."""
    file = lock_file(home, run_id)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            file.unlink(missing_ok=True)


def is_claimed(home: Path, run_id: str) -> bool:
    """Whether a living process is busy with the DAG run."""
    try:
        with lock_file(home, run_id).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def lock_file(home: Path, run_id: str) -> Path:
    """Where a DAG run is claimed."""
    from store_uptime.reports.request import report_id_of

    return home / "airflow" / "claimed" / str(report_id_of(run_id))


def end_lost_reports(settings: Settings) -> None:
    """Marks the DAG runs of killed commands as failed, with their tasks, and notes the cause with the report.

    Only on the embedded server: on one that machines share, the command may be running on another machine.
    """
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState, TaskInstanceState
    from airflow.utils.types import DagRunTriggeredByType

    lost: dict[str, str] = {}
    with create_session() as session:
        for dag_run in DagRun.find(dag_id=REPORT_DAG_ID, state=DagRunState.RUNNING, session=session):
            if dag_run.triggered_by != DagRunTriggeredByType.TEST or is_claimed(settings.home, dag_run.run_id):
                continue
            lost[dag_run.run_id] = "ingest"
            for instance in dag_run.get_task_instances(session=session):
                if instance.state == TaskInstanceState.RUNNING:
                    instance.state = TaskInstanceState.FAILED
                    lost[dag_run.run_id] = instance.task_id
            dag_run.note = CAUSE
            dag_run.set_state(DagRunState.FAILED)
    for run_id, task in lost.items():
        note_cause(settings, run_id, task)
        lock_file(settings.home, run_id).unlink(missing_ok=True)


def note_cause(settings: Settings, run_id: str, task: str) -> None:
    """Stores with the report that the task was killed, unless it failed before for another cause."""
    from store_uptime.db.engine import connected
    from store_uptime.reports.request import report_id_of
    from store_uptime.reports.task_records import failure_of, record_failure

    with connected(settings, "writer") as engine:
        if failure_of(engine, report_id_of(run_id)) is None:
            record_failure(engine, run_id, task, CAUSE, datetime.now(UTC))
