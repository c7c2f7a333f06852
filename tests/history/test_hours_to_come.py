"""The next open hours of stores agree with the oracle on random stories, clock changes and planned downtime too."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, Phase, given, note, settings
from sqlalchemy import Connection, Engine, text

from store_uptime.history import days
from store_uptime.history.questions import read_settlement, reading
from store_uptime.insight.hours_to_come import find_hours_to_come
from support.history_oracle import StoreTime
from support.history_rows import add_files
from support.history_world import World
from support.history_worlds import Story, stories

NOW = datetime(2031, 1, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR, DAY, PART = timedelta(hours=1), timedelta(days=1), timedelta(seconds=15)
HOURS, LONGEST_DATE = 24, 26 * HOUR
SPAN = 9 * DAY


def expected_hours(time: StoreTime, first: datetime) -> dict[int, timedelta]:
    """How much of each UTC clock hour is open, from the first on."""
    found: Counter[int] = Counter()
    for segment in time.segments(first, first + SPAN):
        start = segment.start
        while segment.is_open and start < segment.end:
            number = (start - EPOCH) // HOUR
            end = min(segment.end, EPOCH + (number + 1) * HOUR)
            found[number] += (end - start) // timedelta(microseconds=1)
            start = end
    return {number: timedelta(microseconds=us) for number, us in found.items()}


def compare(connection: Connection, world: World) -> int:
    """Compares the stores whose dates to come are no longer than hours are kept of; returns how many hours."""
    keys, found = find_hours_to_come(connection, read_settlement(connection), HOURS)
    ids = dict(connection.execute(text("select store_key, store_id from core.store")).all())
    first = EPOCH + -((EPOCH - world.as_of) // HOUR) * HOUR
    assert world.as_of <= first < world.as_of + HOUR
    compared = 0
    for key, hours, parts in zip(keys.tolist(), found.hour.tolist(), found.open.tolist(), strict=True):
        time = StoreTime(world, ids[key])
        on = time.clock.wall(world.as_of).date()
        dates = [on + number * DAY for number in range(-1, SPAN // DAY + 3)]
        if any(sum((end - start for start, end in time.clock.spans(each)), 0 * DAY) > LONGEST_DATE for each in dates):
            continue
        note(f"{ids[key]} as of {world.as_of}")
        expected = expected_hours(time, first)
        last = hours[-1] if hours[-1] >= 0 else (first + SPAN - EPOCH) // HOUR
        told = {hour: part * PART for hour, part in zip(hours, parts, strict=True) if hour >= 0}
        limit = min(last, (first + SPAN - EPOCH) // HOUR - 1)
        # Times are counted in parts of 15 seconds: less than one may or may not be there.
        for hour in {*expected, *told}:
            if hour <= limit:
                assert abs(expected.get(hour, 0 * DAY) - told.get(hour, 0 * DAY)) <= PART
                compared += 1
        assert sorted(told) == [hour for hour in hours if hour >= 0]
    return compared


@settings(
    phases=[Phase.generate],
    max_examples=20,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    deadline=None,
)
@given(story=stories())
def test_random_stories(owner: Engine, story: Story) -> None:
    position = 0
    for number in range(1, len(story.nights) + 1):
        world = story.world(number)
        position = add_files(owner, world, position)
        days.settle_all(owner, NOW, story.max_gap)
        with reading(owner) as connection:
            compare(connection, world)
