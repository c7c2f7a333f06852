"""Availability over time agrees with the oracle on random stories, for random questions."""

from __future__ import annotations

from dataclasses import astuple
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from store_uptime.calendar.periods import CALENDAR_UNITS
from store_uptime.history import days
from store_uptime.history.availability import Page, Question, find_availability
from store_uptime.history.questions import Choice, QuestionError, reading
from support import history_periods
from support.history_rows import add_files
from support.history_worlds import Story, stories

NOW = datetime(2031, 1, 1, tzinfo=UTC)
BY = ["store", "store", "all", "region", "brand", "owner", "timezone"]


def comparable(row: Any) -> tuple[Any, ...]:
    """A row of either side: percentages as decimals."""
    values = astuple(row)
    return tuple(
        Decimal(value) if name.startswith("uptime_percent") and value is not None else value
        for name, value in zip(row.__dataclass_fields__, values, strict=True)
    )


def differences(found: list[Any], expected: list[Any]) -> list[str]:
    """One line for each value that is another than the oracle's."""
    lines = []
    for actual, row in zip(found, expected, strict=True):
        values = zip(type(row).__dataclass_fields__, comparable(actual), comparable(row), strict=True)
        where = f"{row.scope} {row.period}"
        lines += [f"{where}: {name} is {one!r}, not {other!r}" for name, one, other in values if one != other]
    return lines


def pages(owner: Engine, question: Question, rows: int) -> list[Any]:
    """The same answer page by page."""
    found, page = [], Page(rows)
    while page is not None:
        with reading(owner) as connection:
            answer = find_availability(connection, question, page)
        assert len(answer.rows) <= rows
        found += answer.rows
        page = answer.next
    return found


@settings(
    phases=[Phase.generate],
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    deadline=None,
)
@given(story=stories(), data=st.data())
def test_random_questions(owner: Engine, story: Story, data: st.DataObject) -> None:
    world = story.world(len(story.nights))
    add_files(owner, world)
    days.settle_all(owner, NOW, story.max_gap)
    books = history_periods.Books(world)
    dates = [on for store in books.stores.values() for on in store.dates] or [date(2023, 1, 1)]
    for _ in range(6):
        start = data.draw(st.sampled_from(dates)) + timedelta(days=data.draw(st.sampled_from([0, 0, 0, -40, 1, 10])))
        end = start + timedelta(days=data.draw(st.sampled_from([0, 1, 6, 30, 45, 100])))
        question = {"period": data.draw(st.sampled_from(CALENDAR_UNITS)), "by": data.draw(st.sampled_from(BY))}
        chosen: dict[str, str] = data.draw(
            st.sampled_from(
                [{}, {}, {"kind": "region", "name": "West"}, *({"store_id": store_id} for store_id in books.stores)]
            )
        )
        note(f"{start} {end} {question} {chosen}")
        expected = books.availability(start, end, **question, **chosen)
        asked = Question(start, end, **question, choice=Choice(**chosen))
        try:
            with reading(owner) as connection:
                found = find_availability(connection, asked).rows
        except QuestionError as error:
            note(str(error))
            assert expected == []
            continue
        assert differences(found, expected) == []
        assert pages(owner, asked, data.draw(st.integers(1, 5))) == found
