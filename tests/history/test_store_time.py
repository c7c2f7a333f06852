"""The time of a store agrees with the oracle on random stories, span by span, and adds up to its days."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from store_uptime.history import days
from store_uptime.history.availability import Question, find_availability
from store_uptime.history.questions import Choice, QuestionError, reading
from store_uptime.history.store_time import StoreTime, find_polls, find_time, hours_of_week
from support import history_oracle, history_periods
from support.history_bar import bar, polled
from support.history_rows import add_file, publish_report
from support.history_worlds import Story, stories

NOW = datetime(2031, 1, 1, tzinfo=UTC)
TABLES = "select schemaname || '.' || tablename from pg_tables where schemaname = any(:schemas)"
FIGURES = ("planned_us", "up_us", "down_us", "unknown_us")


def empty(owner: Engine, *schemas: str) -> None:
    with owner.begin() as connection:
        tables = connection.scalars(text(TABLES), {"schemas": list(schemas)}).all()
        parents = [table for table in tables if not table.startswith("core.poll_day_")]
        connection.exec_driver_sql(f"truncate {', '.join(parents)} cascade")


def kind_of(segment: history_oracle.Segment) -> str | None:
    if segment.is_open:
        return segment.status
    return "planned" if segment.is_opening else None


def spans_of(segments: list[history_oracle.Segment], kind: str) -> list[tuple[datetime, datetime]]:
    return history_oracle.joined([(one.start, one.end) for one in segments if kind_of(one) == kind])


def hour_sums(segments: list[history_oracle.Segment], clock: history_oracle.Clock) -> dict[str, Counter]:
    """Microseconds by (weekday, hour): the clock does not change within a segment."""
    sums: dict[str, Counter] = {name: Counter() for name in FIGURES}
    for segment in segments:
        kind = kind_of(segment)
        start = segment.start
        while kind is not None and start < segment.end:
            wall = clock.wall(start)
            step = timedelta(hours=1) - timedelta(
                minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond
            )
            end = min(segment.end, start + step)
            sums[f"{kind}_us"][wall.weekday(), wall.hour] += (end - start) // timedelta(microseconds=1)
            start = end
    return sums


def compare(owner: Engine, books: history_periods.Books, store_id: str, from_date: date, until_date: date) -> StoreTime:
    store = books.stores[store_id]
    dates = {on for on in store.dates if from_date <= on <= until_date}
    segments = [segment for segment in store.past if segment.on in dates]
    with reading(owner) as connection:
        found = find_time(connection, store_id, from_date, until_date)
        polls = find_polls(connection, found, 1000)
    for kind in ("planned", "up", "down", "unknown"):
        spans = [(span.from_at, span.to_at) for span in found.spans.get(kind, [])]
        assert spans == spans_of(segments, kind), kind
    opening = [(span.from_at, min(span.to_at, books.world.as_of)) for span in found.spans.get("opening", [])]
    assert [span for span in opening if span[0] < span[1]] == history_oracle.joined(
        [(one.start, one.end) for one in segments if one.is_opening]
    )
    inside = [(span.from_at, span.to_at) for span in found.offsets]
    assert [(poll.polled_at, poll.is_active) for poll in polls] == [
        (poll.at, poll.is_active)
        for poll in store.polls
        if inside and inside[0][0] <= poll.at < inside[-1][1] and poll.at <= books.world.as_of
    ]
    sums = hour_sums(segments, store.clock)
    for row in hours_of_week(found):
        for name in FIGURES:
            assert getattr(row, name) == sums[name][row.weekday, row.hour], (row, name)
    return found


@settings(
    phases=[Phase.generate],
    max_examples=10,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    deadline=None,
)
@given(story=stories(), data=st.data())
def test_random_stories(owner: Engine, story: Story, data: st.DataObject) -> None:
    empty(owner, "core", "report", "history")
    world = story.world(len(story.nights))
    with owner.begin() as connection:
        for file in world.log:
            add_file(connection, file)
        publish_report(connection, world.as_of)
    days.settle_all(owner, NOW, story.max_gap)
    books = history_periods.Books(world)
    for store_id, store in books.stores.items():
        if not store.dates:
            continue
        dates = sorted(store.dates)
        whole = compare(owner, books, store_id, dates[0] - timedelta(days=9), dates[-1] + timedelta(days=9))
        assert (whole.from_date, whole.until_date) == (dates[0], dates[-1])
        with reading(owner) as connection:
            (row,) = find_availability(connection, Question(dates[0], dates[-1], choice=Choice(store_id))).rows
        hours = hours_of_week(whole)
        assert {name: sum(getattr(hour, name) for hour in hours) for name in FIGURES} == {
            name: getattr(row, name) for name in FIGURES
        }
        start = data.draw(st.sampled_from(dates))
        end = start + timedelta(days=data.draw(st.integers(0, 3)))
        note(f"{store_id} {start} {end}")
        compare(owner, books, store_id, start, end)


def test_dates_without_a_day_have_no_time(owner: Engine) -> None:
    empty(owner, "core", "report", "history")
    world = bar("2023-06-05 20:00", *polled("++--+++"))
    with owner.begin() as connection:
        for file in world.log:
            add_file(connection, file)
        publish_report(connection, world.as_of)
    days.settle_all(owner, NOW, timedelta(hours=3))
    with reading(owner) as connection:
        found = find_time(connection, "bar", date(2020, 1, 1), date(2020, 1, 7))
        assert (found.from_date, found.offsets, find_polls(connection, found, 9)) == (None, [], [])
        assert not any(getattr(hour, name) for hour in hours_of_week(found) for name in FIGURES)
        with pytest.raises(QuestionError, match="until: 2020-01-01 is before"):
            find_time(connection, "bar", date(2020, 1, 2), date(2020, 1, 1))
        with pytest.raises(QuestionError, match="no store 'pub' is known"):
            find_time(connection, "pub", date(2020, 1, 1), date(2020, 1, 1))
