"""What is expected of the input, as data, and Data Docs as files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from store_uptime.quality import data_docs
from store_uptime.quality.expectations import IDS, LOG, STORES, Expectation, files
from store_uptime.storage import write_text_atomically

ROWS = {
    "file_id": 7,
    "file": "store_status.csv",
    "rows_read": 1000,
    "rows_quarantined": 61,
    "usable_rows": 939,
    "unusable_percent": 6.1,
    "replaced_zone_rows": 2,
    "percent_of_usual_rows": 12.4,
    "store_id": "0042",
    "hours_since_last_poll": 30.25,
    "longest_gap_hours": 9,
    "unread_names": "my hours.csv",
    "tolerated": "weekdays by name (7)",
    "contradicted_polls": 3.0,
    "contradiction": "0042 at 2023-01-25 17:00:00",
    "stores": 12,
    "polled_stores": 1000,
    "common_stores": 1,
    "example": "0042",
    "rounded_example": "1481966498820150000",
    "lost_stores": 3.0,
    "lost_example": "0043",
    "lost_hours": 3,
    "lost_hours_percent": 12.5,
    "unknown_group_rows": 2.0,
    "unknown_group": "region west",
}
ALL = [*files(5).expectations, *IDS.expectations, *LOG.expectations, *STORES.expectations]


def test_expectations_are_these_and_as_severe():
    assert {expectation.name: expectation.severity for expectation in ALL} == {
        "a_file_has_usable_rows": "fail",
        "few_rows_are_unusable": "fail",
        "no_row_is_quarantined": "warn",
        "every_input_was_loaded": "warn",
        "few_rows_of_a_small_file_are_unusable": "warn",
        "few_rows_of_an_optional_file_are_unusable": "warn",
        "groups_of_files_are_known": "warn",
        "every_csv_file_is_read": "warn",
        "weekdays_count_from_0": "warn",
        "files_are_written_as_documented": "warn",
        "a_store_has_one_zone": "warn",
        "new_status_files_agree": "warn",
        "a_status_file_has_the_usual_size": "warn",
        "a_snapshot_names_polled_stores": "fail",
        "ids_of_files_are_spelled_alike": "warn",
        "ids_of_files_fit_together": "warn",
        "ids_are_not_rounded": "warn",
        "a_snapshot_keeps_the_stores_of_the_one_before": "warn",
        "hours_keep_nearly_all_stores_of_those_before": "warn",
        "a_store_has_business_hours": "warn",
        "hours_of_a_store_are_usable": "warn",
        "a_store_has_a_zone": "warn",
        "a_zone_is_known": "warn",
        "a_store_has_polls": "warn",
        "a_store_was_polled_in_the_last_day": "warn",
        "a_store_has_no_long_gap": "warn",
        "polls_are_recent": "warn",
        "polling_never_pauses": "warn",
        "there_are_as_many_polls_as_usual": "warn",
    }


def test_these_change_figures():
    assert {expectation.name for expectation in ALL if expectation.changes_figures} == {
        "every_input_was_loaded",
        "few_rows_of_a_small_file_are_unusable",
        "few_rows_of_an_optional_file_are_unusable",
        "groups_of_files_are_known",
        "every_csv_file_is_read",
        "weekdays_count_from_0",
        "ids_of_files_are_spelled_alike",
        "ids_of_files_fit_together",
        "ids_are_not_rounded",
        "a_snapshot_keeps_the_stores_of_the_one_before",
        "hours_keep_nearly_all_stores_of_those_before",
        "hours_of_a_store_are_usable",
    }


@pytest.mark.parametrize("expectation", ALL, ids=lambda expectation: expectation.name)
def test_texts_can_be_filled_in(expectation: Expectation):
    assert expectation.example.format(**ROWS) or expectation.observed.format(12.5)
    assert bool(expectation.failure.format(**ROWS)) == (expectation.severity == "fail")
    assert expectation.description.endswith(".")


def test_limit_of_unusable_rows_is_the_settings():
    limited = files(2.5).expectations[1]
    assert limited.arguments["max_value"] == 2.5
    assert "2.5 %" in limited.description
    assert limited.failure.format(**ROWS) == ("store_status.csv: 61 of 1,000 rows are unusable; expected at most 2.5 %")


def test_pages_load_nothing_from_elsewhere_and_run_no_script():
    for source in data_docs.SOURCE.rglob("*.*"):
        text = source.read_text(encoding="utf-8")
        assert not re.search(r"https?:|//[a-z]|<script|\son[a-z]+=|url\(|@import", text), source


def test_a_file_is_seen_as_it_was_or_complete(tmp_path: Path):
    write_text_atomically(tmp_path / "a" / "page.html", "old")
    write_text_atomically(tmp_path / "a" / "page.html", "new")
    assert [(path.name, path.read_text()) for path in (tmp_path / "a").iterdir()] == [("page.html", "new")]


def test_what_a_killed_process_left_of_a_file_goes_with_the_next_one(tmp_path: Path):
    names = ["page.html", "other.html"]
    for name in names:
        (tmp_path / f".{name}.0123456789abcdef").write_text("hal")
    write_text_atomically(tmp_path / "page.html", "whole", is_only_writer=True)
    assert {path.name for path in tmp_path.iterdir()} == {"page.html", ".other.html.0123456789abcdef"}


def test_assets_of_another_version_are_replaced(tmp_path: Path):
    data_docs.copy_assets(tmp_path)
    [style] = (tmp_path / "static").iterdir()
    style.write_text("old")
    data_docs.copy_assets(tmp_path)
    assert style.read_text() == (data_docs.SOURCE / "static" / style.name).read_text()
