"""What a validation found, expectation by expectation, and examples of rows that cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Engine

from store_uptime.db.statements import statement
from store_uptime.quality.expectations import Severity, Suite

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

LONGEST_RAW_TEXT = 80


@dataclass(frozen=True)
class ExpectationResult:
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
class SuiteResult:
    """A suite that was checked: the results in its order, and Great Expectations' own gx_result of them."""

    suite: Suite
    expectation_results: list[ExpectationResult]
    gx_result: ExpectationSuiteValidationResult = field(repr=False)


def unusable_rows(engine: Engine, report_id: UUID, file_id: int | None) -> list[Any]:
    """Up to three unusable rows of each file (of one file, if `file_id` names it)."""
    with engine.connect() as connection:
        return list(
            connection.execute(
                statement("quality/list_unusable_rows"),
                {"report_id": report_id, "file_id": file_id, "longest_raw_text": LONGEST_RAW_TEXT},
            )
        )
