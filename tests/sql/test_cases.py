"""Every statement in `sql/` by small stories: `cases/{name of the statement}/{what_it_shows}.yaml`.

    given:      tables with their rows; columns left out have the values of FILLER, or are null. Polls are given one by
                one (core.poll, the view) or as rows of a store's day (core.poll_day: `instants`, `statuses`, the key)
    before:     statements to run first (those that make temporary tables, say, which are filled then)
    binds:      the statement's binds; what a stage is given (read_pinned), shard 0 and report_id are there already
    copied:     what a COPY reads: the text, or rows for one that reads binary data
    expect:     tables afterwards: all rows, in the columns that are named. `result` is what the statement returns, in
                its order if it has one; `csv` what it copies out; `lock` the advisory lock that it takes, as the text
                that is hashed and the mode; `settings` the session's settings; `analyzed` the tables with statistics

Statements run with the rights that they have in earnest. Foreign keys are not enforced while `given` is laid out, so a
story holds only what it is about.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from pandas.testing import assert_frame_equal
from pglast import parse_sql
from sqlalchemy import Connection, create_engine, text

from store_uptime.calendar.zones import DEFAULT_TIMEZONE
from store_uptime.db.statements import statement, statement_names
from support.citus_rules import parseable

CASES = Path(__file__).parent / "cases"
REPORT_ID = "11111111-1111-1111-1111-111111111111"

# Whose rights a statement has, by the beginning of its name; others are the writer's.
ROLES = {
    "alerts/": "reader",
    "api/": "reader",
    "delivery/deliveries/last_of_each": "reader",
    "delivery/deliveries/list": "reader",
    "delivery/notices/count_by_rule": "reader",
    "delivery/notices/count_told": "reader",
    "delivery/notices/log": "reader",
    "delivery/outbox/count": "reader",
    "delivery/outbox/state": "reader",
    "delivery/rules/list": "reader",
    "delivery/rules/mark_seen": "writer",
    "delivery/rules/take": "writer",
    "delivery/rules/": "editor",
    "delivery/subscriptions/add": "editor",
    "delivery/subscriptions/change": "editor",
    "delivery/subscriptions/delete": "editor",
    "delivery/subscriptions/list": "reader",
    "delivery/subscriptions/request_test": "editor",
    "delivery/templates/list": "reader",
    "delivery/templates/": "editor",
    "history/availability/": "reader",
    "history/explain/": "reader",
    "history/groups/": "reader",
    "history/now/read/": "reader",
    "history/outages/": "reader",
    "history/overview/": "reader",
    "history/questions/": "reader",
    "history/time/": "reader",
    "insight/anomalies/": "reader",
    "insight/forecast/": "reader",
    "quality/checked_": "reader",
    "backup/": "owner",
    "migrations/": "owner",
    "session/": "owner",
    "topology/": "owner",
}

# What no story can show.
WITHOUT_CASE = {
    "backup/create_roles": "roles belong to the server: a story cannot begin without them",
    "backup/export_snapshot": "returns a new name each time, which only another session can use: test_backup.py does",
    "maintenance/vacuum": "runs outside a transaction: test_maintenance.py does so",
    "topology/add_reference_table": "calls a function of Citus",
    "topology/distribute_table": "calls a function of Citus",
    "topology/list_distributed": "reads a table of Citus",
    "topology/truncate_local": "calls a function of Citus",
}

LOCKS = """
    select (classid::bigint << 32) | objid::bigint as key, mode
    from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()
"""
ANALYZED = """
    select distinct starelid::regclass::text
    from pg_statistic inner join pg_class on pg_class.oid = starelid
    where relnamespace::regnamespace::text in ('core', 'report', 'quality', 'history', 'delivery')
    order by 1
"""

POLL_DAY = """
    insert into core.poll_day (
        store_key, first_polled_at, last_polled_at, longest_gap_us, utc_day, file_id, row_no, polls, instants, statuses,
        file_ids
    )
    select
        :store_key, instants[1], instants[cardinality(instants)], core.longest_gap_us(instants),
        (instants[1] at time zone 'UTC')::date, :file_id, :row_no, cardinality(instants), instants, :statuses,
        cast(:file_ids as integer[])
    from (select cast(:instants as timestamptz[]) as instants) as given
"""

IDENTITIES = {
    "core.file": "file_id",
    "core.acceptance": "accepted_order",
    "history.settlement": "settlement_id",
    "delivery.template": "template_id",
    "delivery.subscription": "subscription_id",
    "delivery.delivery": "delivery_id",
    "delivery.rule": "rule_id",
    "delivery.notice": "notice_id",
}
DAY_FIGURES: dict[str, Any] = {
    "timezone": "UTC",
    "utc_range": "{}",
    "is_final": True,
    **dict.fromkeys(("open_us", "planned_us", "up_us", "down_us", "unknown_us"), 0),
    **dict.fromkeys(("opened_late_us", "closed_early_us", "missed_openings"), 0),
}

HOURS_OF_DAY: dict[str, Any] = {
    **dict.fromkeys(("end_hour", "polls", "changes"), 0),
    **dict.fromkeys(("open", "down", "unknown"), "\\x00"),
    "is_special": False,
}

# Columns that must not be null, for tables in which a story is not about them.
FILLER: dict[str, dict[str, Any]] = {
    "core.file": {
        "kind": "store_status",
        "content_sha256": "0" * 64,
        "name": "store_status.csv",
        "size_bytes": 1,
        "state": "staged",
        "loaded_at": "2023-01-26T00:00:00Z",
    },
    "core.acceptance": {"accepted_at": "2023-01-26T00:00:00Z"},
    "core.folder_file": {"is_unread": False},
    "core.polled_store": {"file_id": 1},
    "core.business_hours": {"file_id": 2},
    "core.store_timezone": {"file_id": 3},
    "core.snapshot_store": {"file_id": 2},
    "report.report": {
        "dag_run_id": REPORT_ID,
        "created_at": "2023-01-26T00:00:00Z",
        "no_data": "unknown",
        "shards": 1,
    },
    "report.source_file": {"name": "store_status.csv"},
    "report.store": {
        "store_id": "a store",
        "timezone": "America/Chicago",
        "has_timezone": False,
        "has_business_hours": False,
    },
    "report.store_uptime": {"store_id": "a store"}
    | {
        f"{measure}_{period}_us": 0
        for measure in ("open", "uptime", "downtime", "unknown")
        for period in ("last_hour", "last_day", "last_week")
    },
    "report.task_run": {
        "shard": 0,
        "started_at": "2023-01-26T00:00:00Z",
        "finished_at": "2023-01-26T00:00:01Z",
        "counts": "{}",
    },
    "history.settlement": {
        "as_of": "2023-01-26T00:00:00Z",
        "accepted_order": 9,
        "shards": 1,
        "clocks_from": "2023-01-01T00:00:00Z",
        "created_at": "2023-01-26T00:00:00Z",
    },
    "history.store": {
        "first_polled_at": "2023-01-01T00:00:00Z",
        "clock": "UTC",
        "newest_timezone": "UTC",
        "hours_file_ids": "{}",
    },
    "history.day": DAY_FIGURES,
    "history.new_day": DAY_FIGURES,
    "history.day_hours": HOURS_OF_DAY,
    "history.new_day_hours": HOURS_OF_DAY,
    "history.judged_date": {"judged_at": "2023-01-26T00:00:00Z", "tests": 1},
    "history.anomaly": {
        **dict.fromkeys(("observed", "expected", "observed_of_days", "expected_of_days", "score"), 0),
        **dict.fromkeys(("stores", "of_stores"), 0),
        "days": 1,
        "is_weekly": False,
    },
    "history.scored_week": {"settlement_id": 1, "scored_at": "2023-01-26T00:00:00Z", "weights": "{}"},
    "history.forecast_score": dict.fromkeys(
        ("hours", "model", "climatology", "persistence", "evidence"), "{0,0,0,0,0,0,0}"
    ),
    "history.forecast_run": {"made_at": "2023-01-26T00:00:00Z", "stores": 0, "of_stores": 0, "weights": "{}"},
    "history.forecast": {
        **dict.fromkeys(("hours", "open_parts", "probabilities"), "{}"),
        "rate_later": 0,
        "hours_down_per_hour": 1,
    },
    "history.new_store": {
        "store_id": "a store",
        "clock": "UTC",
        "newest_timezone": "UTC",
        "hours_file_ids": [],
        "first_polled_at": "2023-01-01T00:00:00Z",
        "first_date": "2023-01-01",
        "last_date": "2023-01-26",
        "from_date": "2023-01-01",
        "from_at": "2023-01-01T00:00:00Z",
    },
    "history.store_now": {
        "clock": "America/Chicago",
        "newest_timezone": "America/Chicago",
        "hours_file_ids": [2],
        "status": "unknown",
    },
    "history.clock_date": {"clock": "UTC", "timezone": "UTC", "is_clean": True},
    "history.clock_segment": {"timezone": "UTC"},
    "history.store_month": dict.fromkeys(
        (
            *("days", "open_us", "planned_us", "up_us", "down_us", "unknown_us", "opened_late_us", "closed_early_us"),
            "missed_openings",
        ),
        0,
    ),
    "history.new_stretch": dict.fromkeys(("opened_late_us", "closed_early_us", "missed_openings"), 0),
    "history.outage": {"started_on": "2023-01-25", "ended_on": "2023-01-25"},
    "delivery.template": {
        "answer": "availability",
        "formats": ["csv"],
        "period": "range",
        "grouped_by": "store",
        "scope_kind": "all",
        "scope_name": "all",
        "changed_by": "somebody",
        "changed_at": "2023-01-26T00:00:00Z",
    },
    "delivery.subscription": {
        "recipients": ["a@example.org"],
        "cron": "0 7 * * 1",
        "timezone": "UTC",
        "period": "week",
        "send_when": "always",
        "wait_hours": 24,
        "changed_by": "somebody",
        "changed_at": "2023-01-26T00:00:00Z",
    },
    "delivery.delivery": {
        "from_date": "2023-01-16",
        "until_date": "2023-01-22",
        "due_at": "2023-01-23T07:00:00Z",
        "deadline_at": "2023-01-24T07:00:00Z",
    },
    "delivery.rule": {
        "scope_kind": "all",
        "scope_name": "all",
        "grouped_by": "all",
        "events": ["outage"],
        "recipients": ["a@example.org"],
        "timezone": "UTC",
        "digest_minutes": 0,
        "hourly_cap": 20,
        "inactive_polls": 2,
        "least_minutes": 0,
        "grace_minutes": 30,
        "group_percent": 50,
        "stale_hours": 26,
        "since_at": "2023-01-26T00:00:00Z",
        "changed_by": "somebody",
        "changed_at": "2023-01-26T00:00:00Z",
    },
    "delivery.notice": {"line": "Something happened.", "noticed_at": "2023-01-24T12:00:00Z"},
    "delivery.message": {
        "recipient": "a@example.org",
        "destination": "mail",
        "subject": "A subject",
        "body_text": "A text",
        "created_at": "2023-01-23T07:00:00Z",
        "next_attempt_at": "2023-01-23T07:00:00Z",
        "give_up_at": "2023-01-24T07:00:00Z",
    },
    "quality.quarantined_row": {"file_id": 1, "reason": "expected active or inactive", "raw_text": "a,b,c"},
    "quality.expectation_result": {
        "suite": "files",
        "severity": "warn",
        "is_met": True,
        "description": "All is well.",
        "checked_at": "2023-01-26T00:00:00Z",
    },
}


@pytest.fixture(scope="module")
def connection(new_database: Any) -> Iterator[Connection]:
    with new_database() as url:
        engine = create_engine(url)
        with engine.connect() as connection:
            connection.exec_driver_sql("set time zone 'UTC'")
            connection.commit()
            yield connection
        engine.dispose()


def case_files() -> list[Path]:
    return sorted(CASES.rglob("*.yaml"))


@pytest.mark.parametrize("file", case_files(), ids=lambda file: str(file.relative_to(CASES).with_suffix("")))
def test_case(connection: Connection, file: Path) -> None:
    case = yaml.safe_load(file.read_text())
    assert not case.keys() - {"given", "before", "binds", "copied", "expect"}
    expected = dict(case["expect"])
    assert expected
    with connection.begin() as transaction:
        given = case.get("given", {})
        connection.exec_driver_sql("set local session_replication_role = replica")
        lay_out(connection, {table: rows for table, rows in given.items() if "." in table})
        connection.exec_driver_sql("set local session_replication_role = origin")
        name = str(file.parent.relative_to(CASES))
        binds = pinned(connection) | case.get("binds", {})
        with role_of(connection, name):
            for earlier in case.get("before", []):
                run(connection, earlier, binds)
            lay_out(connection, {table: rows for table, rows in given.items() if "." not in table})
            if "copied" in case:
                copy_in(connection, name, binds, case["copied"])
            elif "csv" in expected:
                assert copied_out(connection, name) == expected.pop("csv")
            elif 'to stdout (format "binary")' in statement(name).text:
                returned = rows_copied_out(connection, name, binds)
            else:
                returned = run(connection, name, binds)
            for setting, value in expected.pop("settings", {}).items():
                assert connection.scalar(text("select current_setting(:name)"), {"name": setting}) == value
        if "result" in expected:
            assert_rows_equal(as_texts(returned), as_texts(expected.pop("result")), in_order=is_ordered(name))
        if "lock" in expected:
            assert_locked(connection, **expected.pop("lock"))
        if "analyzed" in expected:
            assert connection.scalars(text(ANALYZED)).all() == sorted(expected.pop("analyzed"))
        for table, rows in expected.items():
            assert_table_equals(connection, table, rows)
        transaction.rollback()


def test_every_statement_has_a_case() -> None:
    with_case = {str(file.parent.relative_to(CASES)) for file in case_files()}
    assert sorted(set(statement_names()) - with_case) == sorted(WITHOUT_CASE)
    assert sorted(with_case - set(statement_names())) == []


@contextmanager
def role_of(connection: Connection, name: str) -> Iterator[None]:
    """Statements must get along with the rights that tasks, checks and the API have."""
    role = next((role for beginning, role in ROLES.items() if name.startswith(beginning)), "writer")
    if role != "owner":
        connection.exec_driver_sql(f"set local role store_uptime_{role}")
    yield
    connection.exec_driver_sql("reset role")


def pinned(connection: Connection) -> dict[str, Any]:
    """The binds that every stage of the report has, if the story has a report."""
    common = {"report_id": REPORT_ID, "shard": 0, "shards": 1, "default_timezone": DEFAULT_TIMEZONE}
    rows = run(connection, "report/stage/read_pinned", common)
    return common | rows[0] if rows else common


def copied_out(connection: Connection, name: str) -> str:
    out = io.StringIO()
    with connection.connection.cursor() as cursor:
        cursor.copy_expert(cursor.mogrify(statement(name).text, {"report_id": REPORT_ID}), out)
    return out.getvalue()


def rows_copied_out(connection: Connection, name: str, binds: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that a COPY in binary format has."""
    with closing(connection.connection.cursor()) as cursor:
        command = cursor.mogrify(statement(name).text, binds).decode()
        cursor.execute(re.search(r"^copy \((.*)\) to stdout", command, re.DOTALL | re.MULTILINE)[1])
        names = [column.name for column in cursor.description]
        return [
            {
                name: [str(element) for element in value] if isinstance(value, list) else value
                for name, value in zip(names, row, strict=True)
            }
            for row in cursor.fetchall()
        ]


def copy_in(connection: Connection, name: str, binds: dict[str, Any], copied: str | list[dict[str, Any]]) -> None:
    """Feeds a COPY; rows become binary data of the types that its table has."""
    command = re.sub(r"\{(\w+)\}", lambda found: str(binds[found[1]]), statement(name).text)
    table, columns = re.search(r"^copy (\S+) \(([^)]+)\)", command, re.MULTILINE).groups()
    with closing(connection.connection.cursor()) as cursor:
        if isinstance(copied, str):
            data = io.BytesIO(copied.encode())
        else:
            assert 'format "binary"' in command
            data = io.BytesIO()
            connection.exec_driver_sql(f"create temporary table copied as select {columns} from {table} with no data")
            insert(connection, "copied", copied)
            cursor.copy_expert("copy copied to stdout with (format binary)", data)
            data.seek(0)
        cursor.copy_expert(command, data)


def is_ordered(name: str) -> bool:
    """Whether the whole result of a statement has an order."""
    (parsed,) = parse_sql(parseable(statement(name).text))
    return bool(getattr(parsed.stmt, "sortClause", None))


def run(connection: Connection, name: str, binds: dict[str, Any]) -> list[dict[str, Any]]:
    prepared = statement(name)
    wanted = prepared.compile().params
    assert binds.keys() >= wanted.keys(), f"{name} needs {sorted(wanted)}"
    result = connection.execute(prepared, {bind: binds[bind] for bind in wanted})
    return [dict(row) for row in result.mappings()] if result.returns_rows else []


def lay_out(connection: Connection, given: dict[str, list[dict[str, Any]]]) -> None:
    for table, rows in given.items():
        if table == "core.poll":
            days = days_of(rows)
        elif table == "core.poll_day":
            days = rows
        else:
            days = []
            insert(connection, table, [with_filler(connection, table, row) for row in rows])
        for day in days:
            run(connection, "ingest/polls/create_month", {"month": str(day["instants"][0])[:7] + "-01"})
            connection.execute(text(POLL_DAY), {"file_id": 1, "row_no": 0, "file_ids": None} | day)
        if table in IDENTITIES:
            sequence = {"table": table, "column": IDENTITIES[table]}
            connection.execute(text("select setval(pg_get_serial_sequence(:table, :column), 1000)"), sequence)


def days_of(polls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of core.poll_day that hold the polls."""
    days: dict[tuple[Any, ...], dict[str, Any]] = {}
    for poll in sorted(polls, key=lambda poll: str(poll["polled_at"])):
        key = {"store_key": poll["store_key"], "file_id": poll.get("file_id", 1), "row_no": poll.get("row_no", 0)}
        day = days.setdefault((*key.values(), str(poll["polled_at"])[:10]), key | {"instants": [], "statuses": []})
        day["instants"].append(poll["polled_at"])
        day["statuses"].append(poll["is_active"])
    return list(days.values())


def with_filler(connection: Connection, table: str, row: dict[str, Any]) -> dict[str, Any]:
    filled = FILLER.get(table, {}) | row
    return {"report_id": REPORT_ID} | filled if "report_id" in columns_of(connection, table) else filled


def columns_of(connection: Connection, table: str) -> dict[str, str]:
    """Names and types of the columns."""
    rows = connection.execute(
        text(
            "select attname, format_type(atttypid, atttypmod) as type from pg_attribute"
            " where attrelid = cast(:name as regclass) and attnum > 0 and not attisdropped"
        ),
        {"name": table},
    )
    return {row.attname: row.type for row in rows}


def insert(connection: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    kinds = columns_of(connection, table)
    for row in rows:
        assert not row.keys() - kinds.keys(), f"{table} has no {sorted(row.keys() - kinds.keys())}"
        values = ", ".join(f"cast(:{name} as {kinds[name]})" for name in row)
        identity = "overriding system value" if table in IDENTITIES else ""
        connection.execute(
            text(f"insert into {table} ({', '.join(row)}) {identity} values ({values})"),
            {name: value if value is None or kinds[name].endswith("[]") else str(value) for name, value in row.items()},
        )


def assert_table_equals(connection: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    """Both sides go through the column types, so that one value has one spelling."""
    kinds = columns_of(connection, table)
    columns = sorted({column for row in rows for column in row}) or sorted(kinds)
    connection.exec_driver_sql("drop table if exists expected_rows")
    definitions = ", ".join(f"{column} {kinds[column]}" for column in columns)
    connection.exec_driver_sql(f"create temporary table expected_rows ({definitions})")
    insert(connection, "expected_rows", rows)
    assert_rows_equal(texts(connection, table, columns), texts(connection, "expected_rows", columns))


def texts(connection: Connection, table: str, columns: list[str]) -> pd.DataFrame:
    selected = ", ".join(f"{column}::text as {column}" for column in columns)
    return pd.DataFrame(
        connection.exec_driver_sql(f"select {selected} from {table}").all(), columns=columns, dtype=object
    )


def as_texts(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame([{name: as_text(value) for name, value in row.items()} for row in rows], dtype=object)


def as_text(value: Any) -> str:
    return value.hex() if isinstance(value, memoryview) else str(value)


def assert_rows_equal(actual: pd.DataFrame, expected: pd.DataFrame, *, in_order: bool = False) -> None:
    columns = sorted(expected.columns) if len(expected.columns) else sorted(actual.columns)
    both = [frame.reindex(columns=columns).astype(object) for frame in (actual, expected)]
    if not in_order:
        both = [frame.sort_values(columns, na_position="first") for frame in both]
    assert_frame_equal(*(frame.reset_index(drop=True) for frame in both), check_dtype=False)


def assert_locked(connection: Connection, hashed: str, mode: str) -> None:
    """The transaction has one advisory lock: on a hashed text, `ExclusiveLock` or `ShareLock`."""
    key = connection.scalar(text("select hashtextextended(:hashed, 0)"), {"hashed": hashed})
    locks = connection.execute(text(LOCKS)).all()
    assert [(lock.key, lock.mode) for lock in locks] == [(key, mode)]
