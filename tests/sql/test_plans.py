"""A page of stores costs what is on it: the planner sees through the view of periods to the indexes below."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, text

from store_uptime.calendar.periods import PERIODS
from store_uptime.db.engine import connected
from store_uptime.db.statements import statement
from store_uptime.settings import Settings
from support.made_report import MADE_REPORT

STORES = 14_000
PAGE_ROWS = 51
BINDS = {
    "pattern": None,
    "period": "last_week",
    "percent_from": None,
    "percent_to": 100,
    "no_percent": False,
    "sort_measure": "store_id",
    "sort_period": "last_week",
    "missing": "Infinity",
    "is_rare": False,
    "is_descending": False,
    "after_value": None,
    "after_store_id": None,
    "page_rows": PAGE_ROWS,
}


@pytest.fixture(scope="module")
def settings(new_database: Any) -> Iterator[Settings]:
    with new_database() as url:
        yield Settings.from_environment({"STORE_UPTIME_DATABASE_URL": url})


@pytest.fixture(scope="module")
def report_id(settings: Settings) -> UUID:
    """One of several reports of `STORES` stores, with the statistics that autovacuum would make."""
    with connected(settings, "owner") as engine, engine.begin() as connection:
        for _ in range(3):
            binds = {"report_id": uuid4(), "stores": STORES}
            for insert in MADE_REPORT:
                connection.execute(text(insert), {name: binds[name] for name in binds if f":{name}" in insert})
        connection.exec_driver_sql("analyze report.store, report.store_uptime")
    return binds["report_id"]


@pytest.fixture(scope="module")
def connection(settings: Settings, report_id: UUID) -> Iterator[Connection]:
    """As the API connects."""
    assert report_id
    with connected(settings, "reader") as engine, engine.connect() as connection:
        connection.execute(statement("api/prepare_session"))
        yield connection


@pytest.mark.parametrize("is_descending", [False, True])
@pytest.mark.parametrize("after_store_id", [None, "8"])
def test_a_page_by_id_reads_no_more_than_the_page(
    connection: Connection, report_id: UUID, is_descending: bool, after_store_id: str | None
) -> None:
    page = {"is_descending": is_descending, "after_store_id": after_store_id, "after_value": 0.0}
    found = rows_read(connection, "api/stores", BINDS | page | {"report_id": report_id})
    assert found == PAGE_ROWS * (1 + 1 + len(PERIODS)), "the walk along the index, report.store, and each period"


@pytest.mark.parametrize("filters", [{}, {"pattern": "%ab1%", "is_rare": True}, {"sort_measure": "uptime_percent"}])
def test_what_is_about_one_period_reads_each_store_once(
    connection: Connection, report_id: UUID, filters: dict[str, Any]
) -> None:
    filters = {"sort_measure": "open"} | filters
    found = rows_read(connection, "api/stores", BINDS | filters | {"report_id": report_id})
    assert STORES <= found <= STORES + PAGE_ROWS * (1 + len(PERIODS)), "all stores, and the page"
    binds = {"report_id": report_id, "period": "last_day"}
    assert rows_read(connection, "api/histogram", binds) == STORES


def rows_read(connection: Connection, name: str, binds: dict[str, Any]) -> int:
    """How many rows a statement reads of tables, whether or not it has a use for them."""
    explain = text(f"explain (analyze, format json) {statement(name).text}")
    (plan,) = connection.scalar(explain, binds)
    return rows_below(plan["Plan"])


def rows_below(node: dict[str, Any]) -> int:
    here = 0
    if "Relation Name" in node:
        rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        here = round(rows * node["Actual Loops"])
    return here + sum(map(rows_below, node.get("Plans", [])))
