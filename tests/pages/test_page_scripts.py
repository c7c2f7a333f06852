"""The pages' scripts: what Node's own test runner says about the parts that need no browser."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from store_uptime.settings import PROJECT
from support.programs import program

FOLDER = Path(__file__).parent


def test_the_scripts_pass_their_tests(record_property) -> None:
    node = program("node")
    assert node is not None, "The development set-up brings Node.js."
    files = sorted(str(path.relative_to(PROJECT)) for path in FOLDER.glob("*.test.js"))
    # Where output is a terminal or not, and what the caller's Node.js is told, do not matter.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NODE_")}
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", *files],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    counts = {name: int(number) for name, number in re.findall(r"(?m)^# (tests|pass|skipped|todo) (\d+)$", done.stdout)}
    assert counts["pass"] == counts["tests"] >= 4 * len(files), counts
    record_property("node_tests", counts["tests"])
    print(f"{counts['tests']} tests of the pages' scripts passed")
