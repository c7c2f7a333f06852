"""All rights on a database of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from sqlalchemy import Engine

from store_uptime.db.engine import connected
from store_uptime.settings import Settings

NewDatabase = Callable[[], AbstractContextManager[str]]


@contextmanager
def new_owner(new_database: NewDatabase) -> Iterator[Engine]:
    """An engine with all rights on a new database."""
    with (
        new_database() as url,
        connected(Settings.from_environment({"STORE_UPTIME_DATABASE_URL": url}), "owner") as engine,
    ):
        yield engine


@pytest.fixture(scope="module", name="owner")
def owner_of_module(new_database: NewDatabase) -> Iterator[Engine]:
    """All rights on a database that all tests of a module use, one after another; a conftest imports it."""
    with new_owner(new_database) as engine:
        yield engine
