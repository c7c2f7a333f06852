"""Every statement is written within what Citus takes, as far as a text can show it (docs/operations/scale.md)."""

from __future__ import annotations

from typing import Any

import pytest
from pglast import ast, parse_sql
from sqlalchemy import Engine, text

from store_uptime.db.statements import statement, statement_names
from store_uptime.db.topology import REFERENCE_TABLES
from support.citus_rules import DISTRIBUTED_VIEWS, KEY, SHARED_VIEWS, violations, walk

FUNCTIONS = "select distinct proname from pg_proc where {} and pronamespace = 'pg_catalog'::regnamespace"
VIEWS = """
    select schemaname || '.' || viewname, definition from pg_views
    where schemaname in ('core', 'report', 'quality', 'history', 'delivery')
"""
SQL_FUNCTIONS = """
    select pg_proc.oid::regprocedure::text from pg_proc inner join pg_language on pg_language.oid = prolang
    where pronamespace::regnamespace::text in ('core', 'report', 'quality', 'history', 'delivery') and lanname = 'sql'
"""


@pytest.fixture(scope="module")
def functions(new_engine: Any) -> dict[str, set[str]]:
    """The names of aggregates and of volatile functions."""
    with new_engine() as engine, engine.connect() as connection:
        return {
            "aggregates": set(connection.scalars(text(FUNCTIONS.format("prokind = 'a'")))),
            "volatile": set(connection.scalars(text(FUNCTIONS.format("provolatile = 'v'")))),
        }


@pytest.mark.parametrize("name", statement_names())
def test_statement(name: str, functions: dict[str, set[str]]) -> None:
    assert violations(statement(name).text, **functions) == []


def test_views_are_of_distributed_or_of_shared_tables(engine: Engine, functions: dict[str, set[str]]) -> None:
    """Each side of a union has the key at the same place: else Citus would not know that its rows stay together."""
    with engine.connect() as connection:
        views = dict(connection.execute(text(VIEWS)).all())
    assert sorted(views) == sorted(DISTRIBUTED_VIEWS + SHARED_VIEWS)
    for name, definition in views.items():
        assert violations(definition, **functions) == []
        (statement,) = (raw.stmt for raw in parse_sql(definition))
        if name in SHARED_VIEWS:
            tables = [node for node in walk(statement) if isinstance(node, ast.RangeVar)]
            assert {f"{table.schemaname}.{table.relname}" for table in tables} <= {*REFERENCE_TABLES, *SHARED_VIEWS}
            continue
        places = [column_names(side).index(KEY) for side in sides_of(statement)]
        assert len(set(places)) == 1


def sides_of(select: ast.SelectStmt) -> list[ast.SelectStmt]:
    return [*sides_of(select.larg), *sides_of(select.rarg)] if select.larg else [select]


def column_names(select: ast.SelectStmt) -> list[str]:
    return [target.name or target.val.fields[-1].sval for target in select.targetList]


def test_functions_are_in_a_language_that_citus_takes_binds_in(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.scalars(text(SQL_FUNCTIONS)).all() == []


REFUSED = {
    "changes several tables: file, staged_interval": """
        with run as (delete from core.staged_interval where file_id = :file_id)
        update core.file set state = 'rejected' where file_id = :file_id
    """,
    "has a limit or offset in a correlated subquery": """
        select run.started_at
        from core.store
        left join lateral (
            select status_interval.store_key, status_interval.started_at
            from core.status_interval
            where status_interval.store_key = store.store_key
            order by status_interval.holds_until desc
            limit 1
        ) as run on store.store_key = run.store_key
    """,
    "has an aggregate without group by in a correlated subquery": """
        select observed.known_time
        from report.store
        inner join lateral (
            select min(poll.store_key) as store_key, range_agg(tstzrange(poll.polled_at, :as_of)) as known_time
            from core.poll
            where poll.store_key = store.store_key
        ) as observed on store.store_key = observed.store_key
    """,
    "groups a correlated subquery, but not by store_key": """
        select opened.weekday
        from report.store
        inner join lateral (
            select max(opening.store_key) as store_key, opening.weekday
            from core.business_hours as opening
            where opening.store_key = store.store_key
            group by opening.weekday
        ) as opened on store.store_key = opened.store_key
    """,
    "has distinct in a correlated subquery, but not on store_key": """
        select seen.polled_at
        from report.store
        inner join lateral (
            select distinct on (poll.polled_at) poll.store_key, poll.polled_at
            from core.poll
            where poll.store_key = store.store_key
            order by poll.polled_at
        ) as seen on store.store_key = seen.store_key
    """,
    "has a window that is not partitioned by store_key": """
        insert into core.status_interval (store_key, started_at, holds_from, holds_until, is_active)
        select staged.store_key, staged.started_at, staged.started_at, staged.holds_until, true
        from (
            select store_key, started_at, lead(started_at, 1, 'infinity') over (order by started_at) as holds_until
            from core.staged_interval
        ) as staged
    """,
    "has a set operation in a correlated subquery": """
        select seen.polled_at
        from report.store
        inner join lateral (
            select earlier.store_key, earlier.polled_at from core.poll as earlier
            where earlier.store_key = store.store_key
            union all
            select later.store_key, later.polled_at from core.poll as later
            where later.store_key = store.store_key
        ) as seen on store.store_key = seen.store_key
    """,
    "has a correlated subquery, but not on store_key": """
        delete from core.staged_interval
        where exists (select from core.polled_store where polled_store.file_id = staged_interval.file_id)
    """,
    "has a subquery in a select list": """
        select store.store_id, (select max(poll.polled_at) from core.poll where poll.store_key = :store_key)
        from core.store
    """,
    "keeps all rows of a shared table in an outer join with a distributed one": """
        select file.file_id from core.file left join core.poll on file.file_id = poll.file_id
    """,
    "joins the temporary table named_store with a distributed one": """
        select store.store_id from named_store inner join core.store using (store_key)
    """,
    "joins poll with store, but not on store_key": """
        select store.store_id from report.store inner join core.poll on store.timezone = poll.store_id
    """,
    "calls random, which is volatile, in a change": """
        update core.store set polled_from = random() where polled_from is null
    """,
    "reads distributed tables in the CTE arrival of a change": """
        with arrival as (
            select store_key, min(first_polled_at) as since
            from core.polled_store
            where file_id = any(:file_ids)
            group by store_key
        )

        update core.status_interval
        set holds_until = arrival.since
        from arrival
        where status_interval.store_key = arrival.store_key
    """,
    "reads distributed tables in the CTE late of a change": """
        insert into core.polled_store (file_id, store_key)
        with early as (select file_id, store_key from core.staged_interval),

        late as materialized (select file_id, store_key from early)

        select late.file_id, late.store_key
        from late
    """,
    "compares with a bind that may be null in an outer join; coalesce(:bind, 0) never is": """
        select store.store_id
        from core.store
        left join core.store_timezone
            on store.store_key = store_timezone.store_key and store_timezone.file_id = :store_timezones_file_id
        where store_timezone.store_key is null
    """,
    "has a union of distributed rows in a change": """
        delete from core.polled_store
        using (
            select store_key from core.staged_interval
            union all
            select store_key from core.status_interval
        ) as known
        where polled_store.store_key = known.store_key
    """,
    "orders the distributed rows that it inserts": """
        insert into core.polled_store (file_id, store_key)
        select staged_interval.file_id, staged_interval.store_key
        from core.staged_interval
        order by staged_interval.store_key
    """,
    "inserts something else as store_key": """
        insert into core.polled_store (file_id, store_key)
        select file_id, store_key + 1 from core.staged_interval
    """,
    "joins by the key of the union polled in an outer join": """
        select polled.store_key
        from (
            select store_key from core.polled_store
            union all
            select store_key from core.status_interval
        ) as polled
        inner join core.store on polled.store_key = store.store_key
        left join core.store_timezone on polled.store_key = store_timezone.store_key
    """,
}
TAKEN = {
    "a union in an inner join, beside an outer one": """
        select polled.store_key
        from (
            select store_key from core.polled_store
            union all
            select store_key from core.status_interval
        ) as polled
        inner join core.store on polled.store_key = store.store_key
        left join core.store_timezone on store.store_key = store_timezone.store_key
    """,
    "one store": """
        select polled_at from core.poll where poll.store_key = :store_key order by polled_at desc limit 1
    """,
    "shared tables": """
        select file.name, (select max(a.accepted_at) from core.acceptance as a where a.file_id = file.file_id)
        from core.file
    """,
    "store by store": """
        select found.polled_at
        from report.store
        left join lateral (
            select distinct on (poll.store_key) poll.store_key, poll.polled_at
            from core.poll
            where poll.store_key = store.store_key
            order by poll.store_key, poll.polled_at desc
        ) as found on store.store_key = found.store_key
    """,
    "a CTE of shared tables in a change": """
        with counted as (select file_id from core.acceptance)

        delete from core.polled_store
        where file_id in (select counted.file_id from counted)
    """,
    "a CTE of stores in a query": """
        with named as (select store_key from core.polled_store)

        select store.store_id
        from core.store
        inner join named on store.store_key = named.store_key
    """,
    "what is computed first": """
        with known as materialized (select store_key, store_id from core.store)
        select asked.store_id
        from unnest(cast(:store_ids as text[])) as asked (store_id)
        left join known on asked.store_id = known.store_id
    """,
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_refused(why: str, functions: dict[str, set[str]]) -> None:
    assert why in violations(REFUSED[why], **functions)


@pytest.mark.parametrize("what", TAKEN)
def test_what_is_taken(what: str, functions: dict[str, set[str]]) -> None:
    assert violations(TAKEN[what], **functions) == []
