"""Scripts that have shipped never change, and a database of an older revision keeps its rows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, text

from conftest import execute, settings_for
from store_uptime.db.engine import connected
from store_uptime.db.migrations import configuration, is_migrated, migrate, split_script
from store_uptime.db.statements import MIGRATIONS
from store_uptime.settings import PROJECT, Settings
from support.pipeline import run_report

# SHA-256 of a script, without the comments that are for the linter.
SHIPPED = {
    "0001.sql": "fca0071be120e6e85cb9a6d37be598b2469d3a0c9b43d288fd17494d9e4f2f4f",
    "0002.sql": "80d7d23db5659ca1e516b6b594b3154674b52757a2d50f5086d1c96c5332b109",
    "0003.sql": "21bbba7f4bce32c1e0e284ef8c04ee15da209b2ad2da2222ad351239ed45fed6",
    "0004.sql": "8b745c397012dd693a0dff66f711d5b95e24ef816431f49d2089cf538c1e2e92",
    "0005.sql": "61bcbb208c903a077b02b57a57db99cf3e727243bf07ca935d7851cd03236b40",
    "0006.sql": "813fb5c98f8955f8f423ed11d2f943a0a0c07942d7c41324566afa8c0d64c39d",
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
LATER_COLUMNS = ("tolerated",)
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


def test_there_and_back_with_a_report(empty: Settings, tmp_path: Path) -> None:
    """A database with a report on the sample goes back to 0006 and comes again as if nothing had been."""
    migrate(empty)
    sample = PROJECT / "data" / "sample"
    with connected(empty) as writer, connected(empty, "owner") as owner:
        published = run_report(writer, sample, tmp_path / "first")
        before, filled = schema(owner), [rows_of(owner, table) for table in TABLES]
        assert min(len(filled[0]), len(filled[3])) > 0
        downgrade(owner, "0006")
        assert [rows_of(owner, table) for table in TABLES_AT_0006] == filled
        migrate(empty)
        assert schema(owner) == before
        assert [rows_of(owner, table) for table in TABLES] == filled
        assert run_report(writer, sample, tmp_path / "second").csv == published.csv


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
