"""What a contributor's tools and GitHub read is valid, and names the versions and commands that there are."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from store_uptime.settings import PROJECT

TOOLS = Path(sys.executable).parent
METADATA = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
MAKEFILE = (PROJECT / "Makefile").read_text()


def read(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("github-workflows", ".github/workflows/ci.yml"),
        ("github-issue-forms", ".github/ISSUE_TEMPLATE/bug.yml"),
        ("github-issue-forms", ".github/ISSUE_TEMPLATE/feature.yml"),
        ("github-issue-config", ".github/ISSUE_TEMPLATE/config.yml"),
    ],
)
def test_files_for_github_fit_their_schemas(schema: str, file: str) -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(PROJECT / file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_the_newest_released_version_is_the_project_s() -> None:
    headings = re.findall(r"^## \[(.+?)\](?: - \d{4}-\d\d-\d\d)?$", read("CHANGELOG.md"), re.MULTILINE)
    assert headings[:2] == ["Unreleased", METADATA["version"]]


def test_every_place_names_the_same_versions_of_python() -> None:
    assert METADATA["requires-python"] == ">=3.11,<3.14"
    supported = ["3.11", "3.12", "3.13"]
    in_metadata = [line.split()[-1] for line in METADATA["classifiers"] if re.search(r":: 3\.\d+$", line)]
    assert in_metadata == supported
    tested = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]["check"]["strategy"]["matrix"]["python"]
    assert tested == [supported[0], supported[-1]]
    assert "(3, 11) <= sys.version_info[:2] <= (3, 13)" in read("commands/install.sh")
    assert "CPython 3.11 to 3.13" in read("README.md")


def test_the_licence_is_the_same_everywhere() -> None:
    assert METADATA["license"] == json.loads(read("package.json"))["license"] == "Apache-2.0"
    assert re.search(r"Apache License\s+Version 2\.0, January 2004", read("LICENSE"))


def test_hooks_run_the_tools_of_the_environment() -> None:
    """Only these; a hook from elsewhere would have a version of its own, and need its host."""
    repositories = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    for hook in repositories[0]["hooks"]:
        program, *arguments = hook["entry"].split()
        if program.startswith(".venv/bin/"):
            assert (TOOLS / Path(program).name).exists(), program
        elif program == "make":
            assert re.search(rf"^{arguments[-1]}:", MAKEFILE, re.MULTILINE), arguments
        else:
            assert program == "sh"
            assert (PROJECT / arguments[0]).exists(), arguments


def test_the_dev_container_installs_the_environment() -> None:
    container = json.loads(read(".devcontainer/devcontainer.json"))
    assert container["postCreateCommand"].endswith("sh commands/install.sh dev")
    version = container["image"].removeprefix("python:").split("-")[0]
    assert f"Programming Language :: Python :: {version}" in METADATA["classifiers"]
