"""`validate`: Great Expectations checks what a run brought before any report may use it.

The files are checked first; one that fails is rejected and stops the run. Then they are accepted, and the stores and
polls that the report will see are checked too; what is found there is shown with the report.

Great Expectations is imported by the functions that use it, because its import takes seconds: `preload` does it ahead.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from sqlalchemy import Engine, make_url
from sqlalchemy.engine.default import DefaultDialect

from store_uptime import acceptance, citus, data_docs
from store_uptime.errors import ExpectationFailedError, naming_output
from store_uptime.expectations import STORES, Expectation, Severity, Suite, files
from store_uptime.export import OutputPath
from store_uptime.imports import import_later
from store_uptime.settings import Settings
from store_uptime.sql import statement

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.datasource.fluent import PostgresDatasource
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

EXAMPLES = 3
SLOT, SLOTS = timedelta(hours=3), 56  # of a week, by which gaps in the polls are found
LONGEST_RAW_TEXT = 80
MOST_FAILURES = 10  # in the message of an error
SEVERITIES = {"fail": "critical", "warn": "warning"}

# Great Expectations keeps the context it works in in a global.
_ONE_AT_A_TIME = Lock()


@dataclass(frozen=True)
class Result:
    """What was found about one expectation; `unexpected` are rows that were not expected."""

    suite: str
    expectation: str
    severity: Severity
    is_met: bool
    description: str
    observed_value: str
    unexpected_count: int | None
    examples: list[str]
    unexpected: list[Mapping[str, Any]] = field(repr=False)


@dataclass(frozen=True)
class Review:
    """A suite that was checked: the results in its order, and Great Expectations' own account of them."""

    suite: Suite
    results: list[Result]
    account: ExpectationSuiteValidationResult = field(repr=False)


def preload() -> None:
    """Imports Great Expectations, which takes seconds, so that `validate` finds it there.

    A third of its memory and of those seconds would be for two packages that serve expectations which we do not have.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import_later("altair", "scipy.stats")
    import great_expectations
    import great_expectations.expectations
    import great_expectations.render.renderer
    import great_expectations.render.view  # noqa: F401


def validate(
    engine: Engine, report_id: UUID, settings: Settings, clock: datetime, folder: OutputPath | None = None
) -> dict[str, Any]:
    """Checks what the run brought, accepts it, and returns counts; what was found is kept for people and programs.

    Files go to `folder`, by default the path in the settings (an address that is a URL takes whoever can open it).
    Raises `ExpectationFailedError` when a `fail` expectation is not met: its staged files are rejected then.
    """
    preload()
    with engine.begin() as connection:
        report = connection.execute(statement("quality/read_report"), {"report_id": report_id}).one()
        connection.execute(statement("quality/clear_results"), {"report_id": report_id})
    with _ONE_AT_A_TIME, Checker(engine, report_id, settings) as checker:
        reviews = [checker.check(files(settings.max_unusable_percent))]
        try:
            failures = failures_of(engine, report_id, reviews[0])
            if failures:
                reject(engine, failures)
                raise ExpectationFailedError(told(failures))
            accepted = acceptance.accept(engine, report_id, clock)
            as_of = datetime.fromisoformat(accepted["as_of"])
            reviews.append(
                checker.check(
                    STORES,
                    as_of=as_of,
                    day_start=as_of - timedelta(days=1),
                    week_start=as_of - timedelta(days=7),
                    slot_starts=f"{{{','.join((as_of - SLOT * n).isoformat() for n in range(SLOTS, 0, -1))}}}",
                    expected_at=report.as_of_requested or report.as_of_limit or clock,
                )
            )
        finally:
            publish(engine, report_id, folder or cast("OutputPath", Path(settings.quality)), clock, reviews)
    found = {result.expectation: result for review in reviews for result in review.results}
    warned_about = [name for name, result in found.items() if not result.is_met]
    return {
        "expectations": len(found),
        "warnings": len(warned_about),
        "warned_about": warned_about,
        "rows_quarantined": found["no_row_is_quarantined"].unexpected_count,
        **accepted,
    }


class Checker:
    """Has Great Expectations check suites, on a database connection of its own with a reader's rights."""

    def __init__(self, engine: Engine, report_id: UUID, settings: Settings) -> None:
        self._engine, self._report_id, self._url = engine, report_id, settings.database_url
        self._datasource: PostgresDatasource

    def __enter__(self) -> Checker:
        import great_expectations as gx
        from great_expectations.data_context.types.base import (
            DataContextConfig,
            InMemoryStoreBackendDefaults,
            ProgressBarsConfig,
        )

        # The URL, which may hold a password, goes by name, so that no configuration or message shows it.
        self._context = gx.get_context(
            mode="ephemeral",
            runtime_environment={"DATABASE_URL": make_url(self._url).render_as_string(hide_password=False)},
            project_config=DataContextConfig(
                store_backend_defaults=InMemoryStoreBackendDefaults(),
                progress_bars=ProgressBarsConfig(globally=False),
            ),
        )
        self._datasource = self._context.data_sources.add_postgres(  # type: ignore[call-arg]
            "store_uptime",
            connection_string="${DATABASE_URL}",
            create_temp_table=True,
            kwargs={"connect_args": {"options": self._options()}},
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._datasource.get_execution_engine().close()
        self._datasource.get_engine().dispose()

    def _options(self) -> str:
        """What a session of ours has set, for one that Great Expectations opens (see database.connect)."""
        with self._engine.connect() as connection:
            role = "" if citus.is_there(connection) else "-c role=store_uptime_reader "
        return f"{role}-c timezone=UTC"

    def check(self, suite: Suite, **binds: datetime | str) -> Review:
        """The suite's query becomes a temporary table, which is then held against each expectation."""
        import great_expectations as gx

        asset = self._datasource.add_query_asset(suite.name, query=self._query(suite, binds))
        account = gx.ValidationDefinition(
            name=suite.name,
            data=asset.add_batch_definition_whole_table(suite.name),
            suite=self._context.suites.add(
                gx.ExpectationSuite(
                    name=suite.name,
                    expectations=[
                        getattr(gx.expectations, expectation.check)(
                            **expectation.arguments,
                            severity=SEVERITIES[expectation.severity],
                            description=expectation.description,
                            meta={"name": expectation.name},
                        )
                        for expectation in suite.expectations
                    ],
                )
            ),
        ).run(
            result_format={
                "result_format": "COMPLETE",
                "unexpected_index_column_names": list(suite.columns),
                "partial_unexpected_count": suite.most_named,
                "return_unexpected_index_query": False,
            }
        )
        return Review(suite, self._results(suite, account), account)

    def _query(self, suite: Suite, binds: Mapping[str, datetime | str]) -> str:
        """The query with its values in it, for Great Expectations knows no binds, and without its header."""
        values = {"report_id": str(self._report_id)} | {
            name: value if isinstance(value, str) else value.isoformat() for name, value in binds.items()
        }
        query = str(
            statement(suite.query)
            .bindparams(**values)
            .compile(dialect=DefaultDialect(), compile_kwargs={"literal_binds": True})
        )
        return "\n".join(line for line in query.splitlines() if not line.lstrip().startswith("--"))

    def _results(self, suite: Suite, account: ExpectationSuiteValidationResult) -> list[Result]:
        found: dict[str, Mapping[str, Any]] = {}
        for result in account.results:
            config = cast("ExpectationConfiguration", result.expectation_config)
            # A check that could not be made says why, by metric, and may look like one that was made.
            causes = {info["exception_message"] for info in result.exception_info.values() if isinstance(info, dict)}
            if causes or not result.result:
                raise not_checked(config.meta["name"], causes)
            found[config.meta["name"]] = {"success": result.success, **result.result}
        return [self._result(suite, expectation, found[expectation.name]) for expectation in suite.expectations]

    def _result(self, suite: Suite, expectation: Expectation, found: Mapping[str, Any]) -> Result:
        unexpected = found.get("unexpected_index_list") or []
        examples = [expectation.example.format(**row) for row in unexpected[:EXAMPLES]]
        count = found.get("unexpected_count")
        if count is None:
            value = found["observed_value"]
            observed = "nothing to look at" if value is None else expectation.observed.format(value)
            count = int(value) if expectation.shows_unusable_rows else None
        else:
            observed = _observed(suite, found)
        if expectation.shows_unusable_rows and not found["success"]:
            observed = ", ".join(examples) or observed
            at_fault = unexpected[0]["file_id"] if len(unexpected) == 1 else None
            rows = unusable_rows(self._engine, self._report_id, at_fault)
            examples = [f"{row.file}, line {row.line_number}: {row.reason} ({row.raw_text})" for row in rows[:EXAMPLES]]
        return Result(
            suite=suite.name,
            expectation=expectation.name,
            severity=expectation.severity,
            is_met=found["success"],
            description=expectation.description,
            observed_value=observed,
            unexpected_count=count,
            examples=examples,
            unexpected=unexpected,
        )


def not_checked(name: str, causes: set[str]) -> Exception:
    """What to raise for a check that Great Expectations could not make; a lost connection is told as one."""
    told = f"{name} could not be checked: {'; '.join(sorted(causes))}"
    is_lost = any(error in told for error in ("OperationalError", "InterfaceError"))
    return ConnectionError(told) if is_lost else RuntimeError(told)


def _observed(suite: Suite, found: Mapping[str, Any]) -> str:
    """How many of the rows that could be looked at are not as expected."""
    count, rows = found["unexpected_count"], found["element_count"] - found["missing_count"]
    if not rows:
        return "nothing to look at"
    if not count:
        return f"none of {rows:,} {suite.rows} falls short"
    return f"{count:,} of {rows:,} {suite.rows} fall short ({100 * count / rows:.2f} %)"


def unusable_rows(engine: Engine, report_id: UUID, file_id: int | None) -> list[Any]:
    """Up to three unusable rows of each file (of one file, if `file_id` names it)."""
    with engine.connect() as connection:
        return list(
            connection.execute(
                statement("quality/list_unusable_rows"),
                {"report_id": report_id, "file_id": file_id, "longest_raw_text": LONGEST_RAW_TEXT},
            )
        )


def failures_of(engine: Engine, report_id: UUID, review: Review) -> dict[int, list[str]]:
    """For each file at fault one sentence per failed expectation: what, where, how many, and three examples."""
    failures: dict[int, list[str]] = {}
    for expectation, result in zip(review.suite.expectations, review.results, strict=True):
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


def told(failures: Mapping[int, list[str]]) -> list[str]:
    """The sentences about all files, as many as one likes to read."""
    sentences = [sentence for of_file in failures.values() for sentence in of_file]
    more = len(sentences) - MOST_FAILURES
    return [*sentences[:MOST_FAILURES], f"and {more:,} more like these"] if more > 0 else sentences


def reject(engine: Engine, failures: Mapping[int, list[str]]) -> None:
    """The staged ones of these files are void: their rows go, the quarantine stays as evidence.

    One that was accepted meanwhile stays.
    """
    with engine.begin() as connection:
        for file_id, sentences in failures.items():
            why = {"file_id": file_id, "rejected_because": " | ".join(sentences)}
            rejected = connection.execute(statement("quality/reject_file"), why).mappings().first()
            if rejected is None:
                continue
            connection.execute(statement("ingest/clear_polls"), dict(rejected))
            files = {"file_ids": [file_id]}
            connection.execute(statement("ingest/clear_polled_stores"), files)
            connection.execute(statement("ingest/clear_staged_runs"), files)
            connection.execute(statement("ingest/clear_business_hours"), files)
            connection.execute(statement("ingest/clear_store_timezones"), files)
            connection.execute(statement("ingest/clear_snapshot_stores"), files)


def publish(engine: Engine, report_id: UUID, folder: OutputPath, clock: datetime, reviews: list[Review]) -> None:
    """Keeps what was found: in a table and as JSON for programs, as Data Docs for people."""
    results = [result for review in reviews for result in review.results]
    with engine.begin() as connection:
        for result in results:
            at_fault = [row["file_id"] for row in result.unexpected if "file_id" in row]
            connection.execute(
                statement("quality/add_result"),
                asdict(result)
                | {
                    "report_id": report_id,
                    "file_id": at_fault[0] if len(at_fault) == 1 else None,
                    "examples": json.dumps(result.examples),
                    "checked_at": clock,
                },
            )
    with naming_output(f"The folder for quality results and Data Docs ({folder})", "STORE_UPTIME_QUALITY"):
        data_docs.write_alone(folder / f"{report_id}.json", as_json(report_id, clock, reviews))
        data_docs.build(engine, report_id, folder, clock, reviews)


def as_json(report_id: UUID, clock: datetime, reviews: list[Review]) -> str:
    """The results by name, and what Great Expectations says of each suite."""
    results = [result for review in reviews for result in review.results]
    document = {
        "report_id": str(report_id),
        "checked_at": clock.isoformat(),
        "is_met": all(result.is_met for result in results if result.severity == "fail"),
        "results": [
            {name: value for name, value in asdict(result).items() if name != "unexpected"} for result in results
        ],
        "great_expectations": {review.suite.name: review.account.to_json_dict() for review in reviews},
    }
    return json.dumps(document, indent=1, ensure_ascii=False)
