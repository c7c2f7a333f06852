"""The results of a validation, and examples of unusable rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Engine, Row

from store_uptime.db.statements import statement
from store_uptime.quality.expectations import Severity, Suite

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

MAX_RAW_TEXT_CHARACTERS = 80


@dataclass(frozen=True)
class ExpectationResult:
    """The result of one expectation; `unexpected` are the unexpected rows, by the suite's columns."""

    suite: str
    expectation: str
    severity: Severity
    is_met: bool
    description: str
    observed_value: str
    unexpected_count: int | None
    changes_figures: bool
    examples: list[str]
    unexpected: list[Mapping[str, Any]] = field(repr=False)

    def saved(self) -> dict[str, Any]:
        """What is kept of it: all but the unexpected rows, of which there may be thousands."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "unexpected"}


@dataclass(frozen=True)
class SuiteResult:
    """The result of one suite: of its expectations, in order, and Great Expectations' own result."""

    suite: Suite
    expectation_results: list[ExpectationResult]
    gx_result: ExpectationSuiteValidationResult = field(repr=False)


def warning_text(result: ExpectationResult | Row) -> str:
    """What a warning says to people: the expectation, what was found, and an example if there is one."""
    example = f" For example: {result.examples[0]}." if result.examples else ""
    return f"{result.description} Found: {result.observed_value}.{example}"


def unusable_rows(engine: Engine, report_id: UUID, file_id: int | None) -> list[Any]:
    """Up to three unusable rows of each file of the report, or of the file `file_id` only."""
    with engine.connect() as connection:
        return list(
            connection.execute(
                statement("quality/list_unusable_rows"),
                {"report_id": report_id, "file_id": file_id, "longest_raw_text": MAX_RAW_TEXT_CHARACTERS},
            )
        )
