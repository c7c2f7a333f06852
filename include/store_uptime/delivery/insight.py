"""What is unusual about stores, and what is likely, as files: what commands and the API have in common."""

from __future__ import annotations

from typing import Literal, get_args

from sqlalchemy import Engine

from store_uptime.delivery.answers import AnswerFile, read_basis
from store_uptime.delivery.rendering import render
from store_uptime.delivery.tables import ANOMALIES, FORECAST
from store_uptime.history.questions import Choice, reading
from store_uptime.insight.anomalies import AnomalyFilter, NotJudgedError, find_anomalies
from store_uptime.insight.forecast import ForecastAnswer, find_forecast

InsightFormat = Literal["csv", "json", "parquet"]
INSIGHT_FORMATS: tuple[InsightFormat, ...] = get_args(InsightFormat)


def anomalies_file(engine: Engine, wanted: AnomalyFilter, format_name: InsightFormat) -> AnswerFile:
    """The anomalies that are asked for, as a file; raises `QuestionError`, `NotSettledError` or `NotJudgedError`."""
    with reading(engine) as connection:
        answer = find_anomalies(connection, wanted)
        if answer.judged_until is None:
            raise NotJudgedError
        basis = read_basis(connection, answer.settlement)
    stream = render(format_name, ANOMALIES, answer.rows, basis)
    return AnswerFile(f"anomalies-{wanted.from_date}-{wanted.until_date}.{format_name}", stream)


def forecast_file(engine: Engine, choice: Choice, format_name: InsightFormat) -> AnswerFile:
    """The forecast of the chosen stores, as a file; raises `QuestionError`, `NotSettledError` or `NotForecastError`."""
    with reading(engine) as connection:
        answer = find_forecast(connection, choice)
        basis = read_basis(connection, answer.settlement)
    stream = render(format_name, FORECAST, answer.rows(), basis)
    name = f"forecast-{answer.settlement.as_of:%Y-%m-%dT%H%M%SZ}.{format_name}"
    return AnswerFile(name, stream, remark_on(answer))


def remark_on(answer: ForecastAnswer) -> str:
    """How many stores have a forecast, and why none has: then the file has no rows."""
    if answer.stores:
        return f"{len(answer.stores):,} of {answer.of_stores:,} stores looked at have a forecast"
    if answer.track is None:
        return "no forecast yet: they are compared with what happened once days of five weeks are known"
    return "no forecast: none has proved better than a store's usual hours, or its last one"
