"""What can be held of the cluster without one: which table goes where and in which order, and that the way taken where
there is Citus leads to the same report. What a cluster does with it is not seen here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from store_uptime.db import topology
from store_uptime.db.engine import connect
from store_uptime.errors import InputFileError
from store_uptime.history import days
from store_uptime.ingest import stage_files
from store_uptime.operations import maintenance
from store_uptime.quality import validate
from store_uptime.settings import PROJECT, Settings
from support import citus_extension, citus_rules, citus_transactions, small
from support.pipeline import CLOCK, run_report, start

TABLES = """
    select pg_class.oid::regclass::text from pg_class inner join pg_namespace on pg_namespace.oid = relnamespace
    where relkind in ('r', 'p') and not relispartition
        and nspname in ('core', 'report', 'quality', 'history', 'delivery')
"""
KEYS_WITHOUT_STORE = """
    select conrelid::regclass::text from pg_constraint
    where contype in ('p', 'u', 'x') and conrelid::regclass::text = any(:tables) and not exists (
        select from pg_attribute where attrelid = conrelid and attname = 'store_key' and attnum = any(conkey)
    )
"""
FOREIGN_KEYS = "select conrelid::regclass::text, confrelid::regclass::text from pg_constraint where contype = 'f'"
SMALL_IDENTITIES = """
    select attrelid::regclass::text from pg_attribute
    where attidentity <> '' and atttypid <> 'bigint'::regtype and attrelid::regclass::text = any(:tables)
"""
WITHOUT_IDENTITY = """
    select pg_class.oid::regclass::text from pg_class
    where pg_class.oid::regclass::text = any(:tables) and relreplident <> 'f'
        and not exists (select from pg_index where indrelid = pg_class.oid and indisprimary)
"""
ALL = [*topology.REFERENCE_TABLES, *topology.DISTRIBUTED_TABLES]
PLACED = [*ALL, *topology.LOCAL_TABLES]


def test_every_table_has_its_place(engine: Engine) -> None:
    with engine.connect() as connection:
        assert sorted(PLACED) == sorted(connection.scalars(text(TABLES)))


def test_keys_allow_it(engine: Engine) -> None:
    """Citus wants the distribution column in each unique key, and foreign keys that lead to copies of a whole table."""
    with engine.connect() as connection:
        tables = {"tables": list(topology.DISTRIBUTED_TABLES)}
        assert connection.scalars(text(KEYS_WITHOUT_STORE), tables).all() == []
        assert connection.scalars(text(SMALL_IDENTITIES), {"tables": ALL}).all() == []
        ours = [row for row in connection.execute(text(FOREIGN_KEYS)) if row[0] in ALL]
    assert {target for _, target in ours} <= set(topology.REFERENCE_TABLES)
    order = {table: position for position, table in enumerate(ALL)}
    assert all(order[target] < order[table] for table, target in ours)


def test_rows_can_be_told_apart_while_they_move(engine: Engine) -> None:
    """Citus copies shared tables to a new node, and moves shards, by logical replication."""
    with engine.connect() as connection:
        assert connection.scalars(text(WITHOUT_IDENTITY), {"tables": ALL}).all() == []


def test_a_server_without_citus_is_left_as_it_is(engine: Engine) -> None:
    with pytest.raises(topology.CitusError, match="create extension citus"):
        topology.distribute(engine, print)


def test_shared_tables_are_changed_before_stores_are_looked_at(engine: Engine, tmp_path: Path) -> None:
    """From a change of a shared table that keys lead to on, Citus uses one connection per node; it cannot begin later.

    Unless a transaction begins with topology/one_at_a_time, as loads do: COPY goes past what is seen here.
    """
    with engine.connect() as connection:
        shared = {target for _, target in connection.execute(text(FOREIGN_KEYS))}
    late, changed = [], set()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.info.update(looked_at=False, changed=False)

    @event.listens_for(engine, "before_cursor_execute")
    def follow(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        nodes = citus_transactions.nodes_of(statement)
        if "citus.multi_shard_modify_mode" in statement:
            connection.info["changed"] = True
        for node in nodes:
            if isinstance(node, citus_rules.CHANGES):
                table = f"{node.relation.schemaname}.{node.relation.relname}"
                if table in shared:
                    changed.add(table)
                    if connection.info["looked_at"] and not connection.info["changed"]:
                        late.append(statement)
                    connection.info["changed"] = True
        connection.info["looked_at"] |= any(citus_rules.is_distributed(node) for node in nodes)

    data, folder = small.write(tmp_path / "data"), tmp_path / "reports"
    with citus_transactions.followed(engine) as following:
        run_report(engine, data, folder, as_of_limit=CLOCK)
        small.write(data, store_status=small.STATUS.replace("2023-01-2", "2023-01-1"), business_hours=small.HOURS + " ")
        run_report(engine, data, folder, as_of_limit=CLOCK)
        run_report(engine, data, folder, as_of_limit=CLOCK)  # nothing is new
        small.write(data, store_status=small.STATUS.replace("0042", "43"), store_timezones=small.ZONES + " ")
        stage_files.ingest(engine, start(engine), data, CLOCK)
        with engine.connect() as connection:
            staged = connection.scalars(text("select file_id from core.file where state = 'staged'")).all()
        # By several loaders, and one of their files cannot be loaded.
        small.write(data, store_status=small.STATUS.replace("0042", "44"), store_timezones="store_id\n")
        with pytest.raises(InputFileError):
            stage_files.ingest(engine, start(engine), data, CLOCK, loaders=2, large_file_bytes=10)
        small.write(data, store_status=small.STATUS.replace("0042", "45"))
        stage_files.ingest(engine, start(engine), data, CLOCK, loaders=2, large_file_bytes=10)
        validate.reject(engine, {file_id: ["not as expected"] for file_id in staged})
        maintenance.delete_reports(engine, folder, 0, CLOCK.replace(year=2040), dry_run=False)
        maintenance.delete_left_overs(engine, folder, tmp_path / "quality", CLOCK, dry_run=False)
        days.settle_all(engine, CLOCK, None, with_hours=True)
    assert len(staged) == 2
    assert changed == {"core.acceptance", "core.file", "report.report"}
    assert late == []
    assert following.refused == []


def test_the_way_on_citus(settings: Settings, owner: Engine, tmp_path: Path, sample_report: bytes) -> None:
    citus_extension.create(settings.database_url)
    said: list[str] = []
    assert topology.distribute(owner, said.append) == len(ALL)
    assert said == [f"distributed {table}" for table in ALL]
    with owner.begin() as connection:  # as Citus has a table that a key leads from to a shared one
        connection.execute(
            text("update pg_dist_partition set repmodel = 's' where logicalrelid = 'core.file'::regclass")
        )
    assert topology.distribute(owner, said.append) == 1
    assert said[-1] == "distributed core.file"

    writer, reader = connect(settings, "writer"), connect(settings, "reader")
    for engine in (owner, writer, reader):
        with engine.connect() as connection:
            assert connection.scalar(text("select current_user = session_user")), "all of a transaction is one user's"
    for _ in ("loaded", "found loaded"):
        report = run_report(writer, PROJECT / "data" / "sample", tmp_path, settings=settings)
        assert report.csv == sample_report
    for engine in (writer, reader):
        engine.dispose()
