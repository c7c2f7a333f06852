"""docker-compose.yaml, Dockerfile and the values for Helm, as far as they can be checked without either."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from commands.airflow_environment import KEYS, MAX_TASK_SECONDS, asynchronous_database, usable_cores
from commands.container import (
    COMMANDS,
    MIN_SIGNING_KEY_BYTES,
    PASSWORDS,
    SECRETS,
    command_of,
    configuration,
    from_files,
    made_up_password,
    with_passwords,
)
from commands.stack import PROCESSES, password_of, users_of, write_passwords
from store_uptime.errors import SettingError, StoreUptimeError
from store_uptime.settings import PROJECT, Settings

COMPOSE = PROJECT / "docker-compose.yaml"
ONE_MACHINE = PROJECT / "docker-compose.one-machine.yaml"
# Of other makers: their images bring their own commands and users.
FOREIGN = {"postgres", "redis", "prometheus", "statsd-exporter", "caddy"}
ENVIRONMENTS = PROJECT / "deploy" / "environments"
NAMES = ("development", "staging", "production")
# Variables of a container that are no settings.
OTHER_NAMES = {
    "AIRFLOW_CONN_SMTP_DEFAULT",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS",
    "API_SERVER_URL",
    "FORWARDED_ALLOW_IPS",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
    "PGSSLMODE",
    "PGSSLROOTCERT",
    *SECRETS,
    *(f"{name}_FILE" for name in SECRETS),
}
HELM = PROJECT / "deploy" / "helm"
CONN_ASYNC = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC"
# What the chart starts, and where its values are.
CHART_PROCESSES = {
    "scheduler": ("scheduler",),
    "apiServer": ("api-server",),
    "dagProcessor": ("dag-processor",),
    "triggerer": ("triggerer",),
    "workers.celery": ("worker",),
    "migrateDatabaseJob": ("init",),
}


@pytest.fixture(scope="module")
def services() -> dict[str, dict]:
    return yaml.safe_load(COMPOSE.read_text())["services"]


@pytest.fixture(scope="module")
def ours(services: dict[str, dict]) -> dict[str, dict]:
    return {name: service for name, service in services.items() if name not in FOREIGN}


@pytest.mark.parametrize("file", [COMPOSE, ONE_MACHINE], ids=lambda file: file.name)
def test_compose_files_fit_their_schema(file: Path) -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_containers_run_what_the_commands_know(ours: dict[str, dict]) -> None:
    assert {name: service["command"] for name, service in ours.items()} == {
        name: [name] for name in [*COMMANDS, "init"]
    }


def test_what_is_laid_over_it_names_what_is_there(services: dict[str, dict]) -> None:
    laid_over = yaml.safe_load(ONE_MACHINE.read_text())["services"]
    switched_off = {name for name, service in laid_over.items() if service.get("profiles") == ["queue"]}
    told = {name for name, service in laid_over.items() if service.get("environment") == {"STORE_UPTIME_QUEUE_URL": ""}}
    assert {name for name, service in laid_over.items() if "stop_grace_period" in service} == {"scheduler"}
    assert switched_off == {"redis", "worker"}
    assert told == {"init", *PROCESSES}
    assert laid_over.keys() == switched_off | told
    assert services["init"]["depends_on"]["redis"]["required"] is False


def test_every_service_is_confined_and_watched(services: dict[str, dict]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
        limits = service["deploy"]["resources"]["limits"]
        assert limits.keys() == {"cpus", "memory", "pids"}, name
        # Docker starts no container with a limit above the machine's processors.
        assert limits["cpus"] in ("0.5", "1") or re.fullmatch(r"\$\{[A-Z_]+_CPUS:-0\}", limits["cpus"]), name
        assert service["restart"] == ("on-failure:5" if name == "init" else "unless-stopped"), name
        assert ("healthcheck" in service) == (name != "init"), name
        variable, image = re.fullmatch(r"\$\{([A-Z_]+)_IMAGE:-(.+)\}", service["image"]).groups()
        if name in FOREIGN:
            assert variable == name.upper().replace("-", "_"), name
            assert re.fullmatch(r"[a-z/-]+:v?\d+\.\d+(\.\d+)?(-alpine)?@sha256:[0-9a-f]{64}", image), name
        else:
            assert (variable, image) == ("STORE_UPTIME", "store-uptime"), name
    assert {name: service["cap_add"] for name, service in services.items() if "cap_add" in service} == {
        "postgres": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"],
        "caddy": ["NET_BIND_SERVICE"],
    }


def test_a_build_begins_with_the_same_bytes(ours: dict[str, dict]) -> None:
    (named,) = re.findall(r"(?m)^ARG PYTHON_IMAGE=(.+)$", (PROJECT / "Dockerfile").read_text())
    assert re.fullmatch(r"python:3\.13-slim@sha256:[0-9a-f]{64}", named)
    assert "FROM ${PYTHON_IMAGE}" in (PROJECT / "Dockerfile").read_text().splitlines()
    for service in ours.values():
        assert service["build"] == {"context": ".", "args": {"PYTHON_IMAGE": f"${{PYTHON_IMAGE:-{named}}}"}}


def test_workers_stay_when_another_profile_is_started(services: dict[str, dict]) -> None:
    assert services["worker"]["deploy"]["replicas"] == "${WORKERS:-1}"


def test_people_come_by_https_and_tasks_do_not_come_that_way(services: dict[str, dict]) -> None:
    caddy = services["caddy"]
    assert caddy["profiles"] == ["tls"]
    assert caddy["environment"] == {"SITE_ADDRESS": "${SITE_ADDRESS:-localhost}"}
    (folder,) = (volume.split(":")[0] for volume in caddy["volumes"] if volume.endswith("/etc/caddy:ro"))
    site = (PROJECT / folder / "Caddyfile").read_text()
    assert "{$SITE_ADDRESS:localhost} {" in site
    assert "reverse_proxy api-server:8080" in site
    assert "@tasks path /execution /execution/*\n\trespond @tasks 404" in site


def test_a_proxy_is_believed_only_where_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORWARDED_ALLOW_IPS", raising=False)
    assert "--proxy-headers" not in command_of("api-server")
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    assert command_of("api-server")[-1] == "--proxy-headers"
    assert "--proxy-headers" not in command_of("scheduler")


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("", {}),
        ("?connect_timeout=5", {}),
        ("?sslmode=require", {"PGSSLMODE": "require", CONN_ASYNC: "postgresql+asyncpg://me:a%2Fb@db:5432/x"}),
        (
            "?application_name=a%20b&sslmode=verify-full&sslrootcert=/run/ca.crt",
            {
                "PGSSLMODE": "verify-full",
                "PGSSLROOTCERT": "/run/ca.crt",
                CONN_ASYNC: "postgresql+asyncpg://me:a%2Fb@db:5432/x?application_name=a+b",
            },
        ),
    ],
)
def test_both_drivers_encrypt_as_the_url_says(query: str, variables: dict[str, str]) -> None:
    """Airflow's asynchronous one would fail with libpq's facts in its URL."""
    assert asynchronous_database(f"postgresql+psycopg2://me:a%2Fb@db:5432/x{query}") == variables
    if variables:
        import asyncpg.connect_utils  # its names of libpq's variables

        source = Path(asyncpg.connect_utils.__file__).read_text()
        assert [name for name in variables if name.startswith("PG") and f"'{name}'" not in source] == []


def test_the_password_of_admin_is_not_in_a_log(tmp_path: Path) -> None:
    settings = Settings.from_environment({"STORE_UPTIME_HOME": str(tmp_path)})
    with pytest.raises(StoreUptimeError, match=r"There is no password in .* yet; run `init` first\."):
        made_up_password(settings)
    write_passwords(settings.home, users_of(None), {})
    assert made_up_password(settings) == password_of(settings.home)


@pytest.mark.parametrize("name", NAMES)
def test_environments_set_what_the_files_take(name: str, ours: dict[str, dict]) -> None:
    assert {file.name for file in ENVIRONMENTS.iterdir()} == {
        "README.md",
        *(f"{one}{suffix}" for one in NAMES for suffix in (".env", ".yaml")),
    }
    lines = [line for line in (ENVIRONMENTS / f"{name}.env").read_text().splitlines() if not line.startswith("#")]
    variables = dict(line.split("=", 1) for line in lines)
    taken = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE.read_text())) | {"COMPOSE_PROFILES"}
    taken |= {key for service in ours.values() for key, value in service["environment"].items() if value is None}
    assert variables.keys() <= taken
    read = Settings.from_environment({key: value.strip("'") for key, value in variables.items()})
    values = values_of(f"../environments/{name}.yaml")
    config = yaml.safe_load(values["extraConfigMaps"]["store-uptime-settings"]["data"])
    assert all(isinstance(value, str) for value in config.values())
    assert {key for key in config if key.startswith("STORE_UPTIME_")} <= set(Settings.names())
    of_chart = Settings.from_environment(config)
    assert of_chart == replace(read, home=of_chart.home)
    # `env` of the chart would win over these.
    assert config.keys() & {one["name"] for one in values_of()["env"]} == set()
    assert not (set(values) - set(values_of())), "a key that values.yaml does not have"


def test_the_chart_fits_the_restricted_standard_as_far_as_values_tell() -> None:
    """tests/deploy/test_chart.py looks at what the chart makes of them."""
    values = values_of()
    for pod in (values["securityContexts"]["pod"], values["statsd"]["securityContexts"]["pod"]):
        assert pod["runAsNonRoot"] is True
        assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert values["securityContexts"]["containers"] == values["statsd"]["securityContexts"]["container"]
    assert {"migrateDatabaseJob", "statsd", "scheduler", "apiServer"} <= parts_with("resources", values)
    assert not any(values["workers"]["celery"][scaler]["enabled"] for scaler in ("keda", "hpa"))
    assert str(values["config"]["celery"]["worker_concurrency"]) == "4"


def test_temporary_files_are_on_a_disk(ours: dict[str, dict], services: dict[str, dict]) -> None:
    """What a load keeps in them would fill a container's memory."""
    for name, service in ours.items():
        assert "tmpfs" not in service, name
        assert "temporary:/tmp" in service["volumes"], name
    # A volume without a name stays behind whenever its container is removed.
    for service in services.values():
        for volume in service.get("volumes", []):
            assert isinstance(volume, dict) or ":" in volume
    assert "USER store-uptime" in (PROJECT / "Dockerfile").read_text()


def test_health_is_asked_of_the_service_itself(ours: dict[str, dict]) -> None:
    for name, service in ours.items():
        if name != "init":
            assert service["healthcheck"]["test"] == ["CMD", "python", "-m", "commands.health", name]


def test_no_password_has_a_default(ours: dict[str, dict]) -> None:
    file = yaml.safe_load(COMPOSE.read_text())
    assert file["secrets"] == {
        name: {"file": f"${{SECRETS:-./secrets}}/{name}"} for name in ("postgres_password", "redis_password")
    }
    for service in ours.values():
        with_a_value = {name: value for name, value in service["environment"].items() if value is not None}
        for name, value in with_a_value.items():
            assert not name.endswith(("PASSWORD", "KEY", "SECRET")), name
            assert not re.search(r"://[^/]*:[^/]*@", value), name


def test_only_settings_that_exist_are_set(ours: dict[str, dict]) -> None:
    for service in ours.values():
        names = {name for name in service["environment"] if not name.startswith("AIRFLOW__")}
        assert names <= set(Settings.names()) | OTHER_NAMES


def test_every_setting_reaches_the_containers(ours: dict[str, dict]) -> None:
    """Those of the code, and whatever else the manual names; the home and the passwords of the services are set."""
    manual = "".join(page.read_text() for page in (PROJECT / "docs" / "operations").glob("*.md"))
    documented = set(re.findall(r"`((?:AIRFLOW|AWS|OTEL|STORE_UPTIME|ADMIN|POSTGRES|REDIS)_\w+)[`=]", manual))
    # What Compose itself uses does not get into a container.
    of_compose = {name for name in documented if name.endswith(("_CPUS", "_IMAGE"))}
    assert [name for name in of_compose if f"${{{name}:-" not in COMPOSE.read_text()] == []
    wanted = (
        documented - of_compose
        | set(Settings.names())
        | {f"{name}_FILE" for name in SECRETS}
        | (set(SECRETS) - set(PASSWORDS))
    )
    named = {name for service in ours.values() for name in service["environment"]}
    assert wanted - named == {"STORE_UPTIME_HOME"}


def test_a_url_takes_the_place_of_the_folder_with_the_input_files(ours: dict[str, dict]) -> None:
    for name, service in ours.items():
        assert service["environment"]["STORE_UPTIME_DATA"] == "${STORE_UPTIME_DATA:-/data}", name
        assert "${DATA_FOLDER:-./data/sample}:/data:ro" in service["volumes"], name


def test_prometheus_sees_a_token_that_replaces_another(services: dict[str, dict]) -> None:
    """A file that is mounted by itself would stay the old one."""
    scraped = yaml.safe_load((PROJECT / "deploy" / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    (token,) = (Path(one["authorization"]["credentials_file"]) for one in scraped if "authorization" in one)
    (folder,) = (mount for mount in services["prometheus"]["volumes"] if isinstance(mount, dict))
    assert folder["target"] == str(token.parent)
    manual = (PROJECT / "docs" / "operations" / "monitoring.md").read_text()
    assert f"secrets/{Path(folder['source']).name}/{token.name}" in manual


def test_the_database_is_asked_where_only_the_real_server_listens(services: dict[str, dict]) -> None:
    assert services["postgres"]["healthcheck"]["test"][:4] == ["CMD", "pg_isready", "--host", "127.0.0.1"]


def values_of(name: str = "values.yaml") -> dict:
    return yaml.safe_load((HELM / name).read_text())


def part_of(values: dict, path: str) -> dict:
    for key in path.split("."):
        values = values[key]
    return values


def parts_with(key: str, values: dict, path: str = "") -> set[str]:
    """Where in the values there is something of that name."""
    found = {path} if key in values else set()
    for name, part in values.items():
        if isinstance(part, dict):
            found |= parts_with(key, part, f"{path}.{name}" if path else name)
    return found


def test_the_chart_starts_what_the_commands_know_with_settings_that_exist() -> None:
    values = values_of()
    assert parts_with("args", values) == set(CHART_PROCESSES)
    for path, process in CHART_PROCESSES.items():
        assert part_of(values, path)["args"] == [*process], path
        assert part_of(values, path)["command"] == ["python", "-m", "commands.container"], path
    named = {one["name"] for one in values["env"]} | {one["envName"] for one in values["secret"]}
    named |= yaml.safe_load(values["extraConfigMaps"]["store-uptime-settings"]["data"]).keys()
    assert {name for name in named if name.startswith("STORE_UPTIME_")} <= set(Settings.names())
    assert named - set(Settings.names()) <= OTHER_NAMES
    assert f"--uid {values['uid']} " in (PROJECT / "Dockerfile").read_text()


def test_the_chart_asks_of_the_image_what_it_has() -> None:
    values = values_of()
    module, _, name = values["config"]["core"]["auth_manager"].rpartition(".")
    assert hasattr(importlib.import_module(module), name)
    assert values["createUserJob"] == {"enabled": False}  # it would ask for FAB's users
    assert (
        values["airflowHome"] in re.search(r"install --directory .*", (PROJECT / "Dockerfile").read_text())[0].split()
    )
    asked = {f"{path}.{probe}" for probe in ("livenessProbe", "startupProbe") for path in parts_with(probe, values)}
    # The chart asks the API server by HTTP, and nothing of a job.
    assert asked == {
        "apiServer.startupProbe",
        "dagProcessor.livenessProbe",
        "scheduler.livenessProbe",
        "scheduler.startupProbe",
        "triggerer.livenessProbe",
        "workers.celery.livenessProbe",
    }
    for path in asked - {"apiServer.startupProbe"}:
        python, option, module, *_ = part_of(values, path)["command"]
        assert (python, option) == ("python", "-m"), path
        assert (PROJECT / f"{module.replace('.', '/')}.py").exists(), path
        assert part_of(values, path)["timeoutSeconds"] >= 30, path


def test_each_task_can_have_a_pod() -> None:
    """The second values are those of the first with another executor, and without the queue."""
    values, laid_over = values_of(), values_of("kubernetes-executor.yaml")
    assert values["extraEnv"] == "- name: AIRFLOW__CORE__EXECUTOR\n  value: {{ .Values.executor | quote }}\n"
    assert (laid_over["executor"], laid_over["allowPodLaunching"]) == ("KubernetesExecutor", True)
    queue = [one for one in values["secret"] if one not in laid_over["secret"]]
    assert [one["envName"] for one in queue] == ["STORE_UPTIME_QUEUE_URL"]
    assert [one for one in values["secret"] if one not in queue] == laid_over["secret"]
    # The executor gives a pod's container arguments only: a command would take the place of the image's entry point.
    assert "command" not in values["workers"] | laid_over["workers"]["kubernetes"]
    dockerfile = (PROJECT / "Dockerfile").read_text()
    assert 'ARG KUBERNETES=""' in dockerfile
    assert "${KUBERNETES:+-r requirements-kubernetes.txt}" in dockerfile
    assert 'ENTRYPOINT ["python", "-m", "commands.container"]' in dockerfile


def test_what_kubernetes_needs_fits_the_rest() -> None:
    pins = [
        dict(re.findall(r"(?m)^([a-z0-9.-]+)(?:\[.*\])?==([^ ]+)", (PROJECT / name).read_text()))
        for name in ("requirements.txt", "requirements-kubernetes.txt")
    ]
    both = pins[0].keys() & pins[1].keys()
    assert "apache-airflow-core" in both
    assert [name for name in both if pins[0][name] != pins[1][name]] == []


def test_the_manual_installs_the_chart_that_the_values_are_for() -> None:
    manual = (PROJECT / "docs" / "operations" / "deploy.md").read_text()
    (version,) = re.findall(r"version (\d+\.\d+\.\d+), which", (HELM / "values.yaml").read_text())
    assert re.findall(r"apache-airflow/airflow --version (\S+)", manual) == [version, version]
    workflow = (PROJECT / ".github" / "workflows" / "ci.yml").read_text()
    assert re.findall(r"apache-airflow/airflow --version (\S+)|airflow-(\S+)\.tgz", workflow) == [
        (version, ""),
        ("", version),
    ]


def test_ports_are_open_only_on_this_machine_but_for_https(services: dict[str, dict]) -> None:
    ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert ports == {
        "api-server": ["${API_SERVER_ADDRESS:-127.0.0.1}:${PORT:-8080}:8080"],
        "flower": ["127.0.0.1:${FLOWER_PORT:-5555}:5555"],
        "prometheus": ["127.0.0.1:${PROMETHEUS_PORT:-9090}:9090"],
        "caddy": ["${HTTP_PORT:-80}:80", "${HTTPS_PORT:-443}:443"],
    }


def test_the_image_gets_only_folders_that_exist() -> None:
    copied = re.findall(r"^COPY (.+) \S+$", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)
    assert copied
    for source in " ".join(copied).split():
        assert (PROJECT / source).exists(), source


def test_a_password_in_a_file_comes_into_its_url(tmp_path: Path) -> None:
    (tmp_path / "postgres").write_text("s3cr:t/@\n")
    (tmp_path / "redis").write_text("other")
    given = {
        "STORE_UPTIME_DATABASE_URL": "postgresql://me@db/store_uptime",
        "STORE_UPTIME_QUEUE_URL": "redis://queue:6379/0",
        "POSTGRES_PASSWORD_FILE": str(tmp_path / "postgres"),
        "REDIS_PASSWORD_FILE": str(tmp_path / "redis"),
    }
    found = with_passwords(from_files(given))
    assert found["STORE_UPTIME_DATABASE_URL"] == "postgresql://me:s3cr%3At%2F%40@db/store_uptime"
    assert found["STORE_UPTIME_QUEUE_URL"] == "redis://:other@queue:6379/0"
    own = with_passwords(found | {"STORE_UPTIME_DATABASE_URL": "postgresql://me:mine@db/store_uptime"})
    assert own["STORE_UPTIME_DATABASE_URL"] == "postgresql://me:mine@db/store_uptime"
    (tmp_path / "redis").write_text("\n")
    with pytest.raises(SettingError, match="REDIS_PASSWORD_FILE"):
        from_files(given)


def test_what_airflow_is_told_elsewhere_stays_and_a_weak_key_is_refused(tmp_path: Path) -> None:
    settings = Settings.from_environment(
        {
            "STORE_UPTIME_HOME": str(tmp_path),
            "STORE_UPTIME_DATABASE_URL": "postgresql://me@db/x",
            "STORE_UPTIME_QUEUE_URL": "redis://queue",
            "STORE_UPTIME_LOGS": "s3://bucket/logs",
        }
    )
    ours = configuration(settings, {"AIRFLOW__CELERY__WORKER_CONCURRENCY": "9", "AIRFLOW__API__WORKERS": ""})
    assert ours["AIRFLOW__CELERY__WORKER_CONCURRENCY"] == "9"
    assert ours["AIRFLOW__API__WORKERS"] == "1"
    assert ours["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert ours["AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER"] == "s3://bucket/logs"
    assert len(ours["AIRFLOW__API_AUTH__JWT_SECRET"].encode()) >= MIN_SIGNING_KEY_BYTES
    local = configuration(replace(settings, queue_url="", logs=str(tmp_path)), {})
    assert local["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert not [name for name in local if "CELERY" in name or "REMOTE" in name]
    with pytest.raises(SettingError, match="at least 64 bytes"):
        configuration(settings, {"AIRFLOW__API_AUTH__JWT_SECRET": "x" * 63})


def test_an_executor_that_is_given_stays(tmp_path: Path) -> None:
    settings = Settings.from_environment(
        {"STORE_UPTIME_HOME": str(tmp_path), "STORE_UPTIME_DATABASE_URL": "postgresql://me@db/x"}
    )
    pods = configuration(settings, {"AIRFLOW__CORE__EXECUTOR": "KubernetesExecutor"})
    assert pods["AIRFLOW__CORE__EXECUTOR"] == "KubernetesExecutor"
    assert pods["AIRFLOW__CORE__PARALLELISM"] == "64"
    assert not [name for name in pods if "CELERY" in name]


def test_keys_that_are_given_are_not_made_up(tmp_path: Path) -> None:
    settings = Settings.from_environment(
        {"STORE_UPTIME_HOME": str(tmp_path / "home"), "STORE_UPTIME_DATABASE_URL": "postgresql://me@db/x"}
    )
    given = dict.fromkeys(KEYS.values(), "x" * 64)
    assert given.items() <= configuration(settings, given).items()
    assert not (tmp_path / "home").exists()
    ours = configuration(settings, {"AIRFLOW__CORE__FERNET_KEY": "mine"})
    made_up = json.loads((tmp_path / "home" / "airflow" / "secrets.json").read_text())
    assert ours["AIRFLOW__CORE__FERNET_KEY"] == "mine"
    assert ours["AIRFLOW__API__SECRET_KEY"] == made_up["api_secret_key"]


@pytest.mark.parametrize(
    ("limit", "cores"), [("max 100000", None), ("100000 100000", 1), ("50000 100000", 1), ("99900000 100000", None)]
)
def test_a_container_s_share_of_the_processors_counts(tmp_path: Path, limit: str, cores: int | None) -> None:
    machine = usable_cores(tmp_path / "absent")
    (tmp_path / "cpu.max").write_text(f"{limit}\n")
    assert usable_cores(tmp_path / "cpu.max") == (cores or machine)


def test_any_program_is_run_as_it_is() -> None:
    waiting = ["airflow", "db", "check-migrations", "--migration-wait-timeout=60"]  # the chart's own
    program, *arguments = command_of(*waiting)
    assert Path(program).name == "airflow"
    assert arguments == waiting[1:]
    assert command_of("bash", "-c", "true")[1:] == ["-c", "true"]
    assert command_of("worker", "--queues", "x")[1:] == ["-m", "airflow", *COMMANDS["worker"], "--queues", "x"]
    with pytest.raises(
        StoreUptimeError,
        match=r"schedular is neither .*; expected init, api-server, .*, scheduler, ",
    ):
        command_of("schedular")


def test_a_redis_message_outlives_the_longest_task() -> None:
    report = (PROJECT / "include" / "store_uptime_airflow" / "retries.py").read_text()
    assert f'"execution_timeout": timedelta(hours={MAX_TASK_SECONDS // 3600})' in report
