"""Schemathesis' fuzzing phase: requests made of the API's own description, right and wrong ones, and no 5xx.

FUZZ_SECONDS is how long it goes on: `make test TESTS=tests/security/test_schemathesis.py FUZZ_SECONDS=3600`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID, uuid4

from plugin.stack import Stack

SECONDS = os.environ.get("FUZZ_SECONDS") or "45"


def test_the_fuzzing_phase_finds_no_server_error(stack: Stack, report_id: UUID, paused: None, tmp_path: Path) -> None:
    """Paused, so that no report is really begun. Half of the requests are for a report that is there."""
    with stack.client("viewer") as viewer:
        document = viewer.get("openapi.json").json()
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "report_id":
                    parameter["schema"] = {"type": "string", "enum": [str(report_id), str(uuid4())]}
    described = tmp_path / "openapi.json"
    described.write_text(json.dumps(document))
    report = tmp_path / "report.json"
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("schemathesis")), "run", str(described)),
            *("--url", f"{stack.urls['simple']}/store-uptime", "--phases", "fuzzing", "--max-time", SECONDS),
            *("--checks", "not_a_server_error", "--suppress-health-check", "all", "--request-timeout", "120"),
            *("--header", f"Authorization: Bearer {stack.tokens['simple', 'admin']}"),
            *("--report", "json", "--report-json-path", str(report)),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert "Fuzzing" in done.stdout
