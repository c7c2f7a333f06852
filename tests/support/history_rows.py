"""Lays out the files of a world as rows of the database, as if they had been loaded and accepted, and reads the result.

Loading has tests of its own; without it, thousands of worlds can be settled.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, text

from store_uptime.ingest.store_keys import store_key
from support import history_oracle, oracle
from support.history_oracle import Day, Outage
from support.history_world import (
    GROUPS,
    HOURS,
    PLANNED,
    SPECIAL,
    STATUS,
    TARGETS,
    ZONES,
    Accepted,
    Scope,
    World,
)

TABLES = "select schemaname || '.' || tablename from pg_tables where schemaname = any(:schemas)"

FILE = """
    insert into core.file (
        file_id, kind, content_sha256, name, size_bytes, state, loaded_at, first_polled_at, last_polled_at
    )
    overriding system value
    values (:file_id, :kind, :sha256, :kind, 1, 'accepted', :at, :first, :last)
"""
ACCEPTANCE = """
    insert into core.acceptance (accepted_order, file_id, accepted_at) overriding system value
    values (:file_id, :file_id, :at)
"""
SNAPSHOT = """
    insert into core.snapshot (accepted_order, kind, file_id, valid_from)
    values (:file_id, :kind, :file_id, :valid_from)
"""
STORE = """
    insert into core.store (store_key, store_id, polled_from) values (:store_key, :store_id, :polled_from)
    on conflict (store_key) do update set polled_from = coalesce(store.polled_from, excluded.polled_from)
"""
POLL_DAY = """
    insert into core.poll_day (
        store_key, first_polled_at, last_polled_at, longest_gap_us, utc_day, file_id, row_no, polls, instants, statuses
    )
    select
        :store_key, instants[1], instants[cardinality(instants)], core.longest_gap_us(instants),
        (instants[1] at time zone 'UTC')::date, :file_id, 0, cardinality(instants), instants, :statuses
    from (select cast(:instants as timestamptz[]) as instants) as given
"""
NAMED = """
    insert into core.snapshot_store (file_id, store_key, has_closed_rows)
    values (:file_id, :store_key, :has_closed_rows)
"""
OPENING = """
    insert into core.business_hours (file_id, store_key, weekday, start_time_local, end_time_local)
    values (:file_id, :store_key, :weekday, :start, :end) on conflict do nothing
"""
ZONE = """
    insert into core.store_timezone (file_id, store_key, timezone) values (:file_id, :store_key, :zone)
    on conflict (file_id, store_key) do update set timezone = excluded.timezone
"""
MEMBER = "insert into core.group_member (file_id, store_id, kind, name) values (:file_id, :store_id, :kind, :name)"
SPECIAL_HOURS = """
    insert into core.special_hours (
        file_id, line, store_id, group_kind, group_name, local_date, start_time_local, end_time_local
    )
    values (:file_id, :line, :store_id, :group_kind, :group_name, :on, :start, :end)
"""
PLANNED_DOWNTIME = """
    insert into core.planned_downtime (
        file_id, line, store_id, group_kind, group_name, starts_at, starts_local, ends_at, ends_local
    )
    values (:file_id, :line, :store_id, :group_kind, :group_name, :starts_at, :starts_local, :ends_at, :ends_local)
"""
TARGET = """
    insert into core.target (file_id, line, store_id, group_kind, group_name, target_percent, valid_from)
    values (:file_id, :line, :store_id, :group_kind, :group_name, :percent, :valid_from)
"""
REPORT = """
    insert into report.report (report_id, dag_run_id, created_at, no_data, shards, as_of, published_at)
    values (:report_id, :report_id, :created_at, 'unknown', 1, :as_of, :created_at)
"""


def add_file(connection: Connection, file: Accepted) -> None:
    """Adds an accepted file with its rows."""
    polls = [row.at for row in file.rows] if file.kind == STATUS else []
    facts = {"file_id": file.position, "kind": file.kind, "at": file.accepted_at, "sha256": f"{file.position:064}"}
    execute(connection, FILE, [facts | {"first": min(polls, default=None), "last": max(polls, default=None)}])
    execute(connection, ACCEPTANCE, [facts])
    if file.kind != STATUS:
        execute(connection, SNAPSHOT, [facts | {"valid_from": file.valid_from}])
    add_rows = {
        STATUS: add_polls,
        HOURS: add_hours,
        ZONES: add_zones,
        GROUPS: add_members,
        SPECIAL: add_special_hours,
        PLANNED: add_planned_downtime,
        TARGETS: add_targets,
    }
    add_rows[file.kind](connection, file)


def add_files(engine: Engine, world: World, position: int = 0) -> int:
    """Adds the files of a world from a position in its log on, and a report on it; returns the next position.

    At position 0 the database is emptied before.
    """
    if position == 0:
        empty_tables(engine, "core", "report", "history")
    with engine.begin() as connection:
        for file in world.log[position:]:
            add_file(connection, file)
        publish_report(connection, world.as_of)
    return len(world.log)


def empty_tables(engine: Engine, *schemas: str) -> None:
    """Empties all tables of schemas."""
    with engine.begin() as connection:
        tables = connection.scalars(text(TABLES), {"schemas": list(schemas)}).all()
        parents = [table for table in tables if not table.startswith("core.poll_day_")]
        connection.exec_driver_sql(f"truncate {', '.join(parents)} cascade")


def publish_report(connection: Connection, as_of: datetime, created_at: datetime | None = None) -> None:
    """Adds a published report of all stores."""
    execute(connection, REPORT, [{"report_id": str(uuid4()), "as_of": as_of, "created_at": created_at or as_of}])


def add_polls(connection: Connection, file: Accepted) -> None:
    days: dict[tuple[str, date], dict[datetime, bool]] = defaultdict(dict)
    for row in file.rows:
        days[row.store_id, row.at.astimezone(UTC).date()][row.at] = row.is_active
    add_stores(connection, file, polled_from=file.position)
    for month in sorted({day.replace(day=1) for _, day in days}):
        connection.execute(text("select core.create_poll_month(:month)"), {"month": month})
    execute(
        connection,
        POLL_DAY,
        [
            {
                "store_key": store_key(store_id),
                "file_id": file.position,
                "instants": sorted(polls),
                "statuses": [polls[at] for at in sorted(polls)],
            }
            for (store_id, _), polls in days.items()
        ],
    )


def add_hours(connection: Connection, file: Accepted) -> None:
    add_stores(connection, file)
    closed = {row.store_id for row in file.rows if row.start is None}
    names = [{"store_key": store_key(name), "has_closed_rows": name in closed} for name in names_in(file)]
    execute(connection, NAMED, [{"file_id": file.position} | name for name in names])
    openings = [
        {"store_key": store_key(row.store_id), "weekday": row.weekday} | span_of(row) for row in file.rows if row.start
    ]
    execute(connection, OPENING, [{"file_id": file.position} | opening for opening in openings])


def add_zones(connection: Connection, file: Accepted) -> None:
    add_stores(connection, file)
    names = [{"store_key": store_key(name), "has_closed_rows": False} for name in names_in(file)]
    execute(connection, NAMED, [{"file_id": file.position} | name for name in names])
    zones = [{"store_key": store_key(row.store_id), "zone": row.zone} for row in file.rows if row.zone]
    execute(connection, ZONE, [{"file_id": file.position} | zone for zone in zones])


def add_members(connection: Connection, file: Accepted) -> None:
    execute(connection, MEMBER, [{"file_id": file.position} | vars(row) for row in file.rows])


def add_special_hours(connection: Connection, file: Accepted) -> None:
    rows = [
        line(file, number, row.scope) | {"on": row.on} | (span_of(row) if row.start else {"start": None, "end": None})
        for number, row in enumerate(file.rows)
    ]
    execute(connection, SPECIAL_HOURS, rows)


def add_planned_downtime(connection: Connection, file: Accepted) -> None:
    rows = [
        line(file, number, row.scope) | instant("starts", row.starts_at) | instant("ends", row.ends_at)
        for number, row in enumerate(file.rows)
    ]
    execute(connection, PLANNED_DOWNTIME, rows)


def add_targets(connection: Connection, file: Accepted) -> None:
    rows = [
        line(file, number, row.scope) | {"percent": row.percent, "valid_from": row.valid_from}
        for number, row in enumerate(file.rows)
    ]
    execute(connection, TARGET, rows)


def add_stores(connection: Connection, file: Accepted, polled_from: int | None = None) -> None:
    named = {"polled_from": polled_from}
    execute(connection, STORE, [named | {"store_key": store_key(name), "store_id": name} for name in names_in(file)])


def names_in(file: Accepted) -> list[str]:
    return sorted({row.store_id for row in file.rows})


def line(file: Accepted, number: int, scope: Scope) -> dict[str, Any]:
    names = {"store_id": scope.store_id, "group_kind": scope.kind, "group_name": scope.name}
    return {"file_id": file.position, "line": number + 2} | names


def span_of(row: Any) -> dict[str, timedelta]:
    return {"start": oracle.clock(row.start), "end": oracle.clock(row.end)}


def instant(name: str, at: datetime | None) -> dict[str, datetime | None]:
    """A time with a zone is an instant; one without is local."""
    is_local = at is not None and at.tzinfo is None
    return {f"{name}_at": None if is_local else at, f"{name}_local": at if is_local else None}


def execute(connection: Connection, command: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        wanted = text(command)
        names = wanted.compile().params.keys()
        connection.execute(wanted, [{name: row[name] for name in names} for row in rows])


RESTATEMENTS = """
    select store_id, restatement.* from history.restatement inner join core.store using (store_key)
    where settlement_id = (select settlement_id from history.newest_settlement)
"""
DAYS = "select store_id, day.* from history.day inner join core.store using (store_key)"
SPANS = "select lower(span), upper(span) from unnest(cast(:spans as tstzmultirange)) as span"
OUTAGES = "select store_id, outage.* from history.outage inner join core.store using (store_key) order by started_at"
OUTAGE_DAYS = """
    select store_id, started_at, local_date, downtime_us
    from history.outage_day inner join core.store using (store_key)
    order by local_date
"""
# What a store's month says and its days do not, and the other way round.
DIFFERING_MONTHS = """
    with added as (
        select
            store_key, date_trunc('month', local_date)::date as month, min(local_date) as first_date,
            max(local_date) as last_date, max(local_date) filter (where is_final) as last_final_date,
            count(*) as days, sum(open_us) as open_us, sum(planned_us) as planned_us, sum(up_us) as up_us,
            sum(down_us) as down_us, sum(unknown_us) as unknown_us, sum(opened_late_us) as opened_late_us,
            sum(closed_early_us) as closed_early_us, sum(missed_openings) as missed_openings
        from history.day group by 1, 2
    )
    (select * from history.store_month except select * from added)
    union all
    (select * from added except select * from history.store_month)
"""
FIGURES = tuple(name for name in Day.__dataclass_fields__ if name not in ("spans",))


@dataclass(frozen=True)
class Restatement:
    """A line of the log. Figures are as in `Day.figures`; new ones are None where the day is gone."""

    store_id: str
    local_date: date
    old: tuple[int, ...]
    new: tuple[int, ...] | None
    cause: str
    file_id: int | None

    @property
    def facts(self) -> tuple[str, date, tuple[int, ...], tuple[int, ...] | None]:
        """All but the cause."""
        return self.store_id, self.local_date, self.old, self.new


def restatements(engine: Engine) -> list[Restatement]:
    """What the newest settlement has logged."""
    figures = ("open_us", "planned_us", "up_us", "down_us", "unknown_us")
    with engine.connect() as connection:
        return [
            Restatement(
                row["store_id"],
                row["local_date"],
                tuple(row[f"old_{name}"] for name in figures),
                None if row["new_open_us"] is None else tuple(row[f"new_{name}"] for name in figures),
                row["cause"],
                row["file_id"],
            )
            for row in connection.execute(text(RESTATEMENTS)).mappings()
        ]


def expected_restatements(before: World, after: World) -> set[tuple[Any, ...]]:
    """What is to be logged of days that have changed, as `Restatement.facts`."""
    pairs = history_oracle.restatements(before, after)
    return {(old.store_id, old.local_date, old.figures, new.figures if new else None) for old, new in pairs}


def settled(engine: Engine) -> tuple[list[Day], list[Outage]]:
    """The days and outages in the database, as the oracle has them. The sums of months must be those of the days."""
    with engine.connect() as connection:
        assert connection.execute(text(DIFFERING_MONTHS)).all() == []
        found = [
            Day(
                **{name: row[name] for name in FIGURES},
                spans=tuple(tuple(span) for span in connection.execute(text(SPANS), {"spans": row["utc_range"]})),
            )
            for row in connection.execute(text(DAYS)).mappings()
        ]
        by_date: dict[tuple[str, datetime], list[tuple[date, int]]] = defaultdict(list)
        for part in connection.execute(text(OUTAGE_DAYS)):
            by_date[part.store_id, part.started_at].append((part.local_date, part.downtime_us))
        names = [name for name in Outage.__dataclass_fields__ if name != "downtime_by_date"]
        outages = [
            Outage(
                **{name: row[name] for name in names},
                downtime_by_date=tuple(by_date[row["store_id"], row["started_at"]]),
            )
            for row in connection.execute(text(OUTAGES)).mappings()
        ]
    order = {day.store_id: day.store_id.encode() for day in found}
    found.sort(key=lambda day: (order[day.store_id], day.local_date))
    outages.sort(key=lambda outage: (outage.store_id.encode(), outage.started_at))
    return found, outages
