"""What every store is now, as JSON in pages or as a file, and why a store counts as what it does at an instant."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse

from store_uptime.calendar.durations import instant_text
from store_uptime.delivery.answers import now_file
from store_uptime.delivery.explanations import explanation_json
from store_uptime.delivery.rendering import json_object
from store_uptime.delivery.tables import NOW
from store_uptime.history.explain import explain
from store_uptime.history.now import Order, Place, Sort, State, find_groups_now, find_now
from store_uptime.history.questions import Choice, reading
from store_uptime_web import cursors, problems, queries
from store_uptime_web.api import answers
from store_uptime_web.api.answers import Format, Kind, Limit, Name, OfStore, StoreId
from store_uptime_web.api.reports import STREAM_SECONDS, CountedStream, Cursor
from store_uptime_web.downloads import formats
from store_uptime_web.schemas.availability import Explanation, GroupsNow, InstantGiven, NowPage
from store_uptime_web.schemas.common import Text
from store_uptime_web.security import READ, Reader

SETTLED_SECONDS = 3  # between two looks at which settlement is the newest

router = APIRouter(tags=["availability"], responses=answers.DOCUMENTED)


@router.get(
    "/now",
    summary="What every store is now",
    response_model=NowPage,
    responses=formats.documented_answer(NowPage.__name__),
    dependencies=[READ],
)
def show_now(
    format_: Format = "json",
    store_id: StoreId = None,
    kind: Kind = None,
    name: Name = None,
    state: Annotated[
        State | None,
        Query(
            description="down: open and down, or in an outage that is ongoing. up, unknown: open with that status. "
            "Default: any."
        ),
    ] = None,
    sort: Annotated[Sort, Query(description="Then by store id in byte order; what has no such value is last.")] = (
        "store_id"
    ),
    order: Literal["asc", "desc"] = "asc",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Whether each store is open, up or down, and since when, at the instant up to which days are settled.

    409 before the first settlement. `csv`, `xlsx` and `pdf` have hours with two decimals in place of microseconds.
    """
    listed = Order(sort, order == "desc")
    with answers.answering():
        choice = Choice(store_id, kind, name)
        if format_ != "json":
            file = now_file(queries.engine(), choice, format_, state=state, order=listed)
            return answers.file_response(file, format_)
        is_backward, after = (False, None) if cursor is None else place_of(cursor)
        with reading(queries.engine()) as connection:
            found = find_now(
                connection, choice, state=state, order=listed, is_backward=is_backward, after=after, rows=limit
            )
    page = cursors.around(
        found.rows,
        cursor,
        lambda way, row: cursor_at(way, listed.place(row)),
        is_backward=is_backward,
        has_more=found.has_more,
    )
    return answers.page_response(
        found.settlement,
        NOW.name,
        [json_object(NOW, row) for row in page.rows],
        page.next,
        previous=page.previous,
    )


def cursor_at(way: str, place: Place) -> str:
    """Where the page after (`on`) or before (`back`) a store begins."""
    return cursors.encode(way, str(place.value), place.store_id)


def place_of(cursor: str) -> tuple[bool, Place]:
    """Whether a cursor leads back, and the store at which the page begins; 422 for what is no cursor of this list."""
    way, number, store_id = cursors.decode(cursor, str, str, str)
    return cursors.is_back(way), Place(cursors.whole(number), store_id)


@router.get("/now/groups", summary="How many stores are in which state now", dependencies=[READ])
def count_now(
    by: Annotated[Text, Query(min_length=1, max_length=1024, description="timezone, or a kind of group.")] = "timezone",
    limit: Limit = 100,
) -> GroupsNow:
    """Groups of a kind, those with the most stores down first, and all stores; states are those of `/now`."""
    with answers.answering(), reading(queries.engine()) as connection:
        found = find_groups_now(connection, by)
    return GroupsNow.model_validate(
        {
            **answers.basis(found.settlement),
            "totals": vars(found.totals),
            "all_groups": len(found.groups),
            "groups": [vars(one) for one in found.groups[:limit]],
        }
    )


@router.get(
    "/now/events",
    summary="New settlements, live",
    response_class=StreamingResponse,
    responses={200: {"description": "Server-sent events `settled`.", "content": {"text/event-stream": {}}}},
)
async def now_events(
    user: Reader,
    last_event_id: Annotated[str | None, Header(description="The event received last: wait for another.")] = None,
) -> StreamingResponse:
    """`settled`, with what answers are as of (null: nothing yet), as soon as that is not what the caller has received.

    Then, or after ten minutes, the stream ends. An EventSource comes back by itself, and says what it has received.
    """
    return CountedStream(user, next_settlement(last_event_id))


async def next_settlement(received: str | None) -> AsyncIterator[str]:
    """Looks every few seconds which settlement is the newest, until it is another than the one `received`."""
    yield f"retry: {1000 * SETTLED_SECONDS}\n\n"
    for count in range(STREAM_SECONDS // SETTLED_SECONDS):
        if count:
            await asyncio.sleep(SETTLED_SECONDS)
        settlement = await run_in_threadpool(answers.newest_settlement)
        newest = f"settlement-{settlement.settlement_id}" if settlement else "none"
        if newest != received:
            data = json.dumps({"as_of": instant_text(settlement.as_of) if settlement else None})
            yield f"id: {newest}\nevent: settled\ndata: {data}\n\n"
            return
        if count % 5 == 4:
            yield ": keep-alive\n\n"


@router.get(
    "/stores/{store_id:path}/explain",
    summary="Why a store counts as what it does",
    response_model=Explanation,
    responses=problems.documented(404),
    dependencies=[READ],
)
def show_explanation(
    store_id: OfStore,
    at: Annotated[InstantGiven, Query(description="The instant; without an offset it is UTC.")],
) -> dict[str, Any]:
    """What the store counts as at an instant: the hours, the planned downtime, the zone and the poll behind it."""
    with answers.answering(), answers.known_store(store_id), reading(queries.engine()) as connection:
        return explanation_json(explain(connection, store_id, at))
