"""What the set-up brings for the tests, and what it says where no package carries the browser."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from store_uptime.settings import PROJECT
from support.programs import program

# A machine of its own: what it is, who asks, and which programs it has.
MACHINE = {"uname": "echo Linux aarch64", "id": "echo 1000"}
BROWSER = "exit 0"


def system_packages(folder: Path, programs: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs the step that `make test` and `.ci/run` begin with, on a machine with these programs."""
    for name, script in programs.items():
        path = folder / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> {folder}/calls\n{script}\n')
        path.chmod(0o755)
    return subprocess.run(
        ["/bin/sh", "commands/system_packages.sh"],
        cwd=PROJECT,
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_browser_that_no_package_carries_is_named_with_its_command(tmp_path: Path) -> None:
    finished = system_packages(tmp_path, MACHINE)
    assert finished.returncode == 1
    (line,) = finished.stderr.splitlines()
    assert line.startswith("store-uptime: ")
    assert line.endswith(": sudo apt-get install chromium")


def test_root_gets_it_installed(tmp_path: Path) -> None:
    finished = system_packages(tmp_path, MACHINE | {"id": "echo 0", "apt-get": "exit 0"})
    assert finished.returncode == 0, finished.stderr
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls[-2:] == ["apt-get update -qq", "apt-get install -y -qq --no-install-recommends chromium"]


def test_an_installation_that_fails_is_no_success(tmp_path: Path) -> None:
    finished = system_packages(tmp_path, MACHINE | {"id": "echo 0", "apt-get": "exit 100"})
    assert finished.returncode == 100


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
def test_the_machine_s_own_browser_will_do(tmp_path: Path, name: str) -> None:
    assert system_packages(tmp_path, MACHINE | {name: BROWSER}).returncode == 0


def test_nothing_is_missing_where_packages_carry_all(tmp_path: Path) -> None:
    finished = system_packages(tmp_path, MACHINE | {"uname": "echo Linux x86_64"})
    assert (finished.returncode, finished.stderr) == (0, "")


@pytest.mark.parametrize("name", ["chromium", "node", "npm", "npx", "redis-server"])
def test_the_development_set_up_brings(name: str) -> None:
    path = program(name)
    assert path is not None
    # A package has a browser for Linux on x86-64 only; elsewhere system_packages.sh has seen to one.
    if name != "chromium" or os.uname()[0::4] == ("Linux", "x86_64"):
        assert Path(path).parent == PROJECT / ".venv" / "bin"
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr


def test_continuous_integration_and_make_test_share_the_step() -> None:
    assert "sh commands/system_packages.sh" in (PROJECT / ".ci" / "run").read_text()
    assert "sh commands/system_packages.sh" in (PROJECT / "Makefile").read_text()
