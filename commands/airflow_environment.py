"""Airflow's configuration, as environment variables, which are the same for all its processes."""

from __future__ import annotations

import base64
import json
import math
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from store_uptime.errors import SettingError
from store_uptime.settings import PROJECT, Settings
from store_uptime.storage import is_url

MAX_TASK_SECONDS = 3600  # execution_timeout of the DAGs' tasks
EXECUTOR = "AIRFLOW__CORE__EXECUTOR"
BASE_URL = "AIRFLOW__API__BASE_URL"
# The signing and encryption keys of Airflow's processes, by their names in secrets.json.
KEYS = {
    "fernet_key": "AIRFLOW__CORE__FERNET_KEY",
    "api_secret_key": "AIRFLOW__API__SECRET_KEY",
    "jwt_secret": "AIRFLOW__API_AUTH__JWT_SECRET",
}
# libpq's names in a URL and as variables.
ENCRYPTION = {name: f"PG{name.upper()}" for name in ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl")}
CPU_LIMIT = Path("/sys/fs/cgroup/cpu.max")


def airflow_environment(settings: Settings, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of Airflow for a deployment; Airflow's home is in the deployment's home.

    Uses the keys in `given`; generates the others.
    """
    home = settings.home / "airflow"
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        # The first process that parses the DAG stores this, `make report` too; `make up` must not find it paused.
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        **keys(home, given or {}),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": settings.database_url,
        **asynchronous_database(settings.database_url),
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
        # One arena each for the C library and polars, so that threads reuse each other's freed memory: `ingest` needs
        # 65 MB less, at the same speed.
        "MALLOC_ARENA_MAX": "1",
        "_RJEM_MALLOC_CONF": "narenas:1",
        **telemetry(os.environ),
        **logs_environment(settings),
    }


def asynchronous_database(url: str) -> dict[str, str]:
    """The variables for Airflow's second, asynchronous driver, if the URL says how to encrypt the connection.

    Airflow would give it the same URL, and asyncpg takes these facts only from libpq's variables.
    """
    address, _, query = url.partition("?")
    facts = parse_qsl(query, keep_blank_values=True)
    encryption = {ENCRYPTION[name]: value for name, value in facts if name in ENCRYPTION}
    if not encryption:
        return {}
    others = urlencode([(name, value) for name, value in facts if name not in ENCRYPTION])
    plain = address.replace("+psycopg2", "+asyncpg", 1) + (f"?{others}" if others else "")
    return encryption | {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": plain}


def base_path(environment: Mapping[str, str]) -> str:
    """The path of Airflow's base_url, below which its server answers everything; empty if it has none."""
    try:
        return urlsplit(environment.get(BASE_URL, "")).path.rstrip("/")
    except ValueError as error:
        raise SettingError(BASE_URL, environment[BASE_URL], "a URL such as https://host/path") from error


def below_base_path(url: str, environment: Mapping[str, str]) -> str:
    """The address of the API server with the path that it answers below, unless the address has a path already."""
    url = url.rstrip("/")
    return url if urlsplit(url).path else url + base_path(environment)


def logs_environment(settings: Settings) -> dict[str, str]:
    """The variables for task logs: a folder, or a URL, to which each machine uploads its logs and which all read."""
    # Logs quote what is in the input.
    private = {
        "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FILE_PERMISSIONS": "0o600",
        "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FOLDER_PERMISSIONS": "0o700",
    }
    if not is_url(settings.logs):
        return private | {"AIRFLOW__LOGGING__BASE_LOG_FOLDER": settings.logs}
    return private | {
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(settings.home / "logs" / "tasks"),
        "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
        "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": settings.logs,
        "AIRFLOW__LOGGING__DELETE_LOCAL_LOGS": "True",
    }


def executor_environment(settings: Settings, given: str = "") -> dict[str, str]:
    """The variables for the executor: `given`, else CeleryExecutor if there is a queue, else LocalExecutor."""
    executor = given or ("CeleryExecutor" if settings.queue_url else "LocalExecutor")
    if executor == "LocalExecutor":
        return {EXECUTOR: executor, "AIRFLOW__CORE__PARALLELISM": str(max(4, min(2 * usable_cores(), 16)))}
    many_machines = {
        EXECUTOR: executor,
        # For all machines together; each task uses one of the database's 200 connections.
        "AIRFLOW__CORE__PARALLELISM": "64",
        "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "64",
        # A task that no worker takes in ten minutes is queued again, because the queue may have lost it. By default the
        # third time fails the task, although all workers may simply be busy.
        "AIRFLOW__SCHEDULER__NUM_STUCK_IN_QUEUED_RETRIES": "1000",
    }
    if executor != "CeleryExecutor":
        return many_machines
    return many_machines | {
        "AIRFLOW__CELERY__BROKER_URL": settings.queue_url,
        # A separate process for sending can deadlock in its fork (apache/airflow#70690).
        "AIRFLOW__CELERY__SYNC_PARALLELISM": "1",
        # Tasks mostly wait for the database. A worker takes no task that it cannot start at once.
        "AIRFLOW__CELERY__WORKER_CONCURRENCY": "4",
        "AIRFLOW__CELERY__WORKER_PREFETCH_MULTIPLIER": "1",
        # A task's message is deleted when the task has ended. Redis gives the message of a lost worker to another one
        # after more than the longest task, so that no task runs twice at the same time. Usually Airflow is faster: it
        # notices the missing heartbeat.
        "AIRFLOW__CELERY__TASK_ACKS_LATE": "True",
        "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": str(2 * MAX_TASK_SECONDS),
    }


def usable_cores(limit: Path = CPU_LIMIT) -> int:
    """The number of processors that this process may use: the machine's, or the container's limit, rounded up."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    quota, period = limit.read_text().split() if limit.exists() else ("max", "")
    return cores if quota == "max" else max(1, min(cores, math.ceil(int(quota) / int(period))))


def telemetry(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables for metrics and spans, if the environment names an OpenTelemetry collector."""
    if not environment.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return {}
    is_grpc = environment.get("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc"
    defaults = {
        "AIRFLOW__METRICS__OTEL_ON": "True",
        "AIRFLOW__TRACES__OTEL_ON": "True",
        # Airflow's metrics follow the protocol's variable, its traces only this one.
        "OTEL_TRACES_EXPORTER": "otlp_proto_grpc" if is_grpc else "otlp_proto_http",
        "OTEL_SERVICE_NAME": "store-uptime",
        # A collector that is down must not delay the end of each task by half a minute.
        "OTEL_EXPORTER_OTLP_TIMEOUT": "2",
        "AIRFLOW__TRACES__TASK_RUNNER_FLUSH_TIMEOUT_MILLISECONDS": "2000",
    }
    return {name: environment.get(name) or value for name, value in defaults.items()}


def keys(home: Path, given: Mapping[str, str]) -> dict[str, str]:
    """The signing and encryption keys: those in `given`, and generated ones for the rest."""
    if all(given.get(variable) for variable in KEYS.values()):
        return {variable: given[variable] for variable in KEYS.values()}
    generated = generated_keys(home)
    return {variable: given.get(variable) or generated[name] for name, variable in KEYS.items()}


def generated_keys(home: Path) -> dict[str, str]:
    """The generated keys of Airflow's `home`, from a file that only its owner can read; generates them once."""
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
    """Writes `content` atomically as JSON that only its owner can read."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        json.dump(content, stream)
    draft.rename(file)


def migrate_all(settings: Settings) -> None:
    """Migrates our schemas and Airflow's own tables. Airflow must be configured already."""
    from store_uptime.db.migrations import migrate

    migrate(settings)
    if not is_airflow_migrated():
        from airflow.utils.db import upgradedb

        upgradedb()
    if settings.queue_url:
        create_queue_tables()


def create_queue_tables() -> None:
    """Creates Celery's tables in Airflow's database: workers that start together would conflict in creating them."""
    from airflow.providers.celery.executors.celery_executor_utils import app

    app.backend.ResultSession().close()


def is_airflow_migrated() -> bool:
    """Whether Airflow's tables are those of the installed version; Airflow's own check imports for a second."""
    from airflow.settings import get_engine
    from airflow.utils.db import _REVISION_HEADS_MAP
    from alembic.runtime.migration import MigrationContext

    with get_engine().connect() as connection:
        return MigrationContext.configure(connection).get_current_heads() == (list(_REVISION_HEADS_MAP.values())[-1],)
