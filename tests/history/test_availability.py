"""Verdicts compare exactly, and a question that has no answer says which of its fields is at fault."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from store_uptime.history import days
from store_uptime.history.availability import BUDGET_FACTOR, Promise, Question, find_availability
from store_uptime.history.questions import Choice, NotSettledError, QuestionError, reading
from store_uptime.settings import SAMPLE
from support.pipeline import run_report

FROM, UNTIL = date(2023, 1, 16), date(2023, 1, 22)


def promise(
    budget_us: float, down: int, *, unknown: int = 0, is_open: int = 1000, to_come: int = 0, is_final: bool
) -> str | None:
    return Promise(
        is_final=is_final,
        dates_with_target=1,
        budget=int(budget_us * BUDGET_FACTOR),
        open_us=is_open,
        open_to_come_us=to_come,
        down_us=down,
        unknown_us=unknown,
    ).verdict


@pytest.mark.parametrize(
    ("budget_us", "down", "unknown", "expected"),
    [
        (10, 10, 0, "met"),
        (10, 4, 6, "met"),
        (10, 4, 7, "undecided"),
        (10, 11, 0, "breached"),
        (10.5, 10, 1, "undecided"),  # half a microsecond: never on rounded figures
        (9.99, 10, 0, "breached"),
        (0, 0, 0, "met"),
    ],
)
def test_verdict_of_a_period_that_is_over(budget_us: float, down: int, unknown: int, expected: str) -> None:
    assert promise(budget_us, down, unknown=unknown, is_final=True) == expected


@pytest.mark.parametrize(
    ("budget_us", "down", "is_open", "to_come", "expected"),
    [
        (20, 10, 1000, 1000, "on_track"),
        (20, 11, 1000, 1000, "at_risk"),
        (20, 21, 1000, 1000, "breached"),
        (0, 0, 0, 0, "on_track"),
        (20, 0, 0, 1000, "on_track"),
    ],
)
def test_verdict_of_a_period_that_runs(budget_us: float, down: int, is_open: int, to_come: int, expected: str) -> None:
    assert promise(budget_us, down, is_open=is_open, to_come=to_come, is_final=False) == expected


def test_without_a_target_there_is_neither_budget_nor_verdict() -> None:
    none = Promise(is_final=True, dates_without_target=3, down_us=5)
    assert (none.budget_us, none.remaining_us, none.target_percent, none.verdict) == (None, None, None, None)


@pytest.mark.parametrize(
    ("field", "question"),
    [
        ("until", {"until_date": date(2023, 1, 15)}),
        ("period", {"period": "fortnight"}),
        ("by", {"by": ""}),
        ("until", {"period": "day", "until_date": date(2060, 1, 1)}),
        ("until", {"period": "week", "until_date": date(2523, 1, 1)}),
    ],
)
def test_a_question_that_makes_no_sense(field: str, question: dict) -> None:
    with pytest.raises(QuestionError) as raised:
        Question(**{"from_date": FROM, "until_date": UNTIL} | question)
    assert raised.value.field == field


@pytest.mark.parametrize(
    ("field", "chosen"),
    [
        ("name", {"kind": "region"}),
        ("kind", {"name": "West"}),
        ("store_id", {"store_id": "a", "kind": "region", "name": "West"}),
    ],
)
def test_a_choice_that_makes_no_sense(field: str, chosen: dict) -> None:
    with pytest.raises(QuestionError) as raised:
        Choice(**chosen)
    assert raised.value.field == field


def test_questions_about_the_sample(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(NotSettledError), reading(engine) as connection:
        find_availability(connection, Question(FROM, UNTIL))
    run_report(engine, SAMPLE, tmp_path)
    days.settle_all(engine, datetime(2031, 1, 1, tzinfo=UTC), timedelta(hours=3))
    for field, question in (
        ("by", {"by": "planet"}),
        ("kind", {"choice": Choice(kind="planet", name="Pizza")}),
        ("name", {"choice": Choice(kind="timezone", name="Nowhere")}),
        ("store_id", {"choice": Choice("nobody's")}),
        ("until", {"until_date": date(2027, 1, 1)}),
    ):
        with pytest.raises(QuestionError) as raised, reading(engine) as connection:
            find_availability(connection, Question(**{"from_date": FROM, "until_date": UNTIL} | question))
        assert raised.value.field == field
    with reading(engine) as connection:
        stores = find_availability(connection, Question(FROM, UNTIL)).rows
        (all_stores,) = find_availability(connection, Question(FROM, UNTIL, by="all")).rows
        zones = find_availability(connection, Question(FROM, UNTIL, by="timezone")).rows
    for rows in (stores, zones):
        for figure in ("stores", "open_us", "up_us", "down_us", "unknown_us", "outages", "missed_openings"):
            assert sum(getattr(row, figure) for row in rows) == getattr(all_stores, figure) > 0, figure
    assert [row.scope.encode() for row in stores] == sorted(row.scope.encode() for row in stores)
