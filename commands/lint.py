"""`make lint`: runs all checks, then names those that failed."""

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
    """Runs all checks, even if the first ones fail."""
    failed = [name for name, command in CHECKS.items() if not passes(command)]
    failed += ["pins"] * bool(loose_pins())
    sys.exit(f"store-uptime: failed checks: {', '.join(failed)}" if failed else 0)


def passes(command: list[str]) -> bool:
    """Whether the tool finds nothing."""
    # Tools of Node.js find node on the PATH; the environment's comes first.
    path = os.pathsep.join([*map(str, TOOLS), os.environ.get("PATH", os.defpath)])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["include", "plugins"]), "PATH": path}
    tool = shutil.which(command[0], path=path) or command[0]
    return subprocess.run([tool, *command[1:]], env=environment, check=False).returncode == 0


def loose_pins() -> list[str]:
    """What is missing in lock files: a version, a hash, or a package of the .in file. Prints each."""
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
