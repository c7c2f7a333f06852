"""Random stories hold what they are for, say the same as files, and what the oracle makes of them adds up."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings

from support import history_worlds
from support.history_oracle import settle
from support.history_world import HOURS, PLANNED, SPECIAL, STATUS, TARGETS, ZONES, PlannedDowntime
from support.history_worlds import GAPS, MOMENTS, Story

FEW = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def some_stories(count: int, **how: bool) -> Iterator[Story]:
    for seed in range(count):
        moment, max_gap = MOMENTS[seed % len(MOMENTS)], GAPS[seed // 5 % len(GAPS)]
        yield history_worlds.story(seed, moment, max_gap, nights=seed % 4 + 1, stores=seed % 3 + 1, **how)


@FEW
@given(story=history_worlds.stories())
def test_what_the_oracle_says_of_a_story_adds_up(story: Story) -> None:
    world = story.world()
    days, outages = settle(world)
    assert {day.store_id for day in days} == {id_ for id_ in world.store_ids() if world.polls(id_)}
    for day in days:
        assert day.open_us == day.up_us + day.down_us + day.unknown_us
        assert min(day.figures) >= 0
    for store_id in world.store_ids():
        own = [outage for outage in outages if outage.store_id == store_id]
        assert sum(outage.downtime_us for outage in own) == sum(day.down_us for day in days if day.store_id == store_id)
        assert all(earlier.ended_at <= later.started_at for earlier, later in pairwise(own))
        assert all(outage.ended_by for outage in own[:-1])
    for outage in outages:
        assert sum(us for _, us in outage.downtime_by_date) == outage.downtime_us <= outage.elapsed_us


def test_stories_have_what_they_are_for() -> None:
    """So that a change of the strategies does not make the tests that use them easy."""
    seen: Counter[str] = Counter()
    for story in some_stories(40):
        files = [file for night in story.nights for file in night.files]
        rows = [row for file in files for row in file.rows]
        zones = [file for file in files if file.kind == ZONES]
        seen.update({file.kind for file in files})
        seen["corrected by valid_from"] += any(file.valid_from for file in files)
        seen["zone changed"] += any(
            zone_of(earlier, row.store_id) not in (None, row.zone)
            for earlier, later in pairwise(zones)
            for row in later.rows
        )
        planned = [row for row in rows if isinstance(row, PlannedDowntime)]
        seen["planned on the store's clock"] += any(row.starts_at.tzinfo is None for row in planned)
        seen["planned without end"] += any(row.ends_at is None for row in planned)
        days, outages = settle(story.world())
        for day in days:
            seen["planned time"] += day.planned_us > 0
            seen["opened late"] += day.opened_late_us > 0
            seen["closed early"] += day.closed_early_us > 0
            seen["missed"] += day.missed_openings
            seen["skipped date"] += not day.spans
            seen["provisional"] += not day.is_final
        for outage in outages:
            seen[f"ended by {outage.ended_by}"] += 1
            seen["over dates"] += len(outage.downtime_by_date) > 1
    expected = {STATUS, HOURS, ZONES, SPECIAL, PLANNED, TARGETS, "corrected by valid_from", "planned without end"}
    expected |= {"planned on the store's clock", "planned time", "opened late", "closed early", "missed"}
    expected |= {
        "zone changed",
        "skipped date",
        "provisional",
        "over dates",
        *(f"ended by {by}" for by in ("up", "unknown", None)),
    }
    assert {name for name in expected if not seen[name]} == set()


def zone_of(file: history_worlds.File, store_id: str) -> str | None:
    return next((row.zone for row in file.rows if row.store_id == store_id), None)


def test_a_night_is_a_folder_of_its_files(tmp_path: Path) -> None:
    for number, story in enumerate(some_stories(8)):
        for night in story.nights:
            folder = night.write(tmp_path / str(number))
            names = [
                f"{file.kind}_{place}" if file.kind == STATUS else file.kind for place, file in enumerate(night.files)
            ]
            assert sorted(path.stem for path in folder.iterdir()) == sorted(names)
            for name, file in zip(names, night.files, strict=True):
                with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as text:
                    read = list(csv.DictReader(text))
                assert len(read) == len(file.rows)
                assert [row.get("store_id") for row in read] == [history_worlds.cells(row)[0] for row in file.rows]


def test_files_can_be_read_back() -> None:
    for story in some_stories(30):
        for file in (file for night in story.nights for file in night.files):
            assert history_worlds.read(file.kind, file.content().decode()) == file.rows


def test_files_may_be_written_by_hand() -> None:
    """Without the columns that nobody needs, and with other spellings of instants."""
    (closed,) = history_worlds.read(SPECIAL, "store_id,date,start_time_local,end_time_local\n*,2023-06-05,,\n")
    assert (closed.scope.is_all, closed.on, closed.start) == (True, date(2023, 6, 5), None)
    works = "kind,name,starts_at,ends_at\nregion,West,2023-06-05 10:00 UTC,2023-06-05 12:00\n"
    (planned,) = history_worlds.read(PLANNED, works)
    assert (planned.scope.name, planned.starts_at) == ("West", datetime(2023, 6, 5, 10, tzinfo=UTC))
    assert planned.ends_at.tzinfo is None


@pytest.mark.parametrize("seed", range(5))
def test_polls_that_arrive_later_make_the_same_world_in_the_end(seed: int) -> None:
    for story in some_stories(8, has_corrections=False):
        later = story.with_polls_later(Random(seed))
        assert settle(later.world()) == settle(story.world())
        assert later.world(1).poll_instants()


def test_reports_look_back_from_between_the_first_and_the_newest_poll() -> None:
    for story in some_stories(40):
        for nights in range(1, len(story.nights) + 1):
            world = story.world(nights)
            instants = world.poll_instants()
            assert min(instants) <= (story.nights[nights - 1].as_of or max(instants)) <= world.as_of <= max(instants)
            assert max(instants) <= story.nights[nights - 1].clock
            assert all(file.valid_from <= file.accepted_at.date() for file in world.log if file.valid_from)
