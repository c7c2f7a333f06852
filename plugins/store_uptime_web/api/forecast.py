"""The forecast: how likely stores are down in their next open hours, as JSON in pages or as a file."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from store_uptime.delivery.insight import InsightFormat, forecast_file
from store_uptime.delivery.rendering import json_object
from store_uptime.delivery.tables import FORECAST
from store_uptime.history.questions import Choice, read_settlement, reading
from store_uptime.insight.forecast import ForecastAnswer, NotForecastError, StoreForecast, Track, find_forecast
from store_uptime_web import cursors, queries
from store_uptime_web.api import answers
from store_uptime_web.api.answers import Kind, Limit, Name, StoreId
from store_uptime_web.api.reports import Cursor
from store_uptime_web.downloads import formats
from store_uptime_web.problems import Problem
from store_uptime_web.schemas.forecast import ForecastPage, StoreForecasts
from store_uptime_web.security import READ

router = APIRouter(tags=["insight"], responses=answers.DOCUMENTED)


@router.get(
    "/forecast",
    summary="Forecast",
    response_model=ForecastPage,
    responses=formats.documented_answer(ForecastPage.__name__, "csv", "parquet"),
    dependencies=[READ],
)
def list_forecast(
    format_: Annotated[InsightFormat, Query(alias="format", description="JSON comes in pages, others whole.")] = "json",
    store_id: StoreId = None,
    kind: Kind = None,
    name: Name = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """How likely each store is down in its next 24 open hours; only of stores whose forecasts beat both baselines.

    409 before the first settlement. Until the forecast of the newest one is made, and if it is off, JSON says so, and a
    file is 409.
    """
    with answers.answering():
        choice = Choice(store_id, kind, name)
        if format_ != "json":
            try:
                return answers.file_response(forecast_file(queries.engine(), choice, format_), format_)
            except NotForecastError as error:
                raise Problem(409, why_there_is_none()) from error
        found, why_none = found_or_why(choice)
    page = cursors.part(found.places, limit, cursor)
    return answers.page_response(
        found.settlement,
        FORECAST.name,
        [json_object(FORECAST, row) for row in found.rows(page.rows)],
        page.next,
        previous=page.previous,
        total=len(found.places),
        no_forecast_because=why_none,
        stores=len(found.stores),
        track=None if found.track is None else track_json(found.track),
    )


@router.get("/forecast/stores", summary="Forecast by store", response_model=StoreForecasts, dependencies=[READ])
def list_forecast_stores(kind: Kind = None, name: Name = None, limit: Limit = 25, cursor: Cursor = None) -> Response:
    """The stores that have a forecast, those most likely down in some hour first, with all of their hours.

    Where there is none, and 409, as `/forecast`.
    """
    with answers.answering():
        found, why_none = found_or_why(Choice(kind=kind, name=name))
    stores = sorted(found.stores, key=lambda store: -store.likeliest.probability_down)
    page = cursors.part(stores, limit, cursor)
    return answers.page_response(
        found.settlement,
        "stores",
        [store_json(store) for store in page.rows],
        page.next,
        previous=page.previous,
        total=len(stores),
        no_forecast_because=why_none,
        of_stores=found.of_stores,
        track=None if found.track is None else track_json(found.track),
    )


def found_or_why(choice: Choice) -> tuple[ForecastAnswer, str | None]:
    """The forecast of chosen stores; or an empty one, and why there is none."""
    with reading(queries.engine()) as connection:
        try:
            return find_forecast(connection, choice), None
        except NotForecastError:
            return ForecastAnswer(read_settlement(connection), [], None, 0), why_there_is_none()


def why_there_is_none() -> str:
    """One sentence."""
    return str(NotForecastError(is_off=not queries.settings().forecast))


def store_json(store: StoreForecast) -> dict[str, object]:
    """A store's hours in short."""
    likeliest = store.likeliest
    row = json_object(FORECAST, likeliest)
    return {
        "store_id": store.store_id,
        "likeliest_at": row.pop("hour_start"),
        **row,
        "expected_down_us": str(store.expected_down_us()),
        "probabilities": [float(f"{probability:.6g}") for probability in store.probabilities],
    }


def track_json(track: Track) -> dict[str, object]:
    """How good forecasts were."""
    return {
        "from_date": track.from_date.isoformat(),
        "until_date": track.until_date.isoformat(),
        "hours": track.hours,
        **{
            name: float(f"{getattr(track, name):.6g}")
            for name in ("brier_score", "brier_climatology", "brier_persistence", "skill_percent")
        },
        "is_better": track.is_better,
    }
