"""Stores whose polls arrive, and a rule that tells what happens to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from store_uptime.delivery import notifications, outbox, rules, web_channels
from store_uptime.delivery.rules import Rule
from store_uptime.history import days
from support.history_rows import add_files
from support.history_world import GROUPS, STATUS, ZONES, GroupMember, Poll, StoreZone, World
from support.receivers import Hooks

HOUR = timedelta(hours=1)
MONDAY = datetime(2023, 6, 5, tzinfo=UTC)
NINE = MONDAY + 9 * HOUR
STORES = ("a", "b", "c", "d")
MAX_GAP = timedelta(hours=3)


class Site:
    """Stores whose polls arrive, days that are settled, and a rule that tells the web server."""

    def __init__(self, owner: Engine, engine: Engine, hooks: Hooks) -> None:
        self.owner, self.engine, self.hooks = owner, engine, hooks
        self.world = World(MONDAY, max_gap=MAX_GAP)
        self.accept(ZONES, *(StoreZone(store, "UTC") for store in STORES))
        self.accept(GROUPS, *(GroupMember(store, "region", "West" if store in "ab" else "East") for store in STORES))

    def accept(self, kind: str, *rows: Any) -> None:
        """Adds a file."""
        self.world.accept(kind, *rows)
        if kind != STATUS:
            self.is_stale = True

    def poll(self, start: datetime, hours: int, **down: range) -> None:
        """Polls of all stores on the hour; `a=range(2, 4)` is down in the third and fourth hour."""
        polls = [
            Poll(store, start + hour * HOUR, hour not in down.get(store, range(0)))
            for store in STORES
            for hour in range(hours)
            if down.get(store) is not None or store not in down
        ]
        self.accept(STATUS, *polls)
        self.settle(start + (hours - 1) * HOUR)

    def settle(self, as_of: datetime) -> None:
        """Settles what was accepted, as of an instant."""
        known = replace(self.world, as_of=as_of)
        add_files(self.owner, known, getattr(self, "added", 0))
        self.added = len(self.world.log)
        days.settle_all(self.engine, datetime(2031, 1, 1, tzinfo=UTC), MAX_GAP)
        self.as_of = as_of

    def add(self, since: datetime = MONDAY, **changes: Any) -> None:
        """Adds a rule, at an instant."""
        fine = {"name": "Ops", "events": ("outage",), "recipients": (f"{self.hooks.url}/ops",)}
        with self.engine.begin() as connection:
            rules.add(connection, Rule(**fine | changes), "ann", since)

    def told(self, clock: datetime | None = None, *, times: int = 2) -> list[str]:
        """What is told at a clock (default: as of), by several schedulers one after the other."""
        clock = clock or self.as_of
        before = len(self.hooks.received)
        for _ in range(times):
            notifications.notify(self.engine, clock, "https://airflow.example.org")
            outbox.send(self.engine, {"webhook": web_channels.post}, (self.hooks.url,), lambda: clock)
        return [body["text"].split("\n\n")[1] for _, _, body in self.hooks.received[before:]]
