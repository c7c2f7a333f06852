"""A deployment with settled days of the sample, and receivers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from store_uptime.history import days
from store_uptime.settings import PROJECT
from support.pipeline import CLOCK, run_report
from support.receivers import Hooks, Mailbox, mail_server, web_server


@pytest.fixture
def settled(engine: Engine, tmp_path: Path) -> Engine:
    """A writer on a database in which the days of the sample are settled, up to 25 January 2023."""
    run_report(engine, PROJECT / "data" / "sample", tmp_path)
    days.settle_all(engine, CLOCK, timedelta(hours=3))
    return engine


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """A mail server, which Airflow's connection names."""
    with mail_server() as mailbox:
        for name, value in mailbox.variables.items():
            monkeypatch.setenv(name, value)
        yield mailbox


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    """A web server."""
    with web_server() as hooks:
        yield hooks
