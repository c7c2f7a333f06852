"""The bucket of the files and the reports does not answer for a while, or at all, while the real DAG runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from faults.breakable import assert_nothing_is_left, somebody_waits, wait_until
from faults.dag_runs import DagProcess, Run
from store_uptime.db.statements import statement
from store_uptime.settings import Settings
from support import worlds
from support.object_storage import ObjectStorage
from support.pipeline import Published

# One attempt of the library's own, so that it is the DAG that tries again.
ATTEMPTS = {"AWS_MAX_ATTEMPTS": "1"}


@pytest.fixture(scope="module")
def storage() -> Iterator[ObjectStorage]:
    """One for all tests: the process of the DAG remembers where it is."""
    storage = ObjectStorage()
    yield storage
    storage.stop()


@pytest.fixture
def bucket(storage: ObjectStorage, fragile: Settings) -> Any:
    """With the files of the world."""
    bucket = storage.new_bucket(fragile.home.name.replace("_", "-").lower())
    for file in Path(fragile.data).iterdir():
        bucket.upload_file(str(file), f"data/{file.name}")
    return bucket


@pytest.fixture
def settings(bucket: Any, fragile: Settings) -> Settings:
    return replace(fragile, data=f"s3://{bucket.name}/data", reports=f"s3://{bucket.name}/reports")


def reports_in(bucket: Any) -> dict[str, bytes]:
    """Everything in the folder of the reports."""
    return {item.key: item.get()["Body"].read() for item in bucket.objects.filter(Prefix="reports/")}


def failure_of(run: Run, onlooker: Engine) -> str | None:
    query = text("select failure_cause from report.report where report_id = :report_id")
    with onlooker.connect() as connection:
        return connection.execute(query, {"report_id": run.report_id}).scalar_one()


def test_away_for_ingest_and_for_export(
    dag_process: DagProcess,
    settings: Settings,
    storage: ObjectStorage,
    bucket: Any,
    onlooker: Engine,
    one_world: worlds.World,
    undisturbed_report: Published,
) -> None:
    with onlooker.connect() as blocker:
        with storage.away():
            dag_process.start(settings, storage.environment | ATTEMPTS, as_of=one_world.as_of.isoformat())
            dag_process.wait_for_log(f"s3://{bucket.name}/data does not answer")
            report_id = blocker.exec_driver_sql("select report_id::text from report.report").scalar_one()
            blocker.execute(statement("report/stage/lock"), {"stage": "export", "report_id": report_id, "shard": 0})
        wait_until(lambda: somebody_waits(onlooker, "pg_advisory_xact_lock"), "export to wait")
        with storage.away():
            blocker.rollback()
            dag_process.wait_for_log(f"The reports folder (s3://{bucket.name}/reports) does not answer")
    run = dag_process.wait()
    assert {state for instances in run.states.values() for state, _ in instances} == {"success"}
    assert {task for task, [(_, tries)] in run.states.items() if tries > 1} == {"ingest", "export"}
    assert failure_of(run, onlooker) is None
    assert reports_in(bucket) == {f"reports/{run.report_id}.csv": undisturbed_report.csv}


def test_away_for_good(
    dag_process: DagProcess,
    settings: Settings,
    storage: ObjectStorage,
    bucket: Any,
    onlooker: Engine,
    one_world: worlds.World,
    undisturbed_report: Published,
) -> None:
    """The run fails after its tries and names the folder; the next one works without help."""
    conf = {"as_of": one_world.as_of.isoformat()}
    with storage.away():
        dag_process.start(settings, storage.environment | ATTEMPTS, **conf)
        failed = dag_process.wait()
    assert failed.states["ingest"] == [("failed", 4)]
    assert failure_of(failed, onlooker).startswith(f"s3://{bucket.name}/data does not answer: Could not connect to ")
    assert reports_in(bucket) == {}
    assert_nothing_is_left(onlooker, settings.home / "reports")
    dag_process.start(settings, storage.environment | ATTEMPTS, **conf)
    run = dag_process.wait()
    assert reports_in(bucket) == {f"reports/{run.report_id}.csv": undisturbed_report.csv}
