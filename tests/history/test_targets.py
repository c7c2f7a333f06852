"""Budgets by hand: what is spent of them, and when they are exhausted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

from store_uptime.history import days
from store_uptime.history.availability import BUDGET_FACTOR, Promise, Question
from store_uptime.history.questions import QuestionError, reading
from store_uptime.history.targets import Budget, Burn, find_budgets, find_burns, spent_percent
from support.history_bar import BAR, HOUR, bar, daily
from support.history_rows import add_file, publish_report
from support.history_world import TARGETS, Scope, Target

NOW = datetime(2031, 1, 1, tzinfo=UTC)
JUNE = Question(date(2023, 6, 1), date(2023, 6, 30))


@pytest.fixture(scope="module")
def owner(new_database: Any) -> Iterator[Engine]:
    """A bar that is open ten hours a day from 5 June 2023 on, as of the end of 7 June: down one hour each day."""
    with new_database() as url:
        engine = create_engine(url)
        polls = [
            f"{'-' if hour == 10 else '+'}2023-06-0{day} {hour:02}:00" for day in (5, 6, 7) for hour in range(8, 19)
        ]
        polls.append("+2023-06-08 00:00")
        world = bar("2023-06-08 00:00", *polls, hours=daily("08:00:00", "18:00:00"))
        world.accept(
            TARGETS, Target(BAR, Decimal(95), None), Target(Scope(kind="timezone", name="UTC"), Decimal(50), None)
        )
        with engine.begin() as connection:
            for file in world.log:
                add_file(connection, file)
            publish_report(connection, world.as_of)
        days.settle_all(engine, NOW, timedelta(hours=3))
        yield engine
        engine.dispose()


def budget_and_burn(owner: Engine, question: Question) -> tuple[Budget, Burn]:
    with reading(owner) as connection:
        (budget,) = find_budgets(connection, question).rows
        (burn,) = find_burns(connection, question, [budget])
    return budget, burn


def test_a_budget_that_is_at_risk_is_exhausted_at_this_rate(owner: Engine) -> None:
    """26 dates of 10 h, of which 5 % are 13 h; an hour a day is spent: after the 18th, 14 h are more than 13 h."""
    budget, burn = budget_and_burn(owner, JUNE)
    assert budget.figures.verdict == "at_risk"
    assert (budget.figures.budget_us, budget.promise.down_us) == (13 * HOUR, 3 * HOUR)
    assert spent_percent(budget.promise) == "23.08"
    assert burn.down_us[:3] == [(date(2023, 6, day), HOUR) for day in (5, 6, 7)]
    assert burn.exhausted_on == date(2023, 6, 18)


def test_one_that_is_breached_is_exhausted_since(owner: Engine) -> None:
    """30 h until the 7th, of which 5 % are 1.5 h: the second hour is more."""
    budget, burn = budget_and_burn(owner, replace(JUNE, until_date=date(2023, 6, 7)))
    assert budget.figures.verdict == "breached"
    assert spent_percent(budget.promise) == "200.00"
    assert burn.exhausted_on == date(2023, 6, 6)


def test_one_that_lasts_is_not_exhausted(owner: Engine) -> None:
    """Nothing is spent from the 8th on."""
    budget, burn = budget_and_burn(owner, replace(JUNE, from_date=date(2023, 6, 8), by="all"))
    assert budget.figures.verdict == "on_track"
    assert (spent_percent(budget.promise), burn.exhausted_on) == ("0.00", None)


def test_scopes_are_those_of_the_page(owner: Engine) -> None:
    with reading(owner) as connection:
        assert find_burns(connection, JUNE, []) == []
        with pytest.raises(QuestionError, match="until: 2024-06-01 is more than 366 dates"):
            find_budgets(connection, replace(JUNE, until_date=date(2024, 6, 1)))


def test_a_part_of_a_budget_is_100_only_if_all_is_spent() -> None:
    def percent(down_us: int, budget_us: int) -> str | None:
        return spent_percent(Promise(is_final=True, down_us=down_us, budget=budget_us * BUDGET_FACTOR))

    assert [percent(down, 10**6) for down in (0, 1, 999_999, 10**6, 10**6 + 1)] == [
        "0.00",
        "0.01",
        "99.99",
        "100.00",
        "100.01",
    ]
    assert percent(5, 0) is None
