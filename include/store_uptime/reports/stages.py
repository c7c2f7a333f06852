"""`localize`, `clip`, `interpolate`: each turns a shard of a report's stores into the next table, by SQL.

A stage computes its shard in a few subshards at the same time. Each has its own transaction, which first deletes the
subshard's rows, so a killed stage can run again. Shards and subshards share only the zone segments, which all of
them compute with the same result.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from store_uptime.calendar.planned_downtime import zone_spans
from store_uptime.calendar.zones import DEFAULT_TIMEZONE, offset_segments
from store_uptime.db.statements import statement
from store_uptime.errors import ReportError

SUBSHARDS = 2  # connections, and cores of the database server, that one task uses


def localize(engine: Engine, report_id: UUID, shard: int) -> dict[str, Any]:
    """Computes the zone of each store of the shard, and the offset segments of each zone in the reported week."""
    return {"stores": _in_subshards(engine, "localize", _localize, report_id, shard)}


def clip(engine: Engine, report_id: UUID, shard: int) -> dict[str, Any]:
    """Computes the open time of each store of the shard in the reported week."""
    return {"stores": _in_subshards(engine, "clip", _clip, report_id, shard)}


def interpolate(engine: Engine, report_id: UUID, shard: int) -> dict[str, Any]:
    """Computes the status intervals of each store of the shard, and its open, up, down and unknown time."""
    return {"stores": _in_subshards(engine, "interpolate", _interpolate, report_id, shard)}


def _localize(connection: Connection, subshard: dict[str, Any]) -> int:
    connection.execute(statement("report/1_localize/clear/stores"), subshard)
    connection.execute(statement("report/1_localize/clear/zone_days"), subshard)
    connection.execute(statement("report/1_localize/clear/zone_segments"), subshard)
    stores = connection.execute(
        statement("report/1_localize/localize"), subshard | {"default_timezone": DEFAULT_TIMEZONE}
    ).rowcount
    segments = [
        {
            "report_id": subshard["report_id"],
            "timezone": timezone,
            "utc_from": utc_from,
            "utc_to": utc_to,
            "utc_offset_seconds": utc_offset.total_seconds(),
        }
        for timezone in connection.scalars(statement("report/1_localize/zones/list"), subshard)
        for utc_from, utc_to, utc_offset in offset_segments(timezone, subshard["week_start"], subshard["as_of"])
    ]
    if segments:
        connection.execute(statement("report/1_localize/zones/add_segment"), segments)
        connection.execute(statement("report/1_localize/zones/add_days"), {"report_id": subshard["report_id"]})
    return stores


def _clip(connection: Connection, subshard: dict[str, Any]) -> int:
    connection.execute(statement("report/2_clip/clear/open_time"), subshard)
    stores = connection.execute(statement("report/2_clip/clip"), subshard).rowcount
    if connection.scalar(statement("report/2_clip/source/has_special_hours"), subshard):
        connection.execute(statement("report/2_clip/source/without_nested_loops"))
        connection.execute(statement("report/2_clip/special_hours"), subshard)
    if connection.scalar(statement("report/2_clip/source/has_planned_downtime"), subshard):
        connection.execute(statement("report/2_clip/source/without_nested_loops"))
        zones = connection.scalars(statement("report/1_localize/zones/list"), subshard)
        spans = zone_spans(zones, subshard["week_start"], subshard["as_of"])
        connection.execute(statement("report/2_clip/planned_downtime"), subshard | spans)
    return stores


def _interpolate(connection: Connection, subshard: dict[str, Any]) -> int:
    connection.execute(statement("report/3_interpolate/clear/store_uptime"), subshard)
    connection.execute(statement("report/3_interpolate/clear/observed_status"), subshard)
    has_intervals = connection.scalar(statement("report/3_interpolate/source/can_use_intervals"), subshard)
    if has_intervals:
        connection.execute(statement("report/3_interpolate/status_from_intervals"), subshard)
    # Checked again: polls may have been accepted, and the intervals changed, before they were read.
    if not has_intervals or not connection.scalar(statement("report/3_interpolate/source/can_use_intervals"), subshard):
        kept_from = connection.scalar(statement("report/3_interpolate/source/polls_kept_from"), subshard)
        if kept_from is not None:
            raise ReportError(
                f"The report needs polls from before {kept_from}, which maintenance has deleted; choose a later as_of."
            )
        connection.execute(statement("report/3_interpolate/clear/observed_status"), subshard)
        connection.execute(statement("report/3_interpolate/status_from_polls"), subshard)
    return connection.execute(statement("report/3_interpolate/uptime"), subshard).rowcount


def _in_subshards(
    engine: Engine, stage: str, work: Callable[[Connection, dict[str, Any]], int], report_id: UUID, shard: int
) -> int:
    """The sum of the results of `work` over the subshards of a shard.

    A subshard is a shard of a report with SUBSHARDS times as many. `work` gets the binds of a stage's statements.
    """

    def compute(subshard: int) -> int:
        with engine.begin() as connection:
            # Waits for an earlier try of the task, which may still be running.
            lock = {"stage": stage, "report_id": str(report_id), "shard": f"{shard}/{subshard}"}
            connection.execute(statement("report/stage/lock"), lock)
            pinned = (
                connection.execute(statement("report/stage/read_pinned"), {"report_id": report_id}).mappings().one()
            )
            shards = pinned["shards"]
            return work(connection, {**pinned, "shards": shards * SUBSHARDS, "shard": shard + shards * subshard})

    with ThreadPoolExecutor(SUBSHARDS) as executor:
        return sum(executor.map(compute, range(SUBSHARDS)))
