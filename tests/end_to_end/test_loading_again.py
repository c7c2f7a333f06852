"""The same files again, other files after them, files that stay away: what is known afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, text

from store_uptime.errors import InputFolderError, ReportError
from store_uptime.ingest import acceptance, stage_files
from support import small, worlds
from support.pipeline import CLOCK, compute, dump, figures, run_report, start

OTHER_HOURS = small.HOURS.replace("0042,2,00:00:00,23:59:00\n", "0042,2,10:00:00,11:00:00\nnew,0,00:00:00,01:00:00\n")
OTHER_ZONES = small.ZONES.replace("America/Denver", "Asia/Tokyo")
HOUR = 3_600_000_000


def scalar(engine: Engine, query: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(text(query)).scalar()


def loaded(engine: Engine) -> dict[str, list]:
    """The tables that files fill, whatever the files are called."""
    tables = dump(engine)
    del tables["core.folder_file"]
    return {table: rows for table, rows in tables.items() if table.startswith(("core.", "quality.quarantined"))}


def test_loading_twice_is_loading_once(engine: Engine, tmp_path: Path) -> None:
    folder = small.write(tmp_path / "data", store_status=small.STATUS + "bad,bad,bad\n")
    first = run_report(engine, folder, tmp_path / "reports")
    before = loaded(engine)
    again = run_report(engine, folder, tmp_path / "reports")
    assert loaded(engine) == before
    assert again.csv == first.csv
    assert again.figures == first.figures


def test_the_same_content_under_another_name_adds_nothing(engine: Engine, tmp_path: Path) -> None:
    run_report(engine, small.write(tmp_path / "data"), tmp_path / "reports")
    before = loaded(engine)
    for name in small.NAMES.values():
        (tmp_path / "data" / name).rename(
            tmp_path / "data" / name.replace("store_status", "store_status_copy").replace("business_", "")
        )
    (tmp_path / "data" / "store_status_twin.csv").write_text(small.STATUS)
    run_report(engine, tmp_path / "data", tmp_path / "reports")
    assert loaded(engine) == before


def test_a_run_that_is_repeated_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    """Every task of one report a second time, from the first on."""
    folder = small.write(tmp_path / "data")
    first = run_report(engine, folder, tmp_path / "reports", dag_run_id="scheduled__2023-01-26")
    before = loaded(engine)
    again = run_report(engine, folder, tmp_path / "reports", dag_run_id="scheduled__2023-01-26")
    assert again == first
    assert loaded(engine) == before
    assert scalar(engine, "select count(*) from report.report") == 1


@pytest.mark.parametrize("max_gap", [None, timedelta(hours=3)], ids=["", "max_gap"])
def test_a_run_that_is_repeated_after_more_polls_came_is_like_a_new_run(
    engine: Engine, tmp_path: Path, max_gap: timedelta | None
) -> None:
    """Its as-of moves, so nothing of the week before may be left over; across a clock change and with fewer stores."""
    zone, change = worlds.MOMENTS[0]
    plans = [(seed, 9, 4) for seed in range(50)]
    early = worlds.build((zone, change), change - timedelta(days=2), max_gap, "unknown", plans)
    early.polls = [row for row in early.polls if early.meaning.get(row, (early.as_of,))[0] <= early.as_of]
    folder = early.write(tmp_path / "data", Random(0))
    run_report(engine, folder, tmp_path / "reports", dag_run_id="again", max_gap=max_gap)

    late = worlds.build((zone, change), change + timedelta(days=3), max_gap, "unknown", plans[:40])
    late.write(folder, Random(1))
    again = run_report(engine, folder, tmp_path / "reports", dag_run_id="again", max_gap=max_gap, shards=3)
    new = run_report(engine, folder, tmp_path / "reports", max_gap=max_gap)
    assert again.csv == new.csv
    assert again.figures == new.figures


def test_snapshots_replace_one_another_and_may_come_back(engine: Engine, tmp_path: Path) -> None:
    def report(**contents: str):
        return run_report(engine, small.write(tmp_path / "data", **contents), tmp_path / "reports")

    first = report()
    second = report(business_hours=OTHER_HOURS)
    third = report()
    fourth = report(store_timezones=OTHER_ZONES)
    fifth = report()
    assert first.figures["0042"]["last_week"].open == 24 * HOUR
    assert second.figures["0042"]["last_week"].open == 1 * HOUR
    assert "new" in second.figures
    assert third.csv == first.csv
    assert third.figures == first.figures
    assert fourth.figures != first.figures
    assert fifth.figures == first.figures
    # History stays: earlier reports can be computed again, each from its own snapshots.
    for published in (second, fourth, first):
        assert compute(engine, published.report_id, tmp_path / "reports").figures == published.figures
    assert scalar(engine, "select count(*) from core.file") == 5
    used = (
        "select string_agg(name || file_id, ' ' order by created_at, dag_run_id)"
        " from report.report join report.used_snapshot using (report_id) join core.file using (file_id)"
        " where used_snapshot.kind = 'business_hours'"
    )
    assert len(set(scalar(engine, used).split())) == 2
    log = "select string_agg(kind || file_id, ' ' order by accepted_order) from core.snapshot"
    assert scalar(engine, log) == (
        "store_timezones1 business_hours2 business_hours4 business_hours2 store_timezones5 store_timezones1"
    )


def test_an_old_run_that_is_validated_again_brings_no_old_snapshot_back(engine: Engine, tmp_path: Path) -> None:
    """Whether it made its snapshot current or found it so; a later run that finds the old file again does bring it."""
    folder = small.write(tmp_path / "data")
    old = [run_report(engine, folder, tmp_path / "reports") for _ in range(2)]
    new = run_report(engine, small.write(folder, business_hours=OTHER_HOURS), tmp_path / "reports")
    for published in old:
        assert acceptance.accept(engine, published.report_id, CLOCK)["files_accepted"] == 0
        assert compute(engine, published.report_id, tmp_path / "reports").csv == new.csv
    small.write(folder, business_hours=None)
    assert run_report(engine, folder, tmp_path / "reports").csv == new.csv
    back = run_report(engine, small.write(folder), tmp_path / "reports")
    assert back.csv == old[0].csv != new.csv
    assert acceptance.accept(engine, new.report_id, CLOCK)["files_accepted"] == 0
    assert run_report(engine, folder, tmp_path / "reports").csv == back.csv


def test_a_status_file_that_comes_back_adds_nothing(engine: Engine, tmp_path: Path) -> None:
    """Its corrections were corrected since; the log is not a snapshot."""
    wrong = "store_id,status,timestamp_utc\n0042,inactive,2023-01-25 18:13:22.47922 UTC\n"
    right = small.STATUS
    run_report(engine, small.write(tmp_path / "data", store_status=wrong), tmp_path / "reports")
    corrected = run_report(engine, small.write(tmp_path / "data", store_status=right), tmp_path / "reports")
    again = run_report(engine, small.write(tmp_path / "data", store_status=wrong), tmp_path / "reports")
    assert again.csv == corrected.csv
    assert again.figures == corrected.figures


def test_missing_snapshots_leave_the_loaded_ones(engine: Engine, tmp_path: Path) -> None:
    first = run_report(engine, small.write(tmp_path / "data"), tmp_path / "reports")
    alone = small.write(tmp_path / "data", business_hours=None, store_timezones=None)
    assert run_report(engine, alone, tmp_path / "reports").csv == first.csv
    empty = small.write(tmp_path / "data", store_status=None, business_hours=None, store_timezones=None)
    assert run_report(engine, empty, tmp_path / "reports").csv == first.csv


def test_without_any_snapshot_stores_are_open_all_the_time(engine: Engine, tmp_path: Path) -> None:
    folder = small.write(tmp_path / "data", business_hours=None, store_timezones=None)
    published = run_report(engine, folder, tmp_path / "reports")
    assert set(published.figures) == {"1481966498820158979", "0042"}
    assert {store["last_week"].open for store in published.figures.values()} == {168 * HOUR}
    assert (
        scalar(engine, "select min(timezone) || ' ' || max(timezone) from report.store")
        == "America/Chicago America/Chicago"
    )


def test_without_polls_there_is_nothing_to_report(engine: Engine, tmp_path: Path) -> None:
    folder = small.write(tmp_path / "data", store_status=None)
    report_id = start(engine)
    with pytest.raises(InputFolderError, match="status"):
        stage_files.ingest(engine, report_id, folder, CLOCK)


def test_a_report_sees_no_file_that_is_only_staged(engine: Engine, tmp_path: Path) -> None:
    """Another run has loaded more, and not accepted it yet."""
    first = run_report(engine, small.write(tmp_path / "data"), tmp_path / "reports", max_gap=timedelta(hours=5))
    more = small.STATUS + "0042,inactive,2023-01-25 17:30:00 UTC\nnewcomer,active,2023-01-25 19:00:00 UTC\n"
    other = small.write(tmp_path / "other", store_status=more, business_hours=OTHER_HOURS, store_timezones=OTHER_ZONES)
    other_report = start(engine)
    stage_files.ingest(engine, other_report, other, CLOCK)

    for max_gap in (None, timedelta(hours=5)):
        second = run_report(engine, small.write(tmp_path / "data"), tmp_path / "reports", max_gap=max_gap)
        assert second.figures.keys() == first.figures.keys()
        assert max_gap is None or second.csv == first.csv
    acceptance.accept(engine, other_report, CLOCK)
    assert "newcomer" in compute(engine, other_report, tmp_path / "reports").figures
    assert compute(engine, first.report_id, tmp_path / "reports").csv == first.csv


def test_a_store_is_listed_as_long_as_a_current_file_names_it(engine: Engine, tmp_path: Path) -> None:
    run_report(engine, small.write(tmp_path / "data", business_hours=OTHER_HOURS), tmp_path / "reports")
    published = run_report(engine, small.write(tmp_path / "data"), tmp_path / "reports")
    assert set(published.figures) == {"1481966498820158979", "0042", "9007199254740993"}


def test_the_last_usable_zone_of_a_store_counts(engine: Engine, tmp_path: Path) -> None:
    zones = "store_id,timezone_str\n0042,Asia/Tokyo\n0042,Europe/Berlin\n0042,Mars/Olympus\n"
    run_report(engine, small.write(tmp_path / "data", store_timezones=zones), tmp_path / "reports")
    assert scalar(engine, "select timezone from report.store where store_id = '0042'") == "Europe/Berlin"


def test_stores_that_nobody_knows_are_named(engine: Engine, tmp_path: Path) -> None:
    folder = small.write(tmp_path / "data")
    with pytest.raises(ReportError, match="42"):
        run_report(engine, folder, tmp_path / "reports", store_ids=["0042", "42"])


def test_an_as_of_before_all_polls_of_a_store_knows_no_status_of_it(engine: Engine, tmp_path: Path) -> None:
    folder = small.write(tmp_path / "data", business_hours=None)
    as_of = datetime(2023, 1, 22, 13, tzinfo=UTC)
    for no_data, figures_of_week in (("unknown", (0, 168 * HOUR)), ("down", (168 * HOUR, 0))):
        published = run_report(engine, folder, tmp_path / "reports", as_of=as_of, no_data=no_data)
        week = published.figures["0042"]["last_week"]
        assert (week.down, week.unknown) == figures_of_week


def test_an_as_of_before_all_polls_is_refused(engine: Engine, tmp_path: Path) -> None:
    folder = small.write(tmp_path / "data", business_hours=None)
    with pytest.raises(ReportError, match=r"before every poll; the first one is of 2023-01-22 12:09:39 UTC"):
        run_report(engine, folder, tmp_path / "reports", as_of=CLOCK - timedelta(days=10_000))


def test_tables_hold_what_the_files_said(engine: Engine, tmp_path: Path) -> None:
    """`core` as such, not only what reports make of it."""
    status = small.STATUS + "0042,inactive,2023-01-25 17:00:00.000 UTC\n0042,bad,2023-01-25 17:00:00 UTC\n"
    run_report(engine, small.write(tmp_path / "data", store_status=status), tmp_path / "reports")
    with engine.connect() as connection:
        files = connection.execute(
            text(
                "select name, kind, state, rows_read, rows_quarantined, rows_replaced, store_count"
                " from core.file order by name"
            )
        ).all()
        polls = connection.execute(
            text(
                "select store_id, polled_at::text, is_active"
                " from core.poll join core.store using (store_key) order by 1, 2"
            )
        ).all()
    assert [tuple(file) for file in files] == [
        ("business_hours.csv", "business_hours", "accepted", 3, 0, 0, 2),
        ("store_status.csv", "store_status", "accepted", 7, 1, 1, 2),
        ("store_timezones.csv", "store_timezones", "accepted", 2, 0, 0, 2),
    ]
    assert [tuple(poll) for poll in polls] == [
        ("0042", "2023-01-25 17:00:00+00", False),
        ("0042", "2023-01-25 18:13:22.47922+00", True),
        ("1481966498820158979", "2023-01-22 12:09:39.388884+00", True),
        ("1481966498820158979", "2023-01-23 12:09:39+00", False),
        ("1481966498820158979", "2023-01-24 09:07:26.44+00", True),
    ]


def test_figures_are_read_back_as_written(engine: Engine, tmp_path: Path) -> None:
    published = run_report(engine, small.write(tmp_path / "data"), tmp_path / "reports")
    assert figures(engine, published.report_id) == published.figures
    assert (
        scalar(engine, "select count(*) from report.report where csv_sha256 is not null and published_at is not null")
        == 1
    )


def test_what_is_accepted_is_planned_by_what_is_there(engine: Engine, owner: Engine, tmp_path: Path) -> None:
    """The tables of what is staged are empty between two loads, and were known as such: each run looked at all."""
    folder = small.write(tmp_path / "data")
    run_report(engine, folder, tmp_path / "reports")
    (folder / "store_status_more.csv").write_text(small.STATUS.replace("2023-01-2", "2023-01-3"))
    run_report(engine, folder, tmp_path / "reports")
    known = "select count(distinct tablename) from pg_stats where tablename in ('polled_store', 'staged_interval')"
    assert scalar(owner, known) == 2
