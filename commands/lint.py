"""`make lint`: runs every check and says at the end which of them found something."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

TOOLS = [Path(sys.executable).parent, Path("node_modules/.bin").resolve()]
CHECKS = {
    "style": ["ruff", "check", "--quiet", "."],
    "format": ["ruff", "format", "--check", "--quiet", "."],
    "types": ["mypy"],
    "layers": ["lint-imports", "--no-logo"],
    "SQL": ["sqlfluff", "lint", "sql"],
    "pages": ["biome", "check", "--error-on-warnings"],
    "types of the pages' scripts": ["tsc"],
}
LOCKS = {f"requirements{kind}.in": f"requirements{kind}.txt" for kind in ("", "-dev", "-kubernetes", "-uv")}


def main() -> None:
    """Runs all checks, whatever the first ones find."""
    found = [name for name, command in CHECKS.items() if not passes(command)]
    found += ["pins"] * bool(loose_pins())
    sys.exit(f"store-uptime: lint found something in {', '.join(found)}" if found else 0)


def passes(command: list[str]) -> bool:
    """Whether the tool is content."""
    # Tools of Node.js find it on the path: that of the environment first.
    path = os.pathsep.join([*map(str, TOOLS), os.environ.get("PATH", os.defpath)])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["include", "plugins"]), "PATH": path}
    tool = shutil.which(command[0], path=path) or command[0]
    return subprocess.run([tool, *command[1:]], env=environment, check=False).returncode == 0


def loose_pins() -> list[str]:
    """What a lock file leaves open: a version, a hash, a package of its .in file, or where packages come from."""
    problems = []
    for source, lock in LOCKS.items():
        requirements = re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n", "", Path(lock).read_text()).strip())
        pinned = {re.split(r"[=\[]", requirement)[0] for requirement in requirements}
        problems += [
            f"{lock}: {each.split()[0]}"
            for each in requirements
            if not re.match(r"\S+==\S+.*--hash=sha256:", each, re.S)
        ]
        wanted = re.findall(r"(?m)^([A-Za-z0-9-]+)", Path(source).read_text())
        problems += [f"{lock} lacks {name}: make lock" for name in wanted if name not in pinned]
    for problem in problems:
        print(problem)
    return problems


if __name__ == "__main__":
    main()
