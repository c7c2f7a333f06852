"""Citus: distributes the tables by store over the nodes of a cluster, and copies tables without stores to all nodes.

The plan, and which parts were tested, is in docs/operations/scale.md.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, Engine
from sqlalchemy.engine.interfaces import DBAPICursor

from store_uptime.db.statements import statement
from store_uptime.errors import StoreUptimeError

# In the order of their foreign keys.
REFERENCE_TABLES = (
    "core.file",
    "core.folder_file",
    "core.file_partition",
    "core.acceptance",
    "core.snapshot",
    "core.group_member",
    "core.special_hours",
    "core.planned_downtime",
    "core.target",
    "core.poll_horizon",
    "report.report",
    "report.source_file",
    "report.task_run",
    "report.zone_segment",
    "report.zone_day",
    "quality.quarantined_row",
    "quality.expectation_result",
    "history.settlement",
    "history.finished_shard",
    "history.target_change",
    "history.file_period",
    "history.change",
    "history.changed_row",
    "history.clock_segment",
    "history.clock_piece",
    "history.clock_date",
    "history.clock_planned",
    "history.judged_date",
    "history.anomaly",
    "history.scored_week",
    "history.forecast_run",
)
# On the coordinator only: few rows, which no statement about stores reads.
LOCAL_TABLES = (
    "delivery.template",
    "delivery.subscription",
    "delivery.delivery",
    "delivery.file",
    "delivery.message",
    "delivery.outbox",
    "delivery.rule",
    "delivery.notice",
)
DISTRIBUTED_TABLES = (
    "core.store",
    "core.business_hours",
    "core.store_timezone",
    "core.snapshot_store",
    "core.poll_day",
    "core.polled_store",
    "core.staged_interval",
    "core.status_interval",
    "report.store",
    "report.open_time",
    "report.observed_status",
    "report.store_uptime",
    "history.store",
    "history.day",
    "history.store_month",
    "history.outage",
    "history.outage_day",
    "history.store_group",
    "history.store_target",
    "history.store_now",
    "history.restatement",
    "history.new_store",
    "history.new_change",
    "history.new_carry",
    "history.new_special",
    "history.new_planned",
    "history.new_status",
    "history.new_opening",
    "history.new_stretch",
    "history.new_day",
    "history.new_outage_day",
    "history.new_outage",
    "history.day_hours",
    "history.new_day_hours",
    "history.forecast_score",
    "history.forecast",
)


class CitusError(StoreUptimeError):
    """The database has no Citus to distribute tables with."""


def is_there(connection: Connection) -> bool:
    """Whether the database has Citus."""
    return connection.scalar(statement("topology/citus_version")) is not None


def prepare_session(cursor: DBAPICursor) -> bool:
    """Prepares a new session if the server has Citus; returns whether it has.

    On Citus the URL's user does everything: Citus logs in to the nodes as the current user, and a transaction has one
    user.
    """
    cursor.execute(statement("topology/citus_version").text)
    (version,) = cursor.fetchone() or (None,)
    if version is not None:
        cursor.execute(statement("topology/prepare_session").text)
    return version is not None


def run_one_at_a_time(connection: Connection) -> None:
    """Allows the transaction to change a shared table after it has used stores; only Citus forbids it by default."""
    connection.execute(statement("topology/one_at_a_time"))


def use_connections(connection: Connection) -> None:
    """Allows the transaction to analyze a shared table after it has looked at one; only Citus forbids it by default."""
    connection.execute(statement("topology/by_connections"))


def distribute(owner: Engine, report_progress: Callable[[str], None]) -> int:
    """Distributes the tables that are not yet distributed, with their rows; returns their number.

    Raises `CitusError` without Citus.
    """
    with owner.begin() as connection:
        if not is_there(connection):
            raise CitusError(
                "The database has no Citus: execute `create extension citus` on every node, "
                "then citus_add_node for each worker."
            )
        run_one_at_a_time(connection)
        connection.execute(statement("topology/leave_local_keys"))
        there = set(connection.scalars(statement("topology/list_distributed")))
        todo = [table for table in (*REFERENCE_TABLES, *DISTRIBUTED_TABLES) if table not in there]
        for table in todo:
            if table in REFERENCE_TABLES:
                connection.execute(statement("topology/add_reference_table"), {"table": table})
            else:
                beside = "default" if table == DISTRIBUTED_TABLES[0] else DISTRIBUTED_TABLES[0]
                connection.execute(statement("topology/distribute_table"), {"table": table, "beside": beside})
            report_progress(f"distributed {table}")
    with owner.begin() as connection:
        for table in reversed((*REFERENCE_TABLES, *DISTRIBUTED_TABLES)):
            connection.execute(statement("topology/truncate_local"), {"table": table})
    return len(todo)
