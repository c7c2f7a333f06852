"""The adapter to Great Expectations: checks the suites of expectations.py on temporary tables in PostgreSQL.

Only the functions that use Great Expectations import it, because this takes seconds; `preload` does it in advance.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from sqlalchemy import Engine, make_url
from sqlalchemy.engine.default import DefaultDialect

from store_uptime.db import topology
from store_uptime.db.statements import statement
from store_uptime.percentages import percent_text
from store_uptime.quality.expectations import Expectation, Suite
from store_uptime.quality.lazy_imports import import_lazily
from store_uptime.quality.results import ExpectationResult, SuiteResult, unusable_rows
from store_uptime.settings import Settings

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult
    from great_expectations.datasource.fluent import PostgresDatasource
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

EXAMPLES = 3
SEVERITIES = {"fail": "critical", "warn": "warning"}

# Great Expectations keeps its current context in a global variable.
GX_LOCK = Lock()


def preload() -> None:
    """Imports Great Expectations in advance, because this takes seconds.

    Two packages that our expectations do not need are imported lazily; they are a third of the time and of the memory.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import_lazily("altair", "scipy.stats")
    import great_expectations
    import great_expectations.expectations
    import great_expectations.render.renderer
    import great_expectations.render.view  # noqa: F401


class Checker:
    """Checks suites with Great Expectations, which opens its own database connection with a reader's rights."""

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

        # The URL may contain a password: it is passed by name, so that no configuration or message shows it.
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
            # No statement needs another: without transactions each is one exchange with the server, not three.
            kwargs={"connect_args": {"options": self._options()}, "isolation_level": "AUTOCOMMIT"},
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._datasource.get_execution_engine().close()
        self._datasource.get_engine().dispose()

    def _options(self) -> str:
        """The settings of a session from `engine.connect`, for the sessions that Great Expectations opens."""
        with self._engine.connect() as connection:
            role = "" if topology.is_there(connection) else "-c role=store_uptime_reader "
        return f"{role}-c timezone=UTC"

    def check(self, suite: Suite, **binds: datetime | str) -> SuiteResult:
        """Checks each expectation on the rows of the suite's query.

        Great Expectations puts these rows into a temporary table. `binds` are the query's, besides the
        report's id. Raises `ConnectionError` or `RuntimeError` (see `check_error`) if a check fails to run.
        """
        import great_expectations as gx
        from great_expectations.core.run_identifier import RunIdentifier
        from great_expectations.validator.v1_validator import Validator

        asset = self._datasource.add_query_asset(suite.name, query=self._query(suite, binds))
        validator = Validator(asset.add_batch_definition_whole_table(suite.name), {"result_format": "BASIC"})
        expectations = [
            getattr(gx.expectations, expectation.check)(
                **expectation.arguments,
                severity=SEVERITIES[expectation.severity],
                description=expectation.description,
                meta={"name": expectation.name},
            )
            for expectation in suite.expectations
        ]
        gx_result = validator.validate_expectation_suite(gx.ExpectationSuite(suite.name, expectations))
        gx_result.meta["run_id"] = RunIdentifier(run_time=datetime.now(UTC))
        found = _found(gx_result)
        unmet = [
            expectation
            for expectation in expectations
            if not found[expectation.meta["name"]]["success"] and "unexpected_count" in found[expectation.meta["name"]]
        ]
        if unmet:
            # Which rows are unexpected is asked only of these expectations: it would be half of the work.
            validator.result_format = {
                "result_format": "COMPLETE",
                "unexpected_index_column_names": list(suite.columns),
                "partial_unexpected_count": suite.max_named,
                "return_unexpected_index_query": False,
            }
            complete = validator.validate_expectation_suite(gx.ExpectationSuite(suite.name, unmet))
            found |= _found(complete)
            by_name = {_name_of(result): result for result in complete.results}
            gx_result.results = [by_name.get(_name_of(result), result) for result in gx_result.results]
        results = [self._result(suite, expectation, found[expectation.name]) for expectation in suite.expectations]
        return SuiteResult(suite, results, gx_result)

    def _query(self, suite: Suite, binds: Mapping[str, datetime | str]) -> str:
        """The query without its header, with its values as literals: Great Expectations does not support binds."""
        values = {"report_id": str(self._report_id)} | {
            name: value if isinstance(value, str) else value.isoformat() for name, value in binds.items()
        }
        query = str(
            statement(suite.query)
            .bindparams(**values)
            .compile(dialect=DefaultDialect(), compile_kwargs={"literal_binds": True})
        )
        return "\n".join(line for line in query.splitlines() if not line.lstrip().startswith("--"))

    def _result(self, suite: Suite, expectation: Expectation, found: Mapping[str, Any]) -> ExpectationResult:
        unexpected = found.get("unexpected_index_list") or []
        examples = [expectation.example.format(**row) for row in unexpected[:EXAMPLES]]
        count = found.get("unexpected_count")
        if count is None:
            value = found.get("observed_value")
            observed = "no rows to check" if value is None else expectation.observed.format(value)
            count = int(value) if expectation.shows_unusable_rows and value is not None else None
        else:
            observed = _observed(suite, found)
        if expectation.shows_unusable_rows and not found["success"]:
            observed = ", ".join(examples) or observed
            at_fault = unexpected[0]["file_id"] if len(unexpected) == 1 else None
            rows = unusable_rows(self._engine, self._report_id, at_fault)
            examples = [f"{row.file}, line {row.line_number}: {row.reason} ({row.raw_text})" for row in rows[:EXAMPLES]]
        return ExpectationResult(
            suite=suite.name,
            expectation=expectation.name,
            severity=expectation.severity,
            is_met=found["success"],
            description=expectation.description,
            observed_value=observed,
            unexpected_count=count,
            changes_figures=expectation.changes_figures,
            examples=examples,
            unexpected=unexpected,
        )


def _found(gx_result: ExpectationSuiteValidationResult) -> dict[str, Mapping[str, Any]]:
    """What was found of each expectation, by its name; raises `check_error`'s errors if a check failed to run."""
    found: dict[str, Mapping[str, Any]] = {}
    for result in gx_result.results:
        # A check that raised lists its exceptions by metric; apart from that it may look like one that ran.
        causes = {info["exception_message"] for info in result.exception_info.values() if isinstance(info, dict)}
        if causes or not result.result:
            raise check_error(_name_of(result), causes)
        found[_name_of(result)] = {"success": result.success, **result.result}
    return found


def _name_of(result: ExpectationValidationResult) -> str:
    config = cast("ExpectationConfiguration", result.expectation_config)
    return cast("str", config.meta["name"])


def gx_result_of(saved: dict[str, Any]) -> ExpectationSuiteValidationResult:
    """Great Expectations' result of a suite, from the JSON that it was saved as; `ValueError` if it is not one."""
    from great_expectations.core.expectation_validation_result import expectationSuiteValidationResultSchema
    from marshmallow import ValidationError

    try:
        return cast("ExpectationSuiteValidationResult", expectationSuiteValidationResultSchema.load(saved))
    except ValidationError as error:
        raise ValueError(f"Great Expectations cannot read a result that it saved: {error}") from error


def check_error(name: str, causes: set[str]) -> Exception:
    """The error for a check that failed to run: `ConnectionError` for a lost connection, else `RuntimeError`."""
    message = f"{name} could not be checked: {'; '.join(sorted(causes))}"
    is_lost = any(error in message for error in ("OperationalError", "InterfaceError"))
    return ConnectionError(message) if is_lost else RuntimeError(message)


def _observed(suite: Suite, found: Mapping[str, Any]) -> str:
    """The number of unexpected rows, among those with a value."""
    count, rows = found["unexpected_count"], found["element_count"] - found["missing_count"]
    if not rows:
        return "no rows to check"
    if not count:
        return f"0 of {rows:,} {suite.rows} do not meet it"
    return f"{count:,} of {rows:,} {suite.rows} do not meet it ({percent_text(count, rows)} %)"
