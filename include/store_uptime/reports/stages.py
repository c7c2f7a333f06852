"""`localize`, `clip`, `interpolate`: each turns a shard of a report's stores into the next table, by SQL.

A stage works on its shard in a few lanes side by side. A lane is a part of the shard in one transaction, which first
clears its own rows, so that it can be killed and run again. Lanes and shards share nothing but the zone segments, which
are the same whoever writes them.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from store_uptime.calendar.zones import DEFAULT_TIMEZONE, offset_segments
from store_uptime.db.statements import statement
from store_uptime.errors import ReportError

LANES = 2  # connections, so processor cores of the database server, that one task keeps busy


def localize(engine: Engine, report_id: UUID, shard: int) -> dict[str, Any]:
    """The stores of the shard with their zones, and for each zone the UTC spans of one offset in the reported week."""
    return {"stores": _in_lanes(engine, "localize", _localize, report_id, shard)}


def clip(engine: Engine, report_id: UUID, shard: int) -> dict[str, Any]:
    """The open time of each store of the shard in the reported week."""
    return {"stores": _in_lanes(engine, "clip", _clip, report_id, shard)}


def interpolate(engine: Engine, report_id: UUID, shard: int) -> dict[str, Any]:
    """What polls say about each store of the shard, and its open, up, down and unknown time."""
    return {"stores": _in_lanes(engine, "interpolate", _interpolate, report_id, shard)}


def _localize(connection: Connection, lane: dict[str, Any]) -> int:
    connection.execute(statement("report/clear_localize"), lane)
    connection.execute(statement("report/clear_zone_days"), lane)
    connection.execute(statement("report/clear_zone_segments"), lane)
    stores = connection.execute(statement("report/localize"), lane | {"default_timezone": DEFAULT_TIMEZONE}).rowcount
    segments = [
        {
            "report_id": lane["report_id"],
            "timezone": timezone,
            "utc_from": utc_from,
            "utc_to": utc_to,
            "utc_offset_seconds": utc_offset.total_seconds(),
        }
        for timezone in connection.scalars(statement("report/list_timezones"), lane)
        for utc_from, utc_to, utc_offset in offset_segments(timezone, lane["week_start"], lane["as_of"])
    ]
    if segments:
        connection.execute(statement("report/add_zone_segment"), segments)
        connection.execute(statement("report/add_zone_days"), {"report_id": lane["report_id"]})
    return stores


def _clip(connection: Connection, lane: dict[str, Any]) -> int:
    connection.execute(statement("report/clear_clip"), lane)
    return connection.execute(statement("report/clip"), lane).rowcount


def _interpolate(connection: Connection, lane: dict[str, Any]) -> int:
    connection.execute(statement("report/clear_interpolate_uptime"), lane)
    connection.execute(statement("report/clear_interpolate_status"), lane)
    has_runs = connection.scalar(statement("report/can_use_status_runs"), lane)
    if has_runs:
        connection.execute(statement("report/interpolate_from_runs"), lane)
    # Asked once more: polls may have been accepted, and the runs changed, before they were read.
    if not has_runs or not connection.scalar(statement("report/can_use_status_runs"), lane):
        kept_from = connection.scalar(statement("report/polls_kept_from"), lane)
        if kept_from is not None:
            raise ReportError(f"The report rests on polls of before {kept_from}, which are kept no more.")
        connection.execute(statement("report/clear_interpolate_status"), lane)
        connection.execute(statement("report/interpolate_from_polls"), lane)
    return connection.execute(statement("report/interpolate"), lane).rowcount


def _in_lanes(
    engine: Engine, name: str, work: Callable[[Connection, dict[str, Any]], int], report_id: UUID, shard: int
) -> int:
    """The sum of `work` over the lanes of a shard, which are shards of LANES times as many.

    The dict that `work` gets holds the binds that the statements of a stage have.
    """

    def run(lane: int) -> int:
        with engine.begin() as connection:
            # Waits for a try that was given up but may still be running.
            stage = {"stage": name, "report_id": str(report_id), "shard": f"{shard}/{lane}"}
            connection.execute(statement("report/lock_stage"), stage)
            pinned = connection.execute(statement("report/read_pinned"), {"report_id": report_id}).mappings().one()
            shards = pinned["shards"]
            return work(connection, {**pinned, "shards": shards * LANES, "shard": shard + shards * lane})

    with ThreadPoolExecutor(LANES) as lanes:
        return sum(lanes.map(run, range(LANES)))
