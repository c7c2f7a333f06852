"""The DAG that settles days and outages, run as Airflow runs it after a report."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from dags.runs import Deployment


def settled(deployment: Deployment) -> tuple[int, int]:
    """How many days and published settlements there are."""
    with deployment.engine.connect() as connection:
        days = connection.scalar(text("select count(*) from history.day"))
        return days, connection.scalar(text("select count(*) from history.settlement where published_at is not null"))


def states(dag_run: Any) -> set[str]:
    from airflow.utils.session import create_session

    with create_session() as session:
        return {str(task.state) for task in dag_run.get_task_instances(session=session)}


@pytest.mark.usefixtures("first_report")
def test_it_settles_what_is_new_and_skips_the_rest(deployment: Deployment) -> None:
    _, settlements_before = settled(deployment)
    assert states(deployment.history.test(run_conf={"shards": 2})) == {"success"}
    days, settlements = settled(deployment)
    assert days > 0
    assert settlements == settlements_before + 1
    assert states(deployment.history.test()) == {"skipped"}
    assert settled(deployment) == (days, settlements)


@pytest.mark.usefixtures("first_report")
def test_it_settles_nothing_if_history_is_off(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_UPTIME_HISTORY", "off")
    before = settled(deployment)
    assert states(deployment.history.test(run_conf={"from": "2023-01-01"})) == {"skipped"}
    assert settled(deployment) == before


@pytest.mark.usefixtures("first_report")
def test_without_a_forecast_nothing_else_is_different(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.utils.session import create_session

    monkeypatch.setenv("STORE_UPTIME_FORECAST", "off")
    dag_run = deployment.history.test(run_conf={"from": "2023-01-01"})
    with create_session() as session:
        found = {task.task_id: str(task.state) for task in dag_run.get_task_instances(session=session)}
    names = ("begin", "settle", "publish", "find_anomalies")
    assert found == dict.fromkeys(names, "success") | {"forecast": "skipped"}
    with deployment.engine.connect() as connection:
        newest = connection.execute(text("select * from history.newest_settlement")).one()
        made_for = connection.scalars(text("select settlement_id from history.forecast_run")).all()
    assert newest.settlement_id not in made_for


def test_it_starts_when_a_report_is_published(deployment: Deployment) -> None:
    dag = deployment.history
    assert dag.timetable.asset_condition is not None
    assert {task.task_id: task.downstream_task_ids for task in dag.tasks} == {
        "begin": {"settle", "publish"},
        "settle": {"publish"},
        "publish": {"find_anomalies", "forecast"},
        "find_anomalies": set(),
        "forecast": set(),
    }
    assert all(f"`{task.task_id}`" in dag.doc_md for task in dag.tasks)
