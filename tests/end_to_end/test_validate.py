"""`validate` on files that were really loaded: what it finds, what it stops, and what it leaves behind."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, make_url, text

from store_uptime.db.statements import statement
from store_uptime.errors import ExpectationFailedError, ReportError
from store_uptime.ingest import stage_files
from store_uptime.quality import data_docs, validate
from store_uptime.settings import Settings
from support import small
from support.pipeline import start

AS_OF = datetime(2023, 1, 25, 18, 13, 22, 479220, tzinfo=UTC)  # the newest poll of the small files
CLOCK = AS_OF + timedelta(hours=1)
STATUS = "store_id,status,timestamp_utc\n"
ZONES = small.ZONES + "0042,America/Denver\n"


@pytest.fixture
def check(engine: Engine, settings: Settings, tmp_path: Path) -> Callable[..., UUID]:
    """Loads the small files, some of them replaced, and validates them."""

    def run(*, clock: datetime = CLOCK, limit: float = 5, as_of: datetime | None = None, **contents: Any) -> UUID:
        report_id = start(engine, clock=clock, as_of=as_of)
        stage_files.ingest(engine, report_id, small.write(tmp_path / "data", **contents), clock)
        validate.validate(engine, report_id, replace(settings, max_unusable_percent=limit), clock)
        return report_id

    return run


def rows(engine: Engine, query: str, **binds: Any) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text(query), binds))


def unmet(engine: Engine, report_id: UUID) -> dict[str, tuple[str, list[str]]]:
    """What was observed, and the examples, by expectation."""
    found = rows(
        engine,
        "select expectation, observed_value, examples from quality.expectation_result"
        " where report_id = :report_id and not is_met",
        report_id=report_id,
    )
    return {row.expectation: (row.observed_value, row.examples) for row in found}


def newest_report(engine: Engine) -> UUID:
    return rows(engine, "select report_id from report.report order by created_at desc limit 1")[0][0]


def polls_of(store_id: str, start_at: datetime, *, every: timedelta, count: int) -> str:
    return "".join(f"{store_id},active,{start_at + every * n:%Y-%m-%d %H:%M:%S} UTC\n" for n in range(count))


def test_good_files_are_accepted_and_the_results_kept_thrice(check, engine: Engine, settings: Settings):
    report_id = check()
    assert rows(engine, "select distinct state from core.file") == [("accepted",)]
    table = rows(engine, "select suite, expectation, is_met, observed_value from quality.expectation_result")
    assert len(table) == 29
    document = json.loads((settings.home / "quality" / f"{report_id}.json").read_text())
    assert document["is_met"] is True
    assert [
        (row["suite"], row["expectation"], row["is_met"], row["observed_value"]) for row in document["results"]
    ] == table
    assert set(document["great_expectations"]) == {"files", "ids", "log", "stores"}
    assert {len(suite["results"]) for suite in document["great_expectations"].values()} == {13, 6, 1, 9}
    page = (settings.home / "quality" / "data_docs" / "runs" / f"{report_id}.html").read_text()
    for row in table:
        assert row.expectation in page
    for suite in document["great_expectations"]:
        assert f"{suite}: Run Info" in page
    assert f"runs/{report_id}.html" in (settings.home / "quality" / "data_docs" / "index.html").read_text()


def test_great_expectations_lists_the_rows_that_do_not_meet_an_expectation(check, settings: Settings):
    report_id = check()
    document = json.loads((settings.home / "quality" / f"{report_id}.json").read_text())
    suites = document["great_expectations"].values()
    results = [result for suite in suites for result in suite["results"] if "unexpected_count" in result["result"]]
    listed = [
        result["success"] or len(result["result"]["unexpected_index_list"]) == result["result"]["unexpected_count"]
        for result in results
    ]
    assert {result["success"] for result in results} == {True, False}
    assert all(listed)
    assert all(result["result"]["unexpected_count"] == 0 for result in results if result["success"])


def test_each_store_that_lacks_something_is_named(check, engine: Engine):
    report_id = check()
    found = unmet(engine, report_id)
    assert found["a_store_has_business_hours"] == ("1 of 3 stores do not meet it (33.33 %)", ["9007199254740993"])
    assert found["a_store_has_a_zone"] == ("1 of 3 stores do not meet it (33.33 %)", ["0042"])
    assert found["a_store_has_polls"] == ("1 of 3 stores do not meet it (33.33 %)", ["9007199254740993"])
    assert found["a_store_was_polled_in_the_last_day"] == (
        "1 of 2 stores do not meet it (50.00 %)",
        ["1481966498820158979: 33.1 hours before as-of"],
    )
    assert found["a_store_has_no_long_gap"] == (
        "1 of 2 stores do not meet it (50.00 %)",
        ["1481966498820158979: 24.0 hours"],
    )
    assert set(found) == {
        "a_store_has_business_hours",
        "a_store_has_a_zone",
        "a_store_has_polls",
        "a_store_was_polled_in_the_last_day",
        "a_store_has_no_long_gap",
        "polling_never_pauses",
    }


def test_too_many_unusable_rows_stop_the_run(check, engine: Engine, settings: Settings):
    status = small.STATUS + "0042,open,2023-01-25 18:00:00 UTC\n0042,active,yesterday\n\n0042,active,tomorrow\n"
    status += polls_of("0042", AS_OF - timedelta(days=6), every=timedelta(minutes=1), count=100)
    with pytest.raises(ExpectationFailedError) as error:
        check(store_status=status, limit=2)
    [failure] = error.value.failures
    assert failure == (
        "store_status.csv: 3 of 108 rows are unusable; expected at most 2 %. For example"
        " line 7: status is 'open'; expected active or inactive (0042,open,2023-01-25 18:00:00 UTC);"
        " line 8: timestamp_utc is 'yesterday'; expected a time stamp such as 2023-01-22 12:09:39.388884 UTC"
        " (0042,active,yesterday);"
        " line 10: timestamp_utc is 'tomorrow'; expected a time stamp such as 2023-01-22 12:09:39.388884 UTC"
        " (0042,active,tomorrow)"
    )
    assert rows(engine, "select state, rejected_because from core.file where kind = 'store_status'") == [
        ("rejected", failure)
    ]
    assert rows(engine, "select distinct state from core.file where kind <> 'store_status'") == [("staged",)]
    for table in ("core.poll", "core.polled_store", "core.acceptance"):
        assert rows(engine, f"select * from {table}") == []
    assert rows(engine, "select line_number from quality.quarantined_row order by 1") == [(7,), (8,), (10,)]
    report_id = newest_report(engine)
    observed, examples = unmet(engine, report_id)["few_rows_are_unusable"]
    assert observed == "store_status.csv: 3 of 108 rows"
    assert examples[0].startswith("store_status.csv, line 7: status is 'open'")
    assert json.loads((settings.home / "quality" / f"{report_id}.json").read_text())["is_met"] is False
    assert "1 failed" in (settings.home / "quality" / "data_docs" / "runs" / f"{report_id}.html").read_text()


def test_a_file_at_fault_is_rejected_even_if_it_could_not_have_been_accepted(
    engine: Engine, settings: Settings, tmp_path: Path
):
    """Files are accepted while they are checked. A date to come is found at once, and the file at fault after it."""
    status = small.STATUS + polls_of("0042", AS_OF - timedelta(days=6), every=timedelta(minutes=1), count=100)
    data = small.write(tmp_path / "data", store_status=status + "0042,active,yesterday\n" * 20)
    report_id = start(engine, clock=CLOCK, hours_valid_from=CLOCK.date() + timedelta(days=2))
    stage_files.ingest(engine, report_id, data, CLOCK)
    with pytest.raises(ExpectationFailedError, match="20 of 1"):
        validate.validate(engine, report_id, settings, CLOCK)
    assert rows(engine, "select kind, state from core.file order by kind") == [
        ("business_hours", "staged"),
        ("store_status", "rejected"),
        ("store_timezones", "staged"),
    ]
    assert len(rows(engine, "select from quality.expectation_result")) == 19
    small.write(tmp_path / "data", store_status=status)
    report_id = start(engine, clock=CLOCK, hours_valid_from=CLOCK.date() + timedelta(days=2))
    stage_files.ingest(engine, report_id, data, CLOCK)
    with pytest.raises(ReportError, match="expected no date after today"):
        validate.validate(engine, report_id, settings, CLOCK)
    assert rows(engine, "select distinct state from core.file where state <> 'rejected'") == [("staged",)]
    for table in ("core.acceptance", "core.status_interval"):
        assert rows(engine, f"select from {table}") == []


def test_a_file_that_is_being_accepted_is_not_rejected_in_between(engine: Engine, settings: Settings, tmp_path: Path):
    """Another report has the lock of acceptances: the files at fault are rejected after it."""
    report_id = start(engine, clock=CLOCK)
    status = small.STATUS + polls_of("0042", AS_OF - timedelta(days=6), every=timedelta(minutes=1), count=100)
    status += "0042,active,yesterday\n" * 20
    stage_files.ingest(engine, report_id, small.write(tmp_path / "data", store_status=status), CLOCK)
    with ThreadPoolExecutor(1) as executor:
        with engine.begin() as other:
            other.execute(statement("ingest/acceptance/lock"))
            validating = executor.submit(validate.validate, engine, report_id, settings, CLOCK)
            with pytest.raises(TimeoutError):
                validating.result(timeout=3)
            assert rows(engine, "select distinct state from core.file") == [("staged",)]
        with pytest.raises(ExpectationFailedError):
            validating.result()
    assert rows(engine, "select state from core.file where kind = 'store_status'") == [("rejected",)]
    for table in ("core.poll", "core.staged_interval", "core.status_interval", "core.acceptance"):
        assert rows(engine, f"select from {table}") == []


def test_a_rejected_file_may_come_again_and_pass(check, engine: Engine):
    status = small.STATUS + "0042,open,2023-01-25 18:00:00 UTC\n"
    status += polls_of("0042", AS_OF - timedelta(days=6), every=timedelta(minutes=1), count=100)
    for _ in range(2):
        with pytest.raises(ExpectationFailedError):
            check(store_status=status, limit=0.5)
    report_id = check(store_status=status, limit=20)
    assert rows(engine, "select state, count(*) from core.file where kind = 'store_status' group by 1 order by 1") == [
        ("accepted", 1),
        ("rejected", 2),
    ]
    assert len(rows(engine, "select * from core.poll")) == 105
    assert unmet(engine, report_id)["no_row_is_quarantined"] == (
        "unusable rows: 1",
        ["store_status.csv, line 7: status is 'open'; expected active or inactive (0042,open,2023-01-25 18:00:00 UTC)"],
    )


def test_an_accepted_file_is_never_rejected(check, engine: Engine):
    status = small.STATUS + "0042,open,2023-01-25 18:00:00 UTC\n"
    status += polls_of("0042", AS_OF - timedelta(days=6), every=timedelta(minutes=1), count=100)
    check(store_status=status, limit=20)
    check(store_status=status, limit=0.5)  # its limit was another one
    files = rows(engine, "select file_id from core.file")
    validate.reject(engine, {file_id: ["too bad"] for (file_id,) in files})  # as a report that began before
    assert rows(engine, "select distinct state from core.file") == [("accepted",)]
    assert len(rows(engine, "select * from core.poll")) == 105


def test_every_file_at_fault_is_named_and_rejected(check, engine: Engine):
    with pytest.raises(ExpectationFailedError) as error:
        check(store_status=STATUS + "0042,open,now\n", store_timezones="store_id,timezone_str\n0042,Mars/Phobos\n")
    assert [failure.partition(". For example")[0] for failure in error.value.failures] == [
        "store_timezones.csv: no usable row (1 read); expected at least one",
        "store_status.csv: no usable row (1 read); expected at least one",
    ]
    assert rows(engine, "select kind, state from core.file order by kind") == [
        ("business_hours", "staged"),
        ("store_status", "rejected"),
        ("store_timezones", "rejected"),
    ]
    assert rows(engine, "select distinct kind from core.snapshot_store join core.file using (file_id)") == [
        ("business_hours",)
    ]


def test_zones_that_are_repeated_or_unknown(check, engine: Engine):
    zones = small.ZONES + "0042,America/Denver\n0042,America/Chicago\nmars,Mars/Phobos\n"
    found = unmet(engine, check(store_timezones=zones, limit=20))
    assert found["a_store_has_one_zone"][1] == ["store_timezones.csv: rows replaced by a later one: 1"]
    assert found["a_zone_is_known"] == ("1 of 4 stores do not meet it (25.00 %)", ["mars"])
    assert "a_store_has_a_zone" not in found


def test_defaults_in_use_are_told(check, engine: Engine):
    found = unmet(engine, check(business_hours=None, store_timezones=None))
    assert found["every_input_was_loaded"] == (
        "2 of 3 files do not meet it (66.67 %)",
        ["business_hours: never loaded", "store_timezones: never loaded"],
    )
    check()
    assert "every_input_was_loaded" not in unmet(engine, check(business_hours=None, store_timezones=None))


def test_old_polls_are_told_unless_the_past_was_asked_for(check, engine: Engine):
    assert "polls_are_recent" not in unmet(engine, check())
    late = AS_OF + timedelta(hours=30)
    assert unmet(engine, check(clock=late))["polls_are_recent"] == ("30.0 hours old", [])
    assert "polls_are_recent" not in unmet(engine, check(clock=late, as_of=AS_OF + timedelta(hours=2)))


def test_a_week_of_regular_polls_is_met_in_everything(check, engine: Engine):
    ids = ("1481966498820158979", "0042", "9007199254740993")
    week = AS_OF - timedelta(days=8)
    status = STATUS + "".join(polls_of(store_id, week, every=timedelta(hours=1), count=193) for store_id in ids)
    hours = small.HOURS + "9007199254740993,0,09:00:00,17:00:00\n"
    zones = small.ZONES + "0042,America/Denver\n"
    assert unmet(engine, check(store_status=status, business_hours=hours, store_timezones=zones)) == {}


def test_pauses_and_sudden_changes_are_told(check, engine: Engine):
    week = AS_OF - timedelta(days=7)
    steady = STATUS + polls_of("0042", week, every=timedelta(hours=1), count=100)
    pause = polls_of("0042", week + timedelta(hours=110), every=timedelta(minutes=10), count=350)
    found = unmet(engine, check(store_status=steady + pause, store_timezones=ZONES))
    assert found["polling_never_pauses"][0] == "11.0 hours without polls"
    assert found["a_store_has_no_long_gap"] == ("1 of 1 stores do not meet it (100.00 %)", ["0042: 11.0 hours"])
    assert found["there_are_as_many_polls_as_usual"][0].endswith("% of the usual polls")


def test_what_has_not_changed_is_not_checked_again(check, engine: Engine, settings: Settings):
    """But what depends on the clock is; and a result that cannot be read is found anew."""

    def stores_of(report_id: UUID) -> dict[str, Any]:
        document = json.loads((settings.home / "quality" / f"{report_id}.json").read_text())
        return {key: value for key, value in document["great_expectations"]["stores"].items() if key != "meta"} | {
            "checked": document["great_expectations"]["stores"]["meta"]
        }

    first = check()
    second = check(clock=AS_OF + timedelta(hours=30))
    assert stores_of(second) == stores_of(first)
    assert set(unmet(engine, second)) - set(unmet(engine, first)) == {"polls_are_recent"}
    page = (settings.home / "quality" / "data_docs" / "runs" / f"{second}.html").read_text()
    assert "1481966498820158979: 33.1 hours before as-of" in page
    for report_id in (first, second):
        (settings.home / "quality" / f"{report_id}.json").write_text("{")
    third = check()
    assert unmet(engine, third) == unmet(engine, first)
    more = check(store_status=small.STATUS + "0042,active,2023-01-25 18:13:22.5 UTC\n")
    assert stores_of(more)["checked"] != stores_of(third)["checked"]


@pytest.mark.parametrize(
    "damaged",
    [
        lambda document: document["great_expectations"] | {"stores": {}},
        lambda document: document["great_expectations"] | {"stores": {"suite_name": "stores", "results": ["none"]}},
        lambda document: [],
    ],
    ids=["nothing", "no results", "no suites"],
)
def test_a_result_that_is_not_as_it_was_saved_is_found_anew(
    check, engine: Engine, settings: Settings, damaged: Callable[[dict[str, Any]], Any]
):
    first = check()
    saved = settings.home / "quality" / f"{first}.json"
    document = json.loads(saved.read_text())
    saved.write_text(json.dumps(document | {"great_expectations": damaged(document)}))
    second = check()
    assert unmet(engine, second) == unmet(engine, first)
    found = json.loads((settings.home / "quality" / f"{second}.json").read_text())["great_expectations"]["stores"]
    before = document["great_expectations"]["stores"]
    assert found["meta"] != before["meta"]
    assert [result["expectation_config"]["meta"] for result in found["results"]] == [
        result["expectation_config"]["meta"] for result in before["results"]
    ]


@pytest.mark.parametrize("hour", [15, 22], ids=["within a day", "over midnight"])
@pytest.mark.parametrize(("pause", "is_met"), [(timedelta(hours=6), False), (timedelta(hours=5, seconds=3599), True)])
def test_gaps_are_exact(check, engine: Engine, hour: int, pause: timedelta, is_met: bool):
    last = datetime(2023, 1, 23, hour, tzinfo=UTC)
    rows = polls_of("0042", last, every=pause, count=2)
    rows += polls_of("0042", last + pause, every=timedelta(hours=5), count=8)
    found = unmet(engine, check(store_status=STATUS + rows, store_timezones=ZONES, as_of=last + timedelta(hours=40)))
    assert ("a_store_has_no_long_gap" not in found) == is_met


def test_a_status_file_of_another_size_is_told_once(check, engine: Engine):
    for day in range(4):
        start_at = AS_OF - timedelta(days=9 - day)
        check(
            store_status=STATUS + polls_of("0042", start_at, every=timedelta(hours=1), count=24), store_timezones=ZONES
        )
    few = STATUS + polls_of("0042", AS_OF - timedelta(hours=5), every=timedelta(hours=1), count=6)
    found = unmet(engine, check(store_status=few, store_timezones=ZONES))
    assert found["a_status_file_has_the_usual_size"][1] == ["store_status.csv: 25 % of the usual rows"]
    later = CLOCK + timedelta(hours=1)
    found = unmet(engine, check(store_status=few, store_timezones=ZONES, clock=later))
    assert "a_status_file_has_the_usual_size" not in found


def test_other_runs_files_are_not_looked_at(check, engine: Engine, tmp_path: Path):
    report_id = check()
    before = unmet(engine, report_id)
    other = start(engine, clock=CLOCK)
    polls = polls_of("stranger", AS_OF - timedelta(days=3), every=timedelta(hours=1), count=50)
    stage_files.ingest(engine, other, small.write(tmp_path / "other", store_status=STATUS + polls), CLOCK)
    assert unmet(engine, check()) == before


def test_run_again_replaces_what_was_found(check, engine: Engine, settings: Settings):
    report_id = check()
    before = rows(engine, "select * from quality.expectation_result order by expectation")
    validate.validate(engine, report_id, settings, CLOCK)
    assert rows(engine, "select * from quality.expectation_result order by expectation") == before
    assert len(rows(engine, "select * from core.acceptance")) == 3


def test_few_rows_of_a_small_file_are_a_warning(check, engine: Engine):
    found = unmet(engine, check(store_status=small.STATUS + "0042,open,2023-01-25 18:00:00 UTC\n"))
    assert found["few_rows_of_a_small_file_are_unusable"][1] == ["store_status.csv: 1 of 6 rows cannot be used"]


class TestIds:
    """Whether the ids of hours and zones fit the polls."""

    def test_nothing_in_common_stops(self, check, engine: Engine):
        hours = "store_id,day,start_time_local,end_time_local\n7340112233445560000,2,09:00,17:00\n"
        with pytest.raises(ExpectationFailedError, match=r"none of its 1 stores.*7340112233445560000.*spreadsheet"):
            check(business_hours=hours)
        assert rows(engine, "select distinct kind from core.file where state = 'rejected'") == [("business_hours",)]

    def test_other_case_and_blanks_are_a_warning(self, check, engine: Engine):
        status = small.STATUS.replace("0042", "ab").replace("1481966498820158979", "cd ")
        hours = small.HOURS.replace("0042", "AB").replace("1481966498820158979", "cd")
        found = unmet(engine, check(store_status=status, business_hours=hours, store_timezones=None))
        assert found["ids_of_files_are_spelled_alike"][1] == [
            "business_hours.csv: AB has polls under another spelling (case, blanks, zeros before it, .0 after it)"
        ]

    @pytest.mark.parametrize("spelling", ["42", "42.0", "'0042", '"0042"', "{0042}", "0042\u00a0", "0042\t"])
    def test_what_tools_make_of_an_id_is_a_warning(self, check, engine: Engine, spelling: str):
        hours = small.HOURS.replace("0042", spelling.replace('"', '""').join('""') if '"' in spelling else spelling)
        found = unmet(engine, check(business_hours=hours))
        (example,) = found["ids_of_files_are_spelled_alike"][1]
        assert example.startswith(f"business_hours.csv: {spelling} has polls under another spelling")

    def test_rounded_ids_of_status_files_are_a_warning(self, check, engine: Engine, settings: Settings):
        """Also if they come alone, and when the task is repeated after the files are accepted."""
        status = small.STATUS.replace("1481966498820158979", "1481966498820150000")
        report_id = check(store_status=status, business_hours=None, store_timezones=None)
        warning = "status files: were the ids rounded by a spreadsheet? It names, for example, 1481966498820150000"
        assert unmet(engine, report_id)["ids_are_not_rounded"][1] == [warning]
        validate.validate(engine, report_id, settings, CLOCK)
        assert unmet(engine, report_id)["ids_are_not_rounded"][1] == [warning]

    def test_rounded_ids_are_a_warning(self, check, engine: Engine):
        ids = ["1481966498820150000", "1481966498820160000"]
        hours = small.HOURS + "".join(f"{store_id},0,09:00,17:00\n" for store_id in ids)
        found = unmet(engine, check(business_hours=hours + "1481966498820170000,0,09:00,17:00\n"))
        (example,) = found["ids_are_not_rounded"][1]
        assert example.endswith("rounded by a spreadsheet? It names, for example, 1481966498820150000")

    def test_ids_in_scientific_notation_are_a_warning(self, check, engine: Engine):
        found = unmet(engine, check(business_hours=small.HOURS + "1.48197E+18,0,09:00,17:00\n"))
        assert found["ids_are_not_rounded"][1][0].endswith("It names, for example, 1.48197E+18")

    def test_stores_that_a_new_snapshot_lacks_are_named(self, check, engine: Engine):
        check()
        hours = "\n".join(line for line in small.HOURS.splitlines() if not line.startswith("0042")) + "\n"
        found = unmet(engine, check(business_hours=hours, clock=CLOCK + timedelta(hours=1)))
        assert found["a_snapshot_keeps_the_stores_of_the_one_before"][1] == [
            "business_hours.csv: 1 stores are missing, for example 0042"
        ]


def test_unusable_hours_and_unread_files_change_figures(check, engine: Engine, tmp_path: Path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "my hours.csv").write_text("store_id,day,start_time_local,end_time_local\n")
    report_id = check(business_hours=small.HOURS + "9007199254740993,0,nine,five\n", limit=30)
    found = unmet(engine, report_id)
    assert found["hours_of_a_store_are_usable"][1] == ["9007199254740993"]
    assert found["every_csv_file_is_read"][1][0].startswith("not read: my hours.csv")
    query = (
        "select expectation from quality.expectation_result where report_id = :id and changes_figures and not is_met"
    )
    assert {row[0] for row in rows(engine, query, id=report_id)} == {
        "hours_of_a_store_are_usable",
        "every_csv_file_is_read",
    }


def test_new_status_files_that_differ_are_a_warning(check, engine: Engine, tmp_path: Path):
    """The later one counts, in natural order; a correction of what was accepted before is no contradiction."""
    more = tmp_path / "data" / "store_status (1).csv"
    more.parent.mkdir()
    more.write_text(
        small.STATUS.replace("0042,active", "0042,inactive").replace("2023-01-24 09:07", "2023-01-24 09:08")
    )
    found = unmet(engine, check())
    assert found["new_status_files_agree"][1] == [
        "store_status (1).csv: polls with another status than in a file before it: 1, for example 0042 at "
        "2023-01-25 18:13:22"
    ]
    assert rows(
        engine,
        "select is_active from core.status_interval join core.store using (store_key)"
        " where store_id = '0042' and holds_until = 'infinity'",
    ) == [(False,)]
    more.write_text(small.STATUS)
    found = unmet(engine, check(clock=CLOCK + timedelta(hours=1)))
    assert "new_status_files_agree" not in found


@pytest.mark.parametrize(("weekdays", "is_met"), [("123456", False), ("12345", False), ("012345", True), ("135", True)])
def test_hours_without_mondays_are_a_warning(check, engine: Engine, weekdays: str, is_met: bool):
    hours = small.HOURS.splitlines()[0] + "".join(f"\n0042,{weekday},09:00,17:00" for weekday in weekdays)
    assert ("weekdays_count_from_0" not in unmet(engine, check(business_hours=hours))) == is_met


def test_what_was_tolerated_is_counted(check, engine: Engine):
    hours = small.HOURS.replace(",2,00:00:00", ",Wednesday,12:00 AM") + ",,,\n"
    found = unmet(engine, check(business_hours=hours))
    assert found["files_are_written_as_documented"][1] == [
        "business_hours.csv: clock times in other spellings (1), rows without values (1), weekdays by name (1)"
    ]


def test_text_from_the_files_is_harmless_in_data_docs(check, engine: Engine, settings: Settings):
    script = "<script>alert('$x {y}')</script>"
    report_id = check(store_status=small.STATUS + f"{script},active,2023-01-20 10:00:00 UTC\n<b>,<i>,never\n", limit=20)
    assert unmet(engine, report_id)["a_store_has_business_hours"][1] == ["9007199254740993", "<b>", script]
    page = (settings.home / "quality" / "data_docs" / "runs" / f"{report_id}.html").read_text()
    assert "<script" not in page
    assert "<b>" not in page
    assert page.count("&lt;script&gt;alert(&#39;$x {y}&#39;)&lt;/script&gt;") > 2


def test_data_docs_need_no_other_host(check, settings: Settings):
    check()
    site = settings.home / "quality" / "data_docs"
    for page in site.rglob("*.html"):
        for link in re.findall(r"""(?:src|href)=["']?([^"'\s>]*)""", page.read_text()):
            if not link.startswith(("#", "data:")):
                assert (page.parent / link).resolve().is_file(), link


def test_all_runs_are_found_even_when_they_end_together(check, engine: Engine, settings: Settings):
    report_ids = [check() for _ in range(4)]
    for page in (settings.home / "quality" / "data_docs").rglob("*.html"):
        page.unlink()
    with ThreadPoolExecutor(4) as executor:
        list(
            executor.map(
                lambda report_id: data_docs.build(engine, report_id, settings.home / "quality", CLOCK, []), report_ids
            )
        )
    for page in ("index.html", f"days/{CLOCK:%Y-%m-%d}.html"):
        listed = (settings.home / "quality" / "data_docs" / page).read_text()
        assert [str(report_id) in listed for report_id in report_ids] == [True] * 4


def test_the_password_is_shown_nowhere(
    engine: Engine, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    url = make_url(settings.database_url).set(password="sw0rdf$sh %{}")
    secretive = replace(settings, database_url=url.render_as_string(hide_password=False))
    report_id = start(engine, clock=CLOCK)
    stage_files.ingest(engine, report_id, small.write(tmp_path / "data"), CLOCK)
    with caplog.at_level(logging.DEBUG):
        validate.validate(engine, report_id, secretive, CLOCK)
    kept = [path.read_text() for path in settings.home.rglob("*") if path.suffix in (".json", ".html")]
    assert kept
    assert not any(
        "sw0rdf" in shown
        for shown in [*kept, caplog.text, repr(rows(engine, "select * from quality.expectation_result"))]
    )
