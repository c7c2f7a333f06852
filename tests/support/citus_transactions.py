"""Follows transactions for what Citus refuses once they have changed shared tables and stores.

It changes the shards of a distributed table over several connections to a node, and a shared table over one of them.
Then no connection sees both changes, and Citus refuses a statement that reads stores with shared tables. A transaction
that uses one connection to each node, by topology/one_at_a_time, is free of that; and so is one that begins with the
change of a shared table that foreign keys of distributed tables lead to.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from pglast import ast, parse_sql
from sqlalchemy import Connection, Engine, event

from store_uptime.db.topology import REFERENCE_TABLES
from support import citus_rules

FOREIGN_KEYS = """
    select confrelid::regclass::text from pg_constraint
    where contype = 'f' and conrelid::regclass::text = any(%(distributed)s)
"""


class Followed:
    """What transactions have changed, and the statements that Citus would refuse."""

    def __init__(self, engine: Engine) -> None:
        self.changed: set[str] = set()
        self.refused: list[str] = []
        with engine.connect() as connection:
            tables = {"distributed": list(citus_rules.DISTRIBUTED_TABLES)}
            self._with_keys = set(connection.exec_driver_sql(FOREIGN_KEYS, tables).scalars())

    def begin(self, connection: Connection) -> None:
        connection.info.update(shared=False, stores=False, together=False)

    def follow(self, connection: Connection, _cursor: Any, sql: str, *_: Any) -> None:
        done, nodes = connection.info, nodes_of(sql)
        tables = {name_of(node) for node in nodes if isinstance(node, ast.RangeVar)}
        changed = {name_of(node.relation) for node in nodes if isinstance(node, citus_rules.CHANGES)}
        reads_both = any(map(citus_rules.is_distributed, nodes)) and tables & set(REFERENCE_TABLES)
        if "citus.multi_shard_modify_mode" in sql or (changed & self._with_keys and not done["stores"]):
            done["together"] = True
        if reads_both and done["shared"] and done["stores"] and not done["together"]:
            self.refused.append(sql)
        done["shared"] |= bool(changed & set(REFERENCE_TABLES))
        done["stores"] |= bool(changed & set(citus_rules.DISTRIBUTED_TABLES))
        self.changed |= changed


@contextmanager
def followed(engine: Engine) -> Iterator[Followed]:
    """Follows the transactions of an engine until the block ends."""
    following = Followed(engine)
    listeners = (("begin", following.begin), ("before_cursor_execute", following.follow))
    for name, listener in listeners:
        event.listen(engine, name, listener)
    try:
        yield following
    finally:
        for name, listener in listeners:
            event.remove(engine, name, listener)


@cache
def nodes_of(sql: str) -> list[Any]:
    return list(citus_rules.walk(tuple(raw.stmt for raw in parse_sql(citus_rules.parseable(sql)))))


def name_of(table: ast.RangeVar) -> str:
    return f"{table.schemaname}.{table.relname}"
