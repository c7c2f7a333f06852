"""One store over time: its days, its time on some dates span by span, and by hour of the week."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from store_uptime.calendar.durations import duration_text
from store_uptime.delivery.rendering import json_object
from store_uptime.delivery.tables import AVAILABILITY
from store_uptime.history.questions import check_dates, reading
from store_uptime.history.store_days import find_days
from store_uptime.history.store_time import HourOfWeek, Span, find_polls, find_time, hours_of_week
from store_uptime.percentages import percent_text
from store_uptime_web import cursors, problems, queries
from store_uptime_web.api import answers
from store_uptime_web.api.answers import From, Limit, OfStore, Until
from store_uptime_web.api.reports import Cursor
from store_uptime_web.schemas.stores import StoreDaysPage, StoreHours, StoreTimeline
from store_uptime_web.security import READ

router = APIRouter(
    tags=["availability"], prefix="/stores/{store_id:path}", responses=answers.DOCUMENTED | problems.documented(404)
)

DaySort = Literal[
    "date", "uptime_percent", "open", "planned", "up", "down", "unknown", "opened_late", "closed_early", "missed"
]
DayFilter = Literal["down", "unknown", "planned", "opened_late", "closed_early", "missed"]

MAX_TIMELINE_DATES = 35
MAX_HOURS_DATES = 1100
POLL_ROWS = 20_000

MEASURES = {
    "open": "open_us",
    "planned": "planned_us",
    "up": "up_us",
    "down": "down_us",
    "unknown": "unknown_us",
    "opened_late": "opened_late_us",
    "closed_early": "closed_early_us",
    "missed": "missed_openings",
}


@router.get("/days", summary="The days of a store", response_model=StoreDaysPage, dependencies=[READ])
def list_days(
    store_id: OfStore,
    from_: From,
    until: Until,
    only: Annotated[DayFilter | None, Query(description="Only days on which there is some of it.")] = None,
    sort: DaySort = "date",
    order: Literal["asc", "desc"] = "asc",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """The rows of `/availability` by day for one store, sorted; days without a percentage come last in either order.

    409 before the first settlement.
    """
    with answers.answering(), answers.known_store(store_id), reading(queries.engine()) as connection:
        found = find_days(connection, store_id, from_, until)
    rows = found.rows if only is None else [day for day in found.rows if getattr(day, MEASURES[only])]
    page = cursors.part(answers.in_order(rows, day_key(sort), is_descending=order == "desc"), limit, cursor)
    return answers.page_response(
        found.settlement,
        "days",
        [json_object(AVAILABILITY, day) for day in page.rows],
        page.next,
        previous=page.previous,
        total=len(found.rows),
        matching=len(rows),
    )


def day_key(sort: DaySort) -> Any:
    """What days are sorted by, exactly; None for a day that has no such figure."""
    if sort == "date":
        return lambda day: day.from_date
    if sort == "uptime_percent":
        return lambda day: day.uptime
    return lambda day: getattr(day, MEASURES[sort])


@router.get("/timeline", summary="The time of a store", dependencies=[READ])
def show_timeline(store_id: OfStore, from_: From, until: Until) -> StoreTimeline:
    """What the time of a store counts as on up to 35 dates, span by span, with its polls.

    409 before the first settlement. Days whose polls retention has deleted have only unknown time here.
    """
    with answers.answering(), answers.known_store(store_id), reading(queries.engine()) as connection:
        check_dates(from_, until, MAX_TIMELINE_DATES)
        found = find_time(connection, store_id, from_, until)
        polls = find_polls(connection, found, POLL_ROWS + 1)
    return StoreTimeline.model_validate(
        {
            **answers.basis(found.settlement),
            "store_id": store_id,
            "from_date": found.from_date,
            "until_date": found.until_date,
            "max_gap": duration_text(found.settlement.max_gap),
            "offsets": [
                {
                    "from": one.from_at,
                    "to": one.to_at,
                    "utc_offset_seconds": int(one.utc_offset.total_seconds()),
                    "timezone": one.timezone,
                }
                for one in found.offsets
            ],
            **{
                kind: [(span.from_at, span.to_at) for span in found.spans.get(kind, no_spans())]
                for kind in ("opening", "special", "planned", "up", "down", "unknown")
            },
            "polls": [
                {"at": poll.polled_at, "status": "active" if poll.is_active else "inactive"}
                for poll in polls[:POLL_ROWS]
            ],
            "is_complete": len(polls) <= POLL_ROWS,
        }
    )


def no_spans() -> list[Span]:
    """Of a store without days."""
    return []


@router.get("/hours", summary="The time of a store by hour of the week", dependencies=[READ])
def show_hours(store_id: OfStore, from_: From, until: Until) -> StoreHours:
    """The time of a store on up to 1100 dates, added up by weekday and hour on its own clock.

    409 before the first settlement. Days whose polls retention has deleted have only unknown time here.
    """
    with answers.answering(), answers.known_store(store_id), reading(queries.engine()) as connection:
        check_dates(from_, until, MAX_HOURS_DATES)
        found = find_time(connection, store_id, from_, until)
    return StoreHours.model_validate(
        {
            **answers.basis(found.settlement),
            "store_id": store_id,
            "from_date": found.from_date,
            "until_date": found.until_date,
            "hours": [hour_json(hour) for hour in hours_of_week(found)],
        }
    )


def hour_json(hour: HourOfWeek) -> dict[str, Any]:
    """An hour of the week, with its open time and percentage."""
    return vars(hour) | {
        "open_us": hour.up_us + hour.down_us + hour.unknown_us,
        "uptime_percent": percent_text(hour.up_us, hour.up_us + hour.down_us),
    }
