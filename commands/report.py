"""`make report`: runs the DAG once and prints the path of the CSV. Without a data folder it uses the demo (homes.py).

Reads DATA, AS_OF, OUT, MAX_GAP, NO_DATA, SHARDS, HOURS_VALID_FROM and ZONES_VALID_FROM from the environment, where make
puts its variables. Runs the DAG in this process (Airflow's `dag.test`), or in the Airflow of `make up` if that is
running on the same database.
Shows each step, then three lines: what was read, what came out, and (on standard output) the path of the CSV.
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
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

gc.disable()  # the process is short, and its imports leave little garbage

from commands.airflow_environment import airflow_environment, migrate_all  # noqa: E402
from commands.caller import at_caller, given  # noqa: E402
from commands.console import Console, user_console  # noqa: E402
from commands.homes import is_home_of_demo, remember_data, to_load  # noqa: E402
from commands.import_worker import ImportWorker  # noqa: E402
from commands.lost_reports import claimed, end_lost_reports  # noqa: E402
from commands.stack_state import Stack, is_scheduler_alive, no_scheduler, read_stack  # noqa: E402
from store_uptime import tracing  # noqa: E402
from store_uptime.contract import MAX_SHARDS, REPORT_DAG_ID, TASK_BEGINS, TASK_FAILED  # noqa: E402
from store_uptime.db import embedded_postgres  # noqa: E402
from store_uptime.errors import InputFolderError, ReportError, SettingError, StoreUptimeError  # noqa: E402
from store_uptime.settings import PROJECT, Settings  # noqa: E402
from store_uptime.storage import is_url, problem_of_output  # noqa: E402


def main(console: Console) -> str:
    """Computes a report and returns the path of its CSV; raises `StoreUptimeError` if there is none."""
    settings = console.settings
    is_shared = bool(settings.database_url)
    settings = replace(settings, reports=at_caller(given("OUT") or settings.reports))
    conf = dag_run_params()
    check_folders(settings)
    is_demo = is_home_of_demo(settings)
    demo = f"demo: the sample in {settings.data}; for your files: make report DATA=folder"
    console.report_progress(demo if is_demo else f"reading {settings.data}")
    with ExitStack() as stack:
        is_alone = stack.enter_context(no_scheduler(settings.home))
        if is_alone and not tracing.is_on():  # only this process can send spans
            stack.enter_context(ImportWorker())  # forks, so before the first step
        with console.step("connecting to the database" if is_shared else "starting the database"):
            settings = stack.enter_context(embedded_postgres.database(settings))
        os.environ |= airflow_environment(settings) | {
            # The plugin is not needed here, and slow to import.
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(settings.home / "airflow" / "no-plugins"),
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        }
        with console.step("starting Airflow"):
            import airflow.settings

            stack.callback(airflow.settings.dispose_orm, do_log=False)
            migrate_all(settings)
            if is_alone and not is_shared:
                end_lost_reports(settings)
        if not is_alone or (is_shared and is_scheduler_alive()):
            report, path = run_in_stack(settings, conf, read_stack(settings.home), console)
        else:
            report, path = run_here(settings, conf, console)
            settle_history(settings, console)
        from commands.report_lines import lines_of

        lines = lines_of(settings, report)
        console.begin("closing the database" if is_shared else "stopping the database")
    console.activity.end()
    for line in lines:
        console.report_progress(line)
    return path


def run_here(settings: Settings, conf: dict[str, object], console: Console) -> tuple[UUID, str]:
    """Runs the DAG in this process; returns the report and the path of its CSV."""
    from store_uptime.reports.request import report_id_of

    with console.step("reading the DAG"):
        sys.path.insert(0, str(PROJECT / "dags"))
        from store_uptime_report import report_dag
    console.begin("starting the DAG run")
    unrecorded = forward_counts(console)
    remember_data(settings)
    run_after = datetime.now(UTC)
    dag_run_id = f"manual__{run_after.isoformat()}"
    with claimed(settings.home, dag_run_id):
        try:
            report_dag.test(run_after=run_after, run_conf=conf)
        finally:
            end_dag_run(dag_run_id)
    report = report_id_of(dag_run_id)
    return report, outcome(settings, report, unrecorded)


def settle_history(settings: Settings, console: Console) -> None:
    """Settles days and outages; a failure is a warning, because the report stands without them."""
    from sqlalchemy.exc import SQLAlchemyError

    from store_uptime.db.engine import connected
    from store_uptime.history import days
    from store_uptime.insight.dates import judge_dates
    from store_uptime.insight.weeks import forecast
    from store_uptime.reports.task_records import cause_of

    if not settings.history:
        return
    console.begin("settling days and outages")
    try:
        with connected(settings, "writer", "history") as engine:
            days.settle_all(
                engine,
                datetime.now(UTC),
                settings.history_max_gap,
                keep_days=settings.keep_history_days,
                with_hours=settings.has_hours,
            )
            if settings.anomalies:
                console.begin("looking for anomalies")
                judge_dates(engine, datetime.now(UTC))
            if settings.forecast:
                console.begin("making the forecast")
                forecast(engine, datetime.now(UTC))
    except (StoreUptimeError, SQLAlchemyError, OSError) as error:
        console.report_progress(f"warning: days and outages were not settled: {cause_of(error)}")


def check_folders(settings: Settings) -> None:
    """Raises an error for a folder of this machine that cannot be used: what takes time has not begun yet."""
    if not is_url(settings.data):
        try:
            next(Path(settings.data).iterdir(), None)
        except OSError as error:
            raise InputFolderError(settings.data, f"cannot be listed ({error.strerror})") from error
    problem = None if is_url(settings.reports) else problem_of_output(Path(settings.reports))
    if problem:
        raise StoreUptimeError(
            f"The reports folder ({settings.reports}) {problem}; it is set by STORE_UPTIME_REPORTS or OUT."
        )


def forward_counts(console: Console) -> list[str]:
    """Shows the task that runs, and the log line with the counts of each task that has ended.

    Returns a list that gets the failures that the database does not take.
    """
    unrecorded: list[str] = []

    class Forwarder(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.msg == TASK_FAILED:
                unrecorded.append(record.getMessage())
            elif record.msg == TASK_BEGINS:
                console.begin(f"running {record.getMessage().partition(':')[0]}")
            else:
                console.report_progress(record.getMessage())

    for name in ("tasks", "retries"):
        logger = logging.getLogger(f"store_uptime_airflow.{name}")
        logger.setLevel(logging.INFO)
        logger.addHandler(Forwarder())
    return unrecorded


def end_dag_run(dag_run_id: str) -> None:
    """Marks an interrupted DAG run as failed, because no process will continue it."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState

    with create_session() as session:
        for dag_run in DagRun.find(dag_id=REPORT_DAG_ID, run_id=dag_run_id, state=DagRunState.RUNNING, session=session):
            dag_run.set_state(DagRunState.FAILED)


def run_in_stack(
    settings: Settings, conf: dict[str, object], running: Stack | None, console: Console
) -> tuple[UUID, str]:
    """Triggers the report in the Airflow that runs on this database, and waits for it; returns as `run_here` does."""
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
    with console.step(f"Airflow is up and computes report {report}"):
        while DagRun.find(dag_id=REPORT_DAG_ID, run_id=str(report))[0].state not in {"success", "failed"}:
            if not is_scheduler_alive():
                raise StoreUptimeError(f"Airflow is down; report {report} continues when it is up again.")
            time.sleep(0.2)
    path = outcome(settings, report)
    if given("OUT"):
        Path(settings.reports).mkdir(parents=True, exist_ok=True)
        path = shutil.copy(path, settings.reports)
    return report, path


def outcome(settings: Settings, report: UUID, unrecorded: Sequence[str] = ()) -> str:
    """The path of the published CSV; raises `ReportError` with the cause if there is none.

    `unrecorded` are failures that are not in the database.
    """
    from store_uptime.db.engine import connect
    from store_uptime.db.statements import statement

    engine = connect(settings, "reader")
    with engine.begin() as connection:
        row = connection.execute(statement("api/report"), {"report_id": report}).one_or_none()
    engine.dispose()
    if row is not None and row.failed_task:
        raise ReportError(f"{row.failed_task} failed: {row.failure_cause}")
    if unrecorded:
        raise ReportError(unrecorded[-1])
    if row is None or row.csv_path is None:
        raise ReportError("The DAG run ended without a report and without a cause; see logs/report.log in the home.")
    return row.csv_path


def dag_run_params() -> dict[str, object]:
    """The Params of the DAG run; raises `SettingError` with the name of an invalid variable."""
    from store_uptime.calendar.durations import duration_text, parse_date, parse_duration, parse_instant

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
    for name in ("HOURS_VALID_FROM", "ZONES_VALID_FROM"):
        if text := given(name):
            valid_from = parse_date(name, text)
            if valid_from > datetime.now(UTC).date():
                raise SettingError(name, text, "no date after today")
            params[name.lower()] = str(valid_from)
    return params


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    status = 0
    try:
        with user_console("report", to_load) as console:
            console.print(main(console))
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    if tracing.is_on():  # spans are sent at the end
        sys.exit(status)
    os._exit(status)  # taking apart all that was imported would take a quarter of the time
