"""An Airflow whose base_url has a path: behind a proxy that leads to several services."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from commands.airflow_environment import base_path, below_base_path
from commands.container import configuration
from store_uptime.errors import SettingError
from store_uptime.settings import PROJECT, Settings
from support import small
from support.stack import running_site

NAMED = {"AIRFLOW__API__BASE_URL": "https://stores.example.org/ops/airflow/"}


@pytest.mark.parametrize(
    ("base_url", "path"),
    [
        *(("https://example.org", ""), ("https://example.org/", ""), ("https://example.org/a", "/a")),
        *(("https://example.org:8443/a/b/", "/a/b"), ("", "")),
    ],
)
def test_the_path_of_base_url(base_url: str, path: str) -> None:
    assert base_path({"AIRFLOW__API__BASE_URL": base_url}) == path
    assert base_path({}) == ""


def test_what_is_no_url_is_named() -> None:
    with pytest.raises(SettingError, match="AIRFLOW__API__BASE_URL"):
        base_path({"AIRFLOW__API__BASE_URL": "http://[::1"})


def test_addresses_of_the_api_server_have_it() -> None:
    assert below_base_path("http://api-server:8080", NAMED) == "http://api-server:8080/ops/airflow"
    assert below_base_path("http://api-server:8080/ops/airflow", NAMED) == "http://api-server:8080/ops/airflow"
    assert below_base_path("http://api-server:8080/", {}) == "http://api-server:8080"


def test_tasks_in_containers_call_it(tmp_path: Path) -> None:
    settings = Settings.from_environment(
        {"STORE_UPTIME_HOME": str(tmp_path), "STORE_UPTIME_DATABASE_URL": "postgresql://me@db/x"}
    )
    found = configuration(settings, NAMED)
    assert found["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://api-server:8080/ops/airflow/execution/"


def test_everything_is_below_the_path(tmp_path: Path) -> None:
    data = small.write(tmp_path / "data")
    with running_site(tmp_path / "home", data, base_path="/ops/airflow") as site:
        report = site.wait_for(site.trigger({}), "Complete")
        assert site.text(f"get_report/{report}").startswith("store_id,")
        assert "/ops/airflow/dags/" in site.get(f"reports/{report}")["links"]["dag_run"]
        environment = os.environ | {
            "PORT": str(urlsplit(site.url).port),
            "API_SERVER_URL": site.url.removesuffix("/ops/airflow"),
            "AIRFLOW__API__BASE_URL": site.url,
            "PYTHONPATH": str(PROJECT / "include"),
        }
        for name in ("api-server", "scheduler", "dag-processor", "triggerer"):
            done = subprocess.run(
                [sys.executable, "-m", "commands.health", name],
                cwd=PROJECT,
                env=environment,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr
        missing = httpx.get(f"{site.url.removesuffix('/ops/airflow')}/execution/health")
        assert missing.status_code == 404, "so the checks above did ask below the path"
