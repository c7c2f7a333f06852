"""The days of one store, each with its figures, target and verdict."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from store_uptime.history.availability import Answer, Question, find_availability
from store_uptime.history.explain import find_store
from store_uptime.history.questions import Choice, check_dates, read_settlement


def find_days(connection: Connection, store_id: str, from_date: date, until_date: date) -> Answer:
    """The days of a store from one date to another, both included, as far as it has any; oldest first.

    Raises `UnknownStoreError`, `QuestionError` and `NotSettledError`.
    """
    check_dates(from_date, until_date)
    settlement = read_settlement(connection)
    store = find_store(connection, store_id)
    if store.first_date is None or until_date < store.first_date or store.last_date < from_date:
        return Answer(settlement, [])
    dates = max(from_date, store.first_date), min(until_date, store.last_date)
    return find_availability(connection, Question(*dates, period="day", choice=Choice(store_id)))
