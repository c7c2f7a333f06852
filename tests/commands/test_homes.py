"""The demo and real data: which home each command works in, and that neither sees the other's stores."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import psycopg2
import pytest

from commands import homes
from commands.stack import password_of
from store_uptime.db import embedded_postgres
from store_uptime.errors import InputFolderError, SettingError, StoreUptimeError
from store_uptime.settings import SAMPLE
from store_uptime_airflow.folders import data_folder
from support import small
from support.programs import run_command as run

DEMO = "Demo: sample data"  # in the pages


def last_line(finished: subprocess.CompletedProcess[str]) -> Path:
    assert finished.returncode == 0, finished.stderr
    return Path(finished.stdout.splitlines()[-1])


def stores_of(csv: Path) -> set[str]:
    return {line.partition(",")[0] for line in csv.read_text().splitlines()[1:]}


def files_loaded(home: Path) -> int:
    with (
        embedded_postgres.running(home) as url,
        closing(psycopg2.connect(url.replace("+psycopg2", ""))) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("select count(*) from core.file")
        return cursor.fetchone()[0]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.write(tmp_path_factory.mktemp("real") / "data")


@pytest.fixture(scope="module")
def demo_report(home: Path) -> subprocess.CompletedProcess[str]:
    return run(home, "commands.report")


@pytest.fixture(scope="module")
def real_report(home: Path, real: Path, demo_report: subprocess.CompletedProcess[str]) -> Path:
    return last_line(run(home, "commands.report", DATA=str(real)))


def test_a_report_without_a_folder_is_the_demo_s(home: Path, demo_report: subprocess.CompletedProcess[str]) -> None:
    assert last_line(demo_report).parent == home / "demo" / "reports"
    first = demo_report.stderr.splitlines()[0]
    assert first == f"store-uptime: demo: the sample in {SAMPLE}; for your files: make report DATA=folder"
    assert not embedded_postgres.data_folder(home).exists()


def test_backup_finds_the_demo_and_restore_brings_it_back_as_one(
    home: Path, demo_report: subprocess.CompletedProcess[str], tmp_path: Path
) -> None:
    if embedded_postgres.data_folder(home).exists():
        pytest.fail("the home holds real data already: this test has to come before those that load it")
    made = run(home, "commands.backup", "backup", OUT=str(tmp_path / "out"))
    assert made.stderr.splitlines()[0] == f"store-uptime: backing up {home / 'demo'}, the demo"
    restored = run(tmp_path / "other", "commands.backup", "restore", FROM=str(last_line(made)))
    assert last_line(restored) == tmp_path / "other" / "demo"
    assert (tmp_path / "other" / "demo" / "reports" / last_line(demo_report).name).exists()
    assert not embedded_postgres.data_folder(tmp_path / "other").exists()


def test_a_real_folder_never_sees_the_sample(
    home: Path, real_report: Path, demo_report: subprocess.CompletedProcess[str]
) -> None:
    assert real_report.parent == home / "reports"
    assert stores_of(real_report) == {"0042", "1481966498820158979", "9007199254740993"}  # what `small` names
    assert len(stores_of(last_line(demo_report))) == 86
    assert files_loaded(home) == 3


def test_the_demo_goes_on_beside_real_data(
    home: Path, real_report: Path, demo_report: subprocess.CompletedProcess[str]
) -> None:
    again = last_line(run(home, "commands.report"))
    assert again.parent == home / "demo" / "reports"
    assert again.read_bytes() == last_line(demo_report).read_bytes()
    assert files_loaded(home) == 3


def test_backup_prefers_real_data(home: Path, real_report: Path, tmp_path: Path) -> None:
    made = run(home, "commands.backup", "backup", OUT=str(tmp_path))
    assert made.stderr.splitlines()[0] == f"store-uptime: backing up {home}"
    other = tmp_path / "other"
    assert last_line(run(other, "commands.backup", "restore", FROM=str(last_line(made)))) == other
    assert (other / homes.DATA_FOLDER).read_text() == (home / homes.DATA_FOLDER).read_text()


def free_port() -> int:
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        return attempt.getsockname()[1]


@pytest.fixture
def port(home: Path) -> Iterator[int]:
    yield free_port()
    run(home, "commands.stack", "down")


def page(home: Path, port: int) -> str:
    """A page of the plugin, as the administrator gets it."""
    url = f"http://127.0.0.1:{port}"
    login = {"username": "admin", "password": password_of(home)}
    token = httpx.post(f"{url}/auth/token", json=login, timeout=60).raise_for_status().json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{url}/store-uptime/pages/reports", headers=headers, timeout=60).raise_for_status().text


def test_up_shows_the_real_home_and_says_so(home: Path, real: Path, real_report: Path, port: int) -> None:
    up = run(home, "commands.stack", "up", PORT=str(port))
    assert up.returncode == 0, up.stderr
    names = "business_hours.csv, store_status.csv, store_timezones.csv"
    assert up.stdout.splitlines()[-1] == f"It reads {real}: {names}"
    assert DEMO not in page(home, port)
    other = run(home, "commands.stack", "up", PORT=str(port), DATA=str(SAMPLE))
    assert other.returncode == 1
    assert other.stderr.startswith(f"store-uptime: Airflow is up and reads {real}, so it cannot load ")
    assert run(home, "commands.stack", "down").stdout == "Airflow is down.\n"


def test_up_without_any_data_shows_the_demo_and_says_so(tmp_path: Path, real: Path, port: int) -> None:
    up = run(tmp_path, "commands.stack", "up", PORT=str(port))
    try:
        assert up.returncode == 0, up.stderr
        assert up.stdout.splitlines()[-1] == (
            f"It reads the demo, the sample in {SAMPLE}; for your files: make down, then make up DATA=folder"
        )
        assert DEMO in page(tmp_path / "demo", port)
        # A report of real data is made beside it, and `make up` for that says what has the port.
        assert last_line(run(tmp_path, "commands.report", DATA=str(real))).parent == tmp_path / "reports"
        taken = run(tmp_path, "commands.stack", "up", PORT=str(port))
        assert taken.returncode == 1
        assert f"Port {port} is taken by the Airflow of {tmp_path / 'demo'}: `make down` first" in taken.stderr
    finally:
        down = run(tmp_path, "commands.stack", "down")
    assert down.stdout == "The demo's Airflow is down.\n"


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No settings but the home."""
    for name in [name for name in os.environ if name.startswith("STORE_UPTIME_") or name == "DATA"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("STORE_UPTIME_HOME", str(tmp_path))
    return monkeypatch


URL = "postgresql://me@127.0.0.1:1/x"


@pytest.mark.parametrize("choose", [homes.to_load, homes.to_show])
def test_a_server_needs_the_name_of_a_folder(environment: pytest.MonkeyPatch, choose) -> None:
    environment.setenv("STORE_UPTIME_DATABASE_URL", URL)
    with pytest.raises(StoreUptimeError, match="add DATA=folder"):
        choose()
    environment.setenv("DATA", str(SAMPLE))
    assert choose().database_url == URL.replace("://", "+psycopg2://")


@pytest.mark.parametrize("choose", [homes.to_load, homes.to_show])
def test_a_folder_that_is_not_there_is_named_before_a_home_is_made(
    environment: pytest.MonkeyPatch, tmp_path: Path, choose
) -> None:
    environment.setenv("DATA", str(tmp_path / "nowhere"))
    with pytest.raises(InputFolderError, match=r"nowhere: does not exist\."):
        choose()
    assert not any(tmp_path.iterdir())


def test_the_demo_takes_nothing_that_a_deployment_has_for_its_own_data(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv("STORE_UPTIME_REPORTS", "s3://bucket/reports")
    environment.setenv("STORE_UPTIME_ALERT_EMAIL", "on-call@example.org")
    demo = homes.to_load()
    assert demo.reports == str(tmp_path / "demo" / "reports")
    assert not demo.has_alerts
    environment.setenv("STORE_UPTIME_DATA", str(SAMPLE))
    assert homes.to_load().reports == "s3://bucket/reports"


def test_a_home_whose_folder_is_unknown_or_gone_says_what_to_do(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    embedded_postgres.data_folder(tmp_path).mkdir()
    with pytest.raises(StoreUptimeError, match="its data folder is unknown: add DATA=folder"):
        homes.to_show()
    (tmp_path / homes.DATA_FOLDER).write_text(f"{tmp_path / 'gone'}\n")
    with pytest.raises(StoreUptimeError, match=r"cannot be used: add DATA=folder\. .*gone: does not exist"):
        homes.to_show()
    (tmp_path / "gone").mkdir()
    assert homes.to_show().data == str(tmp_path / "gone")


def test_an_airflow_without_a_data_folder_says_so(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingError, match="STORE_UPTIME_DATA is not set; expected the folder of the input files"):
        data_folder()


def test_what_only_reads_takes_the_demo_if_there_is_nothing_else(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert homes.to_read().home == tmp_path
    embedded_postgres.data_folder(tmp_path / "demo").mkdir(parents=True)
    assert homes.to_read().home == tmp_path / "demo"
    embedded_postgres.data_folder(tmp_path).mkdir()
    assert homes.to_read().home == tmp_path
