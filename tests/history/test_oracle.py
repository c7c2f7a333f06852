"""Days, outages and restatements agree with the oracle on random stories: night by night, and in one go in shards."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from store_uptime.history import days
from support import history_oracle
from support.history_rows import add_files, empty_tables, expected_restatements, restatements, settled
from support.history_world import World
from support.history_worlds import Story, stories

NOW = datetime(2031, 1, 1, tzinfo=UTC)


def differences(world: World, owner: Engine) -> list[str]:
    """What the database has differently from the oracle: one line for each day and outage."""
    lines = []
    for expected, actual in zip(history_oracle.settle(world), settled(owner), strict=True):
        lines += [f"expected {row}" for row in expected if row not in actual]
        lines += [f"but is   {row}" for row in actual if row not in expected]
    return lines


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(story=stories(), shards=st.integers(1, 3))
def test_random_stories(owner: Engine, story: Story, shards: int) -> None:
    position, before = 0, None
    for number in range(1, len(story.nights) + 1):
        world = story.world(number)
        new = range(position + 1, len(world.log) + 1)
        position = add_files(owner, world, position)
        has_settled = days.settle_all(owner, NOW, story.max_gap) is not None
        note(f"night {number} as of {world.as_of}")
        assert differences(world, owner) == []
        logged = restatements(owner) if has_settled else []
        assert {row.facts for row in logged} == (expected_restatements(before, world) if before else set())
        kinds = {file.position: file.kind for file in world.log if file.position in new}
        assert all(kinds[row.file_id] == row.cause for row in logged)
        before = world
    empty_tables(owner, "history")
    days.settle_all(owner, NOW, story.max_gap, shards)
    note("all of it from nothing")
    assert differences(world, owner) == []
