"""A real Airflow with the plugin: API servers under both auth managers, a scheduler and a DAG processor.

One PostgreSQL holds Airflow's tables and ours. Everything starts once for all tests that ask for it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from commands.airflow_environment import airflow_environment, telemetry
from plugin.odd_stores import write_odd_stores
from plugin.stack import (
    ADMIN,
    FAB,
    MORE_USERS,
    ROLES,
    SIMPLE,
    Processes,
    Stack,
    airflow,
    answers,
    fab_token,
    token,
    wait_for,
    wait_for_state,
)
from store_uptime.db.engine import connect, connected
from store_uptime.history import days
from store_uptime.settings import PROJECT, Settings
from support.made_report import MADE_REPORT
from support.object_storage import ObjectStorage
from support.receiver import Receiver, receiving
from support.stack import free_port


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    """Takes the alerts, spans and metrics of the stack."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="session")
def stack_storage() -> Iterator[ObjectStorage]:
    """The object storage that the stack knows; its own folders are on this machine."""
    storage = ObjectStorage()
    yield storage
    storage.stop()


@pytest.fixture(scope="session")
def stack(
    new_database: Callable,
    tmp_path_factory: pytest.TempPathFactory,
    receiver: Receiver,
    stack_storage: ObjectStorage,
) -> Iterator[Stack]:
    home = tmp_path_factory.mktemp("home")
    data = home / "data"
    shutil.copytree(PROJECT / "data" / "sample", data)
    write_odd_stores(data)
    with ExitStack() as running:
        settings = replace(
            Settings.from_environment({"STORE_UPTIME_HOME": str(home), "STORE_UPTIME_DATA": str(data)}),
            database_url=running.enter_context(new_database()),
        )
        # What a task says of itself is lost where it may not wait as long as a busy machine stands still.
        collector = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_EXPORTER_OTLP_TIMEOUT": "30"}
        environment = os.environ | airflow_environment(settings) | collector | telemetry(collector)
        environment["PYTHONPATH"] += os.pathsep + str(without_format_checks(home))
        passwords = home / "airflow" / "passwords.json"
        passwords.write_text(json.dumps({name: name for name in (*ROLES, *MORE_USERS)}))
        ports = {"simple": free_port(), "fab": free_port()}
        environment |= stack_storage.environment | {
            "STORE_UPTIME_SIGNED_DOWNLOADS": "on",
            "STORE_UPTIME_SCHEDULE": "none",
            "STORE_UPTIME_MAINTENANCE_SCHEDULE": "none",
            "STORE_UPTIME_ALERT_WEBHOOK": f"{receiver.url}/hook",
            "STORE_UPTIME_ALLOW_RECIPIENTS": f"@example.org,{receiver.url}/subscriptions,connection:ops",
            "AIRFLOW__LOGGING__JSON_LOGS": "True",
            "OTEL_BSP_SCHEDULE_DELAY": "500",
            "OTEL_METRIC_EXPORT_INTERVAL": "2000",
            "AIRFLOW__CORE__AUTH_MANAGER": SIMPLE,
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(
                [
                    *(f"{role}:{'' if role == 'nobody' else role}" for role in ROLES),
                    *(f"{name}:user" for name in MORE_USERS),
                ]
            ),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "2",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{ports['simple']}/execution/",
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
            "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        }
        airflow(
            environment | {"AIRFLOW__CORE__AUTH_MANAGER": FAB},
            ["db", "migrate"],
            ["users", "create", *ADMIN],
        )
        processes = running.enter_context(Processes(home))
        for auth_manager, manager_class in (("simple", SIMPLE), ("fab", FAB)):
            port = str(ports[auth_manager])
            own = {
                "AIRFLOW__CORE__AUTH_MANAGER": manager_class,
                "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
            }
            processes.start(environment | own, "api-server", "--host", "127.0.0.1", "--port", port)
        processes.start(environment, "dag-processor")
        urls = {auth_manager: f"http://127.0.0.1:{port}" for auth_manager, port in ports.items()}
        for url in urls.values():
            wait_for(lambda url=url: answers(f"{url}/api/v2/version"), f"{url} to answer")
        # The first call to the execution API is slow, and must not be a task's.
        answers(f"{urls['simple']}/execution/health")
        processes.start(environment, "scheduler")
        tokens = {("simple", name): token(urls["simple"], name) for name in (*ROLES, *MORE_USERS)}
        tokens |= {("fab", role): fab_token(urls["fab"], role) for role in ROLES}
        owner = connect(settings, "owner")
        running.callback(owner.dispose)
        ready = Stack(settings, owner, urls, tokens)
        with ready.client() as client, ready.airflow() as airflow_client:
            wait_for(lambda: client.get("health").status_code == 200, "everything to be healthy")
            wait_for(lambda: airflow_client.get("dags/store_uptime_report").status_code == 200, "the DAG to be read")
        yield ready


def without_format_checks(home: Path) -> Path:
    """A folder for PYTHONPATH that hides what checks Params of format date-time: only tools for tests install it."""
    folder = home / "hidden"
    folder.mkdir()
    (folder / "rfc3339_validator.py").write_text('raise ImportError("not installed with the project")\n')
    return folder


@pytest.fixture(scope="session")
def report_id(stack: Stack) -> UUID:
    """A report on the sample, as `user` asked for it."""
    with stack.client("user") as client:
        answer = client.post("trigger_report")
        assert answer.status_code == 202, answer.text
        asked = UUID(answer.json()["report_id"])
        wait_for_state(stack, asked, "Complete")
        return asked


@pytest.fixture(scope="session")
def settled(stack: Stack, report_id: UUID) -> UUID:
    """The days of a published report are settled."""
    with connected(stack.settings) as engine:
        days.settle_all(engine, datetime(2031, 1, 1, tzinfo=UTC), timedelta(hours=3))
    return report_id


@pytest.fixture(scope="session")
def subscribed(stack: Stack) -> None:
    """There is a template 1, a subscription 1 that sends it, and a rule 1."""
    with stack.owner.begin() as connection:
        connection.execute(
            text(
                "insert into delivery.template (template_id, name, answer, formats, period, grouped_by, scope_kind,"
                " scope_name, changed_by, changed_at) overriding system value"
                " values (1, 'First', 'availability', '{csv}', 'range', 'store', 'all', 'all', 'ann', now())"
            )
        )
        connection.execute(
            text(
                "insert into delivery.subscription (subscription_id, template_id, name, recipients, cron, timezone,"
                " period, send_when, wait_hours, is_paused, changed_by, changed_at) overriding system value"
                " values (1, 1, 'First', '{a@example.org}', '0 7 * * 1', 'UTC', 'week', 'always', 24, true, 'ann',"
                " now())"
            )
        )
        connection.execute(
            text(
                "insert into delivery.rule (rule_id, name, scope_kind, scope_name, grouped_by, events, recipients,"
                " timezone, digest_minutes, hourly_cap, inactive_polls, least_minutes, grace_minutes, group_percent,"
                " stale_hours, is_paused, since_at, changed_by, changed_at) overriding system value"
                " values (1, 'First', 'all', 'all', 'all', '{outage}', '{a@example.org}', 'UTC', 0, 20, 2, 0, 30, 50,"
                " 26, true, now(), 'ann', now())"
            )
        )
        for table in ("template", "subscription", "rule"):
            connection.execute(
                text("select setval(pg_get_serial_sequence(:table, :column), 10)"),
                {"table": f"delivery.{table}", "column": f"{table}_id"},
            )


@pytest.fixture
def viewer(stack: Stack) -> Iterator[httpx.Client]:
    with stack.client("viewer") as client:
        yield client


@pytest.fixture
def user(stack: Stack) -> Iterator[httpx.Client]:
    with stack.client("user") as client:
        yield client


@pytest.fixture
def paused(stack: Stack) -> Iterator[None]:
    """The DAG is paused for as long as the test lasts."""
    with stack.airflow() as client:
        client.patch("dags/store_uptime_report", json={"is_paused": True}).raise_for_status()
        yield
        client.patch("dags/store_uptime_report", json={"is_paused": False}).raise_for_status()


@pytest.fixture
def made_report(stack: Stack) -> Iterator[Callable[[int], UUID]]:
    """Called with a number of stores it gives a published report of so many, written straight into the tables."""
    made = []

    def make(stores: int) -> UUID:
        made.append(uuid4())
        binds = {"report_id": made[-1], "stores": stores}
        with stack.owner.begin() as connection:
            for statement in MADE_REPORT:
                connection.execute(text(statement), binds)
        with stack.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("analyze report.store_uptime, report.store"))
        return made[-1]

    yield make
    with stack.owner.begin() as connection:
        connection.execute(text("delete from report.report where report_id = any(:made)"), {"made": made})
