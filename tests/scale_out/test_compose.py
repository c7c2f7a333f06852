"""The services of docker-compose.yaml as plain processes: the same commands, environments and health checks.

The probes of the chart for Kubernetes are asked too: they are the same processes.

Of Docker's part only this is done here: variables are filled in, mounted files and folders are found where they come
from, and every host is this machine, which the URLs that may be given say.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml

from commands.stack import password_of
from store_uptime.settings import PROJECT
from support.cluster import REPORT_SECONDS, Cluster, Machine, Web, require_redis
from support.programs import program
from support.stack import free_port

SECRETS = ("postgres_password", "redis_password")
VALUES = yaml.safe_load((PROJECT / "deploy" / "helm" / "values.yaml").read_text())
PROBES: dict[str, list[str]] = {
    "scheduler": VALUES["scheduler"]["livenessProbe"]["command"],
    "dag-processor": VALUES["dagProcessor"]["livenessProbe"]["command"],
    "triggerer": VALUES["triggerer"]["livenessProbe"]["command"],
    "worker": VALUES["workers"]["celery"]["livenessProbe"]["command"],
}
# What the chart's init containers give the image's entry point.
WAIT_FOR_MIGRATIONS = ["python", "-m", "commands.container", "airflow", "db", "check-migrations"]
HOME = "/var/lib/store-uptime"  # STORE_UPTIME_HOME of the image


class Compose:
    """The files laid over each other, with variables filled in and paths of containers as paths of this machine."""

    def __init__(self, folder: Path, files: list[str], variables: Mapping[str, str]) -> None:
        self.folder, self._variables = folder, variables
        documents = [yaml.safe_load((PROJECT / file).read_text()) for file in files]
        self.services: dict[str, dict[str, Any]] = documents[0]["services"]
        for document in documents[1:]:
            for name, service in document["services"].items():
                environment = self.services[name].get("environment", {}) | service.get("environment", {})
                self.services[name] = self.services[name] | service | {"environment": environment}
        self.secrets = {name: self.filled(documents[0]["secrets"][name]["file"]) for name in SECRETS}

    def filled(self, text: str) -> str:
        """`text` with `${NAME}`, `${NAME-default}` and `${NAME:-default}` (if empty too) as Compose has them."""

        def value(match: re.Match[str]) -> str:
            name, operator, default = match.groups()
            given = self._variables.get(name)
            return default or "" if given is None or (operator == ":-" and not given) else given

        return re.sub(r"\$\{(\w+)(?:(:?-)([^}]*))?\}", value, text).replace("$$", "$")

    def on_this_machine(self, text: str) -> str:
        """`text` with the paths that a container sees replaced."""
        for name, file in self.secrets.items():
            text = text.replace(f"/run/secrets/{name}", file)
        return text.replace(HOME, str(self.folder / "home"))

    def environment(self, name: str) -> dict[str, str]:
        """What the service's process is told; the data folder is where its mount comes from."""
        service = self.services[name]
        # What has no value is passed on from where compose runs, and here from nowhere.
        named = {key: value for key, value in service["environment"].items() if value is not None}
        given = {key: self.on_this_machine(self.filled(value)) for key, value in named.items()}
        [data] = [self.filled(volume) for volume in service["volumes"] if volume.endswith(":/data:ro")]
        assert given["STORE_UPTIME_DATA"] == "/data"
        source = (PROJECT / data.removesuffix(":/data:ro")).resolve()
        return given | {"STORE_UPTIME_DATA": str(source), "STORE_UPTIME_HOME": str(self.folder / "home")}

    def is_started(self, name: str) -> bool:
        """Whether `docker compose up` starts the service, no profile being asked for."""
        return "profiles" not in self.services[name]


@contextmanager
def up(folder: Path, files: list[str], variables: dict[str, str], database_url: str) -> Iterator[tuple[Cluster, Web]]:
    """What `docker compose up` starts, in its order; PostgreSQL is the tests' own."""
    api_port = free_port()
    (folder / "secrets").mkdir()
    for name in SECRETS:
        (folder / "secrets" / name).write_text("a pass/word\n" if name == "postgres_password" else "an-other")
    variables = variables | {
        "SECRETS": str(folder / "secrets"),
        "STORE_UPTIME_DATABASE_URL": database_url,
        "API_SERVER_URL": f"http://127.0.0.1:{api_port}",
        "STORE_UPTIME_SCHEDULE": "none",
        "STORE_UPTIME_MAINTENANCE_SCHEDULE": "none",
    }
    compose = Compose(folder, files, variables)
    # The port of a container is its own; here it has to be a free one. The last is for a machine where tests are alone.
    local = {"PORT": str(api_port), "AIRFLOW__API__HOST": "127.0.0.1", "ADMIN_PASSWORD": "known to many"}
    with Cluster(folder, {}) as cluster:
        if compose.is_started("redis"):
            start_redis(cluster, compose, variables["STORE_UPTIME_QUEUE_URL"])
        environment = cluster.environment
        cluster.environment = environment | compose.environment("init") | local
        cluster.run_init("init")
        assert is_successful(cluster, WAIT_FOR_MIGRATIONS)
        for name in ("scheduler", "dag-processor", "triggerer"):
            assert not is_successful(cluster, PROBES[name]), name
        waiting = [
            "api-server",
            *(n for n in ("scheduler", "dag-processor", "triggerer", "worker") if compose.is_started(n)),
        ]
        for name in waiting:
            cluster.environment = environment | compose.environment(name) | local
            [process] = compose.services[name]["command"]
            cluster.start(name, process, STORE_UPTIME_HOME=str(folder / "home"))
            if name == "api-server":
                cluster.wait_for(lambda: is_healthy(cluster, compose, "api-server"), "the API server")
        web = Web(variables["API_SERVER_URL"], folder / "home")
        with web.sign_in():
            assert password_of(folder / "home") == local["ADMIN_PASSWORD"]
            cluster.wait_for(web.has_dag, "the DAG")
            for name in waiting:
                cluster.wait_for(lambda name=name: is_healthy(cluster, compose, name), f"the {name} to be healthy")
            yield cluster, web
            for name in ("worker", "api-server"):
                if name in cluster.machines:
                    assert name not in PROBES or is_successful(cluster, PROBES[name])
                    cluster.machines[name].kill()
                    assert not is_healthy(cluster, compose, name), name
                    assert name not in PROBES or not is_successful(cluster, PROBES[name])
            # An API server that is away makes Kubernetes start no other process anew.
            for name in ("scheduler", "dag-processor", "triggerer"):
                assert is_successful(cluster, PROBES[name]), name


def start_redis(cluster: Cluster, compose: Compose, url: str) -> None:
    """By the service's own command, but for the folder and the port."""
    shell, option, script = compose.services["redis"]["command"]
    script = compose.on_this_machine(script.replace("$$", "$"))
    place = f" --port {url.rsplit(':', 1)[1].partition('/')[0]} --bind 127.0.0.1 --dir {cluster.home('redis')}"
    # The image has the server in its path; here it may be one that only the tests' set-up has.
    path = f"{Path(program('redis-server')).parent}{os.pathsep}{os.environ['PATH']}"
    cluster.machines["redis"] = Machine(
        cluster.home("redis"), [shell, option, script + place], cluster.environment | {"PATH": path}
    )
    password = Path(compose.secrets["redis_password"]).read_text()
    # What its health check asks by redis-cli; `init` begins only then.
    cluster.wait_for(lambda: is_redis_up(f"redis://:{password}@{url.partition('://')[2]}"), "Redis")


def is_redis_up(url: str) -> bool:
    """Whether the server answers to its password."""
    with redis.Redis.from_url(url) as client, suppress(redis.ConnectionError):
        return bool(client.ping())
    return False


def is_healthy(cluster: Cluster, compose: Compose, name: str) -> bool:
    """What the service's health check says."""
    kind, *command = compose.services[name]["healthcheck"]["test"]
    assert kind == "CMD"
    return is_successful(cluster, command)


def is_successful(cluster: Cluster, command: list[str]) -> bool:
    """Whether the container's command ends well."""
    python, *arguments = command
    assert python == "python"
    asked = subprocess.run(
        [sys.executable, *arguments], cwd=PROJECT, env=cluster.environment, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in asked.stderr, asked.stderr
    return asked.returncode == 0


@pytest.mark.parametrize("is_on_one_machine", [False, True], ids=["with-a-queue", "one-machine"])
def test_the_services_make_a_report(
    new_database: Callable, tmp_path: Path, sample_report: bytes, is_on_one_machine: bool
) -> None:
    files, variables = ["docker-compose.yaml"], {}
    if is_on_one_machine:
        files.append("docker-compose.one-machine.yaml")
    else:
        require_redis()
        variables["STORE_UPTIME_QUEUE_URL"] = f"redis://127.0.0.1:{free_port()}/0"
    with new_database() as url, up(tmp_path, files, variables, url) as (cluster, web):
        report_id = web.trigger(2)
        cluster.wait_for(lambda: web.state(report_id) in ("Complete", "Failed"), "the report", REPORT_SECONDS)
        assert (tmp_path / "home" / "reports" / f"{report_id}.csv").read_bytes() == sample_report
        assert ("worker" in cluster.machines) != is_on_one_machine
        if not is_on_one_machine:
            assert "Executing workload" in cluster.machines["worker"].output()
