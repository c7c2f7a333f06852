"""Airflow in this process, on a database of its own. It reads its configuration once, so all tests here share it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.airflow_environment import airflow_environment, migrate_all
from dags.runs import Deployment
from store_uptime.db.engine import connect
from store_uptime.reports.request import report_id_of
from store_uptime.settings import PROJECT, Settings
from support.object_storage import ObjectStorage


@pytest.fixture(scope="session")
def deployment(
    new_database: Callable[[], AbstractContextManager[str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(PROJECT / "data" / "sample", home / "data")
    with new_database() as url, pytest.MonkeyPatch.context() as patch:
        settings = Settings.from_environment({"STORE_UPTIME_HOME": str(home), "STORE_UPTIME_DATABASE_URL": url})
        settings = replace(settings, data=str(home / "data"))
        for name, value in airflow_environment(settings).items():
            patch.setenv(name, value)
        patch.setenv("AIRFLOW__CORE__PLUGINS_FOLDER", str(home / "no-plugins"))
        patch.syspath_prepend(PROJECT / "dags")
        assert "airflow" not in sys.modules, "Airflow has read another configuration already"
        import airflow.settings

        migrate_all(settings)
        engine = connect(settings, "reader")
        yield Deployment(settings, engine)
        engine.dispose()
        airflow.settings.dispose_orm(do_log=False)


@pytest.fixture
def data(deployment: Deployment) -> Iterator[Path]:
    """The data folder, which is the sample again after the test."""
    folder = Path(os.environ["STORE_UPTIME_DATA"])
    yield folder
    shutil.rmtree(folder)
    shutil.copytree(PROJECT / "data" / "sample", folder)


@pytest.fixture(scope="session")
def first_report(deployment: Deployment) -> UUID:
    """A report on the sample by `dag.test`, which also makes the DAG known to Airflow."""
    dag_run = deployment.dag.test()
    assert dag_run.state == "success"
    return report_id_of(dag_run.run_id)


@pytest.fixture(scope="session")
def object_storage() -> Iterator[ObjectStorage]:
    """One for all tests, because file systems are remembered with their address."""
    storage = ObjectStorage()
    yield storage
    storage.stop()


@pytest.fixture
def bucket(object_storage: ObjectStorage, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A new bucket, which the deployment's folders are in."""
    for name, value in object_storage.environment.items():
        monkeypatch.setenv(name, value)
    name = f"stores-{uuid4()}"
    monkeypatch.setenv("STORE_UPTIME_DATA", f"s3://{name}/data")
    monkeypatch.setenv("STORE_UPTIME_REPORTS", f"s3://{name}/reports")
    return object_storage.new_bucket(name)
