"""What can be held of the cluster without one: which table goes where, and what is said where there is no Citus."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from store_uptime import citus

TABLES = """
    select pg_class.oid::regclass::text from pg_class inner join pg_namespace on pg_namespace.oid = relnamespace
    where relkind in ('r', 'p') and not relispartition and nspname in ('core', 'report', 'quality')
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
ALL = [*citus.REFERENCE_TABLES, *citus.DISTRIBUTED_TABLES]


def test_every_table_has_its_place(engine: Engine) -> None:
    with engine.connect() as connection:
        assert sorted(ALL) == sorted(connection.scalars(text(TABLES)))


def test_keys_allow_it(engine: Engine) -> None:
    """Citus wants the distribution column in each unique key, and foreign keys that lead to copies of a whole table."""
    with engine.connect() as connection:
        tables = {"tables": list(citus.DISTRIBUTED_TABLES)}
        assert connection.scalars(text(KEYS_WITHOUT_STORE), tables).all() == []
        assert connection.scalars(text(SMALL_IDENTITIES), {"tables": ALL}).all() == []
        ours = [row for row in connection.execute(text(FOREIGN_KEYS)) if row[0] in ALL]
    assert {target for _, target in ours} <= set(citus.REFERENCE_TABLES)
    order = {table: position for position, table in enumerate(ALL)}
    assert all(order[target] < order[table] for table, target in ours)


def test_a_server_without_citus_is_left_as_it_is(engine: Engine) -> None:
    with pytest.raises(citus.CitusError, match="create extension citus"):
        citus.distribute(engine, print)
