"""What maintenance lets go, on both sides of each edge, and that nothing else changes by it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from store_uptime.db.statements import statement
from store_uptime.errors import ReportError, SettingError
from store_uptime.ingest import acceptance, stage_files
from store_uptime.operations import maintenance
from store_uptime.quality.expectations import LOG, STORES
from store_uptime.quality.gx import Checker
from store_uptime.settings import Settings
from support import small
from support.pipeline import CLOCK, Published, compute, dump, run_report, start

HEADER = "store_id,status,timestamp_utc\n"
FEBRUARY = datetime(2023, 2, 1, tzinfo=UTC)
NEWEST = datetime(2023, 3, 20, tzinfo=UTC)
ENDS_IN_JANUARY = (NEWEST - FEBRUARY).days  # to keep exactly the months from February on


def scalar(engine: Engine, query: str, **binds: Any) -> Any:
    with engine.connect() as connection:
        return connection.execute(text(query), binds).scalar()


def execute(engine: Engine, command: str, **binds: Any) -> None:
    with engine.begin() as connection:
        connection.execute(text(command), binds)


def months(engine: Engine) -> list[str]:
    query = "select array_agg(inhrelid::regclass::text) from pg_inherits where inhparent = 'core.poll_day'::regclass"
    return sorted(scalar(engine, query))


def row(store: str, polled_at: datetime, *, is_active: bool) -> str:
    return f"{store},{'active' if is_active else 'inactive'},{polled_at:%Y-%m-%d %H:%M:%S.%f} UTC\n"


def random_polls(random: Random, begin: datetime, end: datetime, stores: int = 12) -> str:
    """Few polls for some stores and many for others, and now and then one at the very edge of the kept months."""
    rows = []
    for store in range(stores):
        for _ in range(random.choice([0, 1, 3, 40])):
            polled_at = begin + (end - begin) * random.random()
            rows.append(row(f"store {store}", polled_at, is_active=random.random() < 0.5))
        rows += [
            row(f"store {store}", edge, is_active=random.random() < 0.5)
            for edge in (FEBRUARY - timedelta(microseconds=1), FEBRUARY, NEWEST)
            if begin <= edge <= end and random.random() < 0.3
        ]
    random.shuffle(rows)
    return "".join(rows)


def load_polls(engine: Engine, folder: Path, content: str, **parameters: Any) -> UUID:
    """Loads and accepts a file; the report that brought it is not computed yet."""
    report_id = start(engine, **parameters)
    stage_files.ingest(
        engine, report_id, small.write(folder, store_status=HEADER + content, business_hours=None), CLOCK
    )
    acceptance.accept(engine, report_id, CLOCK)
    return report_id


QUARTER = "".join(
    [
        row("0042", datetime(2023, 1, 31, 23, 59, 59, 999_999, UTC), is_active=True),
        row("0042", datetime(2023, 1, 20, tzinfo=UTC), is_active=False),
        row("0042", FEBRUARY, is_active=False),
        row("early bird", datetime(2023, 1, 2, tzinfo=UTC), is_active=True),
        row("1", NEWEST, is_active=True),
    ]
)


@pytest.fixture
def quarter(engine: Engine, tmp_path: Path) -> Engine:
    """Polls from January to March."""
    load_polls(engine, tmp_path / "data", QUARTER)
    return engine


class TestMonths:
    def test_the_month_to_come_has_a_table(self, quarter: Engine, tmp_path: Path) -> None:
        assert maintenance.create_months(quarter, dry_run=True).names == ["core.poll_day_2023_04"]
        assert "core.poll_day_2023_04" not in months(quarter)
        assert maintenance.create_months(quarter, dry_run=False).counts == {"months": 1}
        assert "core.poll_day_2023_04" in months(quarter)
        assert maintenance.create_months(quarter, dry_run=False).names == []
        load_polls(quarter, tmp_path / "data", row("1", datetime(2023, 4, 1, tzinfo=UTC), is_active=False))
        assert scalar(quarter, "select count(*) from core.poll_day_2023_04") == 1

    def test_without_polls_there_is_nothing_to_come(self, engine: Engine) -> None:
        assert maintenance.create_months(engine, dry_run=False).counts == {"months": 0}

    def test_december_is_followed_by_january(self, engine: Engine, tmp_path: Path) -> None:
        load_polls(engine, tmp_path / "data", row("1", datetime(2023, 12, 31, tzinfo=UTC), is_active=True))
        assert maintenance.create_months(engine, dry_run=False).names == ["core.poll_day_2024_01"]


class TestPolls:
    def test_whole_months_go_and_each_store_keeps_its_last_poll(self, quarter: Engine) -> None:
        before = dump(quarter)
        would = maintenance.drop_polls(quarter, ENDS_IN_JANUARY, CLOCK, dry_run=True)
        assert would.counts == {"months": 1, "polls": 1}
        assert would.names == ["core.poll_day_2023_01", "core.poll_day_early: 2 of 3 polls before 2023-02-01 stay"]
        assert dump(quarter) == before
        assert maintenance.drop_polls(quarter, ENDS_IN_JANUARY, CLOCK, dry_run=False) == would
        assert months(quarter) == ["core.poll_day_2023_02", "core.poll_day_2023_03", "core.poll_day_early"]
        assert scalar(quarter, "select count(*) from core.poll") == 4
        stores = (
            "select array_agg(store_id order by store_id) from core.poll_day_early join core.store using (store_key)"
        )
        assert scalar(quarter, stores) == ["0042", "early bird"]
        after = dump(quarter)
        changed = {table for table in after if after[table] != before[table]}
        assert changed == {"core.poll_day", "core.poll_horizon"}

    def test_a_second_time_there_is_nothing_left_to_do(self, quarter: Engine) -> None:
        maintenance.drop_polls(quarter, ENDS_IN_JANUARY, CLOCK, dry_run=False)
        after = dump(quarter)
        again = maintenance.drop_polls(quarter, ENDS_IN_JANUARY, CLOCK, dry_run=False)
        assert (again.counts, again.names) == ({"months": 0, "polls": 0}, [])
        assert dump(quarter) == after

    @pytest.mark.parametrize("keep_days", [None, ENDS_IN_JANUARY + 1, 36_500])
    def test_a_month_that_reaches_into_the_kept_days_stays(self, quarter: Engine, keep_days: int | None) -> None:
        before = dump(quarter)
        assert maintenance.drop_polls(quarter, keep_days, CLOCK, dry_run=False).names == []
        assert dump(quarter) == before

    def test_polls_of_the_kept_days_stay_whatever_their_year(self, engine: Engine, tmp_path: Path) -> None:
        """Months before 2000 have no table of their own."""
        polls = [
            datetime(1999, 12, 20, tzinfo=UTC),
            datetime(1999, 12, 30, tzinfo=UTC),
            datetime(2000, 1, 2, tzinfo=UTC),
        ]
        load_polls(engine, tmp_path / "data", "".join(row("1", polled_at, is_active=True) for polled_at in polls))
        assert maintenance.drop_polls(engine, 400, CLOCK, dry_run=False).counts == {"months": 0, "polls": 0}
        assert scalar(engine, "select count(*) from core.poll") == 3

    def test_days_are_counted_from_the_newest_poll_not_from_the_clock(self, quarter: Engine) -> None:
        """CLOCK is eight years later: what has not been followed by anything is not old."""
        maintenance.drop_polls(quarter, 20, CLOCK, dry_run=False)
        assert months(quarter) == ["core.poll_day_2023_02", "core.poll_day_2023_03", "core.poll_day_early"]

    def test_none_go_that_a_load_waits_with(self, quarter: Engine) -> None:
        before = dump(quarter)
        with quarter.begin() as loading:
            loading.execute(statement("ingest/polls/lock_months"))
            with pytest.raises(OperationalError, match="lock timeout"):
                maintenance.drop_polls(quarter, ENDS_IN_JANUARY, CLOCK, dry_run=False, lock_seconds=1)
        assert dump(quarter) == before

    def test_the_writer_can_drop_no_table_by_itself(self, quarter: Engine) -> None:
        with pytest.raises(DBAPIError, match="must be owner"):
            execute(quarter, "drop table core.poll_day_2023_01")

    @pytest.mark.parametrize("seed", range(6))
    def test_reports_on_kept_weeks_are_the_same_from_polls_and_from_runs(
        self, engine: Engine, tmp_path: Path, seed: int
    ) -> None:
        """Files overlap and come late, reports are pinned between them, and each is computed again after the drop."""
        random = Random(seed)
        spans = [
            (datetime(2022, 12, 5, tzinfo=UTC), datetime(2023, 2, 6, tzinfo=UTC)),
            (datetime(2023, 1, 25, tzinfo=UTC), datetime(2023, 2, 12, tzinfo=UTC)),
            (datetime(2023, 1, 1, tzinfo=UTC), datetime(2023, 2, 3, tzinfo=UTC)),
            (datetime(2023, 2, 1, tzinfo=UTC), NEWEST),
        ]
        week = timedelta(days=7)
        asked = [(as_of, gap) for as_of in (FEBRUARY + week, FEBRUARY + 1.3 * week) for gap in (None, week / 2)]
        pinned = []
        for number, span in enumerate(spans):
            polls = random_polls(random, *span) + row("always", span[1], is_active=number % 2 == 0)
            load_polls(engine, tmp_path / str(number), polls)
            pinned += [
                (start(engine, as_of=as_of, max_gap=max_gap), tmp_path / str(number)) for as_of, max_gap in asked
            ]
            for report_id, data in pinned[-len(asked) :]:
                stage_files.ingest(engine, report_id, data, CLOCK)
                acceptance.accept(engine, report_id, CLOCK)
        reports = [compute(engine, report_id, tmp_path / "reports") for report_id, _ in pinned]
        found = maintenance.drop_polls(engine, ENDS_IN_JANUARY, CLOCK, dry_run=False)
        assert found.counts["polls"] > 0
        for report in reports:
            assert compute(engine, report.report_id, tmp_path / "reports") == report
        assert maintenance.drop_polls(engine, ENDS_IN_JANUARY, CLOCK, dry_run=False).counts["polls"] == 0

    def test_polls_that_come_for_months_that_went_count_for_what_follows(
        self, quarter: Engine, new_engine: Callable[[], AbstractContextManager[Engine]], tmp_path: Path
    ) -> None:
        """As if nothing had gone. The one that no report rests on goes when maintenance runs again."""
        late = row("early bird", datetime(2023, 1, 30, tzinfo=UTC), is_active=False)
        late += row("early bird", datetime(2023, 1, 1, tzinfo=UTC), is_active=False)
        late += row("late", datetime(2023, 1, 5, tzinfo=UTC), is_active=True)
        maintenance.drop_polls(quarter, ENDS_IN_JANUARY, CLOCK, dry_run=False)
        with new_engine() as whole:
            load_polls(whole, tmp_path / "data", QUARTER)
            for engine in (quarter, whole):
                load_polls(engine, tmp_path / "late", late)
            as_of = FEBRUARY + timedelta(days=7)
            reports = [
                run_report(engine, tmp_path / "late", tmp_path / "reports", as_of=as_of, max_gap=gap)
                for engine in (quarter, whole)
                for gap in (None, timedelta(days=5))
            ]
        assert reports[0].csv == reports[2].csv
        assert reports[1].csv == reports[3].csv
        assert maintenance.drop_polls(quarter, ENDS_IN_JANUARY, CLOCK, dry_run=False).counts == {
            "months": 0,
            "polls": 1,
        }
        again = compute(quarter, reports[0].report_id, tmp_path / "reports")
        assert again.csv == reports[0].csv

    def test_a_report_that_would_need_them_says_so(self, quarter: Engine, tmp_path: Path) -> None:
        data = small.write(tmp_path / "data", business_hours=None)
        as_of = FEBRUARY + timedelta(days=7) - timedelta(microseconds=1)
        maintenance.drop_polls(quarter, ENDS_IN_JANUARY, CLOCK, dry_run=False)
        from_runs = run_report(quarter, data, tmp_path / "reports", as_of=as_of)
        assert from_runs.figures["early bird"]["last_week"].up > 0
        with pytest.raises(ReportError, match="before 2023-02-01"):
            run_report(quarter, data, tmp_path / "reports", as_of=as_of, max_gap=timedelta(hours=5))

    def test_polls_of_a_file_that_is_not_accepted_yet_stay(self, quarter: Engine, tmp_path: Path) -> None:
        staged = start(quarter)
        polls = row("staged", datetime(2023, 1, 5, tzinfo=UTC), is_active=True)
        polls += row("staged", datetime(2023, 1, 6, tzinfo=UTC), is_active=False)
        stage_files.ingest(quarter, staged, small.write(tmp_path / "data", store_status=HEADER + polls), CLOCK)
        found = maintenance.drop_polls(quarter, ENDS_IN_JANUARY, CLOCK, dry_run=False)
        assert found.counts["polls"] == 1
        assert scalar(quarter, "select sum(polls) from core.poll_day_early") == 4
        acceptance.accept(quarter, staged, CLOCK)
        assert maintenance.drop_polls(quarter, ENDS_IN_JANUARY, CLOCK, dry_run=False).counts == {
            "months": 0,
            "polls": 1,
        }


HOURLY = [datetime(2023, 1, 24, tzinfo=UTC) + timedelta(hours=hour) for hour in range(30)]


def load_hourly(engine: Engine, folder: Path) -> list[Published]:
    """Thirty files of one hour each, in which now and then a store is missing or an earlier poll is corrected, and
    after each seventh of them reports that are pinned to it."""
    random, reports = Random(3), []
    for number, hour in enumerate(HOURLY):
        polls = "".join(
            row(f"store {store}", hour + timedelta(minutes=7 * store), is_active=random.random() < 0.5)
            for store in range(5)
            if random.random() < 0.8
        )
        for corrected in random.sample(range(number), min(number, 2)):
            polls += row("store 0", HOURLY[corrected], is_active=random.random() < 0.5)
        data = folder / f"hour {number}"
        load_polls(engine, data, polls + row("always", hour, is_active=number % 3 == 0))
        if number % 7 == 0:
            for gap in (None, timedelta(minutes=90)):
                as_of = max(hour - timedelta(minutes=random.randrange(90)), HOURLY[0])
                reports.append(run_report(engine, data, folder / "reports", as_of=as_of, max_gap=gap))
    return reports


LATE = "".join(
    [
        row("store 0", HOURLY[3], is_active=True),
        row("new", HOURLY[4], is_active=False),
        row("always", NEWEST, is_active=False),
    ]
)


def polls_of(engine: Engine) -> list[Any]:
    """All polls, in whatever rows they are."""
    query = "select array_agg(poll order by poll) from (select store_key, polled_at, file_id, is_active from core.poll)"
    return scalar(engine, query + " as poll")


class TestMergedPolls:
    @pytest.fixture
    def hourly(self, engine: Engine, tmp_path: Path) -> list[Published]:
        return load_hourly(engine, tmp_path)

    def test_days_that_are_over_are_a_row_for_each_store(
        self, engine: Engine, hourly: list[Published], tmp_path: Path
    ) -> None:
        """And every report is as it was, as are the polls."""
        before, tables = polls_of(engine), dump(engine)
        stores = scalar(engine, "select count(*) from core.store where polled_from is not null")
        would = maintenance.merge_polls(engine, dry_run=True)
        assert dump(engine) == tables
        assert maintenance.merge_polls(engine, dry_run=False) == would
        assert would.names == ["core.poll_day_2023_01"]
        assert polls_of(engine) == before
        rows = "select count(*) from core.poll_day where utc_day = :day"
        assert scalar(engine, rows, day="2023-01-24") == stores
        assert scalar(engine, rows, day="2023-01-25") > 2 * stores
        summaries = "select count(*) from core.poll_day where polls = cardinality(instants) and (first_polled_at,"
        summaries += " last_polled_at, longest_gap_us) = (instants[1], instants[polls], core.longest_gap_us(instants))"
        assert scalar(engine, summaries) == scalar(engine, "select count(*) from core.poll_day")
        for report in hourly:
            assert compute(engine, report.report_id, tmp_path / "reports") == report
        assert maintenance.merge_polls(engine, dry_run=False).counts == {"months": 0, "rows": 0}

    def test_files_that_come_later_are_merged_too(
        self, engine: Engine, hourly: list[Published], new_engine: Callable[[], Any], tmp_path: Path
    ) -> None:
        """Reports and what is left of dropped polls are as where nothing was ever merged."""
        maintenance.merge_polls(engine, dry_run=False)
        load_polls(engine, tmp_path / "late", LATE)
        assert maintenance.merge_polls(engine, dry_run=False).counts["months"] == 1
        of_day = "select max(of_day.rows) from (select count(*) as rows from core.poll_day group by store_key, utc_day)"
        assert scalar(engine, of_day + " as of_day") == 1
        for report in hourly:
            assert compute(engine, report.report_id, tmp_path / "reports") == report
        with new_engine() as unmerged:
            not_merged = load_hourly(unmerged, tmp_path / "unmerged")
            load_polls(unmerged, tmp_path / "unmerged" / "late", LATE)
            assert scalar(unmerged, of_day + " as of_day") > 1
            assert polls_of(engine) == polls_of(unmerged)
            for gap in (None, timedelta(days=9)):
                for side, reports in ((engine, hourly), (unmerged, not_merged)):
                    as_of = FEBRUARY + timedelta(days=7)
                    reports.append(run_report(side, tmp_path / "late", tmp_path / "r", as_of=as_of, max_gap=gap))
            shown = [[(report.csv, report.figures) for report in reports] for reports in (hourly, not_merged)]
            assert shown[0] == shown[1]
            for side in (engine, unmerged):
                maintenance.drop_polls(side, ENDS_IN_JANUARY, CLOCK, dry_run=False)
            assert polls_of(engine) == polls_of(unmerged)
        assert 0 < scalar(engine, "select sum(polls) from core.poll_day_early") < 30
        for report in hourly[-2:]:
            assert compute(engine, report.report_id, tmp_path / "r") == report

    def test_when_maintenance_ran_does_not_matter(
        self, engine: Engine, hourly: list[Published], new_engine: Callable[[], Any], tmp_path: Path
    ) -> None:
        assert hourly
        maintenance.merge_polls(engine, dry_run=False)
        with new_engine() as merged_once:
            load_hourly(merged_once, tmp_path / "once")
            for side in (engine, merged_once):
                load_polls(side, tmp_path / "late", LATE)
                maintenance.merge_polls(side, dry_run=False)
            assert dump(engine)["core.poll_day"] == dump(merged_once)["core.poll_day"]

    def test_a_file_that_was_accepted_after_the_pin_does_not_count(
        self, engine: Engine, settings: Settings, tmp_path: Path
    ) -> None:
        """Even if its polls are merged with those of others before the report's are checked."""
        begin = datetime(2023, 1, 24, tzinfo=UTC)
        as_of = begin + timedelta(hours=24)
        polls = "".join(row("a", begin + timedelta(hours=hour), is_active=True) for hour in (0, 1, 9, 10, 25))
        report_id = load_polls(engine, tmp_path / "data", polls, as_of=as_of)

        def found() -> list[tuple[str, str, list[str]]]:
            with Checker(engine, report_id, settings) as checker:
                log = checker.check(LOG, as_of=as_of, expected_at=CLOCK)
                stores = checker.check(STORES, as_of=as_of, day_start=begin, week_start=as_of - timedelta(days=7))
            results = [*log.expectation_results, *stores.expectation_results]
            return [(result.expectation, result.observed_value, result.examples) for result in results]

        before = found()
        assert "a: 8.0 hours" in str(before)
        hidden = "".join(row("a", begin + timedelta(hours=hour), is_active=True) for hour in range(2, 24))
        load_polls(engine, tmp_path / "hidden", hidden + row("a", begin + timedelta(hours=26), is_active=True))
        maintenance.merge_polls(engine, dry_run=False)
        assert scalar(engine, "select count(*) from core.poll_day where file_ids is not null") > 0
        assert found() == before

    def test_rows_of_a_file_that_is_not_accepted_stay(
        self, engine: Engine, hourly: list[Published], tmp_path: Path
    ) -> None:
        staged = start(engine)
        data = small.write(tmp_path / "data", store_status=HEADER + row("always", HOURLY[0], is_active=False))
        stage_files.ingest(engine, staged, data, CLOCK)
        maintenance.merge_polls(engine, dry_run=False)
        of_staged = "select count(*) from core.poll_day inner join core.file using (file_id) where state = 'staged'"
        assert scalar(engine, of_staged) == 1
        acceptance.accept(engine, staged, CLOCK)
        for report in hourly:
            assert compute(engine, report.report_id, tmp_path / "reports") == report

    def test_none_are_merged_that_a_load_waits_with(self, engine: Engine, hourly: list[Published]) -> None:
        assert hourly
        before = dump(engine)
        with engine.begin() as loading:
            loading.execute(statement("ingest/polls/lock_months"))
            with pytest.raises(OperationalError, match="lock timeout"):
                maintenance.merge_polls(engine, dry_run=False, lock_seconds=1)
        assert dump(engine) == before


KEEP_DAYS = 30
EDGE = CLOCK - timedelta(days=KEEP_DAYS)
INSTANT = timedelta(microseconds=1)


@pytest.fixture
def report_of(engine: Engine, tmp_path: Path) -> Callable[[datetime], Published]:
    """Makes a report that is as old as is said."""
    data = small.write(tmp_path / "data")

    def make(at: datetime) -> Published:
        published = run_report(engine, data, tmp_path / "reports", clock=at)
        execute(
            engine, "update report.report set published_at = :at where report_id = :id", at=at, id=published.report_id
        )
        return published

    return make


class TestReports:
    def test_old_ones_go_with_rows_and_file(self, engine: Engine, report_of: Any, tmp_path: Path) -> None:
        old, young = report_of(EDGE - INSTANT), report_of(EDGE)
        before = dump(engine)
        folder = tmp_path / "reports"
        would = maintenance.delete_reports(engine, folder, KEEP_DAYS, CLOCK, dry_run=True)
        assert would.counts == {"reports": 1, "files": 1}
        assert would.names == [f"report {old.report_id} of 2030-12-01 23:59", str(old.path)]
        assert dump(engine) == before
        assert old.path.exists()
        assert maintenance.delete_reports(engine, folder, KEEP_DAYS, CLOCK, dry_run=False) == would
        assert [path.name for path in folder.iterdir()] == [f"{young.report_id}.csv"]
        after = dump(engine)
        assert not any(str(old.report_id) in line for lines in after.values() for line in lines)
        assert {table for table in after if after[table] != before[table]} >= {"report.report", "report.store_uptime"}
        assert {
            table: [line for line in lines if str(old.report_id) not in line] for table, lines in before.items()
        } == after
        assert maintenance.delete_reports(engine, folder, KEEP_DAYS, CLOCK, dry_run=False).names == []

    def test_one_that_was_worked_on_lately_is_not_old(self, engine: Engine, report_of: Any, tmp_path: Path) -> None:
        again, failed = report_of(EDGE - INSTANT).report_id, report_of(EDGE - INSTANT).report_id
        execute(
            engine,
            "insert into report.task_run values (:id, 'ingest', 0, :at, :at, '{}')",
            id=again,
            at=EDGE,
        )
        execute(engine, "update report.report set failed_at = :at where report_id = :id", id=failed, at=EDGE)
        found = maintenance.delete_reports(engine, tmp_path / "reports", KEEP_DAYS, CLOCK, dry_run=False)
        assert found.counts == {"reports": 0, "files": 0}

    def test_a_copy_elsewhere_stays(self, engine: Engine, report_of: Any, tmp_path: Path) -> None:
        report = report_of(EDGE - INSTANT)
        found = maintenance.delete_reports(engine, tmp_path / "other", KEEP_DAYS, CLOCK, dry_run=False)
        assert found.counts == {"reports": 1, "files": 0}
        assert report.path.exists()

    def test_one_whose_file_is_gone_already_goes(self, engine: Engine, report_of: Any, tmp_path: Path) -> None:
        """As when maintenance was killed between the two."""
        report_of(EDGE - INSTANT).path.unlink()
        found = maintenance.delete_reports(engine, tmp_path / "reports", KEEP_DAYS, CLOCK, dry_run=False)
        assert found.counts == {"reports": 1, "files": 0}
        assert scalar(engine, "select count(*) from report.report") == 0

    def test_none_is_for_ever(self, engine: Engine, report_of: Any, tmp_path: Path) -> None:
        report_of(EDGE - timedelta(days=999))
        assert maintenance.delete_reports(engine, tmp_path / "reports", None, CLOCK, dry_run=False).names == []
        assert scalar(engine, "select count(*) from report.report") == 1


@pytest.fixture
def checked(engine: Engine, settings: Settings, tmp_path: Path) -> dict[str, UUID]:
    """Reports whose input was checked: two on one day, of which one is too old, and two on other days."""
    data = small.write(tmp_path / "data", store_status=small.STATUS + "0042,bad,bad\n")
    settings = replace(settings, max_unusable_percent=50)
    clocks = {
        "oldest": EDGE - timedelta(days=1),
        "old": EDGE - INSTANT,
        "at the edge": EDGE,
        "young": EDGE + timedelta(hours=1),
    }
    return {
        name: run_report(engine, data, tmp_path / "reports", settings=settings, clock=clock).report_id
        for name, clock in clocks.items()
    }


def links(home: Path) -> set[str]:
    """All that the lists of Data Docs lead to, each of which is there."""
    found = set()
    for page in [
        home / "quality" / "data_docs" / "index.html",
        *(home / "quality" / "data_docs" / "days").glob("*.html"),
    ]:
        for link in re.findall(r'href="([^"]+\.html)"', page.read_text()):
            target = (page.parent / link).resolve()
            assert target.exists(), f"{page} leads to {link}"
            found.add(target.stem)
    return found - {"index"}


def kept_quality(engine: Engine, home: Path) -> tuple[set[str], ...]:
    """The reports of which there are results: rows, JSON, pages, links."""
    rows = scalar(engine, "select coalesce(array_agg(distinct report_id::text), '{}') from quality.expectation_result")
    json = {path.stem for path in (home / "quality").glob("*.json")}
    pages = {path.stem for path in (home / "quality" / "data_docs" / "runs").iterdir()}
    return set(rows), json, pages, {link for link in links(home) if len(link) == 36}


class TestQuality:
    def test_old_results_go_everywhere(self, engine: Engine, checked: dict[str, UUID], tmp_path: Path) -> None:
        everything = {str(report) for report in checked.values()}
        assert kept_quality(engine, tmp_path) == (everything,) * 4
        rows, files = dump(engine), {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        would = maintenance.delete_quality(engine, tmp_path / "quality", KEEP_DAYS, CLOCK, dry_run=True)
        assert (would.counts["reports"], would.counts["files"]) == (2, 4)
        assert dump(engine) == rows
        assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == files
        done = maintenance.delete_quality(engine, tmp_path / "quality", KEEP_DAYS, CLOCK, dry_run=False)
        assert done.names == would.names
        kept = {str(checked["at the edge"]), str(checked["young"])}
        assert kept_quality(engine, tmp_path) == (kept,) * 4
        assert links(tmp_path) == kept | {"2030-12-02"}
        assert [path.stem for path in (tmp_path / "quality" / "data_docs" / "days").iterdir()] == ["2030-12-02"]
        assert scalar(engine, "select count(*) from report.report") == 4
        again = maintenance.delete_quality(engine, tmp_path / "quality", KEEP_DAYS, CLOCK, dry_run=False)
        assert (again.names, again.counts["lists_repaired"]) == ([], 0)

    def test_a_day_may_lose_some_of_its_runs(self, engine: Engine, checked: dict[str, UUID], tmp_path: Path) -> None:
        later = CLOCK + timedelta(minutes=30)
        maintenance.delete_quality(engine, tmp_path / "quality", KEEP_DAYS, later, dry_run=False)
        assert kept_quality(engine, tmp_path) == ({str(checked["young"])},) * 4

    def test_what_a_deleted_report_left_goes(self, engine: Engine, checked: dict[str, UUID], tmp_path: Path) -> None:
        """Its rows went with it; and as when maintenance was killed right after it had deleted rows."""
        execute(engine, "delete from report.report where report_id = :id", id=checked["young"])
        maintenance.delete_quality(engine, tmp_path / "quality", None, CLOCK, dry_run=False)
        kept = {str(checked[name]) for name in ("oldest", "old", "at the edge")}
        assert kept_quality(engine, tmp_path) == (kept,) * 4

    def test_quarantine_goes_when_no_report_shows_it(self, engine: Engine, tmp_path: Path) -> None:
        data = small.write(tmp_path / "data", store_status=small.STATUS + "0042,bad,bad\n")
        loaded = "update core.file set loaded_at = :at"
        run_report(engine, data, tmp_path / "reports")
        execute(engine, loaded, at=EDGE - INSTANT)

        def would() -> list[str]:
            return maintenance.delete_quality(engine, tmp_path / "quality", KEEP_DAYS, CLOCK, dry_run=True).names

        assert would() == []
        execute(engine, "delete from report.report")
        execute(engine, loaded, at=EDGE)
        assert would() == []
        execute(engine, loaded, at=EDGE - INSTANT)
        (name,) = would()
        assert re.fullmatch(r"quarantine of store_status.csv \(file \d\): 1 rows", name)
        assert scalar(engine, "select count(*) from quality.quarantined_row") == 1
        assert maintenance.delete_quality(engine, tmp_path / "quality", KEEP_DAYS, CLOCK, dry_run=False).names == [name]
        assert scalar(engine, "select count(*) from quality.quarantined_row") == 0
        assert would() == []


OTHER_HOURS = small.HOURS.replace("0042,2,00:00:00,23:59:00", "0042,2,10:00:00,11:00:00")


class TestSnapshots:
    def test_those_that_were_replaced_stay(self, engine: Engine, tmp_path: Path) -> None:
        """Even if no report is left that uses them: history does."""
        data, reports, long_after = tmp_path / "data", tmp_path / "reports", CLOCK + timedelta(days=10_000)
        first = run_report(engine, small.write(data), reports)
        run_report(engine, small.write(data, business_hours=OTHER_HOURS), reports)
        tables = ("core.snapshot", "core.business_hours", "core.store_timezone", "core.snapshot_store")
        before = {table: rows for table, rows in dump(engine).items() if table in tables}
        assert [len(before[table]) for table in tables] == [3, 6, 2, 6]

        maintenance.delete_reports(engine, reports, 1, long_after, dry_run=False)
        maintenance.delete_quality(engine, tmp_path / "quality", 1, long_after, dry_run=False)
        maintenance.drop_polls(engine, 1, long_after, dry_run=False)
        maintenance.delete_left_overs(engine, reports, tmp_path / "quality", long_after, dry_run=False)
        assert scalar(engine, "select count(*) from report.report") == 0
        assert {table: rows for table, rows in dump(engine).items() if table in tables} == before

        again = run_report(engine, small.write(data), reports)
        assert again.csv == first.csv
        assert again.figures == first.figures
        assert scalar(engine, "select count(*) from core.file") == 4


class TestLeftOvers:
    def test_unfinished_files_go_a_day_later(self, engine: Engine, tmp_path: Path) -> None:
        unfinished = [
            "reports/.11111111-1111-1111-1111-111111111111.22222222-2222-2222-2222-222222222222.partial",
            "quality/.a.json.0123456789abcdef0123456789abcdef",
            "quality/data_docs/.index.html.0123456789abcdef0123456789abcdef",
            "quality/data_docs/runs/.a.html.0123456789abcdef0123456789abcdef",
        ]
        others = [
            "reports/11111111-1111-1111-1111-111111111111.csv",
            "reports/.keep",
            "reports/x.partial",
            "quality/a.json",
        ]
        old, edge = (CLOCK - timedelta(days=1, seconds=1)).timestamp(), (CLOCK - timedelta(days=1)).timestamp()
        for name in unfinished + others:
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
            os.utime(file, (old, old))
        os.utime(tmp_path / unfinished[1], (edge, edge))
        arguments = (engine, tmp_path / "reports", tmp_path / "quality", CLOCK)
        would = maintenance.delete_left_overs(*arguments, dry_run=True)
        assert all((tmp_path / name).exists() for name in unfinished + others)
        assert maintenance.delete_left_overs(*arguments, dry_run=False) == would
        left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
        assert left == {*others, unfinished[1]}
        assert would.counts["files"] == 3
        assert maintenance.delete_left_overs(*arguments, dry_run=False).names == []

    def test_without_folders_there_is_nothing(self, engine: Engine, tmp_path: Path) -> None:
        found = maintenance.delete_left_overs(engine, tmp_path / "a", tmp_path / "b", CLOCK, dry_run=False)
        assert found.counts == {"files": 0, "inputs": 0, "staged_intervals": 0, "polled_stores": 0}

    def test_rows_beside_files_that_are_not_staged_go(self, engine: Engine, tmp_path: Path) -> None:
        staged = start(engine)
        stage_files.ingest(engine, staged, small.write(tmp_path / "data"), CLOCK)
        before = dump(engine)
        arguments = (engine, tmp_path, tmp_path, CLOCK)
        assert maintenance.delete_left_overs(*arguments, dry_run=False).counts["staged_intervals"] == 0
        assert dump(engine) == before
        execute(engine, "update core.file set state = 'rejected', rejected_because = 'x'")
        would = maintenance.delete_left_overs(*arguments, dry_run=True)
        assert would.counts == {"files": 0, "inputs": 0, "staged_intervals": 5, "polled_stores": 2}
        assert maintenance.delete_left_overs(*arguments, dry_run=False) == would
        assert (
            scalar(
                engine, "select (select count(*) from core.staged_interval) + (select count(*) from core.polled_store)"
            )
            == 0
        )


class TestLogs:
    """`logs/tasks`, as Airflow lays it out."""

    def write(self, file: Path, days_old: float) -> Path:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        at = (CLOCK - timedelta(days=days_old)).timestamp()
        os.utime(file, (at, at))
        return file

    def test_runs_go_when_their_newest_log_is_old(self, tmp_path: Path) -> None:
        run = "dag_id=store_uptime_report/run_id=scheduled__2023-01-01T02:00:00+00:00"
        old = self.write(tmp_path / run / "task_id=ingest/map_index=0/attempt=1.log", 40.1)
        self.write(tmp_path / run / "task_id=export/attempt=1.log", 40.1)
        young = self.write(tmp_path / "dag_id=store_uptime_report/run_id=1/task_id=export/attempt=1.log", 39.9)
        retried = [
            self.write(tmp_path / f"dag_id=x/run_id=1/task_id=clip/attempt={number}.log", days)
            for number, days in {1: 100, 2: 1}.items()
        ]
        foreign = self.write(tmp_path / "syslog", 1000)

        would = maintenance.delete_logs(str(tmp_path), 40, CLOCK, dry_run=True)
        assert would.counts == {"runs": 1, "files": 2}
        assert would.names == [str(tmp_path / run)]
        assert old.exists()
        assert maintenance.delete_logs(str(tmp_path), None, CLOCK, dry_run=False).counts == {"runs": 0, "files": 0}
        assert maintenance.delete_logs(str(tmp_path), 40, CLOCK, dry_run=False) == would
        assert not (tmp_path / run).exists()
        assert all(file.exists() for file in [young, *retried, foreign])

    def test_without_a_folder_there_is_nothing(self, tmp_path: Path) -> None:
        assert maintenance.delete_logs(str(tmp_path / "none"), 40, CLOCK, dry_run=False).names == []

    def test_those_in_a_bucket_are_the_buckets_to_delete(self) -> None:
        assert maintenance.delete_logs("s3://logs", 40, CLOCK, dry_run=False).counts == {"runs": 0, "files": 0}


def test_vacuum_is_the_owners(owner: Engine, engine: Engine) -> None:
    maintenance.vacuum(owner)
    query = "select count(*) from pg_stat_user_tables where schemaname = 'report' and last_vacuum is not null"
    assert scalar(engine, query) == 9


def test_vacuum_does_not_wait_for_who_has_a_table(owner: Engine, engine: Engine, settings: Settings) -> None:
    impatient = create_engine(settings.database_url, connect_args={"options": "-c lock_timeout=5000"})
    with owner.begin() as connection:
        connection.execute(text("lock table report.store in share row exclusive mode"))
        maintenance.vacuum(impatient)
    impatient.dispose()
    query = "select relname from pg_stat_user_tables where schemaname = 'report' and last_vacuum is null"
    assert scalar(engine, query) == "store"


@pytest.mark.parametrize(
    ("name", "value"),
    [("KEEP_POLLS_DAYS", "7"), ("KEEP_REPORTS_DAYS", "0"), ("KEEP_QUALITY_DAYS", "1.5"), ("KEEP_RUNS_DAYS", "forever")],
)
def test_a_setting_that_cannot_be_meant_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"STORE_UPTIME_{name} is '{value}'; expected a number of days"):
        Settings.from_environment({f"STORE_UPTIME_{name}": value})


def test_none_keeps_for_ever() -> None:
    settings = Settings.from_environment({"STORE_UPTIME_KEEP_POLLS_DAYS": "none", "STORE_UPTIME_KEEP_RUNS_DAYS": "1"})
    assert (settings.keep_polls_days, settings.keep_runs_days, settings.keep_reports_days) == (None, 1, 400)
