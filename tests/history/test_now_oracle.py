"""What stores are now, their outages, and why, agree with the oracle on random stories, night by night."""

from __future__ import annotations

from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from store_uptime.history import days
from store_uptime.history.explain import Explanation, explain
from store_uptime.history.now import Order, find_now
from store_uptime.history.outages import Order as OrderOfOutages
from store_uptime.history.outages import OutageFilter, find_outages
from store_uptime.history.questions import Choice, QuestionError, reading
from support import history_periods, oracle
from support.history_rows import add_files
from support.history_world import PLANNED, SpecialHours, WeeklyOpening, World
from support.history_worlds import Story, stories

NOW = datetime(2031, 1, 1, tzinfo=UTC)
EVERYTHING = Choice()
FIRST_LINE = 2  # below the header


def now_pages(owner: Engine, choice: Choice, rows: int) -> list[Any]:
    """What stores are now, page by page."""
    found: list[Any] = []
    has_more = True
    while has_more:
        with reading(owner) as connection:
            answer = find_now(connection, choice, after=Order().place(found[-1]) if found else None, rows=rows)
        assert len(answer.rows) <= rows
        found += answer.rows
        has_more = answer.has_more
    return found


def compare_now(owner: Engine, books: history_periods.Books, data: st.DataObject) -> None:
    with reading(owner) as connection:
        found = find_now(connection, EVERYTHING).rows
        assert [astuple(row) for row in found] == [astuple(row) for row in books.now()]
        for kind, name in [("region", "West"), ("timezone", "America/Chicago"), ("brand", "=1+1")]:
            expected = [astuple(row) for row in books.now(kind=kind, name=name)]
            try:
                rows = find_now(connection, Choice(kind=kind, name=name)).rows
            except QuestionError:
                rows = []
            assert [astuple(row) for row in rows] == expected
        for store_id in books.stores:
            (row,) = find_now(connection, Choice(store_id)).rows
            assert [row] == [other for other in found if other.store_id == store_id]
    assert now_pages(owner, EVERYTHING, data.draw(st.integers(1, 4))) == found


def compare_outages(owner: Engine, books: history_periods.Books, data: st.DataObject) -> None:
    dates = sorted({on for store in books.stores.values() for on in store.dates})
    for _ in range(3):
        start = data.draw(st.sampled_from(dates)) + timedelta(days=data.draw(st.sampled_from([0, 0, 0, -1, 1, -40])))
        end = start + timedelta(days=data.draw(st.sampled_from([0, 0, 1, 6, 60])))
        note(f"outages {start} {end}")
        expected = [history_periods.OutageRow.of(outage) for outage in books.outages(start, end)]
        with reading(owner) as connection:
            found = find_outages(connection, OutageFilter(start, end)).rows
            assert [astuple(row) for row in found] == [astuple(row) for row in expected]
            for store_id, store in books.stores.items():
                if store.dates:
                    own = find_outages(connection, OutageFilter(start, end, Choice(store_id))).rows
                    assert own == [row for row in found if row.store_id == store_id]
            paged: list[Any] = []
            has_more = True
            while has_more:
                after = OrderOfOutages().place(paged[-1]) if paged else None
                page = find_outages(connection, OutageFilter(start, end), after=after, rows=2)
                paged += page.rows
                has_more = page.has_more
            assert paged == found


def opening_of(row: WeeklyOpening | SpecialHours, dates: list[Any]) -> set[Any]:
    """A row of the oracle as a row of an explanation: the weekday's date is one of two."""
    times = tuple(None if text is None else oracle.clock(text) for text in (row.start, row.end))
    if isinstance(row, SpecialHours):
        return {(row.on, *times, True)}
    return {(on, *times, False) for on in dates if on.weekday() == row.weekday}


def compare_explanation(world: World, found: Explanation, expected: history_periods.Explanation) -> None:
    assert (found.counts_as, found.local_time, found.timezone, found.utc_offset) == (
        expected.counts_as,
        expected.local,
        expected.zone,
        expected.utc_offset,
    )
    assert (found.opening_rule, found.status_rule) == (expected.opening_rule, expected.status_rule)
    dates = [found.local_time.date() - timedelta(days=1), found.local_time.date()]
    rows = {(row.local_date, row.start_time_local, row.end_time_local, row.is_special) for row in found.opening_rows}
    possible = [opening_of(row, dates) for row in expected.openings]
    assert all(rows & options for options in possible)
    assert rows <= {row for options in possible for row in options}
    rows_of_file = world.newest(PLANNED)
    assert [rows_of_file[row.line - FIRST_LINE] for row in found.planned_rows] == list(expected.planned)
    assert (found.poll is None) == (expected.poll is None)
    if found.poll is not None and expected.poll is not None:
        assert (found.poll.polled_at, found.poll.is_active) == (expected.poll.at, expected.poll.is_active)
        assert found.poll.accepted_order == expected.poll_position


def compare_why(owner: Engine, books: history_periods.Books, data: st.DataObject) -> None:
    with reading(owner) as connection:
        for store_id, store in books.stores.items():
            edges = [segment.start for segment in store.past] + [books.world.as_of]
            for _ in range(4):
                at = data.draw(st.sampled_from(edges))
                at += timedelta(microseconds=data.draw(st.sampled_from([0, 0, -1, 1, 3_600_000_000, -(10**12)])))
                note(f"why {store_id} {at}")
                compare_explanation(books.world, explain(connection, store_id, at), books.explain(store_id, at))


@settings(
    phases=[Phase.generate],
    max_examples=20,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    deadline=None,
)
@given(story=stories(), shards=st.integers(1, 2), data=st.data())
def test_random_stories(owner: Engine, story: Story, shards: int, data: st.DataObject) -> None:
    position = 0
    for number in range(1, len(story.nights) + 1):
        world = story.world(number)
        position = add_files(owner, world, position)
        days.settle_all(owner, NOW, story.max_gap, shards)
        note(f"night {number} as of {world.as_of} max_gap {world.max_gap}")
        books = history_periods.Books(world)
        compare_now(owner, books, data)
        compare_outages(owner, books, data)
        compare_why(owner, books, data)
