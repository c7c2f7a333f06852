"""Validations of reports' input, and the rows in quarantine."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from store_uptime_web.schemas.common import Instant
from store_uptime_web.schemas.reports import SourceFile, ValidationCounts


class Validation(ValidationCounts):
    """The validation of one report's input."""

    report_id: UUID
    dag_run_id: str
    verdict: Literal["passed", "warned", "failed"]
    created_at: Instant
    checked_at: Instant
    rows_read: int


class ValidationPage(BaseModel):
    """A page of validations, newest first."""

    runs: list[Validation]
    next: str | None


class FileReference(BaseModel):
    """Which file it is about."""

    file_id: int
    name: str
    kind: str


class ExpectationResult(BaseModel):
    """What was expected, and what was found."""

    suite: str
    expectation: str
    severity: Literal["fail", "warn"]
    changes_figures: bool = Field(description="Whether figures may differ from what the owner of the input means.")
    is_met: bool
    description: str
    observed_value: str | None
    unexpected_count: int | None
    examples: list[Any]
    file: FileReference | None
    checked_at: Instant


class QuarantineReason(BaseModel):
    """A kind of reasons why rows of one file could not be used, and how many rows it has."""

    file_id: int
    file: str
    kind: str = Field(description="The reason without the value that it quotes.")
    reason: str = Field(description="Of the first of these rows.")
    examples: list[str] = Field(description="Up to three different reasons of this kind.")
    column: str | None
    rows: int


class ValidationLinks(BaseModel):
    """Relative to /store-uptime/."""

    report: str
    quarantine: str
    csv: str
    xlsx: str
    json_: str = Field(alias="json", serialization_alias="json")


class ValidationDetail(Validation):
    """The validation of one report's input, expectation by expectation; those that were not met come first."""

    expectations_list: list[ExpectationResult]
    files: list[SourceFile] = Field(description="Snapshots that the DAG run found, and the newest 100 status files.")
    status_files: int = Field(description="How many status files the report rests on.")
    quarantine: list[QuarantineReason]
    data_docs: str | None
    links: ValidationLinks


class QuarantinedRow(BaseModel):
    """A row that could not be used, as it is in its file."""

    file_id: int
    file: str
    line_number: int
    column: str | None
    kind: str = Field(description="The reason without the value that it quotes.")
    reason: str
    raw_text: str


class QuarantinePage(BaseModel):
    """A page of the rows in quarantine, in file and line order."""

    rows: list[QuarantinedRow]
    total: int
    next: str | None
