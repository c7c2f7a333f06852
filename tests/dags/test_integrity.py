"""What the DAGs are made of, word for word, and that parsing them stays cheap."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import psycopg2
import pytest
from sqlalchemy.exc import OperationalError

from dags.runs import TASKS, Deployment
from store_uptime.errors import InputFolderError, NoAnswerError
from store_uptime.settings import PROJECT

HEAVY = {"great_expectations", "pandas", "polars", "numpy", "pyarrow", "boto3", "fastapi", "aiosmtplib"}


@pytest.fixture(scope="module")
def dag(deployment: Deployment) -> Any:
    return deployment.dag


@pytest.mark.usefixtures("deployment")
def test_these_dags_and_no_import_errors() -> None:
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(PROJECT / "dags"))
    assert bag.import_errors == {}
    assert set(bag.dags) == {
        "store_uptime_report",
        "store_uptime_history",
        "store_uptime_delivery",
        "store_uptime_maintenance",
        "store_uptime_watch",
    }


def test_the_tasks_follow_each_other(dag: Any) -> None:
    assert {task.task_id: task.downstream_task_ids for task in dag.tasks} == {
        "ingest": {"validate"},
        # The next three are mapped over what it returns, so each of them hangs on it too.
        "validate": {"localize", "clip", "interpolate"},
        "localize": {"clip"},
        "clip": {"interpolate"},
        "interpolate": {"export"},
        "export": set(),
    }
    assert {task.task_id for task in dag.tasks if task.is_mapped} == {"ingest", "localize", "clip", "interpolate"}


def test_it_is_nightly_without_catch_up_and_documented(dag: Any) -> None:
    assert dag.schedule == "0 2 * * *"
    assert dag.catchup is False
    assert dag.tags == {"stores", "uptime"}
    assert dag.max_active_runs == 4
    assert all(f"`{task}`" in dag.doc_md for task in TASKS)


def test_every_task_has_its_words_a_time_limit_and_an_owner(dag: Any) -> None:
    for task in dag.tasks:
        assert task.execution_timeout is not None, task.task_id
        assert task.owner == "store-uptime", task.task_id
        assert task.doc_md, task.task_id


def test_export_publishes_the_asset(dag: Any) -> None:
    assert {task.task_id: [asset.name for asset in task.outlets] for task in dag.tasks if task.outlets} == {
        "export": ["store_uptime_report"]
    }


def test_the_form_explains_every_field(dag: Any) -> None:
    params = {name: dag.params.get_param(name) for name in dag.params}
    assert {name: param.value for name, param in params.items()} == {
        "as_of": None,
        "max_gap": None,
        "no_data": "unknown",
        "store_ids": None,
        "shards": 1,
        "hours_valid_from": None,
        "zones_valid_from": None,
    }
    for name, param in params.items():
        assert param.schema["title"], name
        assert param.description, name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("as_of", "2023-01-25T18:13:22Z"),
        ("as_of", "2023-01-25T18:13:22.5+01:00"),
        ("max_gap", "2h"),
        ("max_gap", "90m"),
        ("max_gap", "1h30m"),
        ("max_gap", "45s"),
        ("max_gap", "1d"),
        ("max_gap", "PT2H"),
        ("max_gap", "P1DT2H30M"),
        ("no_data", "down"),
        ("store_ids", ["9007199254740993", "a store"]),
        ("shards", 256),
        ("hours_valid_from", "2023-03-01"),
    ],
)
def test_parameters_that_are_fine(dag: Any, name: str, value: object) -> None:
    assert dag.params.get_param(name).resolve(value) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("as_of", "yesterday"),
        ("as_of", 5),
        ("max_gap", ""),
        ("max_gap", "2 fortnights"),
        ("max_gap", "P"),
        ("max_gap", "PT"),
        ("max_gap", "h"),
        ("no_data", "up"),
        ("no_data", None),
        ("store_ids", []),
        ("store_ids", [5]),
        ("store_ids", [""]),
        ("store_ids", "a"),
        ("shards", 0),
        ("shards", 257),
        ("shards", "2"),
        ("hours_valid_from", "01.03.2023"),
        ("zones_valid_from", "2023-02-30"),
    ],
)
def test_parameters_that_are_not(dag: Any, name: str, value: object) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        dag.params.get_param(name).resolve(value)


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (OperationalError("select", {}, Exception("server closed the connection")), "retry"),
        (psycopg2.InterfaceError("connection already closed"), "retry"),
        (ConnectionResetError(), "retry"),
        (NoAnswerError("s3://stores/data", "Could not connect"), "retry"),
        (InputFolderError("data", "is empty"), "fail"),
        (FileNotFoundError("store_status.csv"), "fail"),
        (ZeroDivisionError(), "fail"),
    ],
)
def test_only_a_lost_connection_is_tried_again(dag: Any, error: Exception, action: str) -> None:
    task = dag.get_task("ingest")
    assert task.retry_policy.evaluate(error, 1, task.retries).action.value == action
    assert task.retries == 3
    assert task.retry_exponential_backoff


def test_an_api_server_without_its_database_is_asked_again(dag: Any) -> None:
    from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
    from airflow.sdk.execution_time.comms import ErrorResponse

    error = AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR))
    assert dag.get_task("ingest").retry_policy.evaluate(error, 1, 3).action.value == "retry"


def test_parsing_imports_nothing_heavy_and_reads_the_schedule() -> None:
    program = """
import json, sys
import airflow
before = set(sys.modules)
from store_uptime_report import report_dag
print(json.dumps({"schedule": report_dag.schedule, "modules": sorted(set(sys.modules) - before)}))
"""
    path = os.pathsep.join([str(PROJECT / "include"), str(PROJECT / "dags")])
    environment = os.environ | {
        "PYTHONPATH": path,
        "STORE_UPTIME_SCHEDULE": "none",
        "STORE_UPTIME_ALERT_EMAIL": "a@example.org",
    }
    output = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    ).stdout
    parsed = json.loads(output.splitlines()[-1])
    assert parsed["schedule"] is None
    assert HEAVY & {module.partition(".")[0] for module in parsed["modules"]} == set()
