"""Settles days and outages: brings the tables of `history` up to what is accepted and to the newest report's as_of.

`begin` and `settle` fill tables that nobody reads; `publish` moves their rows to the days and outages
that everybody reads, in one transaction. So a settlement that is killed leaves no trace, and the next one begins anew.
A settlement starts where something can have changed, store by store; all of it from nothing gives the same rows.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine

from store_uptime.calendar.zones import DEFAULT_TIMEZONE
from store_uptime.db import topology
from store_uptime.db.statements import statement
from store_uptime.errors import StoreUptimeError
from store_uptime.history import day_rows, now_settling
from store_uptime.history.clocks import MARGIN, clock_segments, start_of

log = logging.getLogger(__name__)

SUBSHARDS = 2  # connections, and cores of the database server, that one task uses
TRIES = 3
# What `settle` finds out before it computes days, statement by statement; statistics in between.
STAGES: tuple[tuple[str, ...], ...] = (
    (
        *("1_clocks/changes/of_all_stores", "1_clocks/changes/of_zones", "1_clocks/changes/of_hours"),
        *("1_clocks/changes/of_rows", "1_clocks/changes/of_rows_before", "1_clocks/start", "1_clocks/carry"),
    ),
    ("1_clocks/special_hours", "1_clocks/planned_downtime/add"),
)
STAGED = (
    *("new_store", "new_change", "new_carry", "new_special", "new_planned", "new_status", "new_opening"),
    *("new_stretch", "new_day", "new_outage_day", "new_outage", "new_day_hours"),
)
# What `publish` does only where days may be other ones than before on dates that were final, or be gone.
RESTATING = ("days/log_restatements", "days/delete", "days/drop_same")
HOURS_DAYS = 16 * 7  # before as_of, whose hours are settled when they are wanted for the first time


class SupersededError(StoreUptimeError):
    """Another settlement has begun, or was published, or polls were dropped, since this one began."""


def settle_all(
    engine: Engine,
    now: datetime,
    max_gap: timedelta | None,
    shards: int = 1,
    *,
    keep_days: int | None = None,
    from_date: date | None = None,
    until_date: date | None = None,
    with_hours: bool = False,
) -> dict[str, Any] | None:
    """Settles all that is new or has changed, and publishes it; returns its counts, None if there is nothing to settle.

    `from_date` settles again from that date on, `until_date` no further than its end in UTC; `with_hours` the hours of
    days too. Calls wait for each other.
    """
    with engine.begin() as turn:
        turn.execute(statement("history/settlement/lock_whole"))
        for _ in range(TRIES):
            settlement_id = begin(
                engine,
                now,
                max_gap,
                shards,
                keep_days=keep_days,
                from_date=from_date,
                until_date=until_date,
                with_hours=with_hours,
            )
            if settlement_id is None:
                return None
            try:
                for shard in range(shards):
                    settle(engine, settlement_id, shard)
                return publish(engine, settlement_id, now)
            except SupersededError as error:
                log.info("%s It begins again.", error)
    raise StoreUptimeError("Days and outages were not settled: others settled them at the same time, again and again.")


def begin(
    engine: Engine,
    now: datetime,
    max_gap: timedelta | None,
    shards: int = 1,
    *,
    keep_days: int | None = None,
    from_date: date | None = None,
    until_date: date | None = None,
    with_hours: bool = False,
) -> int | None:
    """Begins a settlement and returns its id; None if nothing is new since the last one.

    What an unpublished settlement has computed is deleted; the date that it was to settle again from is taken over.
    """
    with engine.begin() as connection:
        topology.run_one_at_a_time(connection)
        connection.execute(statement("history/settlement/lock"))
        until = None if until_date is None else start_of(until_date + timedelta(days=1))
        position = connection.execute(statement("history/settlement/find_position"), {"until": until}).one()
        if position.as_of is None:
            return None
        if with_hours and position.previous_id is not None and not position.previous_has_hours:
            wanted = position.as_of.astimezone(UTC).date() - timedelta(days=HOURS_DAYS)
            from_date = wanted if from_date is None else min(from_date, wanted)
        is_new = position.previous_id is None or (position.as_of, position.accepted_order, max_gap) != (
            position.previous_as_of,
            position.previous_order,
            position.previous_max_gap,
        )
        asked = [from_date, connection.scalar(statement("history/changes/read_asked"))]
        asked_from = min((one for one in asked if one is not None), default=None)
        if not is_new and asked_from is None:
            return None
        connection.execute(statement("history/settlement/delete_unpublished"))
        connection.execute(statement("history/now/stores/delete_others"))
        connection.execute(statement("history/settlement/empty_staged"))
        connection.execute(statement("history/changes/add_periods"), {"accepted_order": position.accepted_order})
        changes_from = None
        if position.previous_id is not None:
            changes_from = _find_changes(connection, position, max_gap, asked_from)
        row = {
            "follows_id": position.previous_id,
            "as_of": position.as_of,
            "accepted_order": position.accepted_order,
            "max_gap": max_gap,
            "keep_days": keep_days,
            "kept_from": position.kept_from,
            "shards": shards,
            "has_hours": with_hours,
            "clocks_from": _clocks_from(position, changes_from, keep_days) - MARGIN,
            "created_at": now,
        }
        settlement_id: int = connection.execute(statement("history/settlement/create"), row).scalar_one()
        return settlement_id


def settle(engine: Engine, settlement_id: int, shard: int) -> dict[str, Any]:
    """Computes the days and outages of a shard's stores, each from the first date on that can have changed, and what it
    is now.
    """
    _in_subshards(engine, settlement_id, shard, _find_stores)
    _add_clocks(engine, settlement_id, shard)
    for names in STAGES:
        _in_subshards(engine, settlement_id, shard, partial(_execute, names))
        with engine.begin() as connection:
            connection.execute(statement("history/settlement/analyze_staged"))
    days = _in_subshards(engine, settlement_id, shard, _settle_stores)
    _finish(engine, settlement_id, "settle", shard)
    return {"days": days}


def publish(engine: Engine, settlement_id: int, now: datetime) -> dict[str, Any]:
    """Publishes a settlement; returns counts. A repeated call does nothing.

    Raises `SupersededError` if another settlement was begun or published, or polls were dropped, meanwhile.
    """
    with engine.begin() as connection:
        topology.run_one_at_a_time(connection)
        connection.execute(statement("history/settlement/lock"))
        pinned = _read_pinned(connection, settlement_id)
        if pinned["published_at"] is not None:
            return {"days": 0, "outages": 0, "restatements": 0}
        if connection.scalar(statement("history/settlement/newest")) != pinned["follows_id"]:
            raise SupersededError(f"Settlement {settlement_id} rests on one that is no longer the newest.")
        if pinned["has_lost_polls"]:
            raise SupersededError(
                f"Settlement {settlement_id} may rest on polls that maintenance has dropped meanwhile."
            )
        finished = connection.scalar(statement("history/settlement/count_finished"), {"settlement_id": settlement_id})
        if finished != pinned["shards"]:
            raise StoreUptimeError(f"Settlement {settlement_id} is not complete: clear the tasks that did not succeed.")
        touched = connection.execute(statement("history/settlement/touched_from")).mappings().one()
        touched_from = touched["touched_from"]
        pinned |= {**touched} | {"touched_month": None if touched_from is None else touched_from.replace(day=1)}
        is_restated = touched["restated_from"] is not None
        counts = {
            name: connection.execute(statement(f"history/3_publish/{name}"), pinned).rowcount
            for name in (
                *(RESTATING if is_restated else ("months/add_changes",)),
                *("days/delete_old", "days/add", "days/add_stores"),
                *(("months/delete", "months/add", "months/add_earlier") if is_restated else ()),
                *("outages/delete_days", "outages/add_days", "outages/delete", "outages/delete_old", "outages/add"),
                *(("hours/delete", "hours/add") if pinned["has_hours"] else ()),
            )
        }
        targets = [pinned["targets_file_id"], pinned["previous_targets_file_id"]]
        if pinned["follows_id"] is not None and targets[0] != targets[1]:
            connection.execute(statement("history/3_publish/targets"), pinned)
        connection.execute(
            statement("history/settlement/publish"), {"settlement_id": settlement_id, "published_at": now}
        )
        for name in ("delete_groups", "add_groups", "delete_targets", "add_targets"):
            connection.execute(statement(f"history/3_publish/scopes/{name}"))
        connection.execute(statement("history/settlement/analyze_published"))
        connection.execute(statement("history/settlement/empty_staged"))
    return {
        "days": counts["days/add"],
        "outages": counts["outages/add"],
        "restatements": counts.get("days/log_restatements", 0),
        "as_of": pinned["as_of"].isoformat(),
    }


def _find_changes(
    connection: Connection, position: Any, max_gap: timedelta | None, from_date: date | None
) -> date | None:
    """Writes down what is new since the last settlement, beside polls; returns the first date that it touches."""
    orders = {"accepted_order": position.accepted_order, "previous_order": position.previous_order}
    if position.accepted_order != position.previous_order:
        before = {"accepted_order": position.previous_order}
        connection.execute(statement("history/changes/add_periods"), before)
        connection.execute(statement("history/changes/add_of_hours_and_zones"), orders)
        connection.execute(statement("history/changes/add_rows"), orders)
        connection.execute(statement("history/changes/add_of_rows"), orders)
    asked = {"max_gap": date.min} if max_gap != position.previous_max_gap else {}
    if from_date is not None:
        asked["from_date"] = from_date
    for cause, first in asked.items():
        change = {"cause": cause, "from_date": first, "accepted_order": 0}
        connection.execute(statement("history/changes/add"), change)
    changes_from: date | None = connection.scalar(statement("history/changes/read_first"))
    return changes_from


def _clocks_from(position: Any, changes_from: date | None, keep_days: int | None) -> datetime:
    """The earliest instant at which a day begins that may change."""
    earliest: datetime = position.first_polled_at
    if position.previous_id is not None:
        possible = [position.previous_as_of - MARGIN, position.new_polled_at]
        possible += [None if changes_from is None else start_of(changes_from)]
        earliest = max(earliest, min(instant for instant in possible if instant is not None))
    kept = [earliest, position.kept_from]
    kept += [None if keep_days is None else position.as_of - timedelta(days=keep_days)]
    return max(instant for instant in kept if instant is not None)


def _find_stores(connection: Connection, subshard: dict[str, Any]) -> int:
    for table in STAGED:
        connection.execute(statement(f"history/clear/{table.removeprefix('new_')}"), subshard)
    # PostgreSQL takes a shard for a two-hundredth of the stores, whatever it is, and would read all zones for each one.
    connection.execute(statement("history/now/stores/without_nested_loops"))
    return connection.execute(
        statement("history/1_clocks/stores"), subshard | {"default_timezone": DEFAULT_TIMEZONE}
    ).rowcount


def _add_clocks(engine: Engine, settlement_id: int, shard: int) -> None:
    """Adds the local dates of the clocks of a shard's stores.

    In a transaction of its own: other shards, which have the same clocks, wait until it ends.
    """
    with engine.begin() as connection:
        connection.execute(statement("history/settlement/lock_shared"))
        pinned = _read_pinned(connection, settlement_id)
        of_shard = {"shard": shard, "shards": pinned["shards"]}
        clocks = connection.scalars(statement("history/1_clocks/clocks/list"), of_shard).all()
        segments = [
            {
                "clock": clock,
                "timezone": zone,
                "utc_from": utc_from,
                "utc_to": utc_to,
                "utc_offset_seconds": offset.total_seconds(),
            }
            for clock in clocks
            for utc_from, utc_to, offset, zone in clock_segments(
                clock, pinned["clocks_from"] - MARGIN, pinned["as_of"] + MARGIN
            )
        ]
        if segments:
            of_clocks = pinned | {"clocks": list(clocks)}
            connection.execute(statement("history/1_clocks/clocks/add_segment"), segments)
            connection.execute(statement("history/1_clocks/clocks/add_pieces"), of_clocks)
            connection.execute(statement("history/1_clocks/clocks/add_dates"), of_clocks)
            connection.execute(statement("history/1_clocks/planned_downtime/add_to_clocks"), of_clocks)


def _settle_stores(connection: Connection, subshard: dict[str, Any]) -> int:
    """Writes what stages before it have prepared; returns the number of days."""
    days = day_rows.settle(connection, subshard) + _execute(("2_days/add_earlier",), connection, subshard)
    now_settling.settle(connection, subshard)
    return days


def _execute(names: Sequence[str], connection: Connection, subshard: dict[str, Any]) -> int:
    """Executes statements of `sql/history`; returns the number of rows of the last one."""
    return [connection.execute(statement(f"history/{name}"), subshard).rowcount for name in names][-1]


def _finish(engine: Engine, settlement_id: int, task: str, shard: int) -> None:
    with engine.begin() as connection:
        connection.execute(statement("history/settlement/lock_shared"))
        _read_pinned(connection, settlement_id)
        connection.execute(
            statement("history/settlement/finish_shard"), {"settlement_id": settlement_id, "task": task, "shard": shard}
        )


def _read_pinned(connection: Connection, settlement_id: int) -> dict[str, Any]:
    pinned = connection.execute(statement("history/settlement/read_pinned"), {"settlement_id": settlement_id})
    row = pinned.mappings().one_or_none()
    if row is None:
        raise SupersededError(f"Settlement {settlement_id} is dropped, since another one has begun.")
    return dict(row)


def _in_subshards(
    engine: Engine, settlement_id: int, shard: int, work: Callable[[Connection, dict[str, Any]], int]
) -> int:
    """The sum of the results of `work` over the subshards of a shard, each in a transaction of its own."""

    def compute(subshard: int) -> int:
        with engine.begin() as connection:
            connection.execute(statement("history/settlement/lock_shared"))
            # Waits for an earlier try of the task, which may still be running.
            connection.execute(statement("history/settlement/lock_subshard"), {"subshard": f"{shard}/{subshard}"})
            pinned = _read_pinned(connection, settlement_id)
            shards = pinned["shards"]
            return work(connection, pinned | {"shards": shards * SUBSHARDS, "shard": shard + shards * subshard})

    with ThreadPoolExecutor(SUBSHARDS) as executor:
        return sum(executor.map(compute, range(SUBSHARDS)))
