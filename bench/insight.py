"""Measures what anomalies and the forecast of a night cost: 14,000 stores, by eight weeks, in processes of their own.

    PYTHONPATH=.:include:tests python bench/insight.py [STORES]

The hours of days are those of the generated worlds of `tests/worlds`, 300 stores each with other outages, written to an
empty database as a settlement would. Then one date is judged, as after each nightly report, and twenty in a row. The
forecast is made for the first time, which scores four weeks, on a night, which scores none, and on a Monday; with all
twelve weeks of hours, and with eight. Outages last, so that there is something to forecast.
"""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import Engine, text

from store_uptime.db import embedded_postgres
from store_uptime.db.engine import connected
from store_uptime.db.migrations import migrate
from store_uptime.settings import Settings
from worlds.generated import FIRST_DATE, generate, settled

STORES, WORLD_STORES, WEEKS, SEEDS = 14_000, 300, 12, 4
FRANCHISEES, OUTAGES = 200, "lasting"
NOW = datetime(2031, 1, 1, tzinfo=UTC)
HOURS = "history.day_hours (store_key, local_date, end_hour, is_special, polls, changes, open, down, unknown)"
DAYS = """
    history.day (
        store_key, local_date, timezone, utc_range, is_final, open_us, planned_us, up_us, down_us, unknown_us,
        opened_late_us, closed_early_us, missed_openings
    )
"""
GROUPS = "history.store_group (store_key, kind, name)"
SETTLED = """
    insert into history.settlement (
        as_of, accepted_order, shards, clocks_from, created_at, published_at, has_hours
    )
    values (now(), 1, 1, now(), now(), now(), true)
"""
STORES_OF_HISTORY = """
    insert into history.store (store_key, first_polled_at, clock, newest_timezone, hours_file_ids)
    select store_key, now(), 'America/Chicago', 'America/Chicago', '{1}'
    from history.store_group
    where kind = 'store'
"""
WEEKLY_HOURS = (
    """
    insert into core.file (file_id, kind, content_sha256, name, size_bytes, state, loaded_at)
    overriding system value
    values (1, 'business_hours', repeat('0', 64), 'business_hours.csv', 1, 'accepted', now())
    """,
    """
    insert into core.acceptance (accepted_order, file_id, accepted_at)
    overriding system value values (1, 1, now())
    """,
    "insert into core.snapshot (accepted_order, kind, file_id) values (1, 'business_hours', 1)",
    """
    insert into core.business_hours (file_id, store_key, weekday, start_time_local, end_time_local)
    select 1, store_key, weekday, interval '9 hours', interval '21 hours'
    from history.store
    cross join generate_series(0, 6) as weekday
    """,
)
# Before each forecast: what was made is deleted, or only of the last week; with twelve weeks of hours, or with eight.
FORECASTS = {
    "first, 12 weeks of hours": ("delete from history.scored_week",),
    "a night": (),
    "a Monday": ("delete from history.scored_week where week_from = (select max(week_from) from history.scored_week)",),
    "first, 8 weeks of hours": (
        "delete from history.scored_week",
        """
        delete from history.day_hours
        where local_date < (select max(local_date) - 56 from history.day_hours)
        """,
    ),
}
JUDGED = """
    insert into history.judged_date (local_date, settlement_id, judged_at, tests)
    select cast(day as date), 1, now(), 1
    from (
        select min(local_date) as first_date, max(local_date) as last_date
        from history.day_hours
    ) as known
    cross join generate_series(first_date, last_date - 1 - cast(:dates as integer), interval '1 day') as day
"""


def prepare(owner: Engine, stores: int) -> None:
    """Writes days, hours and groups of so many stores."""
    raw = owner.raw_connection()
    cursor = raw.cursor()
    worlds = [
        settled(generate(seed, stores=WORLD_STORES, weeks=WEEKS, is_structured=False, outages=OUTAGES))
        for seed in range(SEEDS)
    ]
    days = WEEKS * 7
    for first in range(0, stores, WORLD_STORES):
        hours, groups = worlds[first // WORLD_STORES % SEEDS]
        rows, openings, members = io.StringIO(), io.StringIO(), io.StringIO()
        for number in range(min(WORLD_STORES, stores - first)):
            key = first + number
            members.write(f"{key}\tstore\tstore {key}\n{key}\tall\tall\n{key}\tfranchisee\tF{key % FRANCHISEES}\n")
            for day in range(days):
                octets = (
                    "\\\\x0000" + np.ascontiguousarray(part[number, day]).tobytes().hex()
                    for part in (hours.open, hours.down, hours.unknown)
                )
                date = FIRST_DATE + timedelta(days=day)
                figures = (hours.end_hour[number, day], "f", hours.polls[number, day], hours.changes[number, day])
                rows.write("\t".join(map(str, (key, date, *figures, *octets))) + "\n")
                late, early = (int(part[number, day] * 3.6e9) for part in (hours.late, hours.early))
                is_final = "t" if day < days - 1 else "f"
                nothing = ("UTC", "{}", is_final, 0, 0, 0, 0, 0)
                openings.write("\t".join(map(str, (key, date, *nothing, late, early, 0))) + "\n")
        for kind, name, stores_of in ((group.kind, group.name, group.members) for group in groups):
            for number in stores_of:
                if kind != "all" and first + number < stores:
                    members.write(f"{first + number}\t{kind}\t{name}\n")
        for stream, columns in (
            (rows, HOURS),
            (openings, DAYS),
            (members, "history.store_group (store_key, kind, name)"),
        ):
            stream.seek(0)
            cursor.copy_expert(f"copy {columns} from stdin", stream)
    raw.commit()
    for statement in (SETTLED, STORES_OF_HISTORY, *WEEKLY_HOURS):
        cursor.execute(statement)
    cursor.execute("analyze")
    raw.commit()
    raw.close()


def measured(url: str) -> None:
    """Judges what is to be judged, and prints seconds, peak memory and counts: in a process of its own."""
    import store_uptime.insight.judging  # noqa: F401 (imports are not measured, as in bench/task.py)
    from store_uptime.insight.dates import judge_dates

    settings = Settings.from_environment({"STORE_UPTIME_DATABASE_URL": url})
    with connected(settings, "writer", "history") as engine:
        started, used = time.perf_counter(), time.process_time()
        counts = judge_dates(engine, NOW)
        seconds, cpu = time.perf_counter() - started, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{counts['dates']} dates, {counts['anomalies']} anomalies: {seconds:.2f} s ({cpu:.2f} of CPU), {peak} MB")


def forecast_measured(url: str, name: str) -> None:
    """Makes a forecast, and prints the same."""
    import store_uptime.insight.forecasting
    import store_uptime.insight.hours_to_come  # noqa: F401
    from store_uptime.insight.weeks import forecast

    settings = Settings.from_environment({"STORE_UPTIME_DATABASE_URL": url})
    with connected(settings, "writer", "history") as engine:
        started, used = time.perf_counter(), time.process_time()
        counts = forecast(engine, NOW)
        seconds, cpu = time.perf_counter() - started, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"forecast, {name}: {counts['weeks']} weeks scored, {counts['stores']} stores: "
        f"{seconds:.2f} s ({cpu:.2f} of CPU), {peak} MB",
        flush=True,
    )


def main() -> None:
    if sys.argv[1:2] == ["judge"]:
        measured(sys.argv[2])
        return
    if sys.argv[1:2] == ["forecast"]:
        forecast_measured(*sys.argv[2:])
        return
    stores = int(sys.argv[1]) if len(sys.argv) > 1 else STORES
    with (
        tempfile.TemporaryDirectory(prefix="store-uptime-bench-") as home,
        embedded_postgres.running(Path(home)) as url,
    ):
        settings = Settings.from_environment({"STORE_UPTIME_DATABASE_URL": url})
        migrate(settings)
        with connected(settings, "owner") as owner:
            prepare(owner, stores)
            # All dates were judged up to the night before, as on any night; then twenty are to be judged.
            for dates in (1, 1, 20):
                with owner.begin() as connection:
                    for statement in ("delete from history.judged_date", "delete from history.anomaly", JUDGED):
                        connection.execute(text(statement), {"dates": dates} if statement is JUDGED else {})
                subprocess.run([sys.executable, __file__, "judge", url], check=True)
            for name, statements in FORECASTS.items():
                with owner.begin() as connection:
                    for statement in ("delete from history.forecast_run", *statements):
                        connection.execute(text(statement))
                subprocess.run([sys.executable, __file__, "forecast", url, name], check=True)


if __name__ == "__main__":
    main()
