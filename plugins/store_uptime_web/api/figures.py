"""The figures of a published report: at a glance, store by store, and as files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import groupby
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from pydantic import Field, WithJsonSchema
from sqlalchemy import Row

from store_uptime.calendar.durations import duration_text
from store_uptime.calendar.periods import LAST_WEEK, PeriodName
from store_uptime_web import cursors, problems, progress, queries
from store_uptime_web.api.reports import Cursor, Limit, ReportId
from store_uptime_web.downloads import formats, report_files
from store_uptime_web.figures import by_period, difference, fraction_percent
from store_uptime_web.problems import Problem
from store_uptime_web.schemas.common import Text
from store_uptime_web.schemas.figures import SORTS, ReportSummary, SortName, StoreDetail, StorePage
from store_uptime_web.security import Reader

router = APIRouter(
    tags=["figures"],
    prefix="/reports/{report_id}",
    responses=problems.documented(401, 403, 404, 409, 410, 422, 429, 503),
)

Percent = Annotated[
    Decimal,
    Field(ge=0, le=100, max_digits=5, decimal_places=2),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100, "multipleOf": 0.01}),
]

BINS = 20
RARE = 50  # a filter is selective if it leaves less than one store in so many
WORST_ROWS = 10
DROP_ROWS = 10
POLL_ROWS = 20_000


async def published(request: Request, _: Reader, report_id: ReportId) -> Row:
    """The row of a published report; 404 for an unknown id, 409 if it is not published."""
    found = await progress.of_report(request, report_id)
    if found.published is None:
        raise Problem(409, f"The report is {found.state}; only a complete one has figures.")
    return found.published


Published = Annotated[Row, Depends(published)]


@router.get(
    "/download",
    summary="The report as a file",
    response_class=Response,
    responses=formats.documented(*formats.FORMATS) | formats.REDIRECTED,
)
def download(
    request: Request,
    user: Reader,
    report: Published,
    format_: Annotated[Literal["csv", "xlsx", "parquet", "json"], Query(alias="format")] = "csv",
) -> Response:
    """The CSV is that of get_report; the other formats also have open and unknown time and exact microseconds."""
    return report_files.respond(request, user, report, format_)


@router.get("/summary", summary="The report at a glance")
def summary(report: Published, period: PeriodName = "last_week") -> ReportSummary:
    """Totals, distribution of uptime, worst stores, and what changed since the previous report."""
    before = queries.row("previous_report", report_id=report.report_id)
    found = summarized(report.report_id, report.published_at, report.no_data, before, period)
    return ReportSummary.model_validate(
        {
            "report_id": report.report_id,
            "as_of": report.as_of,
            "period": period,
            "store_count": report.store_count,
            **found,
            "timezones": timezones_of(report.report_id, report.published_at),
        }
    )


@lru_cache(maxsize=256)
def summarized(
    report_id: UUID, published_at: datetime, no_data: str, before: Row | None, period: PeriodName
) -> dict[str, Any]:
    """The computed part of a summary. Cached: the figures published at one instant never change."""
    histogram = queries.rows("histogram", report_id=report_id, period=period)
    stores_in = {bin_.twentieth: bin_.stores for bin_ in histogram}
    totals, totals_before = totals_of(report_id, no_data), None
    if before is not None:
        totals_before = totals_of(before.report_id, no_data)
    return {
        "totals": totals,
        "histogram": [
            {"from": 100 * number // BINS, "to": 100 * (number + 1) // BINS, "stores": stores_in.get(number, 0)}
            for number in range(BINS)
        ],
        "no_percent": stores_in.get(None, 0),
        "always_up": sum(bin_.always_up for bin_ in histogram),
        "always_down": sum(bin_.always_down for bin_ in histogram),
        "worst": [
            store_figures(one, no_data)
            for one in by_store(queries.rows("worst_stores", report_id=report_id, period=period, worst_rows=WORST_ROWS))
        ],
        "before": {**before._asdict(), "totals": totals_before} if before is not None else None,
        "change": {
            "uptime_percent": difference(totals[period]["uptime_percent"], totals_before[period]["uptime_percent"]),
            **changed(report_id, before.report_id, period),
        }
        if before is not None and totals_before is not None
        else None,
    }


@lru_cache(maxsize=256)
def timezones_of(report_id: UUID, _published_at: datetime) -> list[dict[str, Any]]:
    """The zones of a report's stores. In a cache of their own: whatever the period or the report before, they stay."""
    return [row._asdict() for row in queries.rows("timezones", report_id=report_id)]


def totals_of(report_id: UUID, no_data: str) -> dict[str, dict[str, Any]]:
    """The figures of each period, summed over the stores of a report."""
    return by_period(queries.rows("totals", report_id=report_id), no_data)


def changed(report_id: UUID, before_id: UUID, period: PeriodName) -> dict[str, Any]:
    """How many stores changed since the previous report, and the largest drops."""
    found = queries.rows("changed_stores", report_id=report_id, before_id=before_id, period=period, drop_rows=DROP_ROWS)
    counts = {name: getattr(found[0], name) for name in ("stores_better", "stores_worse", "stores_new", "stores_gone")}
    drops = []
    for row in found:
        if row.store_id is not None:
            before, now = fraction_percent(row.up_before), fraction_percent(row.up_now)
            drops.append({"store_id": row.store_id, "before": before, "now": now, "change": difference(now, before)})
    return {**counts, "drops": drops}


def by_store(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows of stores and periods as a list for each store."""
    return [list(of_store) for _, of_store in groupby(rows, lambda row: row.store_id)]


def store_figures(periods: Sequence[Row], no_data: str) -> dict[str, Any]:
    """A store with the figures of each period, from its rows."""
    row = periods[0]
    return {
        "store_id": row.store_id,
        "timezone": row.timezone,
        "has_timezone": row.has_timezone,
        "has_business_hours": row.has_business_hours,
        **by_period(periods, no_data),
    }


@router.get("/stores", summary="The stores of a report")
def stores(
    report: Published,
    search: Annotated[
        Text | None, Query(max_length=1024, description="Part of the id; A to Z match in any case.")
    ] = None,
    timezone: Annotated[
        Text | None, Query(max_length=1024, description="Only stores of this zone, as `timezone` of a store has it.")
    ] = None,
    period: Annotated[PeriodName, Query(description="Of percent_from, percent_to and no_percent.")] = "last_week",
    percent_from: Annotated[Percent | None, Query(description="Minimum uptime in percent.")] = None,
    percent_to: Annotated[
        Percent | None, Query(description="Uptime in percent is less than this; 100 includes all of the time.")
    ] = None,
    no_percent: Annotated[bool, Query(description="Only stores with neither uptime nor downtime.")] = False,
    sort: SortName = "store_id",
    order: Literal["asc", "desc"] = "asc",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> StorePage:
    """A page of the stores. Stores without a percentage come last in either order."""
    filters = {
        "report_id": report.report_id,
        "pattern": queries.pattern(search),
        "timezone": timezone or None,
        "period": period,
        "percent_from": percent_from if percent_to is None else percent_from or 0,
        "percent_to": 100 if percent_to is None else percent_to,
        "no_percent": no_percent,
    }
    is_backward, value, store_id, matching = False, None, None, None
    if cursor is not None:
        way, number, store_id, matching = cursors.decode(cursor, str, str, str, int)
        is_backward, value = cursors.is_back(way), as_float(number)
    if matching is None:
        is_filtered = search or timezone or no_percent or filters["percent_from"] is not None
        matching = queries.rows("matching_stores", **filters)[0][0] if is_filtered else report.store_count
    found = by_store(
        queries.rows(
            "stores",
            **filters,
            sort_measure=SORTS[sort].measure,
            sort_period=SORTS[sort].period or period,
            missing="-Infinity" if order == "desc" else "Infinity",
            is_rare=matching * RARE < report.store_count,
            is_descending=(order == "desc") is not is_backward,
            after_value=value,
            after_store_id=store_id,
            page_rows=limit + 1,
        )
    )
    page = cursors.around(
        found[:limit],
        cursor,
        lambda way, of_store: cursors.encode(way, repr(float(of_store[0].sort_value)), of_store[0].store_id, matching),
        is_backward=is_backward,
        has_more=len(found) > limit,
    )
    return StorePage.model_validate(
        {
            "stores": [store_figures(one, report.no_data) for one in page.rows],
            "total": report.store_count,
            "matching": matching,
            "next": page.next,
            "previous": page.previous,
        }
    )


def as_float(number: str) -> float:
    """The sort value in a cursor; 422 if it is no number."""
    try:
        return float(number)
    except ValueError as error:
        raise cursors.unknown() from error


@router.get("/store", summary="One store of a report, by query")
def store_by_query(report: Published, store_id: Annotated[Text, Query(max_length=1024)]) -> StoreDetail:
    """For ids that do not fit into a path, such as `..`."""
    return store_detail(report, store_id)


@router.get("/stores/{store_id:path}", summary="One store of a report")
def store_by_path(
    report: Published, store_id: Annotated[Text, Path(description="Percent-encoded, slashes too.")]
) -> StoreDetail:
    """Figures, and the week as spans of UTC with the zone's offsets, polls and business hours."""
    return store_detail(report, store_id)


def store_detail(report: Row, store_id: str) -> StoreDetail:
    """Everything about one store."""
    report_id = report.report_id
    periods = queries.rows("store", report_id=report_id, store_id=store_id)
    if not periods:
        raise Problem(404, f"The report has no store {store_id}.")
    of_store = {"report_id": report_id, "store_key": periods[0].store_key}
    spans: dict[str, list] = defaultdict(list)
    for span in queries.rows("store_week", **of_store):
        spans[span.kind].append(span)
    polls = queries.rows("store_polls", **of_store, poll_rows=POLL_ROWS)
    return StoreDetail.model_validate(
        {
            **store_figures(periods, report.no_data),
            "report_id": report_id,
            "as_of": report.as_of,
            "no_data": report.no_data,
            "max_gap": duration_text(report.max_gap),
            "week": {"from": report.as_of - LAST_WEEK.length, "to": report.as_of},
            "offsets": [
                {"from": span.from_at, "to": span.to_at, "utc_offset_seconds": int(span.utc_offset.total_seconds())}
                for span in spans["offset"]
            ],
            **{
                kind: [(span.from_at, span.to_at) for span in spans[kind]] for kind in ("open", "up", "down", "unknown")
            },
            "polls": [
                {"at": poll.polled_at, "status": "active" if poll.is_active else "inactive"} for poll in reversed(polls)
            ],
            "polls_left_out": polls[0].all_polls - len(polls) if polls else 0,
            "business_hours": [
                {"weekday": opening.weekday, "start": opening.start_time, "end": opening.end_time}
                for opening in queries.rows("store_business_hours", **of_store)
            ],
        }
    )
