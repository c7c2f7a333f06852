"""The example that docs/how-uptime-is-computed.md works by hand is what the program computes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from store_uptime.settings import PROJECT
from support.pipeline import run_report

AS_OF = datetime(2023, 1, 25, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(("max_gap", "result"), [(None, 0), (timedelta(hours=1), 1)])
def test_the_numbers_of_the_worked_example(
    engine: Engine, tmp_path: Path, max_gap: timedelta | None, result: int
) -> None:
    text = (PROJECT / "docs" / "how-uptime-is-computed.md").read_text(encoding="utf-8")
    inputs = dict(re.findall(r"^`(\w+\.csv)`\n\n```csv\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
    results = re.findall(r"^```csv\n(store_id,uptime.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert sorted(inputs) == ["business_hours.csv", "store_status.csv", "store_timezones.csv"]
    for name, content in inputs.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    published = run_report(engine, tmp_path, tmp_path / "out", as_of=AS_OF, max_gap=max_gap)
    assert published.csv.decode() == results[result]
