"""Anomalies: what was unusual on some dates, as JSON in pages or as a file."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from store_uptime.delivery.insight import InsightFormat, anomalies_file
from store_uptime.delivery.rendering import json_object
from store_uptime.delivery.tables import ANOMALIES
from store_uptime.history.questions import Choice, reading
from store_uptime.insight.anomalies import AnomalyFilter, NotJudgedError, find_anomalies
from store_uptime_web import cursors, queries
from store_uptime_web.api import answers
from store_uptime_web.api.answers import From, Kind, Limit, Name, StoreId, Until
from store_uptime_web.api.reports import Cursor
from store_uptime_web.downloads import formats
from store_uptime_web.problems import Problem
from store_uptime_web.schemas.anomalies import AnomaliesPage
from store_uptime_web.security import READ

router = APIRouter(tags=["insight"], responses=answers.DOCUMENTED)


@router.get(
    "/anomalies",
    summary="Anomalies",
    response_model=AnomaliesPage,
    responses=formats.documented_answer(AnomaliesPage.__name__, "csv", "parquet"),
    dependencies=[READ],
)
def list_anomalies(
    from_: From,
    until: Until,
    format_: Annotated[InsightFormat, Query(alias="format", description="JSON comes in pages, others whole.")] = "json",
    store_id: StoreId = None,
    kind: Kind = None,
    name: Name = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """What was unusual on the dates, the newest first; days in a row are one row.

    409 before the first settlement, if nothing is judged as anomalies are off, and for a file before the first date is
    judged. Of a group its own anomalies are listed with those of its stores.
    """
    is_off = not queries.settings().anomalies
    with answers.answering():
        wanted = AnomalyFilter(from_, until, Choice(store_id, kind, name))
        try:
            if format_ != "json":
                return answers.file_response(anomalies_file(queries.engine(), wanted, format_), format_)
            with reading(queries.engine()) as connection:
                found = find_anomalies(connection, wanted)
            if found.judged_until is None and is_off:
                raise NotJudgedError
        except NotJudgedError as error:
            raise Problem(409, str(NotJudgedError(is_off=is_off))) from error
    page = cursors.part(found.rows, limit, cursor)
    return answers.page_response(
        found.settlement,
        ANOMALIES.name,
        [json_object(ANOMALIES, row) for row in page.rows],
        page.next,
        previous=page.previous,
        total=len(found.rows),
        judged_until=found.judged_until.isoformat() if found.judged_until else None,
    )
