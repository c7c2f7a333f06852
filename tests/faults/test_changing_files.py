"""An input file that is replaced, or that grows, while it is read: all of it counts or none, and never a mixture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from faults.breakable import assert_nothing_is_left
from faults.task_process import TaskProcess
from store_uptime.ingest import acceptance
from store_uptime.settings import Settings
from support import small
from support.pipeline import CLOCK, compute, is_waiting, run_report, start

HEADER = "store_id,status,timestamp_utc\n"
BAD_ROW = "a,broken,2023-01-22 00:00:00 UTC\n"
# Blocks enough to fill all there is between the reader and a COPY that waits.
TIMES, INSTANTS = 20_000, 60


def grow(path: Path) -> None:
    with path.open("a") as file:
        file.write("b,inactive,2023-01-25 00:00:00 UTC\n" * 10)


def shorten(path: Path) -> None:
    with path.open("r+") as file:
        file.truncate(len(small.STATUS) // 2)


def rewrite(path: Path) -> None:
    path.write_text(path.read_text().replace("inactive", "active"))


@pytest.fixture
def changed(
    process: TaskProcess, engine: Engine, owner: Engine, settings: Settings, tmp_path: Path
) -> Callable[[str, Callable[[Path], None]], tuple[object, str | None]]:
    """Called with a table and a change, it makes the change while ingest waits for the table; how that ended."""

    def run(table: str, change: Callable[[Path], None]) -> tuple[object, str | None]:
        report_id = start(engine)
        with owner.begin() as blocker:
            blocker.exec_driver_sql(f"lock table {table} in exclusive mode")
            process.start("ingest", settings.database_url, report_id, tmp_path / "data")
            assert is_waiting(owner, process)
            change(tmp_path / "data" / "store_status.csv")
        return report_id, process.end()["error"]

    return run


@pytest.mark.parametrize("change", [grow, shorten, rewrite])
def test_changed_between_the_first_look_and_the_reading(
    changed: Callable, engine: Engine, owner: Engine, new_engine: Callable, tmp_path: Path, change: Callable
) -> None:
    folder = small.write(tmp_path / "data")
    _, error = changed("core.file", change)
    assert "store_status.csv: changed while it was read" in error or "store_status.csv" in error
    assert_is_as_new(engine, owner, new_engine, folder, tmp_path)


@pytest.mark.parametrize("change", [grow, shorten])
def test_changed_in_the_middle_of_the_reading(
    changed: Callable, engine: Engine, owner: Engine, new_engine: Callable, tmp_path: Path, change: Callable
) -> None:
    folder = write_long(tmp_path / "data")
    _, error = changed("quality.quarantined_row", change)
    assert "store_status.csv: changed while it was read; expected a file that is complete when it appears" in error
    assert_is_as_new(engine, owner, new_engine, folder, tmp_path)


def test_replaced_in_the_middle_of_the_reading(
    changed: Callable, engine: Engine, owner: Engine, new_engine: Callable, tmp_path: Path
) -> None:
    """Whoever puts a new file in the place of the old one lets the reader finish the old one; the next run has both."""
    folder = write_long(tmp_path / "data")

    def replace(path: Path) -> None:
        small.write(tmp_path / "new")
        (tmp_path / "new" / "store_status.csv").replace(path)

    report_id, error = changed("quality.quarantined_row", replace)
    assert error == ""
    acceptance.accept(engine, report_id, CLOCK)
    published = compute(engine, report_id, tmp_path / "reports")
    assert set(published.figures) == {"a", "0042", "1481966498820158979", "9007199254740993"}
    assert polls(engine) == INSTANTS
    run_report(engine, folder, tmp_path / "reports")
    assert polls(engine) == INSTANTS + 5
    assert_nothing_is_left(owner, tmp_path / "reports")


def write_long(folder: Path) -> Path:
    """A file of many blocks, with a row for the quarantine in the first."""
    rows = "".join(f"a,active,2023-01-10 00:00:{second:02}.000000 UTC\n" for second in range(INSTANTS))
    return small.write(folder, store_status=HEADER + BAD_ROW + rows * TIMES)


def polls(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(text("select count(distinct (store_key, polled_at)) from core.poll")).scalar()


def assert_is_as_new(engine: Engine, owner: Engine, new_engine: Callable, folder: Path, tmp_path: Path) -> None:
    """Nothing was loaded, and the next run gives what an empty database would give."""
    assert_nothing_is_left(owner, tmp_path / "reports")
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from core.file")).scalar() == 0
    with new_engine() as empty:
        expected = run_report(empty, folder, tmp_path / "expected")
    assert run_report(engine, folder, tmp_path / "reports").csv == expected.csv
    assert_nothing_is_left(owner, tmp_path / "reports")
