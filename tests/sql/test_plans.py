"""A page of stores costs what is on it: the planner sees through the view of periods to the indexes below."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, text

from store_uptime.calendar.periods import PERIODS
from store_uptime.calendar.zones import DEFAULT_TIMEZONE
from store_uptime.db.engine import connected
from store_uptime.db.statements import statement
from store_uptime.settings import Settings
from support.made_report import MADE_REPORT

STORES = 14_000
PAGE_ROWS = 51
BINDS = {
    "pattern": None,
    "timezone": None,
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


# Hours on all weekdays and a zone for each store, in {snapshots} snapshots of each kind, one after the other.
REPLACED_SNAPSHOTS = (
    "insert into core.store (store_key, store_id) select n, n::text from generate_series(1, :stores) as n",
    """
    insert into core.file (kind, content_sha256, name, size_bytes, state, loaded_at)
    select kind, lpad(n::text, 64, '0'), kind || n, 1, 'accepted', '2023-01-01 00:00+00'
    from generate_series(1, :snapshots) as n
    cross join (values ('business_hours'), ('store_timezones')) as kind (kind)
    order by kind, n
    """,
    "insert into core.acceptance (file_id, accepted_at) select file_id, loaded_at from core.file order by file_id",
    """
    insert into core.snapshot (accepted_order, kind, file_id)
    select accepted_order, kind, file_id from core.acceptance inner join core.file using (file_id)
    """,
    """
    insert into core.snapshot_store (file_id, store_key)
    select file_id, n from core.file cross join generate_series(1, :stores) as n
    """,
    """
    insert into core.business_hours (file_id, store_key, weekday, start_time_local, end_time_local)
    select file_id, n, weekday, '09:00', '17:00'
    from core.file cross join generate_series(1, :stores) as n cross join generate_series(0, 6) as weekday
    where kind = 'business_hours'
    """,
    """
    insert into core.store_timezone (file_id, store_key, timezone)
    select file_id, n, 'America/Denver' from core.file cross join generate_series(1, :stores) as n
    where kind = 'store_timezones'
    """,
    """
    insert into report.report (report_id, dag_run_id, created_at, no_data, shards, as_of, accepted_order)
    select :report_id, 'a', '2023-01-26 00:00+00', 'unknown', 1, '2023-01-26 00:00+00', max(accepted_order)
    from core.acceptance
    """,
    "analyze core.store, core.snapshot_store, core.business_hours, core.store_timezone",
)


def test_a_report_reads_no_snapshots_that_were_replaced(owner: Engine) -> None:
    stores, snapshots = 1_000, 30
    binds = {"report_id": uuid4(), "stores": stores, "snapshots": snapshots, "shard": 0, "shards": 1}
    with owner.begin() as connection:
        for command in REPLACED_SNAPSHOTS:
            connection.execute(text(command), {name: binds[name] for name in binds if f":{name}" in command})
        pinned = connection.execute(statement("report/stage/read_pinned"), binds).mappings().one()
        assert (pinned["business_hours_file_id"], pinned["store_timezones_file_id"]) == (snapshots, 2 * snapshots)
        binds |= dict(pinned) | {"default_timezone": DEFAULT_TIMEZONE}
        localize = rows_read(connection, "report/1_localize/localize", binds)
        span = {"utc_from": pinned["week_start"], "utc_to": pinned["as_of"], "utc_offset_seconds": -25_200}
        for name in ("add_segment", "add_days"):
            connection.execute(
                statement(f"report/1_localize/zones/{name}"), binds | span | {"timezone": "America/Denver"}
            )
        clip = rows_read(connection, "report/2_clip/clip", binds)
        assert connection.scalar(text("select count(*) from report.open_time")) == stores
    one_snapshot = stores * (7 + 1 + 1 + 1)
    assert localize <= 2 * one_snapshot, "stores, those of both snapshots, zones, and an opening of each store"
    assert clip <= 10 * one_snapshot, "stores, openings, and the zone's dates for each store"


# Status files of one folder, each from a report of its own, and a last report that rests on all of them.
ONE_FOLDER = (
    """
    insert into core.file (kind, content_sha256, name, size_bytes, state, loaded_at)
    select 'store_status', lpad(n::text, 64, '0'), 'store_status_' || n, 1, 'accepted', '2023-01-01 00:00+00'
    from generate_series(1, :files) as n
    """,
    "insert into core.acceptance (file_id, accepted_at) select file_id, loaded_at from core.file order by file_id",
    """
    insert into core.folder_file (folder, name, version, kind, is_unread, content_sha256, size_bytes)
    select '/stores', name, '1', kind, false, content_sha256, size_bytes from core.file
    """,
    """
    insert into report.report (report_id, dag_run_id, created_at, no_data, shards, accepted_order, data_folder)
    select gen_random_uuid(), file_id, loaded_at, 'unknown', 1, file_id, '/stores' from core.file
    """,
    """
    insert into report.source_file (report_id, file_id, name, is_accepted)
    select report_id, file_id, name, true
    from report.report inner join core.file on report.accepted_order = file.file_id
    """,
    "analyze core.file, core.acceptance, core.folder_file, report.report, report.source_file",
)


def test_a_report_of_the_only_folder_looks_at_no_file_for_others(new_database: Any) -> None:
    files = 500
    with (
        new_database() as url,
        connected(Settings.from_environment({"STORE_UPTIME_DATABASE_URL": url}), "owner") as owner,
        owner.begin() as connection,
    ):
        for command in ONE_FOLDER:
            connection.execute(text(command), {"files": files} if ":files" in command else {})
        for accepted_order in (files, None):
            binds = {"data_folder": "/stores", "accepted_order": accepted_order}
            assert connection.execute(statement("api/other_folders"), binds).all() == []
            assert rows_read(connection, "api/other_folders", binds) == files, "reports, and no file"
        binds["data_folder"] = "/other"
        assert rows_read(connection, "api/other_folders", binds) > files


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
