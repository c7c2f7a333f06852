"""`localize`, `clip`, `interpolate`: each turns a shard of a report's stores into the next table, by SQL.

A stage is one transaction that first clears its own rows, so that it can be killed and run again. Shards share nothing
but the zone segments, which are the same whoever writes them.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from store_uptime.sql import statement
from store_uptime.zones import DEFAULT_TIMEZONE, offset_segments


def localize(engine: Engine, report_id: UUID, shard: int) -> dict[str, Any]:
    """The stores of the shard with their zones, and for each zone the UTC spans of one offset in the reported week."""
    stage = {"report_id": report_id, "shard": shard}
    with engine.begin() as connection:
        _start(connection, "localize", stage)
        connection.execute(statement("report/clear_localize"), stage)
        stores = connection.execute(
            statement("report/localize"), stage | {"default_timezone": DEFAULT_TIMEZONE}
        ).rowcount
        segments = [
            {
                "report_id": report_id,
                "timezone": zone.timezone,
                "utc_from": utc_from,
                "utc_to": utc_to,
                "utc_offset_seconds": utc_offset.total_seconds(),
            }
            for zone in connection.execute(statement("report/list_timezones"), stage)
            for utc_from, utc_to, utc_offset in offset_segments(zone.timezone, zone.week_start, zone.as_of)
        ]
        if segments:
            connection.execute(statement("report/add_zone_segment"), segments)
            connection.execute(statement("report/add_zone_days"), {"report_id": report_id})
    return {"stores": stores, "zone_segments": len(segments)}


def clip(engine: Engine, report_id: UUID, shard: int) -> dict[str, Any]:
    """The open time of each store of the shard in the reported week."""
    stage = {"report_id": report_id, "shard": shard}
    with engine.begin() as connection:
        _start(connection, "clip", stage)
        connection.execute(statement("report/clear_clip"), stage)
        stores = connection.execute(statement("report/clip"), stage).rowcount
    return {"stores": stores}


def interpolate(engine: Engine, report_id: UUID, shard: int) -> dict[str, Any]:
    """What polls say about each store of the shard, and its open, up, down and unknown time."""
    stage = {"report_id": report_id, "shard": shard}
    # One snapshot: whether core.status_run fits the report must stay true while it is read.
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        _start(connection, "interpolate", stage)
        connection.execute(statement("report/clear_interpolate_status"), stage)
        connection.execute(statement("report/clear_interpolate_uptime"), stage)
        can_use_runs = connection.scalar(statement("report/can_use_status_runs"), {"report_id": report_id})
        source = "runs" if can_use_runs else "polls"
        connection.execute(statement(f"report/interpolate_from_{source}"), stage)
        stores = connection.execute(statement("report/interpolate"), stage).rowcount
    return {"stores": stores, "computed_from": source}


def _start(connection: Connection, name: str, stage: dict[str, Any]) -> None:
    connection.execute(statement("report/lock_stage"), stage | {"stage": name, "report_id": str(stage["report_id"])})
