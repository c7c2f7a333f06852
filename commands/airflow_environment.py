"""How Airflow is configured by the commands: one environment, the same for every process that has to agree."""

from __future__ import annotations

import base64
import json
import math
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from store_uptime.settings import PROJECT, Settings
from store_uptime.storage import is_url

LONGEST_TASK_SECONDS = 3600  # execution_timeout of the DAGs' tasks
EXECUTOR = "AIRFLOW__CORE__EXECUTOR"
# What Airflow's processes sign and encrypt with, by the names under which they are kept.
KEYS = {
    "fernet_key": "AIRFLOW__CORE__FERNET_KEY",
    "api_secret_key": "AIRFLOW__API__SECRET_KEY",
    "jwt_secret": "AIRFLOW__API_AUTH__JWT_SECRET",
}
CPU_LIMIT = Path("/sys/fs/cgroup/cpu.max")


def airflow_environment(settings: Settings, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables for Airflow on the database that `settings` name, with its home beside the rest of the state.

    Keys that are `given` are not made up.
    """
    home = settings.home / "airflow"
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        # Whoever makes the DAG known first decides: `make report` too, and `make up` shall find it running.
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        **keys(home, given or {}),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": settings.database_url,
        "AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "STORE_UPTIME_HOME": str(settings.home),
        "STORE_UPTIME_DATABASE_URL": settings.database_url,
        "STORE_UPTIME_QUEUE_URL": settings.queue_url,
        "STORE_UPTIME_DATA": settings.data,
        "STORE_UPTIME_REPORTS": settings.reports,
        "STORE_UPTIME_QUALITY": settings.quality,
        "STORE_UPTIME_LOGS": settings.logs,
        "STORE_UPTIME_ALERT_EMAIL": ",".join(settings.alert_email),
        "STORE_UPTIME_ALERT_WEBHOOK": settings.alert_webhook,
        "PYTHONPATH": os.pathsep.join([str(PROJECT / "include"), str(PROJECT / "config")]),
        # What a thread of ingest has freed, another one may have, of the C library's memory and of polars': 65 MB less,
        # and no slower.
        "MALLOC_ARENA_MAX": "1",
        "_RJEM_MALLOC_CONF": "narenas:1",
        **telemetry(os.environ),
        **logs_environment(settings),
    }


def logs_environment(settings: Settings) -> dict[str, str]:
    """Where the tasks' logs go: to a folder, or from the machine that wrote them to a store that all machines read."""
    if not is_url(settings.logs):
        return {"AIRFLOW__LOGGING__BASE_LOG_FOLDER": settings.logs}
    return {
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(settings.home / "logs" / "tasks"),
        "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
        "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": settings.logs,
        "AIRFLOW__LOGGING__DELETE_LOCAL_LOGS": "True",
    }


def executor_environment(settings: Settings, given: str = "") -> dict[str, str]:
    """Where tasks run: in the scheduler, in Celery's workers on as many machines as read the queue, or as is given."""
    executor = given or ("CeleryExecutor" if settings.queue_url else "LocalExecutor")
    if executor == "LocalExecutor":
        return {EXECUTOR: executor, "AIRFLOW__CORE__PARALLELISM": str(max(4, min(2 * usable_cores(), 16)))}
    many_machines = {
        EXECUTOR: executor,
        # All machines together; each task has a connection of the database's 200.
        "AIRFLOW__CORE__PARALLELISM": "64",
        "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "64",
        # A task that nobody takes in ten minutes is queued anew, lest the queue lost it. By default the third time
        # fails it, though all that it may lack is a machine that has done with the tasks before it.
        "AIRFLOW__SCHEDULER__NUM_STUCK_IN_QUEUED_RETRIES": "1000",
    }
    if executor != "CeleryExecutor":
        return many_machines
    return many_machines | {
        "AIRFLOW__CELERY__BROKER_URL": settings.queue_url,
        # Another process for sending can deadlock in its fork (apache/airflow#70690).
        "AIRFLOW__CELERY__SYNC_PARALLELISM": "1",
        # Tasks wait for the database more than they compute. A worker takes no task that it cannot start at once.
        "AIRFLOW__CELERY__WORKER_CONCURRENCY": "4",
        "AIRFLOW__CELERY__WORKER_PREFETCH_MULTIPLIER": "1",
        # A task's message goes when the task is done. Redis gives one that a lost worker held to another, after longer
        # than any task may run, so that none runs twice at once; Airflow, which misses the heartbeat, is sooner.
        "AIRFLOW__CELERY__TASK_ACKS_LATE": "True",
        "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": str(2 * LONGEST_TASK_SECONDS),
    }


def usable_cores(limit: Path = CPU_LIMIT) -> int:
    """The processors that this process may use: the machine's, or as many as its container's share comes to."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    share, period = limit.read_text().split() if limit.exists() else ("max", "")
    return cores if share == "max" else max(1, min(cores, math.ceil(int(share) / int(period))))


def telemetry(environment: Mapping[str, str]) -> dict[str, str]:
    """Airflow's own metrics and spans, and ours, for the OpenTelemetry collector that the environment names, if any."""
    if not environment.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return {}
    is_grpc = environment.get("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc"
    wanted = {
        "AIRFLOW__METRICS__OTEL_ON": "True",
        "AIRFLOW__TRACES__OTEL_ON": "True",
        # Airflow's metrics follow the protocol's variable, its traces only this one.
        "OTEL_TRACES_EXPORTER": "otlp_proto_grpc" if is_grpc else "otlp_proto_http",
        "OTEL_SERVICE_NAME": "store-uptime",
        # A collector that is away must not hold up the end of every task for half a minute.
        "OTEL_EXPORTER_OTLP_TIMEOUT": "2",
        "AIRFLOW__TRACES__TASK_RUNNER_FLUSH_TIMEOUT_MILLISECONDS": "2000",
    }
    return {name: environment.get(name) or value for name, value in wanted.items()}


def keys(home: Path, given: Mapping[str, str]) -> dict[str, str]:
    """What Airflow's processes sign and encrypt with: what is given, and what is made up for the rest."""
    if all(given.get(variable) for variable in KEYS.values()):
        return {variable: given[variable] for variable in KEYS.values()}
    made_up = secrets_of(home)
    return {variable: given.get(variable) or made_up[name] for name, variable in KEYS.items()}


def secrets_of(home: Path) -> dict[str, str]:
    """Keys that are made up: once, for the owner's eyes only."""
    file = home / "secrets.json"
    if not file.exists():
        write_private(
            file,
            {
                "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
                "api_secret_key": secrets.token_urlsafe(64),
                "jwt_secret": secrets.token_urlsafe(64),
            },
        )
    return json.loads(file.read_text())


def write_private(file: Path, content: dict[str, str]) -> None:
    """Writes `content` as JSON that only its owner can read, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        json.dump(content, stream)
    draft.rename(file)


def migrate_all(settings: Settings) -> None:
    """Brings our schemas and Airflow's own tables up to date. Airflow must be configured already."""
    from store_uptime.db.migrations import migrate

    migrate(settings)
    if not is_airflow_migrated():
        from airflow.utils.db import upgradedb

        upgradedb()
    if settings.queue_url:
        create_queue_tables()


def create_queue_tables() -> None:
    """Celery's own tables in Airflow's database: workers that start together would all create them."""
    from airflow.providers.celery.executors.celery_executor_utils import app

    app.backend.ResultSession().close()


def is_airflow_migrated() -> bool:
    """Whether Airflow's tables are those of the installed version; its own check costs a second of imports."""
    from airflow.settings import get_engine
    from airflow.utils.db import _REVISION_HEADS_MAP
    from alembic.runtime.migration import MigrationContext

    with get_engine().connect() as connection:
        return MigrationContext.configure(connection).get_current_heads() == (list(_REVISION_HEADS_MAP.values())[-1],)
