"""What every store is now: as of what is settled, whether it is open, up or down, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from store_uptime.calendar.durations import microseconds_of
from store_uptime.db.statements import statement
from store_uptime.history.questions import Choice, Settlement, check_kind, nobody, read_settlement

# Down is what is open and down, or in an outage that is ongoing; up and unknown are only what is open.
State = Literal["open", "up", "down", "unknown", "closed"]
Sort = Literal["store_id", "since", "outage_started_at", "downtime", "last_poll_at", "next_change_at"]

LARGEST = (1 << 63) - 1


@dataclass(frozen=True)
class Now:
    """What a store is now; the fields are the columns, in their order."""

    store_id: str
    status: str
    is_open: bool
    since: datetime | None
    outage_started_at: datetime | None
    downtime_us: int
    last_poll_at: datetime | None
    next_change_at: datetime | None


@dataclass(frozen=True)
class Place:
    """Where a page begins: after this store, in the order of the list."""

    value: int
    store_id: str


@dataclass(frozen=True)
class Order:
    """How a list is sorted, then by store id in byte order. Stores that have no such value come last either way."""

    by: Sort = "store_id"
    is_descending: bool = False

    @property
    def missing(self) -> int:
        """The value of a store that has none."""
        return -LARGEST if self.is_descending else LARGEST

    def place(self, now: Now) -> Place:
        """Where the list goes on after a store."""
        if self.by == "store_id":
            return Place(0, now.store_id)
        if self.by == "downtime":
            return Place(now.downtime_us if now.outage_started_at else self.missing, now.store_id)
        instant: datetime | None = getattr(now, self.by)
        return Place(self.missing if instant is None else microseconds_of(instant), now.store_id)


@dataclass(frozen=True)
class NowAnswer:
    """Stores in the order that was asked for; `has_more` if there are more of them."""

    settlement: Settlement
    rows: list[Now]
    has_more: bool = False


@dataclass(frozen=True)
class StateCounts:
    """How many stores of a group are in which state now."""

    scope: str
    stores: int
    open: int
    up: int
    down: int
    down_and_closed: int
    unknown: int
    closed: int
    oldest_outage_at: datetime | None


@dataclass(frozen=True)
class GroupsNow:
    """Groups of a kind, those with the most stores down first, and all stores."""

    settlement: Settlement
    totals: StateCounts
    groups: list[StateCounts]


def find_now(
    connection: Connection,
    choice: Choice,
    *,
    state: State | None = None,
    order: Order | None = None,
    is_backward: bool = False,
    after: Place | None = None,
    rows: int | None = None,
) -> NowAnswer:
    """What the chosen stores are now, or the first `rows` after a place; `is_backward`: before it, nearest first.

    Raises `QuestionError` for what nobody has, and `NotSettledError`.
    """
    settlement = read_settlement(connection)
    order = order or Order()
    kind, name = choice.scope
    binds = {
        "kind": kind,
        "name": name,
        "state": state,
        "sort": order.by,
        "missing": order.missing,
        "is_descending": order.is_descending is not is_backward,
        "after_value": after.value if after else None,
        "after_store_id": after.store_id if after else None,
        "rows": None if rows is None else rows + 1,
    }
    found = [Now(*row) for row in connection.execute(statement("history/now/read/list"), binds)]
    if not found and after is None and choice.is_any and not _has_any(connection, choice):
        raise nobody(connection, choice, "is known")
    return NowAnswer(settlement, found[:rows], has_more=rows is not None and len(found) > rows)


def find_groups_now(connection: Connection, by: str) -> GroupsNow:
    """How many stores are in which state now, by groups of a kind; raises as `find_now`."""
    settlement = read_settlement(connection)
    check_kind(connection, "by", by)
    totals = _states(connection, "all")
    groups = totals if by == "all" else _states(connection, by)
    return GroupsNow(settlement, totals[0] if totals else StateCounts("all", 0, 0, 0, 0, 0, 0, 0, None), groups)


def states_of(store: Now) -> StateCounts:
    """The same of one store."""
    is_down = (store.is_open and store.status == "down") or store.outage_started_at is not None
    return StateCounts(
        scope=store.store_id,
        stores=1,
        open=int(store.is_open),
        up=int(store.is_open and store.status == "up"),
        down=int(is_down),
        down_and_closed=int(is_down and not store.is_open),
        unknown=int(store.is_open and store.status == "unknown"),
        closed=int(not store.is_open),
        oldest_outage_at=store.outage_started_at,
    )


def _states(connection: Connection, by: str) -> list[StateCounts]:
    return [StateCounts(*row) for row in connection.execute(statement("history/now/read/groups"), {"by": by})]


def _has_any(connection: Connection, choice: Choice) -> bool:
    """Whether any store is what was chosen, whatever its state."""
    kind, name = choice.scope
    everything = {"state": None, "sort": "store_id", "missing": 0, "is_descending": False}
    start = {"after_value": None, "after_store_id": None, "rows": 1}
    binds = {"kind": kind, "name": name} | everything | start
    return connection.execute(statement("history/now/read/list"), binds).first() is not None
