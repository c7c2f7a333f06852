"""Measures deliveries: a thousand subscriptions due at once, and the events of a night, of the reference week's stores.

    PYTHONPATH=.:include:tests python bench/delivery.py [--stores 14000] [--subscriptions 1000]

Prints the lines of the table in bench/RESULTS.md. Nothing is sent: what receivers get, and how often, is counted by
tests/faults/test_killed_deliveries.py.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from store_uptime.db import embedded_postgres
from store_uptime.db.engine import connect
from store_uptime.db.migrations import migrate
from store_uptime.delivery import deliveries, notifications, rules, subscriptions, templates
from store_uptime.delivery.rules import Rule
from store_uptime.delivery.subscriptions import Subscription
from store_uptime.delivery.templates import Selection
from store_uptime.history import days
from store_uptime.history.questions import read_settlement, reading
from store_uptime.operations import maintenance
from store_uptime.settings import Settings
from support.pipeline import CLOCK, run_report

AIRFLOW = "https://airflow.example.org"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stores", type=int, default=14_000, help="stores of the reference week")
    parser.add_argument("--subscriptions", type=int, default=1000, help="due at once, to one template")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="store-uptime-bench-") as scratch:
        home, week = Path(scratch), Path(scratch) / "week"
        home.chmod(0o755)  # the server may run as a user of its own
        generator = str(Path(__file__).with_name("reference_week.py"))
        subprocess.run([sys.executable, generator, str(week), "--stores", str(arguments.stores)], check=True)
        with embedded_postgres.running(home) as url:
            settings = Settings.from_environment({"STORE_UPTIME_HOME": scratch, "STORE_UPTIME_DATABASE_URL": url})
            migrate(settings)
            engine, owner = connect(settings, "writer"), connect(settings, "owner")
            run_report(engine, week, home / "reports")
            days.settle_all(engine, CLOCK, timedelta(hours=3))
            maintenance.vacuum(owner)
            measure(engine, arguments.subscriptions)
            engine.dispose()
            owner.dispose()


def measure(engine: Engine, number: int) -> None:
    with reading(engine) as connection:
        as_of = read_settlement(connection).as_of
    subscribe(engine, number, as_of)
    timed("plan", subscriptions.plan, engine, as_of)
    timed("render", deliveries.render, engine, as_of, AIRFLOW)
    timed("notify, a night's events", notifications.notify, engine, as_of, AIRFLOW)
    timed("notify, nothing new", notifications.notify, engine, as_of, AIRFLOW)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


def subscribe(engine: Engine, number: int, as_of: datetime) -> None:
    """A rule about all stores since a day before, and subscriptions that are due once until then."""
    with engine.begin() as connection:
        rule = Rule("All", ("outage", "missed_opening", "group_outage", "data"), ("a@example.org",), hourly_cap=1000)
        rules.add(connection, rule, "bench", as_of - timedelta(days=1))
        template_id = templates.add(connection, "Stores", Selection("availability", ("csv",)), "bench", as_of)
        for one in range(number):
            wanted = Subscription(template_id, f"{one:06}", (f"{one}@example.org",), "0 9 * * *", "UTC", "day")
            subscriptions.add(connection, wanted, "bench", as_of - timedelta(days=1))


def timed(name: str, work: Callable[..., Any], *arguments: Any) -> None:
    started = time.perf_counter()
    result = work(*arguments)
    print(f"{name}: {time.perf_counter() - started:.1f} s, {result}")


if __name__ == "__main__":
    main()
