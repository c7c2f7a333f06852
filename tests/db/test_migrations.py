"""Scripts that have shipped never change, and a database of an older revision keeps its rows."""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, text

from commands import backup
from conftest import execute, settings_for
from store_uptime.db import embedded_postgres
from store_uptime.db.engine import connected
from store_uptime.db.migrations import configuration, is_migrated, migrate, split_script
from store_uptime.db.statements import MIGRATIONS, statement
from store_uptime.errors import StoreUptimeError
from store_uptime.operations import maintenance
from store_uptime.settings import PROJECT, Settings
from support.pipeline import compute, run_report

# SHA-256 of a script, without the comments that are for the linter.
SHIPPED = {
    "0001.sql": "fca0071be120e6e85cb9a6d37be598b2469d3a0c9b43d288fd17494d9e4f2f4f",
    "0002.sql": "80d7d23db5659ca1e516b6b594b3154674b52757a2d50f5086d1c96c5332b109",
    "0003.sql": "21bbba7f4bce32c1e0e284ef8c04ee15da209b2ad2da2222ad351239ed45fed6",
    "0004.sql": "8b745c397012dd693a0dff66f711d5b95e24ef816431f49d2089cf538c1e2e92",
    "0005.sql": "61bcbb208c903a077b02b57a57db99cf3e727243bf07ca935d7851cd03236b40",
    "0006.sql": "813fb5c98f8955f8f423ed11d2f943a0a0c07942d7c41324566afa8c0d64c39d",
    "0007.sql": "2c6b6d67254ab461022cc19b01bbbdeb7a34417ecd3055f8f2174175c26b078c",
    "0008.sql": "e45be80dde9428820e38e3dfbbc8f57a7d2cca0e870a425f52f2f1f2219b64b4",
    "0009.sql": "19aebd33281047d758ce2f94a236a66afa0d02d141303604e84f193c576ef0f6",
    "0010.sql": "4f1a03529b5dcbb19c9a76ffa69d35a96d74bd88bb7433f642791ae664f9e5eb",
    "0011.sql": "ced81a1388b53b283124a1b241809c80fe07c24fa464b6191dc608413023f5eb",
    "0012.sql": "46fdd4127cfc8dd6375ade56bb09252bf650b28bfcc4e00636f1dda5338f68a2",
    "0013.sql": "8738ffdc3de6ef69ea136a8ef208992564b7a6e325cd995786f80f493117903c",
    "0014.sql": "4fb4397c1de439f75b5ea04f3d29c343fa985759d3a165cc84b81ad7a6a16724",
}

# A file that is loading, one that is staged and one that is accepted, in the tables that 0007 renames.
ROWS_AT_0006 = """
insert into core.file (kind, content_sha256, name, size_bytes, state, loaded_at, has_runs)
values
    ('store_status', repeat('1', 64), 'a.csv', 1, 'loading', '2023-01-26 00:00+00', false),
    ('store_status', repeat('2', 64), 'b.csv', 1, 'staged', '2023-01-26 00:00+00', true),
    ('store_status', repeat('3', 64), 'c.csv', 1, 'accepted', '2023-01-26 00:00+00', true);
insert into core.file_share (file_id, share, is_loaded, has_runs, rows_read, rows_quarantined, store_count)
values (1, 0, true, true, 7, 2, 3), (1, 1, false, false, 0, 0, 0);
insert into core.staged_run (file_id, store_key, started_at, is_active)
values (2, -1, '2023-01-25 00:00+00', true), (2, -1, '2023-01-25 01:00+00', false);
insert into core.status_run (store_key, holds_until, holds_from, started_at, is_active)
values
    (-1, '2023-01-24 01:00+00', '-infinity', '2023-01-24 00:00+00', true),
    (-1, 'infinity', '2023-01-24 01:00+00', '2023-01-24 01:00+00', false);
"""
# Hours 3 replaced hours 1, and came back to it; the reports rest on each position, the last one on none.
ROWS_AT_0009 = """
insert into core.file (kind, content_sha256, name, size_bytes, state, loaded_at)
values
    ('business_hours', repeat('1', 64), 'a.csv', 1, 'accepted', '2023-01-26 00:00+00'),
    ('store_status', repeat('2', 64), 'b.csv', 1, 'accepted', '2023-01-26 00:00+00'),
    ('business_hours', repeat('3', 64), 'c.csv', 1, 'accepted', '2023-01-26 00:00+00'),
    ('store_timezones', repeat('4', 64), 'd.csv', 1, 'accepted', '2023-01-26 00:00+00');
insert into core.acceptance (file_id, kind, accepted_at)
values
    (1, 'business_hours', '2023-01-26 01:00+00'), (2, 'store_status', '2023-01-26 02:00+00'),
    (3, 'business_hours', '2023-01-26 03:00+00'), (4, 'store_timezones', '2023-01-26 04:00+00'),
    (1, 'business_hours', '2023-01-26 05:00+00');
insert into report.report (
    report_id, dag_run_id, created_at, no_data, shards, accepted_order, business_hours_file_id, store_timezones_file_id
)
select
    cast(repeat(coalesce(accepted_order, 9)::text, 32) as uuid), coalesce(accepted_order, 9)::text,
    '2023-01-26 06:00+00', 'unknown', 1, accepted_order, hours, zones
from (values (1, 1, null), (2, 1, null), (3, 3, null), (4, 3, 4), (5, 1, 4), (null, null, null))
    as pinned (accepted_order, hours, zones);
"""
# A targets file that a report found, beside polls.
ROWS_AT_0015 = """
insert into core.file (kind, content_sha256, name, size_bytes, state, loaded_at)
values
    ('store_status', repeat('1', 64), 'a.csv', 1, 'accepted', '2023-01-26 00:00+00'),
    ('targets', repeat('2', 64), 'b.csv', 1, 'accepted', '2023-01-26 00:00+00');
insert into core.target (file_id, line, store_id, target_percent) values (2, 2, 'a', 99.5);
insert into core.acceptance (file_id, accepted_at) select file_id, loaded_at from core.file order by file_id;
insert into core.snapshot (accepted_order, kind, file_id) values (2, 'targets', 2);
insert into core.folder_file (folder, name, kind, is_unread, content_sha256, size_bytes)
values ('data', 'b.csv', 'targets', false, repeat('2', 64), 1);
insert into report.report (report_id, dag_run_id, created_at, no_data, shards, accepted_order)
values (gen_random_uuid(), 'one', '2023-01-26 06:00+00', 'unknown', 1, 2);
insert into report.source_file (report_id, file_id, name)
select report.report_id, file.file_id, file.name from report.report cross join core.file;
insert into quality.quarantined_row (file_id, line_number, reason, raw_text) values (2, 3, 'b', 'c');
insert into quality.expectation_result (
    report_id, suite, expectation, file_id, severity, is_met, description, checked_at
)
select report_id, 'files', 'a', 2, 'warn', false, 'b', created_at from report.report;
"""
PINNED_AT_0009 = """
select accepted_order, business_hours_file_id, store_timezones_file_id from report.report order by accepted_order
"""

# Polls have been a table, and then a view.
POLLS = (
    "select array_agg(poll order by poll) from (select store_key, polled_at, file_id, is_active from core.poll) as poll"
)

# `pg_dump --format=custom`, of when polls were rows: files that overlap, correct each other and came late, a store with
# several parts of one file, months that maintenance has dropped, a file that is staged, and reports that were pinned
# before and after each file, with and without a max_gap.
BACKUP_AT_0011 = Path(__file__).parent / "backup_0011.dump.gz"

LATER_COLUMNS = ("tolerated", "is_merged")
TABLES_AT_0006 = ("core.file", "core.file_share", "core.staged_run", "core.status_run")
TABLES = ("core.file", "core.file_partition", "core.staged_interval", "core.status_interval")

SCHEMA = (
    """
    select attrelid::regclass::text, row_number() over (partition by attrelid order by attnum), attname,
        format_type(atttypid, atttypmod), attnotnull, attidentity,
        col_description(attrelid, attnum)
    from pg_attribute inner join pg_class on attrelid = pg_class.oid
    where relkind in ('r', 'p') and relnamespace = 'core'::regnamespace and attnum > 0 and not attisdropped
    order by 1, 2
    """,
    """
    select conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    from pg_constraint where connamespace = 'core'::regnamespace order by 1, 2
    """,
    "select indexdef from pg_indexes where schemaname = 'core' order by 1",
    """
    select oid::regclass::text, relacl::text, obj_description(oid, 'pg_class')
    from pg_class where relnamespace = 'core'::regnamespace order by 1
    """,
    """
    select oid::regprocedure::text, prosrc, proacl::text
    from pg_proc where pronamespace = 'core'::regnamespace order by 1
    """,
)


@pytest.fixture
def empty(server: Callable[[str], str], tmp_path: Path) -> Iterator[Settings]:
    """A database without any migration."""
    name = f"test_{uuid4().hex}"
    execute(server("postgres"), f"create database {name}")
    yield settings_for(tmp_path, server(name))
    execute(server("postgres"), f"drop database {name} with (force)")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_script_that_has_shipped_is_as_it_was(name: str) -> None:
    script = re.sub(r"(?m)^-- noqa.*\n| -- noqa.*$", "", (MIGRATIONS / name).read_text(encoding="utf-8"))
    assert hashlib.sha256(script.encode()).hexdigest() == SHIPPED[name]


def test_a_script_is_split_at_semicolons_outside_of_bodies() -> None:
    assert list(
        split_script("select 1;\n\n-- two\nselect 2,\n    3;\ndo $$\nbegin\n    null;\nend\n$$;\n-- end\n")
    ) == [
        "select 1;",
        "\n-- two\nselect 2,\n    3;",
        "do $$\nbegin\n    null;\nend\n$$;",
    ]
    with pytest.raises(ValueError, match="without a semicolon"):
        list(split_script("select 1;\nselect 2\n"))


def test_tables_of_a_newer_version_stay_as_they_are(empty: Settings) -> None:
    migrate(empty)
    execute(empty.database_url, "update public.store_uptime_version set version_num = '9999'")
    with connected(empty, "owner") as owner:
        before = schema(owner)
        with pytest.raises(StoreUptimeError, match=r"tables of a newer version \(revision 9999\).* restore a backup"):
            migrate(empty)
        assert schema(owner) == before
        assert value(owner, "select version_num from public.store_uptime_version") == "9999"


def test_rows_of_0006_are_kept(empty: Settings) -> None:
    migrate(empty, "0006")
    assert not is_migrated(empty)
    with connected(empty, "owner") as engine:
        with engine.begin() as connection:
            connection.execute(text(ROWS_AT_0006))
            before = [rows(connection, table) for table in TABLES_AT_0006]
        assert [len(found) for found in before] == [3, 2, 2, 2]
        migrate(empty)
        assert is_migrated(empty)
        with engine.connect() as connection:
            assert [rows(connection, table) for table in TABLES] == before


def test_reasons_of_0010_have_kinds(empty: Settings) -> None:
    reasons = {
        ("status", "status is 'actve'; expected active or inactive"): "status: expected active or inactive",
        ("status", "status is 'x; y'; expected active or inactive"): "status: expected active or inactive",
        ("timestamp_utc", "timestamp_utc is '2033-01-01'; more than an hour ahead of the clock"): (
            "timestamp_utc: more than an hour ahead of the clock"
        ),
        (None, "2 fields where the header has 3"): "another number of fields than the header has",
        (None, "not a CSV record: unexpected end of data; why"): "not a CSV record: unexpected end of data; why",
    }
    migrate(empty, "0010")
    with connected(empty, "owner") as engine:
        with engine.begin() as connection:
            connection.execute(text(ROWS_AT_0006.split(";")[0].replace("has_runs", "has_intervals")))
            for line, (column, reason) in enumerate(reasons, start=2):
                connection.execute(
                    text("insert into quality.quarantined_row values (1, :line, :column, :reason, 'a,b')"),
                    {"line": line, "column": column, "reason": reason},
                )
        migrate(empty)
        with engine.connect() as connection:
            found = connection.execute(
                text("select column_name, reason, reason_kind from quality.quarantined_row order by line_number")
            ).all()
        assert {(column, reason): kind for column, reason, kind in found} == reasons


def test_reports_of_0009_rest_on_the_snapshots_that_they_rested_on(empty: Settings) -> None:
    migrate(empty, "0009")
    with connected(empty, "owner") as owner:
        with owner.begin() as connection:
            connection.execute(text(ROWS_AT_0009))
            before = connection.execute(text(PINNED_AT_0009)).all()
            log = connection.execute(text("select * from core.acceptance order by accepted_order")).all()
        migrate(empty)
        with owner.connect() as connection:
            reports = connection.scalars(text("select report_id from report.report order by accepted_order"))
            found = [
                connection.execute(statement("report/stage/read_pinned"), {"report_id": report_id}).one()
                for report_id in reports
            ]
        assert [
            (one.accepted_order, one.business_hours_file_id, one.store_timezones_file_id) for one in found
        ] == before
        downgrade(owner, "0009")
        with owner.connect() as connection:
            assert connection.execute(text(PINNED_AT_0009)).all() == before
            assert connection.execute(text("select * from core.acceptance order by accepted_order")).all() == log


def test_0014_knows_nothing_of_optional_inputs(empty: Settings) -> None:
    migrate(empty, "0014")
    with connected(empty, "owner") as owner:
        before = schema(owner)
        migrate(empty, "0015")
        with owner.begin() as connection:
            connection.exec_driver_sql(ROWS_AT_0015)
        downgrade(owner, "0014")
        assert schema(owner) == before
        assert all_of(owner, "select file_id, kind from core.file") == [(1, "store_status")]
        for table in ("core.acceptance", "report.source_file"):
            assert all_of(owner, f"select file_id from {table}") == [(1,)]
        for table in ("core.snapshot", "core.folder_file", "quality.quarantined_row", "quality.expectation_result"):
            assert rows_of(owner, table) == []
        migrate(empty)
        assert all_of(owner, "select accepted_order from report.report") == [(2,)]


def test_there_and_back_with_a_report(empty: Settings, tmp_path: Path) -> None:
    """A database with a report on the sample goes back to 0006 and comes again as if nothing had been.

    0006 has no optional inputs.
    """
    migrate(empty)
    sample = tmp_path / "data"
    sample.mkdir()
    for name in ("store_status.csv", "menu_hours.csv", "timezones.csv"):
        shutil.copy(PROJECT / "data" / "sample" / name, sample)
    with connected(empty) as writer, connected(empty, "owner") as owner:
        published = run_report(writer, sample, tmp_path / "first")
        polls = value(owner, POLLS)
        before, filled = schema(owner), [rows_of(owner, table) for table in TABLES]
        assert min(len(filled[0]), len(filled[3])) > 0
        downgrade(owner, "0006")
        assert [rows_of(owner, table) for table in TABLES_AT_0006] == filled
        assert value(owner, POLLS) == polls
        migrate(empty)
        assert value(owner, POLLS) == polls
        assert schema(owner) == before
        assert [rows_of(owner, table) for table in TABLES] == filled
        assert compute(writer, published.report_id, tmp_path / "again") == replace(
            published, path=tmp_path / "again" / published.path.name
        )
        assert run_report(writer, sample, tmp_path / "second").csv == published.csv


def test_a_backup_with_a_row_for_each_poll_gives_the_same_reports(empty: Settings, tmp_path: Path) -> None:
    dump = tmp_path / "backup.dump"
    dump.write_bytes(gzip.decompress(BACKUP_AT_0011.read_bytes()))
    backup.run_tool(
        "pg_restore", embedded_postgres.MAJOR_VERSION, empty.database_url, "--exit-on-error", "--no-owner", str(dump)
    )
    with connected(empty) as writer, connected(empty, "owner") as owner:
        polls = value(owner, POLLS)
        published = dict(all_of(owner, "select report_id, csv_sha256 from report.report where csv_sha256 is not null"))
        migrate(empty)
        assert value(owner, POLLS) == polls
        assert len(published) == 36
        for merged in (False, True):
            if merged:
                assert maintenance.merge_polls(writer, dry_run=False).counts["rows"] > 0
                assert value(owner, POLLS) == polls
            for report_id, sha256 in published.items():
                assert hashlib.sha256(compute(writer, report_id, tmp_path / "reports").csv).hexdigest() == sha256


def test_0006_is_what_it_was_after_a_way_back(empty: Settings) -> None:
    migrate(empty, "0006")
    with connected(empty, "owner") as owner:
        before = schema(owner)
        migrate(empty)
        downgrade(owner, "0006")
        assert without_comments(schema(owner)) == without_comments(before)


def downgrade(owner: Engine, revision: str) -> None:
    config = configuration()
    with owner.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def schema(owner: Engine) -> list[list[tuple]]:
    with owner.connect() as connection:
        return [[tuple(row) for row in connection.exec_driver_sql(query)] for query in SCHEMA]


def without_comments(found: list[list[tuple]]) -> list[list[tuple]]:
    columns, constraints, indexes, tables, functions = found
    return [[row[:-1] for row in columns], constraints, indexes, [row[:-1] for row in tables], functions]


def value(owner: Engine, query: str) -> Any:
    return all_of(owner, query)[0][0]


def all_of(owner: Engine, query: str) -> list[Any]:
    with owner.connect() as connection:
        return list(connection.execute(text(query)))


def rows_of(owner: Engine, table: str) -> list[str]:
    with owner.connect() as connection:
        return rows(connection, table)


def rows(connection: Connection, table: str) -> list[str]:
    """The rows of a table as text, whatever its columns are called, without those that came after 0007."""
    columns = connection.scalars(
        text(
            "select attname from pg_attribute where attrelid = cast(:table as regclass) and attnum > 0"
            " and not attisdropped and attname <> all(:later) order by attnum"
        ),
        {"table": table, "later": list(LATER_COLUMNS)},
    )
    return sorted(connection.scalars(text(f"select row({', '.join(columns)})::text from {table}")))
