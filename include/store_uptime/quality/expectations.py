"""Expectations about the input, as data. Great Expectations checks them (gx.py).

`fail`: the DAG run fails, and the files at fault are rejected. `warn`: the report shows a warning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["fail", "warn"]


@dataclass(frozen=True)
class Expectation:
    """One expectation; `check` and `arguments` are Great Expectations' class and its arguments.

    `changes_figures` marks the first tier of warnings: figures may differ from what the owner of the input means.
    `example` and `failure` are templates over the columns of an unexpected row. `observed` is a template over the
    observed value of all rows; without it, the number of unexpected rows is shown.
    """

    name: str
    severity: Severity
    description: str
    check: str
    arguments: Mapping[str, Any]
    example: str = ""
    observed: str = ""
    failure: str = ""
    changes_figures: bool = False
    shows_unusable_rows: bool = False


@dataclass(frozen=True)
class Suite:
    """Expectations about the rows of one query in `sql/quality/`.

    A result names at most `max_named` unexpected rows, each by its `columns`. `rows` is the word for them in texts.
    """

    name: str
    query: str
    rows: str
    columns: tuple[str, ...]
    max_named: int
    expectations: tuple[Expectation, ...]


def files(max_unusable_percent: float) -> Suite:
    """The suite to check before files are accepted. A row is a file of the report, or a kind of input without one."""
    return Suite(
        name="files",
        query="quality/checked_files",
        rows="files",
        columns=(
            *("file_id", "file", "rows_read", "rows_quarantined", "unread_names", "tolerated", "contradiction"),
            "unknown_group",
        ),
        max_named=100,
        expectations=(
            Expectation(
                name="a_file_has_usable_rows",
                severity="fail",
                description="Every file has at least one usable row.",
                check="ExpectColumnValuesToBeBetween",
                arguments={"column": "usable_rows", "min_value": 1},
                example="{file}",
                failure="{file}: no usable row ({rows_read:,} read); expected at least one",
                shows_unusable_rows=True,
            ),
            Expectation(
                name="few_rows_are_unusable",
                severity="fail",
                description=f"At most {max_unusable_percent:g} % of a file's rows are unusable.",
                check="ExpectColumnValuesToBeBetween",
                arguments={"column": "unusable_percent", "max_value": max_unusable_percent},
                example="{file}: {rows_quarantined:,} of {rows_read:,} rows",
                failure=(
                    "{file}: {rows_quarantined:,} of {rows_read:,} rows are unusable; "
                    f"expected at most {max_unusable_percent:g} %"
                ),
                shows_unusable_rows=True,
            ),
            Expectation(
                name="no_row_is_quarantined",
                severity="warn",
                description="Every row of the files can be used.",
                check="ExpectColumnSumToBeBetween",
                arguments={"column": "unusable_rows", "max_value": 0},
                observed="unusable rows: {:,.0f}",
                shows_unusable_rows=True,
            ),
            Expectation(
                name="every_input_was_loaded",
                severity="warn",
                description=(
                    "Business hours and time zones have been loaded. Without hours every store counts as always open, "
                    "without zones every store is in America/Chicago."
                ),
                check="ExpectColumnValuesToBeInSet",
                arguments={"column": "is_loaded", "value_set": [True]},
                example="{file}: never loaded",
                changes_figures=True,
            ),
            Expectation(
                name="few_rows_of_a_small_file_are_unusable",
                severity="warn",
                description=f"At most {max_unusable_percent:g} % of the rows of a file of fewer than 100 are unusable.",
                check="ExpectColumnValuesToBeBetween",
                arguments={"column": "unusable_percent_of_few", "max_value": max_unusable_percent},
                example="{file}: {rows_quarantined:,} of {rows_read:,} rows cannot be used",
                changes_figures=True,
            ),
            Expectation(
                name="few_rows_of_an_optional_file_are_unusable",
                severity="warn",
                description=f"At most {max_unusable_percent:g} % of the rows of a file of groups, special hours, "
                "planned downtime or targets are unusable.",
                check="ExpectColumnValuesToBeBetween",
                arguments={"column": "unusable_percent_of_optional", "max_value": max_unusable_percent},
                example="{file}: {rows_quarantined:,} of {rows_read:,} rows cannot be used",
                changes_figures=True,
            ),
            Expectation(
                name="groups_of_files_are_known",
                severity="warn",
                description="Special hours, planned downtime and targets are of groups that a store is in.",
                check="ExpectColumnValuesToBeBetween",
                arguments={"column": "unknown_group_rows", "max_value": 0},
                example="{file}: rows of a group that no store is in: {unknown_group_rows:,.0f}, for example "
                "{unknown_group}",
                changes_figures=True,
            ),
            Expectation(
                name="every_csv_file_is_read",
                severity="warn",
                description="Every file in the data folder that looks like an input is a CSV with the name of one.",
                check="ExpectColumnValuesToBeBetween",
                arguments={"column": "unread_files", "max_value": 0},
                example="not read: {unread_names}; save it as CSV with the name of an input (README, The inputs)",
                changes_figures=True,
            ),
            Expectation(
                name="weekdays_count_from_0",
                severity="warn",
                description="An hours file with openings on most weekdays has some on Mondays, weekday 0.",
                check="ExpectColumnValuesToBeInSet",
                arguments={"column": "has_all_weekdays", "value_set": [True]},
                example="{file}: no row has weekday 0; if 1 is Monday there, subtract 1",
                changes_figures=True,
            ),
            Expectation(
                name="files_are_written_as_documented",
                severity="warn",
                description="The files need no tolerance: separators, encoding and spellings are the documented ones.",
                check="ExpectColumnValuesToBeInSet",
                arguments={"column": "is_as_documented", "value_set": [True]},
                example="{file}: {tolerated}",
            ),
            Expectation(
                name="a_store_has_one_zone",
                severity="warn",
                description="The zones file has one row for each store; of several rows the last one is used.",
                check="ExpectColumnValuesToBeBetween",
                arguments={"column": "replaced_zone_rows", "max_value": 0},
                example="{file}: rows replaced by a later one: {replaced_zone_rows:,}",
            ),
            Expectation(
                name="new_status_files_agree",
                severity="warn",
                description="A poll in two new files has one status; of two the one in the later file counts.",
                check="ExpectColumnValuesToBeBetween",
                arguments={"column": "contradicted_polls", "max_value": 0},
                example="{file}: polls with another status than in a file before it: {contradicted_polls:,.0f}, for "
                "example {contradiction}",
            ),
            Expectation(
                name="a_status_file_has_the_usual_size",
                severity="warn",
                description="A new status file has between half and twice the usable rows of earlier ones.",
                check="ExpectColumnValuesToBeBetween",
                arguments={"column": "percent_of_usual_rows", "min_value": 50, "max_value": 200},
                example="{file}: {percent_of_usual_rows:,.0f} % of the usual rows",
            ),
        ),
    )


IDS = Suite(
    name="ids",
    query="quality/checked_ids",
    rows="hours and zones files",
    columns=(
        *("file_id", "file", "stores", "polled_stores", "common_stores", "example"),
        *("rounded_example", "lost_stores", "lost_example", "lost_hours"),
    ),
    max_named=10,
    expectations=(
        Expectation(
            name="a_snapshot_names_polled_stores",
            severity="fail",
            description="A new hours or zones file names at least one store that has polls, case and blanks aside.",
            check="ExpectColumnValuesToBeBetween",
            arguments={"column": "common_spellings", "min_value": 1},
            example="{file}",
            failure=(
                "{file}: none of its {stores:,} stores (for example {example}) is among the {polled_stores:,} with "
                "polls; use the same ids in all files. Long numbers that end in 0000, or 1.48E+18, were rounded by a "
                "spreadsheet: export ids as text"
            ),
        ),
        Expectation(
            name="ids_of_files_are_spelled_alike",
            severity="warn",
            description="No id of a new file has polls only in another spelling, such as another case or blanks.",
            check="ExpectColumnValuesToBeBetween",
            arguments={"column": "stores_in_other_spelling", "max_value": 0},
            example="{file}: {example} has polls under another spelling (case, blanks, zeros before it, .0 after it)",
            changes_figures=True,
        ),
        Expectation(
            name="ids_of_files_fit_together",
            severity="warn",
            description="At least a tenth of a new file's stores have polls, or of the stores with polls are in it.",
            check="ExpectColumnValuesToBeBetween",
            arguments={"column": "common_percent", "min_value": 10},
            example="{file}: {common_stores:,} of its {stores:,} stores are among the {polled_stores:,} with polls",
            changes_figures=True,
        ),
        Expectation(
            name="ids_are_not_rounded",
            severity="warn",
            description="Hardly any id of new files is a long number that ends in 0000, or is written as 1.48E+18.",
            check="ExpectColumnValuesToBeBetween",
            arguments={"column": "rounded_percent", "max_value": 1},
            example="{file}: were the ids rounded by a spreadsheet? It names, for example, {rounded_example}",
            changes_figures=True,
        ),
        Expectation(
            name="a_snapshot_keeps_the_stores_of_the_one_before",
            severity="warn",
            description="A new hours or zones file names every store with polls that the one before it named.",
            check="ExpectColumnValuesToBeBetween",
            arguments={"column": "lost_stores", "max_value": 0},
            example="{file}: {lost_stores:,.0f} stores are missing, for example {lost_example}",
            changes_figures=True,
        ),
        Expectation(
            name="hours_keep_nearly_all_stores_of_those_before",
            severity="warn",
            description="A new hours file lacks at most 2 % of the stores of the one before it, with or without polls.",
            check="ExpectColumnValuesToBeBetween",
            arguments={"column": "lost_hours_percent", "max_value": 2},
            example="{file}: {lost_hours:,} of the stores before are missing, {lost_hours_percent:,.1f} %",
            changes_figures=True,
        ),
    ),
)

# Apart from those of the stores: it depends on when the report is made, those only on what is loaded.
LOG = Suite(
    name="log",
    query="quality/checked_log",
    rows="logs",
    columns=(),
    max_named=1,
    expectations=(
        Expectation(
            name="polls_are_recent",
            severity="warn",
            description="The newest poll is at most a day older than the DAG run (or than the requested as-of).",
            check="ExpectColumnMaxToBeBetween",
            arguments={"column": "log_hours_since_newest_poll", "max_value": 24},
            observed="{:,.1f} hours old",
        ),
    ),
)

STORES = Suite(
    name="stores",
    query="quality/checked_stores",
    rows="stores",
    columns=("store_id",),
    max_named=20,
    expectations=(
        Expectation(
            name="a_store_has_business_hours",
            severity="warn",
            description="Every store has business hours; a store without them counts as always open.",
            check="ExpectColumnValuesToBeInSet",
            arguments={"column": "has_business_hours", "value_set": [True]},
            example="{store_id}",
        ),
        Expectation(
            name="hours_of_a_store_are_usable",
            severity="warn",
            description="A store that the hours file names has a usable row there; one that has none is always open.",
            check="ExpectColumnValuesToBeInSet",
            arguments={"column": "has_usable_hours", "value_set": [True]},
            example="{store_id}",
            changes_figures=True,
        ),
        Expectation(
            name="a_store_has_a_zone",
            severity="warn",
            description="Every store has a time zone; without one, America/Chicago is used.",
            check="ExpectColumnValuesToBeInSet",
            arguments={"column": "has_timezone", "value_set": [True]},
            example="{store_id}",
        ),
        Expectation(
            name="a_zone_is_known",
            severity="warn",
            description="The time zone of a store is in the IANA database; for any other, America/Chicago is used.",
            check="ExpectColumnValuesToBeInSet",
            arguments={"column": "is_timezone_known", "value_set": [True]},
            example="{store_id}",
        ),
        Expectation(
            name="a_store_has_polls",
            severity="warn",
            description="Every store has a poll up to as-of; without polls, its open time is unknown.",
            check="ExpectColumnValuesToBeInSet",
            arguments={"column": "has_polls", "value_set": [True]},
            example="{store_id}",
        ),
        Expectation(
            name="a_store_was_polled_in_the_last_day",
            severity="warn",
            description="The newest poll of a store is at most a day older than as-of.",
            check="ExpectColumnValuesToBeBetween",
            arguments={"column": "hours_since_last_poll", "max_value": 24},
            example="{store_id}: {hours_since_last_poll:,.1f} hours before as-of",
        ),
        Expectation(
            name="a_store_has_no_long_gap",
            severity="warn",
            description="In the last week, less than six hours pass between two polls of a store.",
            check="ExpectColumnValuesToBeBetween",
            arguments={"column": "longest_gap_hours", "max_value": 6, "strict_max": True},
            example="{store_id}: {longest_gap_hours:,.1f} hours",
        ),
        Expectation(
            name="polling_never_pauses",
            severity="warn",
            description="In the last week, no three hours passed without a poll of any store.",
            check="ExpectColumnMaxToBeBetween",
            arguments={"column": "log_silent_hours", "max_value": 0},
            observed="{:,.1f} hours without polls",
        ),
        Expectation(
            name="there_are_as_many_polls_as_usual",
            severity="warn",
            description=(
                "The last day has between half and twice the polls of an average day of the six before (100 % if there "
                "is less than a day to compare with)."
            ),
            check="ExpectColumnMaxToBeBetween",
            arguments={"column": "log_percent_of_usual_polls", "min_value": 50, "max_value": 200},
            observed="{:,.0f} % of the usual polls",
        ),
    ),
)
