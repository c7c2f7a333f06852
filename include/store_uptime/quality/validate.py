"""`validate`: checks a report's input, accepts or rejects its files, and saves the results.

First it checks the files. Files at fault are rejected, and the DAG run fails. Otherwise the files are accepted, and the
stores and polls of the report are checked too; these results only lead to warnings in the report.

The files are accepted in a transaction that runs beside their checks, and is committed only if these are met: each
keeps one core of the database server busy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Engine

from store_uptime.calendar.periods import LAST_DAY, LAST_WEEK
from store_uptime.db.statements import statement
from store_uptime.errors import ExpectationFailedError, ReportError, naming_output
from store_uptime.ingest import acceptance
from store_uptime.quality import data_docs, gx
from store_uptime.quality.expectations import IDS, LOG, STORES, Suite, files
from store_uptime.quality.gx import GX_LOCK, Checker, gx_result_of
from store_uptime.quality.results import ExpectationResult, SuiteResult, unusable_rows
from store_uptime.settings import Settings
from store_uptime.storage import StoragePath, write_text_atomically

MAX_FAILURES = 10  # in an error message


def preload() -> None:
    """Imports Great Expectations and compiles the templates of Data Docs in advance, because this takes seconds."""
    gx.preload()
    data_docs.preload()


def validate(
    engine: Engine, report_id: UUID, settings: Settings, clock: datetime, folder: StoragePath | None = None
) -> dict[str, Any]:
    """Checks and accepts the report's files, saves the results, and returns counts and the shards.

    JSON and Data Docs go to `folder`, by default the path in the settings; for a URL the caller passes the folder.
    Raises `ExpectationFailedError` if a `fail` expectation is not met; its staged files are rejected.
    """
    preload()
    folder = folder or cast("StoragePath", Path(settings.quality))
    with engine.begin() as connection:
        report = connection.execute(statement("quality/validation/read_report"), {"report_id": report_id}).one()
        connection.execute(statement("quality/validation/clear_results"), {"report_id": report_id})
    with GX_LOCK, Checker(engine, report_id, settings) as checker, ThreadPoolExecutor(1) as beside:
        file_suites = (files(settings.max_unusable_percent), IDS)
        checked = beside.submit(lambda: [checker.check(suite) for suite in file_suites])
        suite_results: list[SuiteResult] = []
        try:
            accepted = accept_if_met(engine, report_id, clock, checked)
            as_of = datetime.fromisoformat(accepted["as_of"])
            expected_at = report.as_of_requested or report.as_of_limit or clock
            suite_results.append(checker.check(LOG, as_of=as_of, expected_at=expected_at))
            stores = unchanged_result(engine, report_id, folder, STORES) or checker.check(
                STORES, as_of=as_of, day_start=as_of - LAST_DAY.length, week_start=as_of - LAST_WEEK.length
            )
            suite_results.append(stores)
        finally:
            suite_results = checked.result() + suite_results
            publish(engine, report_id, folder, clock, suite_results)
    found = {
        result.expectation: result for suite_result in suite_results for result in suite_result.expectation_results
    }
    warned_about = [name for name, result in found.items() if not result.is_met]
    return {
        "expectations": len(found),
        "warnings": len(warned_about),
        "warned_about": warned_about,
        "warnings_that_change_figures": sum(found[name].changes_figures for name in warned_about),
        "rows_quarantined": found["no_row_is_quarantined"].unexpected_count,
        **accepted,
    }


def accept_if_met(
    engine: Engine, report_id: UUID, clock: datetime, checked: Future[list[SuiteResult]]
) -> dict[str, Any]:
    """Accepts the files of the report while they are checked; returns what `acceptance.accept` does.

    Raises `ExpectationFailedError` if a `fail` expectation is not met; then the files at fault are rejected instead.
    """

    def stop_at_failures() -> None:
        failures = find_failures(engine, report_id, checked.result())
        if failures:
            raise ExpectationFailedError(summarize(failures))

    try:
        return acceptance.accept(engine, report_id, clock, stop_at_failures)
    except (ExpectationFailedError, ReportError) as error:
        failures = find_failures(engine, report_id, checked.result())
        reject(engine, failures)
        if failures:
            raise ExpectationFailedError(summarize(failures)) from error
        raise


def unchanged_result(engine: Engine, report_id: UUID, folder: StoragePath, suite: Suite) -> SuiteResult | None:
    """The result of a suite for an earlier report of the same input; None if there is none, or its JSON cannot be used.

    An earlier version of the project may have checked other expectations.
    """
    with engine.connect() as connection:
        binds = {"report_id": report_id, "suite": suite.name}
        earlier = connection.scalar(statement("quality/validation/find_unchanged"), binds)
    if earlier is None:
        return None
    try:
        document = json.loads((folder / f"{earlier}.json").read_text(encoding="utf-8"))
        saved = [result for result in document["results"] if result["suite"] == suite.name]
        results = [ExpectationResult(**result, unexpected=[]) for result in saved]
        gx_result = gx_result_of(document["great_expectations"][suite.name])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    checked = [(result.expectation, result.description) for result in results]
    if checked != [(expectation.name, expectation.description) for expectation in suite.expectations]:
        return None
    return SuiteResult(suite, results, gx_result)


def find_failures(engine: Engine, report_id: UUID, suite_results: Sequence[SuiteResult]) -> dict[int, list[str]]:
    """For each file at fault, by its id, one sentence per failed expectation, with up to three examples of rows."""
    failures: dict[int, list[str]] = {}
    checked = [
        pair
        for suite_result in suite_results
        for pair in zip(suite_result.suite.expectations, suite_result.expectation_results, strict=True)
    ]
    for expectation, result in checked:
        if result.is_met or result.severity != "fail":
            continue
        for row in result.unexpected:
            sentence = expectation.failure.format(**row)
            examples = unusable_rows(engine, report_id, row["file_id"]) if expectation.shows_unusable_rows else []
            if examples:
                shown = "; ".join(f"line {row.line_number}: {row.reason} ({row.raw_text})" for row in examples)
                sentence += f". For example {shown}"
            failures.setdefault(row["file_id"], []).append(sentence)
    return failures


def summarize(failures: Mapping[int, list[str]]) -> list[str]:
    """The sentences about all files, at most MAX_FAILURES and a count of the rest."""
    sentences = [sentence for file_sentences in failures.values() for sentence in file_sentences]
    more = len(sentences) - MAX_FAILURES
    return [*sentences[:MAX_FAILURES], f"and {more:,} more"] if more > 0 else sentences


def reject(engine: Engine, failures: Mapping[int, list[str]]) -> None:
    """Rejects the staged files among `failures`: deletes their rows, but keeps their quarantine.

    A file that another report has accepted in the meantime stays accepted; one that it is just accepting is waited for.
    """
    with engine.begin() as connection:
        connection.execute(statement("ingest/acceptance/lock"))
        for file_id, sentences in failures.items():
            why = {"file_id": file_id, "rejected_because": " | ".join(sentences)}
            rejected = connection.execute(statement("quality/validation/reject_file"), why).mappings().first()
            if rejected is None:
                continue
            connection.execute(statement("ingest/polls/clear"), dict(rejected))
            files = {"file_ids": [file_id]}
            connection.execute(statement("ingest/stores/clear_polled"), files)
            connection.execute(statement("ingest/status_intervals/clear_staged"), files)
            connection.execute(statement("ingest/snapshots/clear_business_hours"), files)
            connection.execute(statement("ingest/snapshots/clear_timezones"), files)
            connection.execute(statement("ingest/snapshots/clear_stores"), files)


def publish(
    engine: Engine, report_id: UUID, folder: StoragePath, clock: datetime, suite_results: list[SuiteResult]
) -> None:
    """Saves the results in a table, as JSON and as Data Docs; raises `OutputFolderError` if it cannot write them."""
    results = [result for suite_result in suite_results for result in suite_result.expectation_results]
    rows = []
    for result in results:
        at_fault = [row["file_id"] for row in result.unexpected if "file_id" in row]
        rows.append(
            result.saved()
            | {
                "report_id": report_id,
                "file_id": at_fault[0] if len(at_fault) == 1 else None,
                "examples": json.dumps(result.examples),
                "checked_at": clock,
            }
        )
    with engine.begin() as connection:
        if rows:
            connection.execute(statement("quality/validation/add_result"), rows)
    with naming_output(f"The folder for quality results and Data Docs ({folder})", "STORE_UPTIME_QUALITY"):
        document = as_json(report_id, clock, suite_results)
        write_text_atomically(folder / f"{report_id}.json", document, is_only_writer=True)
        data_docs.build(engine, report_id, folder, clock, suite_results)


def as_json(report_id: UUID, clock: datetime, suite_results: list[SuiteResult]) -> str:
    """The results, and Great Expectations' own result of each suite, as JSON."""
    results = [result for suite_result in suite_results for result in suite_result.expectation_results]
    document = {
        "report_id": str(report_id),
        "checked_at": clock.isoformat(),
        "is_met": all(result.is_met for result in results if result.severity == "fail"),
        "results": [result.saved() for result in results],
        "great_expectations": {
            suite_result.suite.name: suite_result.gx_result.to_json_dict() for suite_result in suite_results
        },
    }
    return json.dumps(document, indent=1, ensure_ascii=False)
