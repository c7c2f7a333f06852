"""`make backup` and `make restore`: what comes back, and what is refused."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import Engine, text

from commands.backup import back_up, tool
from conftest import execute, settings_for
from store_uptime.db import embedded_postgres
from store_uptime.db.engine import connected
from store_uptime.db.statements import statement
from store_uptime.delivery import outbox
from store_uptime.errors import StoreUptimeError
from store_uptime.history import days
from store_uptime.history.now import find_now
from store_uptime.history.questions import Choice, reading
from store_uptime.ingest import acceptance, stage_files
from store_uptime.settings import SAMPLE, Settings
from support import citus_extension
from support.history_rows import empty_tables, settled
from support.pipeline import CLOCK, dump, run_report, start
from support.programs import run_command

AS_OF = "2023-01-25T18:13:22Z"
SETTLED_AS_OF = datetime(2023, 1, 25, 18, 13, 22, tzinfo=UTC)
MAX_GAP = timedelta(hours=3)
# The tables of history that readers see, and those that have rows only until a settlement is published.
OF_READERS = {
    f"history.{name}"
    for name in (
        *("settlement", "finished_shard", "store", "day", "outage", "outage_day", "restatement", "target_change"),
        *("store_group", "store_month", "store_target", "store_now", "day_hours", "judged_date", "anomaly"),
        *("scored_week", "forecast_score", "forecast_run", "forecast"),
    )
}
OF_A_SETTLEMENT = {
    f"history.{name}"
    for name in (
        *("file_period", "change", "clock_segment", "clock_date", "clock_piece", "clock_planned"),
        *("new_store", "new_change", "new_special", "new_planned", "new_day", "new_outage", "new_outage_day"),
        *("new_status", "new_opening", "new_day_hours"),
    )
}
ANSWERS = {
    "availability": {"FROM": "2023-01-16", "UNTIL": "2023-01-31", "PERIOD": "day"},
    "outages": {"FROM": "2023-01-01", "UNTIL": "2023-01-31"},
    "now": {},
}
# The sample is too short for anything to be unusual, and for a forecast.
JUDGED = (
    "insert into history.judged_date values ('2023-01-24', 1, '2023-01-25T18:13:22Z', 99)",
    """
    insert into history.anomaly (
        local_date, anomaly_no, kind, group_kind, group_name, observed, expected, score, days, is_weekly,
        observed_of_days, expected_of_days, stores, of_stores
    )
    values ('2023-01-24', 0, 'common_cause', 'all', 'all', 9, 0.5, 0.01, 1, false, 9, 0.5, 8, 10)
    """,
    "insert into history.scored_week values ('2023-01-16', 1, '2023-01-25T18:13:22Z', '{0,1}')",
    """
    insert into history.forecast_score
    select store_key, date '2023-01-16', '{1,1,1,1,1,1,1}', '{0,0,0,0,0,0,0}', '{1,1,1,1,1,1,1}', '{1,1,1,1,1,1,1}',
        '{0,0,0,0,0,0,0}'
    from core.store
    """,
    "insert into history.forecast select store_key, '{465000}', '{240}', '{0.25}', 0.1, 1.5 from core.store",
)
LATE_POLL = "store_id,status,timestamp_utc\n0042,inactive,2023-01-17 20:30:00 UTC\n"
OTHER_TARGETS = "store_id,target_percent\n*,96\n"


def run(home: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a command as make does."""
    return run_command(home, *command, **{"STORE_UPTIME_DATA": str(SAMPLE)} | variables)


def restore(home: Path, source: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return run(home, "commands.backup", "restore", FROM=str(source), **variables)


def refusal(finished: subprocess.CompletedProcess[str]) -> str:
    """The one line that says why not."""
    assert (finished.returncode, finished.stdout) == (1, "")
    (line,) = finished.stderr.splitlines()
    return line.removeprefix("store-uptime: ")


def made(finished: subprocess.CompletedProcess[str]) -> Path:
    """The path that the command printed."""
    assert finished.returncode == 0, finished.stderr
    return Path(finished.stdout.splitlines()[-1])


def rows(url: str, query: str) -> list[tuple]:
    with closing(psycopg2.connect(url.replace("+psycopg2", ""))) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


@contextmanager
def database_of(home: Path) -> Iterator[Engine]:
    """The database of a home, whose server runs until the block ends."""
    with embedded_postgres.running(home) as url, connected(settings_for(home, url), "owner") as engine:
        yield engine


@dataclass(frozen=True)
class History:
    """What a home has of days and outages: all rows by table, and the files that commands write."""

    rows: dict[str, list]
    answers: dict[str, str]


def history_of(home: Path, out: Path) -> History:
    with database_of(home) as engine:
        files = {
            name: made(run(home, f"commands.{name}", OUT=str(out), **asked)).read_text()
            for name, asked in ANSWERS.items()
        }
        return History({table: rows for table, rows in dump(engine).items() if table.startswith("history.")}, files)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home of a user")


@pytest.fixture(scope="module")
def report(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report, whose days a late poll has restated since; targets have changed, too.

    Then a date was judged, and a settlement that counts polls for longer was ended before it was published.
    """
    path = made(run(home, "commands.report", AS_OF=AS_OF))
    late = tmp_path_factory.mktemp("late")
    (late / "store_status.csv").write_text(LATE_POLL)
    (late / "targets.csv").write_text(OTHER_TARGETS)
    with database_of(home) as engine:
        unpublished = start(engine)
        stage_files.ingest(engine, unpublished, late, CLOCK)
        acceptance.accept(engine, unpublished, CLOCK)
        days.settle_all(engine, CLOCK, MAX_GAP, with_hours=True)
        with engine.begin() as connection:
            for statement in JUDGED:
                connection.exec_driver_sql(statement)
        unfinished = days.begin(engine, CLOCK, 2 * MAX_GAP, with_hours=True)
        assert unfinished is not None
        days.settle(engine, unfinished, 0)
    return path


@pytest.fixture(scope="module")
def backup(home: Path, report: Path) -> Path:
    # What is being written has no name yet, and is not part of a backup.
    (home / "quality" / ".unfinished.json").touch()
    return made(run(home, "commands.backup", "backup"))


@pytest.fixture(scope="module")
def restored(backup: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, History]:
    """Another home, into which the backup was restored, and the days and outages that it had then."""
    other = tmp_path_factory.mktemp("restored") / "other"
    finished = restore(other, backup)
    assert finished.returncode == 0, finished.stderr
    return other, history_of(other, tmp_path_factory.mktemp("answers"))


def test_days_and_outages_come_back(home: Path, restored: tuple[Path, History], tmp_path: Path) -> None:
    expected, found = history_of(home, tmp_path), restored[1]
    assert {table for table, rows in expected.rows.items() if rows} == OF_READERS | OF_A_SETTLEMENT
    assert found.rows == expected.rows
    assert found.answers == expected.answers
    assert all(answer.count("\n") > 50 for answer in found.answers.values())


def test_what_was_not_sent_yet_waits_until_somebody_says_go(
    home: Path, backup: Path, restored: tuple[Path, History]
) -> None:
    paused = "select is_paused, reason from delivery.outbox"
    with embedded_postgres.running(home) as url:
        assert rows(url, paused) == [(False, None)]
    with embedded_postgres.running(restored[0]) as url:
        ((is_paused, reason),) = rows(url, paused)
        assert is_paused
        assert reason.startswith("restored from the backup of 20")
        with connected(settings_for(restored[0], url)) as engine:
            assert outbox.is_held(engine)


def test_what_was_backed_up_comes_back_and_goes_on(
    home: Path, report: Path, restored: tuple[Path, History], tmp_path: Path
) -> None:
    other = restored[0]
    back = other / "reports" / report.name
    assert back.read_bytes() == report.read_bytes()
    names = {str(path.relative_to(home)) for path in (home / "quality").rglob("*") if not path.name.startswith(".")}
    assert {str(path.relative_to(other)) for path in (other / "quality").rglob("*")} == names
    assert (other / "airflow" / "secrets.json").read_bytes() == (home / "airflow" / "secrets.json").read_bytes()

    again = made(run(other, "commands.report", AS_OF=AS_OF))
    assert again.name != report.name
    assert again.read_bytes() == report.read_bytes()
    with embedded_postgres.running(other) as url:
        published = "select csv_path from report.report where published_at is not null order by created_at"
        assert rows(url, published) == [(str(back),), (str(again),)]
        # Airflow knows both runs, and the files were not loaded again.
        assert rows(url, "select count(*) from report.report join public.dag_run on dag_run_id = run_id") == [(2,)]
        assert rows(url, "select count(*) from core.file") == [(9,)]
        with connected(settings_for(other, url), "owner") as engine:
            settle_one_more_day(engine, tmp_path)


def settle_one_more_day(engine: Engine, folder: Path) -> None:
    """A day's polls of two stores add days, change none that was over, and settle what a first settlement would."""
    last = [SETTLED_AS_OF + timedelta(hours=number) for number in range(1, 25)]
    polls = [f"{store},{'active' if at.hour % 3 else 'inactive'},{at}\n" for store in ("0042", "new") for at in last]
    data = folder / "one more day"
    data.mkdir()
    (data / "store_status.csv").write_text("".join(["store_id,status,timestamp_utc\n", *polls]))
    before, _ = settled(engine)
    run_report(engine, data, folder)
    counts = days.settle_all(engine, CLOCK, MAX_GAP)
    assert counts is not None
    assert counts["as_of"] == last[-1].isoformat()
    assert counts["restatements"] == 0
    after, _ = settled(engine)
    over = {(day.store_id, day.local_date): day for day in before if day.is_final}
    assert {key: day for day in after if (key := (day.store_id, day.local_date)) in over} == over
    assert {day.store_id for day in after} - {day.store_id for day in before} == {"new"}

    continued = settled(engine), now_of(engine)
    empty_tables(engine, "history")
    days.settle_all(engine, CLOCK, MAX_GAP)
    assert (settled(engine), now_of(engine)) == continued


def now_of(engine: Engine) -> list:
    """What every store is now."""
    with reading(engine) as connection:
        return find_now(connection, Choice()).rows


def test_a_backup_waits_for_a_settlement_that_empties_its_tables(settings: Settings, owner: Engine) -> None:
    """A dump sees a table that was emptied after its snapshot as empty, but not what was published at the same time."""
    waiting = text("select count(*) from pg_locks where locktype = 'advisory' and not granted and mode = 'ShareLock'")
    with ThreadPoolExecutor() as executor:
        with owner.begin() as connection:
            connection.execute(statement("history/settlement/lock"))
            backing_up = executor.submit(back_up, settings, print)
            while not connection.scalar(waiting):
                assert not backing_up.done()
                time.sleep(0.01)
        assert Path(backing_up.result()).exists()


def test_a_backup_is_its_owner_s_alone_and_tells_nothing_unfinished(backup: Path) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert [path.name for path in backup.parent.iterdir()] == [backup.name]
    with tarfile.open(backup) as tar:
        names = tar.getnames()
    assert (names[0], names[-1]) == ("database.dump", "manifest.json")
    assert not any(".unfinished" in name for name in names)


def test_a_home_that_is_not_empty_is_refused(home: Path, backup: Path) -> None:
    assert refusal(restore(home, backup)).endswith("already exists: restore into an empty STORE_UPTIME_HOME.")


def test_a_database_that_is_not_empty_is_refused(
    backup: Path, tmp_path: Path, new_database: Callable[[], AbstractContextManager[str]]
) -> None:
    with new_database() as url:
        line = refusal(restore(tmp_path / "other", backup, STORE_UPTIME_DATABASE_URL=url))
    assert line.startswith("The database is not empty: it has core.")
    assert {path.name for path in (tmp_path / "other").iterdir()} == {"logs"}


@pytest.mark.parametrize("damage", ["cut", "flipped", "no archive", "absent"])
def test_a_damaged_backup_is_refused_before_anything_starts(backup: Path, tmp_path: Path, damage: str) -> None:
    source = tmp_path / "backup.tar"
    shutil.copy(backup, source)
    if damage == "cut":
        with tarfile.open(source) as tar:
            (last,) = (member for member in tar if member.name == "manifest.json")
        os.truncate(source, last.offset)
    elif damage == "flipped":
        content = bytearray(source.read_bytes())
        content[5000] ^= 1  # in the dump, which comes first
        source.write_bytes(content)
    elif damage == "no archive":
        source.write_text("store_id,status\n" * 100)
    else:
        source.unlink()
    line = refusal(restore(tmp_path / "other", source))
    assert str(source) in line
    assert {path.name for path in (tmp_path / "other").iterdir()} == {"logs"}


def test_what_is_not_said_or_not_there_is_named(tmp_path: Path) -> None:
    assert refusal(run(tmp_path, "commands.backup", "restore")) == "FROM is not set; expected the path of a backup."
    assert refusal(run(tmp_path, "commands.backup", "backup")).startswith("There is nothing to back up")


def test_programs_are_as_new_as_the_server() -> None:
    said = subprocess.run(
        [tool("pg_dump", embedded_postgres.MAJOR_VERSION), "--version"], capture_output=True, text=True
    )
    assert f" {embedded_postgres.MAJOR_VERSION}." in said.stdout
    with pytest.raises(StoreUptimeError, match="Expected pg_dump of PostgreSQL 99 or newer"):
        tool("pg_dump", 99)


def test_a_backup_of_a_cluster_comes_back_to_one_server(database_url: str, tmp_path: Path) -> None:
    citus_extension.create(database_url)
    cluster, single = tmp_path / "cluster", tmp_path / "single"
    report = made(run(cluster, "commands.report", AS_OF=AS_OF, STORE_UPTIME_DATABASE_URL=database_url))
    backup = made(run(cluster, "commands.backup", "backup", STORE_UPTIME_DATABASE_URL=database_url))
    assert restore(single, backup).returncode == 0
    assert (single / "reports" / report.name).read_bytes() == report.read_bytes()


def test_a_database_with_nothing_but_an_extension_is_empty(
    server: Callable[[str], str], backup: Path, tmp_path: Path
) -> None:
    url = server("with_extension")
    execute(server("postgres"), "create database with_extension")
    citus_extension.create(url)
    finished = restore(tmp_path, backup, STORE_UPTIME_DATABASE_URL=url)
    execute(server("postgres"), "drop database with_extension with (force)")
    assert finished.returncode == 0, finished.stderr
