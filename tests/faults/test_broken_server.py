"""PostgreSQL ends as if the power had failed, or has no connection left, while the real DAG runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from faults.breakable import Server, assert_nothing_is_left, somebody_waits, wait_until
from faults.dag_runs import TASKS, DagProcess, Run
from store_uptime.db.engine import connect
from store_uptime.db.statements import statement
from store_uptime.ingest import stage_files
from store_uptime.quality import validate
from store_uptime.settings import Settings
from support import small, worlds
from support.pipeline import CLOCK, Published, start

# A lock that holds up the task, and words of the statement that waits for it then.
HELD_UP_BY = {
    "ingest": ("core.poll_day in access exclusive mode", "create_poll_month"),
    "validate": ("quality.expectation_result in access exclusive mode", "expectation_result"),
    "localize": ("report.zone_day in access exclusive mode", "zone_day"),
    "clip": ("report.open_time in access exclusive mode", "open_time"),
    "interpolate": ("report.observed_status in access exclusive mode", "observed_status"),
    "export": None,  # its own lock, which it takes first: all that it touches others have touched before
}


@pytest.fixture
def expected(undisturbed_report: Published) -> bytes:
    return undisturbed_report.csv


def assert_is_right(run: Run, settings: Settings, onlooker: Engine, expected: bytes) -> None:
    """The report is the undisturbed one, and nothing else is there."""
    assert {state for instances in run.states.values() for state, _ in instances} == {"success"}
    with onlooker.connect() as connection:
        query = text("select csv_path, failure_cause from report.report where report_id = :report_id")
        path, cause = connection.execute(query, {"report_id": run.report_id}).one()
    assert cause is None
    assert path == f"{settings.reports}/{run.report_id}.csv"
    assert Path(path).read_bytes() == expected
    assert_nothing_is_left(onlooker, Path(settings.reports))


def break_in(stage: str, server: Server, onlooker: Engine) -> None:
    """Breaks the server down while the stage waits for a table."""
    with onlooker.connect() as blocker:
        if HELD_UP_BY[stage]:
            lock, words = HELD_UP_BY[stage]
            blocker.exec_driver_sql(f"lock table {lock}")
        else:
            words = "pg_advisory_xact_lock"
            report_id = blocker.exec_driver_sql("select report_id::text from report.report").scalar()
            blocker.execute(statement("report/stage/lock"), {"stage": stage, "report_id": report_id, "shard": 0})
        wait_until(lambda: somebody_waits(onlooker, words), f"{stage} to wait")
        server.break_down()
        blocker.invalidate()


def test_broken_in_every_task_and_started_again(
    breakable: Server,
    dag_process: DagProcess,
    fragile: Settings,
    onlooker: Engine,
    one_world: worlds.World,
    expected: bytes,
) -> None:
    dag_process.start(fragile, as_of=one_world.as_of.isoformat())
    for stage in TASKS:
        break_in(stage, breakable, onlooker)
        breakable.start()
    run = dag_process.wait()
    assert_is_right(run, fragile, onlooker, expected)
    assert all(tries > 1 for instances in run.states.values() for _, tries in instances), run.states


def test_broken_in_the_checks_of_validate(
    breakable: Server, fragile: Settings, onlooker: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Great Expectations keeps an error of the server to itself; the retry policy has to hear of it."""
    from great_expectations.validator.validator import Validator

    graph_validate = Validator.graph_validate

    def validate_without_server(*arguments: Any, **options: Any) -> Any:
        breakable.break_down()
        return graph_validate(*arguments, **options)

    engine = connect(fragile, "writer")
    report_id = start(engine)
    stage_files.ingest(engine, report_id, small.write(fragile.home / "small"), CLOCK)
    with monkeypatch.context() as patch:
        patch.setattr(Validator, "graph_validate", validate_without_server)
        with pytest.raises(ConnectionError, match="could not be checked"):
            validate.validate(engine, report_id, fragile, CLOCK)
    breakable.start()
    assert validate.validate(engine, report_id, fragile, CLOCK)["files_accepted"] == 3
    engine.dispose()
    assert_nothing_is_left(onlooker, Path(fragile.reports))


def test_a_server_that_stays_away(
    breakable: Server,
    dag_process: DagProcess,
    fragile: Settings,
    onlooker: Engine,
    one_world: worlds.World,
    expected: bytes,
) -> None:
    """The run fails after its tries, and the next one works without help."""
    dag_process.start(fragile, as_of=one_world.as_of.isoformat())
    break_in("clip", breakable, onlooker)
    run = dag_process.wait()
    breakable.start()
    assert (run.states["clip"], run.states["export"]) == ([("failed", 4)], [("upstream_failed", 0)])
    assert_nothing_is_left(onlooker, Path(fragile.reports))
    dag_process.start(fragile, as_of=one_world.as_of.isoformat())
    assert_is_right(dag_process.wait(), fragile, onlooker, expected)


def test_no_connection_left(
    breakable: Server,
    dag_process: DagProcess,
    fragile: Settings,
    onlooker: Engine,
    one_world: worlds.World,
    expected: bytes,
) -> None:
    """It is tried again, ends right when there is one again, and fails after its tries when there is not."""
    with breakable.all_connections():
        dag_process.start(fragile, as_of=one_world.as_of.isoformat())
        failed = dag_process.wait()
        assert failed.states["ingest"] == [("failed", 4)]
        dag_process.start(fragile, as_of=one_world.as_of.isoformat())
        dag_process.wait_for_log("too many clients already")
    run = dag_process.wait()
    assert run.states["ingest"][0][1] > 1
    assert_is_right(run, fragile, onlooker, expected)
