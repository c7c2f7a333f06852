"""Settles what every store is at as_of, open or closed, up or down, and since when: a part of each settlement."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from store_uptime.calendar.zones import DEFAULT_TIMEZONE
from store_uptime.db.statements import statement
from store_uptime.history.clocks import MARGIN, clock_binds

# Most stores open or close within a day, which timeline finds out. Of the others, and of those that were never polled,
# nearly all do within a few days; of the rest every date up to the limit of 366 days may matter.
HORIZONS = (timedelta(days=4), timedelta(days=368))
# What finds the next changes, statement by statement. The days of the subshard are written, so that their special hours
# and planned downtime give way to those of the dates to come.
CHANGES = ("clear/special", "clear/planned", "now/special_hours", "now/planned_downtime", "now/find_changes")


def settle(connection: Connection, subshard: dict[str, Any]) -> None:
    """Writes what the stores of a subshard are now, by the polls that the settlement has found to hold.

    The last step of a transaction: after it nested loops are off.
    """
    binds = subshard | {"default_timezone": DEFAULT_TIMEZONE}
    for name in ("delete", "add", "find_since"):
        connection.execute(statement(f"history/now/stores/{name}"), binds)
    as_of: datetime = subshard["as_of"].astimezone(UTC)
    clocks = connection.scalars(statement("history/now/stores/list_clocks"), binds).all()
    binds |= clock_binds(clocks, as_of - MARGIN, as_of + HORIZONS[-1] + MARGIN)
    connection.execute(statement("history/now/stores/without_nested_loops"))
    for horizon in HORIZONS:
        binds["until"] = (as_of + horizon).date()
        for name in CHANGES:
            connection.execute(statement(f"history/{name}"), binds)
