"""docker-compose.yaml and Dockerfile, as far as they can be checked without Docker."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import yaml

from commands.stack import PROCESSES
from store_uptime.settings import PROJECT, Settings

COMPOSE = PROJECT / "docker-compose.yaml"


@pytest.fixture(scope="module")
def services() -> dict[str, dict]:
    return yaml.safe_load(COMPOSE.read_text())["services"]


def test_compose_file_fits_its_schema() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_containers_run_what_make_up_runs(services: dict[str, dict]) -> None:
    commands = {name: service["command"] for name, service in services.items() if name != "postgres"}
    assert commands == {name: [name] for name in [*PROCESSES, "init"]}


def test_only_settings_that_exist_are_set(services: dict[str, dict]) -> None:
    for service in services.values():
        names = {name for name in service["environment"] if name.startswith("STORE_UPTIME_")}
        assert names <= set(Settings.names())


def test_no_port_but_the_api_server_s_is_open_and_only_on_this_machine(services: dict[str, dict]) -> None:
    ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert ports == {"api-server": ["127.0.0.1:${PORT:-8080}:8080"]}


def test_the_image_gets_only_folders_that_exist() -> None:
    copied = re.findall(r"^COPY (.+) \S+$", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)
    assert copied
    for source in " ".join(copied).split():
        assert (PROJECT / source).exists(), source
