"""`make report`: runs the DAG once and prints where the CSV is. Without a data folder it is the demo (homes.py).

Reads DATA, AS_OF, OUT, MAX_GAP, NO_DATA and SHARDS from the environment, where make puts its variables. The run happens
in this process (Airflow's `dag.test`), or in the Airflow of `make up` while that has the database to itself.
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

gc.disable()  # a short life, most of it spent on imports, which leave no rubbish

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


def main(settings: Settings, say: Callable[[str], None]) -> str:
    """Makes a report and returns the path of its CSV."""
    is_shared = bool(settings.database_url)
    settings = replace(settings, reports=at_caller(given("OUT") or settings.reports))
    conf = parameters()
    if is_home_of_demo(settings):
        say(f"demo: the sample in {settings.data}; for your files: make report DATA=folder")
    with ExitStack() as stack:
        settings = stack.enter_context(embedded_postgres.database(settings))
        os.environ |= airflow_environment(settings) | {
            # Nothing of the web is needed here, and it costs imports.
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(settings.home / "airflow" / "no-plugins"),
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        }
        is_ours = stack.enter_context(no_scheduler(settings.home))
        if is_ours and not tracing.is_on():  # spans are only sent from this process
            stack.enter_context(ImportWorker())
        import airflow.settings

        stack.callback(airflow.settings.dispose_orm, do_log=False)
        migrate_all(settings)
        if not is_ours or (is_shared and is_scheduler_alive()):
            return run_in_stack(settings, conf, read_stack(settings.home), say)
        return run_here(settings, conf, say)


def run_here(settings: Settings, conf: dict[str, object], say: Callable[[str], None]) -> str:
    """Runs the DAG in this process."""
    from store_uptime.reports.request import report_id_of

    sys.path.insert(0, str(PROJECT / "dags"))
    from store_uptime_report import report_dag

    tell_counts(say)
    remember_data(settings)
    run_after = datetime.now(UTC)
    run_id = f"manual__{run_after.isoformat()}"
    try:
        report_dag.test(run_after=run_after, run_conf=conf)
    finally:
        end_run(run_id)
    return outcome(settings, report_id_of(run_id))


def tell_counts(say: Callable[[str], None]) -> None:
    """Lets the user see what each task logs as its counts."""

    class Teller(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            say(record.getMessage())

    logger = logging.getLogger("store_uptime_airflow.tasks")
    logger.setLevel(logging.INFO)
    logger.addHandler(Teller())


def end_run(run_id: str) -> None:
    """Marks the run as failed if it was interrupted: nobody will go on with it."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState

    with create_session() as session:
        for dag_run in DagRun.find(dag_id=REPORT_DAG_ID, run_id=run_id, state=DagRunState.RUNNING, session=session):
            dag_run.set_state(DagRunState.FAILED)


def run_in_stack(settings: Settings, conf: dict[str, object], running: Stack | None, say: Callable[[str], None]) -> str:
    """Lets the Airflow that runs on this database make the report, and waits for it."""
    if running.data != settings.data if running else given("DATA"):
        of_stack = f"reads {running.data}" if running else "runs on this database"
        raise StoreUptimeError(
            f"Airflow is up and {of_stack}, so it cannot be given the folder {settings.data}: "
            "`make down` first, or choose another STORE_UPTIME_HOME."
        )
    from airflow.api.common.trigger_dag import trigger_dag
    from airflow.models.dagrun import DagRun
    from airflow.utils.types import DagRunTriggeredByType

    report = uuid4()
    trigger_dag(REPORT_DAG_ID, triggered_by=DagRunTriggeredByType.CLI, run_id=str(report), conf=conf)
    say(f"Airflow is up and makes report {report}")
    while DagRun.find(dag_id=REPORT_DAG_ID, run_id=str(report))[0].state not in {"success", "failed"}:
        if not is_scheduler_alive():
            raise StoreUptimeError(f"Airflow went away; report {report} goes on when it is up again.")
        time.sleep(0.2)
    path = outcome(settings, report)
    if given("OUT"):
        Path(settings.reports).mkdir(parents=True, exist_ok=True)
        path = shutil.copy(path, settings.reports)
    return path


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
        raise ReportError("The run ended without a report and without a cause.")
    return row.csv_path


def parameters() -> dict[str, object]:
    """The run's parameters as the DAG wants them; raises `SettingError` naming the variable."""
    from store_uptime.calendar.durations import duration_text, parse_duration, parse_instant

    asked: dict[str, object] = {}
    if text := given("AS_OF"):
        asked["as_of"] = parse_instant("AS_OF", text).isoformat()
    if text := given("MAX_GAP"):
        asked["max_gap"] = duration_text(parse_duration("MAX_GAP", text))
    if text := given("NO_DATA"):
        if text not in {"unknown", "down"}:
            raise SettingError("NO_DATA", text, "unknown or down")
        asked["no_data"] = text
    if text := given("SHARDS"):
        if not (text.isdecimal() and 1 <= int(text) <= MAX_SHARDS):
            raise SettingError("SHARDS", text, f"a number from 1 to {MAX_SHARDS}")
        asked["shards"] = int(text)
    return asked


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with user_console("report", to_load) as console:
        console.print(main(console.settings, console.say))
