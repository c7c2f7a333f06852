"""Runs of the DAG without a scheduler: what `dag.test` does, but for runs of any kind, and for cleared tasks too."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Engine, Row, text

from store_uptime.settings import Settings

TASKS = ["ingest", "validate", "localize", "clip", "interpolate", "export"]


@dataclass(frozen=True)
class Deployment:
    """An Airflow with the project's DAG, its folders and its database."""

    settings: Settings
    engine: Engine

    @property
    def dag(self) -> Any:
        """The DAG, made anew: a task that runs in this process writes the run's parameters into it."""
        sys.modules.pop("store_uptime_report", None)
        return importlib.import_module("store_uptime_report").report_dag

    @property
    def watch(self) -> Any:
        """The DAG that watches the nights."""
        sys.modules.pop("store_uptime_watch", None)
        return importlib.import_module("store_uptime_watch").watch_dag

    @property
    def history(self) -> Any:
        """The DAG that settles days and outages."""
        sys.modules.pop("store_uptime_history", None)
        return importlib.import_module("store_uptime_history").history_dag

    @property
    def delivery(self) -> Any:
        """The DAG that sends subscriptions."""
        sys.modules.pop("store_uptime_delivery", None)
        return importlib.import_module("store_uptime_delivery").delivery_dag

    @property
    def maintenance(self) -> Any:
        """The DAG that deletes what is old."""
        sys.modules.pop("store_uptime_maintenance", None)
        return importlib.import_module("store_uptime_maintenance").maintenance_dag

    def rows(self, query: str, report_id: UUID) -> list[Row]:
        """What the database holds about a report."""
        with self.engine.connect() as connection:
            return list(connection.execute(text(query), {"report_id": report_id}))

    def report(self, report_id: UUID) -> Row:
        """The report's own row."""
        (row,) = self.rows("select * from report.report where report_id = :report_id", report_id)
        return row


def make_report(deployment: Deployment, conf: dict[str, Any] | None = None, night: datetime | None = None) -> str:
    """Runs the DAG to its end, by hand or as the schedule would for a night; returns the id of the DAG run."""
    run_id = begin(deployment.dag, conf, night)
    run_to_end(deployment.dag, run_id)
    return run_id


def watch(deployment: Deployment, night: datetime, began: datetime) -> str:
    """Runs the watch of a night, whose run began at that instant, as far as it goes at once; how the run is then."""
    from airflow.utils.session import create_session

    run_id = begin(deployment.watch, night=night, began=began)
    run_to_end(deployment.watch, run_id)
    with create_session() as session:
        return str(find("store_uptime_watch", run_id, session).state)


def begin(
    dag: Any, conf: dict[str, Any] | None = None, night: datetime | None = None, began: datetime | None = None
) -> str:
    """Creates a DAG run that runs; returns its id."""
    from airflow.serialization.serialized_objects import DagSerialization
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    run_id = str(uuid4())
    with create_session() as session:
        dag_run = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag)).create_dagrun(
            run_id=run_id,
            logical_date=night,
            data_interval=(night, night) if night else None,
            run_after=night or datetime.now(UTC),
            run_type=DagRunType.SCHEDULED if night else DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.TEST,
            state=DagRunState.RUNNING,
            conf=conf or {},
            session=session,
        )
        dag_run.start_date = began or dag_run.start_date
    return run_id


def clear_and_run(deployment: Deployment, run_id: str, tasks: list[str]) -> None:
    """Clears tasks as a person would in the UI, and lets the run go on."""
    from airflow.models.taskinstance import clear_task_instances
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState

    with create_session() as session:
        dag_run = find("store_uptime_report", run_id, session)
        chosen = [ti for ti in dag_run.get_task_instances(session=session) if ti.task_id in tasks]
        clear_task_instances(chosen, session, dag_run_state=DagRunState.RUNNING)
    run_to_end(deployment.dag, run_id)


def run_to_end(dag: Any, run_id: str) -> None:
    """The least of a scheduler: runs what can be run until the DAG run is over, or waits for a time to come."""
    from airflow.sdk.definitions.dag import _run_task
    from airflow.serialization.serialized_objects import DagSerialization
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState, TaskInstanceState

    with create_session() as session:
        dag_run = find(dag.dag_id, run_id, session)
        dag_run.dag = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
        dag_run.dag.on_failure_callback, dag_run.dag.on_success_callback = (  # as dag.test does
            dag.on_failure_callback,
            dag.on_success_callback,
        )
        while dag_run.state == DagRunState.RUNNING:
            session.expire_all()
            ready, _ = dag_run.update_state(session=session)
            if dag_run.get_task_instances(state=[TaskInstanceState.UP_FOR_RESCHEDULE], session=session):
                return
            for task_instance in ready:
                task_instance.try_number += 1
                task_instance.state = TaskInstanceState.SCHEDULED
            session.commit()
            for task_instance in ready:
                _run_task(ti=task_instance, task=dag.get_task(task_instance.task_id))


def states(run_id: str) -> dict[str, list[tuple[str, int]]]:
    """For each task, the state and the number of tries of each of its instances."""
    from airflow.utils.session import create_session

    found: dict[str, list[tuple[str, int]]] = {}
    with create_session() as session:
        dag_run = find("store_uptime_report", run_id, session)
        for ti in sorted(dag_run.get_task_instances(session=session), key=lambda ti: ti.map_index):
            found.setdefault(ti.task_id, []).append((str(ti.state), ti.try_number))
    return found


def find(dag_id: str, run_id: str, session: Any) -> Any:
    """The DAG run."""
    from airflow.models.dagrun import DagRun

    (dag_run,) = DagRun.find(dag_id=dag_id, run_id=run_id, session=session)
    return dag_run
