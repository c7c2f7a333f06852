"""What the resources of availability over time have in common: parameters, errors, and files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

from fastapi import Path, Query
from fastapi.responses import JSONResponse, Response, StreamingResponse

from store_uptime.calendar.durations import instant_text
from store_uptime.delivery.answers import AnswerFile
from store_uptime.delivery.rendering import FormatName, TooManyRowsError
from store_uptime.history.explain import UnknownStoreError
from store_uptime.history.questions import NotSettledError, QuestionError, Settlement, find_settlement
from store_uptime_web import problems, queries
from store_uptime_web.downloads import formats
from store_uptime_web.problems import Problem, invalid
from store_uptime_web.schemas.availability import Date
from store_uptime_web.schemas.common import Text

Row = TypeVar("Row")

DOCUMENTED = problems.documented(401, 403, 409, 422, 429, 503)

From = Annotated[Date, Query(alias="from", description="The first date, on each store's own calendar.")]
Until = Annotated[Date, Query(description="The last date, included.")]
OfStore = Annotated[Text, Path(max_length=1024, description="Percent-encoded, slashes too.")]
StoreId = Annotated[Text | None, Query(min_length=1, max_length=1024, description="Only this store.")]
Kind = Annotated[
    Text | None, Query(min_length=1, max_length=1024, description="With name: only the stores of this group.")
]
Name = Annotated[Text | None, Query(min_length=1, max_length=1024)]
Limit = Annotated[int, Query(ge=1, le=1000, description="Rows of a page.")]
Format = Annotated[FormatName, Query(alias="format", description="JSON comes in pages, others whole.")]


@contextmanager
def answering() -> Iterator[None]:
    """Turns the errors of questions into problem details."""
    try:
        yield
    except QuestionError as error:
        raise invalid(error.field, error.problem) from error
    except TooManyRowsError as error:
        raise invalid("format", str(error)) from error
    except NotSettledError as error:
        raise Problem(409, str(NotSettledError(is_off=not queries.settings().history))) from error


@contextmanager
def known_store(store_id: str) -> Iterator[None]:
    """Turns the error of an unknown store into 404: the store is the resource."""
    try:
        yield
    except UnknownStoreError as error:
        raise Problem(404, f"No store {store_id} is known.") from error


def in_order(rows: Iterable[Row], key: Callable[[Row], Any], *, is_descending: bool) -> list[Row]:
    """Rows sorted by `key`, equal ones as they come; those without a value (None) come last in either order."""
    keyed = [(key(row), row) for row in rows]
    found = sorted((one for one in keyed if one[0] is not None), key=lambda one: one[0], reverse=is_descending)
    return [row for _, row in found] + [row for value, row in keyed if value is None]


def contains(text: str, search: str | None) -> bool:
    """Whether a text has another in it, ignoring the case of A to Z."""
    return queries.folded(search or "") in queries.folded(text)


def file_response(file: AnswerFile, format_name: FormatName) -> Response:
    """An answer as a download."""
    return StreamingResponse(
        queries.chunks(file.stream),
        media_type=formats.ANSWER_FORMATS[format_name].media_type,
        headers=formats.attachment(file.name),
    )


def newest_settlement() -> Settlement | None:
    """The settlement published last; None before the first one."""
    with queries.engine().connect() as connection:
        return find_settlement(connection)


def newest_settlement_id() -> int:
    """Its id, under which answers are kept: what one settled never changes. Raises `NotSettledError`."""
    settlement = newest_settlement()
    if settlement is None:
        raise NotSettledError
    return settlement.settlement_id


def basis(settlement: Settlement) -> dict[str, Any]:
    """What every answer says of the settlement that it rests on."""
    return {"as_of": settlement.as_of, "accepted_order": settlement.accepted_order}


def page_response(
    settlement: Settlement, name: str, rows: list[dict[str, Any]], following: str | None, **more: Any
) -> Response:
    """A page of an answer as JSON; `following` is the cursor of the next one."""
    return JSONResponse(
        {
            "as_of": instant_text(settlement.as_of),
            "accepted_order": settlement.accepted_order,
            name: rows,
            "next": following,
            **more,
        }
    )
