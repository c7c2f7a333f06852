"""What tests of commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from store_uptime.db.engine import connected
from store_uptime.history import days
from store_uptime.settings import SAMPLE, Settings
from support.pipeline import run_report


@pytest.fixture(scope="session")
def settled(new_database: Callable, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A home with a report on the sample whose days are settled."""
    home = tmp_path_factory.mktemp("home")
    with new_database() as url:
        found = Settings.from_environment({"STORE_UPTIME_HOME": str(home), "STORE_UPTIME_DATABASE_URL": url})
        with connected(found) as engine:
            run_report(engine, SAMPLE, home)
            days.settle_all(engine, datetime(2031, 1, 1, tzinfo=UTC), timedelta(hours=3))
        yield found
