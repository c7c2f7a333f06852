"""Data Docs: a page for each validation, and lists of them, as static files without scripts or external resources.

Great Expectations renders its results. The page frame, the style sheets and the lists are ours: Great Expectations'
pages load files from other hosts, and its list is rebuilt from all validations each time.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from store_uptime.db.statements import statement
from store_uptime.storage import StoragePath, write_text_atomically

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.render import RenderedDocumentContent
    from great_expectations.render.view import DefaultJinjaPageView

    from store_uptime.quality.results import SuiteResult

SOURCE = Path(__file__).with_name("data_docs_assets")
NEWEST_RUNS = 100
OUR_TEMPLATES = ("run.html", "runs.html", "frame.html", "verdict.html")
# Those of Great Expectations that show results; others are compiled when they are needed.
GX_TEMPLATES = (
    *("section.j2", "component.j2", "content_block_header.j2", "header.j2"),
    *("string_template.j2", "table.j2"),
)


def build(
    engine: Engine, report_id: UUID, folder: StoragePath, clock: datetime, suite_results: Sequence[SuiteResult]
) -> None:
    """Writes the page of a validation and updates the lists; other pages do not change."""
    site, view = folder / "data_docs", page_view()
    copy_assets(site)
    with engine.connect() as connection:
        report = connection.execute(statement("quality/validation/read_report"), {"report_id": report_id}).one()
    results = [result for suite_result in suite_results for result in suite_result.expectation_results]
    page = view.render(
        join_sections(suite_results),
        template="run.html",
        root="../",
        report=report,
        report_id=report_id,
        checked_at=clock,
        results=sorted(results, key=lambda result: (result.is_met, result.severity)),
    )
    write_text_atomically(site / "runs" / f"{report_id}.html", page, is_only_writer=True)
    write_lists(engine, site, view, report.created_at.astimezone(UTC))


def preload() -> None:
    """Compiles the templates in advance: it takes as long as filling them in."""
    for name in (*OUR_TEMPLATES, *GX_TEMPLATES):
        page_view().env.get_template(name)


@cache
def page_view() -> DefaultJinjaPageView:
    """Great Expectations' HTML view, with our templates."""
    from great_expectations.render.view import DefaultJinjaPageView

    return DefaultJinjaPageView(custom_views_directory=str(SOURCE / "templates"))


def join_sections(suite_results: Sequence[SuiteResult]) -> RenderedDocumentContent:
    """One document with the sections of all suites, without their overviews."""
    from great_expectations.render import RenderedDocumentContent
    from great_expectations.render.renderer import ValidationResultsPageRenderer

    renderer = ValidationResultsPageRenderer(run_info_at_end=True)
    sections = []
    for suite_result in suite_results:
        _overview, *rest = renderer.render(escape(suite_result.gx_result)).sections
        for section in rest:
            section.section_name = f"{suite_result.suite.name}: {section.section_name}"
        sections += rest
    return RenderedDocumentContent(sections=sections, renderer_type="ValidationResultsPageRenderer")


def escape(gx_result: ExpectationSuiteValidationResult) -> ExpectationSuiteValidationResult:
    """A copy with all texts of results escaped: Great Expectations does not escape ids in its tables."""
    from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult

    return ExpectationSuiteValidationResult(
        success=gx_result.success,
        results=[
            ExpectationValidationResult(
                success=result.success,
                expectation_config=result.expectation_config,
                result=_escape(result.result),
                meta=result.meta,
                exception_info=result.exception_info,
            )
            for result in gx_result.results
        ],
        suite_name=gx_result.suite_name,
        statistics=gx_result.statistics,
        meta=gx_result.meta,
    )


def _escape(value: Any) -> Any:
    if isinstance(value, str):
        return html.escape(value)
    if isinstance(value, list):
        return [_escape(item) for item in value]
    if isinstance(value, dict):
        return {key: _escape(item) for key, item in value.items()}
    return value


def write_lists(engine: Engine, site: StoragePath, view: DefaultJinjaPageView, created_at: datetime) -> None:
    """Writes the index, and the list of the day on which the report was created."""
    day = created_at.replace(hour=0, minute=0, second=0, microsecond=0)
    with engine.begin() as connection:
        connection.execute(statement("quality/validation/lock_data_docs"))
        write_day(site, view, day, listed_runs(connection, site, day))
        write_index(site, view, listed_runs(connection, site))


def write_day(site: StoragePath, view: DefaultJinjaPageView, day: datetime, runs: Sequence[Any]) -> None:
    """Writes the list of one day."""
    page = view.env.get_template("runs.html").render(root="../", title=f"Runs of {day:%Y-%m-%d}", runs=runs, days=[])
    write_text_atomically(site / "days" / f"{day:%Y-%m-%d}.html", page, is_only_writer=True)


def write_index(site: StoragePath, view: DefaultJinjaPageView, runs: Sequence[Any]) -> None:
    """Writes the index: the newest DAG runs, and links to the lists of all days."""
    names = [path.stem for path in listed_days(site)]
    page = view.env.get_template("runs.html").render(root="", title="Newest runs", runs=runs, days=names)
    write_text_atomically(site / "index.html", page, is_only_writer=True)


def listed_days(site: StoragePath) -> list[StoragePath]:
    """The files of the days' lists, the newest first."""
    return sorted((site / "days").glob("[0-9]*.html"), key=lambda path: path.name, reverse=True)


def listed_runs(connection: Connection, site: StoragePath, day: datetime | None = None) -> list[Any]:
    """The validations of a day, or the newest ones, as far as they have a page."""
    binds = {
        "created_from": day,
        "created_to": day + timedelta(days=1) if day else None,
        "at_most": None if day else NEWEST_RUNS,
    }
    rows = connection.execute(statement("quality/list_validations"), binds)
    pages = {path.name for path in (site / "runs").glob("*.html")}
    return [row for row in rows if f"{row.report_id}.html" in pages]


def repair_lists(engine: Engine, site: StoragePath) -> int:
    """Rewrites the lists that are out of date, for example after results were deleted; returns their number.

    Deletes the list of a day without validations.
    """
    repaired = 0
    with engine.begin() as connection:
        connection.execute(statement("quality/validation/lock_data_docs"))
        for list_ in listed_days(site):
            day = datetime.strptime(list_.stem, "%Y-%m-%d").replace(tzinfo=UTC)
            runs = listed_runs(connection, site, day)
            if not runs:
                list_.unlink()
            elif linked_pages(list_, "runs") != {str(run.report_id) for run in runs}:
                write_day(site, page_view(), day, runs)
            else:
                continue
            repaired += 1
        index, runs = site / "index.html", listed_runs(connection, site)
        shown = {str(run.report_id) for run in runs}, {path.stem for path in listed_days(site)}
        if index.exists() and (linked_pages(index, "runs"), linked_pages(index, "days")) != shown:
            write_index(site, page_view(), runs)
            repaired += 1
    return repaired


def linked_pages(page: StoragePath, folder: str) -> set[str]:
    """The names of the pages in `folder` that a list links to."""
    return set(re.findall(rf'"(?:\.\./)?{folder}/([\w-]+)\.html"', page.read_text(encoding="utf-8")))


def copy_assets(site: StoragePath) -> None:
    """Copies the style sheets that are missing or differ from this version's."""
    for source in (SOURCE / "static").iterdir():
        target, content = site / "static" / source.name, source.read_text(encoding="utf-8")
        if not target.exists() or target.read_text(encoding="utf-8") != content:
            write_text_atomically(target, content)
