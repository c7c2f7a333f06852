"""A store with more polls in one file than memory should hold comes in parts; the report is the same."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from store_uptime.ingest import file_loader
from store_uptime.ingest.poll_days import ROWS_OF_BATCH
from store_uptime.settings import PROJECT
from support.pipeline import run_report

SAMPLE = PROJECT / "data" / "sample"


@pytest.mark.parametrize("max_gap", [None, timedelta(hours=2)])
def test_parts_of_any_size_make_the_same_report(
    new_engine: Callable[[], AbstractContextManager[Engine]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    max_gap: timedelta | None,
) -> None:
    with new_engine() as engine:
        whole = run_report(engine, SAMPLE, tmp_path / "whole", max_gap=max_gap)
    monkeypatch.setattr(file_loader, "MAX_SORTED_ROWS", 500)
    with new_engine() as engine:
        in_parts = run_report(engine, SAMPLE, tmp_path / "parts", max_gap=max_gap)
        with engine.connect() as connection:
            assert connection.scalar(text("select max(row_no) from core.poll")) > 5 * ROWS_OF_BATCH
            assert connection.scalar(text("select count(*) from core.file where has_intervals")) == 0
    assert in_parts.csv == whole.csv
    assert in_parts.figures == whole.figures
