"""`make report`: runs the DAG once and prints the path of the CSV. Without a data folder it uses the demo (homes.py).

Reads DATA, AS_OF, OUT, MAX_GAP, NO_DATA and SHARDS from the environment, where make puts its variables. Runs the DAG in
this process (Airflow's `dag.test`), or in the Airflow of `make up` if that is running on the same database.
Airflow's own output goes to logs/report.log under STORE_UPTIME_HOME.
"""

from __future__ import annotations

import gc
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

gc.disable()  # the process is short, and its imports leave little garbage

from commands.airflow_environment import airflow_environment, migrate_all  # noqa: E402
from commands.caller import at_caller, given  # noqa: E402
from commands.console import user_console  # noqa: E402
from commands.homes import is_home_of_demo, remember_data, to_load  # noqa: E402
from commands.import_worker import ImportWorker  # noqa: E402
from commands.stack_state import Stack, is_scheduler_alive, no_scheduler, read_stack  # noqa: E402
from store_uptime import tracing  # noqa: E402
from store_uptime.contract import MAX_SHARDS, REPORT_DAG_ID  # noqa: E402
from store_uptime.db import embedded_postgres  # noqa: E402
from store_uptime.errors import ReportError, SettingError, StoreUptimeError  # noqa: E402
from store_uptime.settings import PROJECT, Settings  # noqa: E402


def main(settings: Settings, report_progress: Callable[[str], None]) -> str:
    """Computes a report and returns the path of its CSV; raises `StoreUptimeError` if there is none."""
    is_shared = bool(settings.database_url)
    settings = replace(settings, reports=at_caller(given("OUT") or settings.reports))
    conf = dag_run_params()
    if is_home_of_demo(settings):
        report_progress(f"demo: the sample in {settings.data}; for your files: make report DATA=folder")
    with ExitStack() as stack:
        settings = stack.enter_context(embedded_postgres.database(settings))
        os.environ |= airflow_environment(settings) | {
            # The plugin is not needed here, and slow to import.
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(settings.home / "airflow" / "no-plugins"),
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        }
        is_alone = stack.enter_context(no_scheduler(settings.home))
        if is_alone and not tracing.is_on():  # only this process can send spans
            stack.enter_context(ImportWorker())
        import airflow.settings

        stack.callback(airflow.settings.dispose_orm, do_log=False)
        migrate_all(settings)
        if not is_alone or (is_shared and is_scheduler_alive()):
            return run_in_stack(settings, conf, read_stack(settings.home), report_progress)
        return run_here(settings, conf, report_progress)


def run_here(settings: Settings, conf: dict[str, object], report_progress: Callable[[str], None]) -> str:
    """Runs the DAG in this process."""
    from store_uptime.reports.request import report_id_of

    sys.path.insert(0, str(PROJECT / "dags"))
    from store_uptime_report import report_dag

    forward_counts(report_progress)
    remember_data(settings)
    run_after = datetime.now(UTC)
    dag_run_id = f"manual__{run_after.isoformat()}"
    try:
        report_dag.test(run_after=run_after, run_conf=conf)
    finally:
        end_dag_run(dag_run_id)
    path = outcome(settings, report_id_of(dag_run_id))
    print_warnings(settings, report_id_of(dag_run_id), report_progress)
    return path


def forward_counts(report_progress: Callable[[str], None]) -> None:
    """Forwards the log line with each task's counts to the user."""

    class Forwarder(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            report_progress(record.getMessage())

    logger = logging.getLogger("store_uptime_airflow.tasks")
    logger.setLevel(logging.INFO)
    logger.addHandler(Forwarder())


def end_dag_run(dag_run_id: str) -> None:
    """Marks an interrupted DAG run as failed, because no process will continue it."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState

    with create_session() as session:
        for dag_run in DagRun.find(dag_id=REPORT_DAG_ID, run_id=dag_run_id, state=DagRunState.RUNNING, session=session):
            dag_run.set_state(DagRunState.FAILED)


def run_in_stack(
    settings: Settings, conf: dict[str, object], running: Stack | None, report_progress: Callable[[str], None]
) -> str:
    """Triggers the report in the Airflow that runs on this database, and waits for it."""
    if running.data != settings.data if running else given("DATA"):
        of_stack = f"reads {running.data}" if running else "runs on this database"
        raise StoreUptimeError(
            f"Airflow is up and {of_stack}, so it cannot load {settings.data}: "
            "`make down` first, or set another STORE_UPTIME_HOME."
        )
    from airflow.api.common.trigger_dag import trigger_dag
    from airflow.models.dagrun import DagRun
    from airflow.utils.types import DagRunTriggeredByType

    report = uuid4()
    trigger_dag(REPORT_DAG_ID, triggered_by=DagRunTriggeredByType.CLI, run_id=str(report), conf=conf)
    report_progress(f"Airflow is up and computes report {report}")
    while DagRun.find(dag_id=REPORT_DAG_ID, run_id=str(report))[0].state not in {"success", "failed"}:
        if not is_scheduler_alive():
            raise StoreUptimeError(f"Airflow is down; report {report} continues when it is up again.")
        time.sleep(0.2)
    path = outcome(settings, report)
    print_warnings(settings, report, report_progress)
    if given("OUT"):
        Path(settings.reports).mkdir(parents=True, exist_ok=True)
        path = shutil.copy(path, settings.reports)
    return path


def print_warnings(settings: Settings, report: UUID, report_progress: Callable[[str], None]) -> None:
    """Prints the warnings of the first tier, those that change figures, each with an example."""
    from store_uptime.db.engine import connected
    from store_uptime.db.statements import statement

    with connected(settings, "reader") as engine, engine.begin() as connection:
        results = connection.execute(statement("api/expectations"), {"report_id": report}).all()
    warnings = [result for result in results if result.changes_figures and not result.is_met]
    for warning in warnings:
        example = f" For example: {warning.examples[0]}." if warning.examples else ""
        report_progress(f"changes your figures: {warning.description} Found: {warning.observed_value}.{example}")
    if warnings:
        report_progress(f"all that was found: {settings.quality}/data_docs/runs/{report}.html")


def outcome(settings: Settings, report: UUID) -> str:
    """The path of the published CSV; raises `ReportError` with the cause if there is none."""
    from store_uptime.db.engine import connect
    from store_uptime.db.statements import statement

    engine = connect(settings, "reader")
    with engine.begin() as connection:
        row = connection.execute(statement("api/report"), {"report_id": report}).one_or_none()
    engine.dispose()
    if row is not None and row.failed_task:
        raise ReportError(f"{row.failed_task} failed: {row.failure_cause}")
    if row is None or row.csv_path is None:
        raise ReportError("The DAG run ended without a report and without a cause; see logs/report.log in the home.")
    return row.csv_path


def dag_run_params() -> dict[str, object]:
    """The Params of the DAG run; raises `SettingError` with the name of an invalid variable."""
    from store_uptime.calendar.durations import duration_text, parse_duration, parse_instant

    params: dict[str, object] = {}
    if text := given("AS_OF"):
        params["as_of"] = parse_instant("AS_OF", text).isoformat()
    if text := given("MAX_GAP"):
        params["max_gap"] = duration_text(parse_duration("MAX_GAP", text))
    if text := given("NO_DATA"):
        if text not in {"unknown", "down"}:
            raise SettingError("NO_DATA", text, "unknown or down")
        params["no_data"] = text
    if text := given("SHARDS"):
        if not (text.isdecimal() and 1 <= int(text) <= MAX_SHARDS):
            raise SettingError("SHARDS", text, f"a number from 1 to {MAX_SHARDS}")
        params["shards"] = int(text)
    return params


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with user_console("report", to_load) as console:
        console.print(main(console.settings, console.report_progress))
