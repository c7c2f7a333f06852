"""A database that all examples of a module use, one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from sqlalchemy import Engine

from store_uptime.db.engine import connected
from store_uptime.settings import Settings


@pytest.fixture(scope="module")
def owner(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[Engine]:
    """All rights on it."""
    with (
        new_database() as url,
        connected(Settings.from_environment({"STORE_UPTIME_DATABASE_URL": url}), "owner") as engine,
    ):
        yield engine
