"""Random worlds through real files, ingest and SQL, against the brute-force oracle: figure by figure, byte by byte."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from store_uptime.errors import ReportError
from support import oracle, worlds
from support.pipeline import Published, compute, differences, run_report

GAPS = [
    None, None, timedelta(microseconds=1), timedelta(seconds=90), timedelta(minutes=90), timedelta(hours=2),
    timedelta(hours=25, microseconds=1), timedelta(days=30),
]  # fmt: skip
NUDGES = [0, 0, 0, 1, -1, 999_999, 30_000_000, 123_456]


def worlds_to_try(count: int) -> Callable:
    """`count` worlds, the same ones each time; with HYPOTHESIS_PROFILE=thorough many more, and new ones.

    A failure names the stores that differ and all of their rows, so there is nothing for shrinking to add.
    """
    is_thorough = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
    return settings(
        max_examples=count * 30 if is_thorough else count,
        derandomize=not is_thorough,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        print_blob=True,
    )


@st.composite
def a_world(draw: st.DrawFn) -> worlds.World:
    moment = draw(st.sampled_from(worlds.MOMENTS))
    hours_after = draw(st.one_of(st.sampled_from([0, 1, 24, 168]), st.integers(-2, 26), st.integers(-30, 180)))
    as_of = moment[1] + timedelta(hours=hours_after, minutes=draw(st.sampled_from([0, 0, 15, 30, 59])))
    as_of += timedelta(microseconds=draw(st.sampled_from(NUDGES)))
    plan = st.tuples(st.integers(0, 2**32), st.integers(0, 12), st.integers(0, 6))
    plans = draw(st.lists(plan, min_size=20, max_size=60))
    return worlds.build(
        moment, as_of, draw(st.sampled_from(GAPS)), draw(st.sampled_from(["unknown", "unknown", "down"])), plans
    )


@worlds_to_try(60)
@given(world=a_world(), shards=st.sampled_from([1, 1, 2, 5]), style=st.integers(0, 2**32), is_asked=st.booleans())
def test_every_figure_of_a_random_world_is_the_oracles(
    new_engine: Callable, tmp_path: Path, world: worlds.World, shards: int, style: int, is_asked: bool
) -> None:
    newest = world.newest_poll()
    if not is_asked and newest is not None:
        world.as_of = newest
    with new_engine() as engine:
        published = run_report(
            engine,
            world.write(tmp_path / "data", Random(style)),
            tmp_path / "reports",
            as_of=world.as_of if is_asked or newest is None else None,
            max_gap=world.max_gap,
            no_data=world.no_data,
            shards=shards,
        )
    assert_is_the_oracles(published, world)


@worlds_to_try(40)
@given(world=a_world(), shards=st.sampled_from([1, 1, 2, 5]), seed=st.integers(0, 2**32))
def test_special_hours_and_planned_downtime_are_the_oracles(
    new_engine: Callable, tmp_path: Path, world: worlds.World, shards: int, seed: int
) -> None:
    worlds.add_optional_inputs(world, Random(seed), world.moment)
    with new_engine() as engine:
        published = run_report(
            engine,
            world.write(tmp_path / "data", Random(seed)),
            tmp_path / "reports",
            as_of=world.as_of,
            max_gap=world.max_gap,
            no_data=world.no_data,
            shards=shards,
        )
    assert_is_the_oracles(published, world)


@worlds_to_try(6)
@given(world=a_world())
def test_the_number_of_shards_changes_no_byte(new_engine: Callable, tmp_path: Path, world: worlds.World) -> None:
    parameters = {"as_of": world.as_of, "max_gap": world.max_gap, "no_data": world.no_data}
    folder = world.write(tmp_path / "data", Random(0))
    with new_engine() as engine:
        one, two, five, many = (
            run_report(engine, folder, tmp_path / "reports", shards=shards, **parameters) for shards in (1, 2, 5, 16)
        )
    assert_is_the_oracles(one, world)
    assert one.csv == two.csv == five.csv == many.csv
    assert one.figures == two.figures == five.figures == many.figures


@worlds_to_try(12)
@given(
    world=a_world(),
    cuts=st.lists(st.integers(0, 10**6), min_size=1, max_size=3),
    stay=st.booleans(),
    is_in_time=st.booleans(),
)
def test_polls_that_come_in_pieces_give_what_one_file_gives(
    new_engine: Callable, tmp_path: Path, world: worlds.World, cuts: list[int], stay: bool, is_in_time: bool
) -> None:
    """Each piece goes on where the one before ends, or holds polls of all times, corrections and repetitions.

    After each piece the report is the oracle's. In the end every report is computed once more: what came later does
    not exist for it.
    """
    edges = sorted({0, len(world.polls), *(cut % len(world.polls) for cut in cuts)})
    if is_in_time:
        world.polls.sort(key=lambda row: world.meaning.get(row, (world.as_of,))[0])
        for edge in edges[1:-1]:  # the last poll of a piece is corrected by the first of the next one
            if (row := world.polls[edge - 1]) in world.meaning:
                polled_at, is_active = world.meaning[row]
                world.polls[edge] = (row[0], "inactive" if is_active else "active", row[2])
                world.meaning[world.polls[edge]] = (polled_at, not is_active)
    else:  # much comes twice, in pieces that are loaded later
        world.polls += Random(len(world.polls)).sample(world.polls, len(world.polls) // 2)
        edges[-1] = len(world.polls)
    folder = world.write(tmp_path / "data", Random(0))
    next(folder.glob("store*status*")).unlink()
    earlier: list[Published] = []
    with new_engine() as engine:
        for number, (begin, end) in enumerate(pairwise(edges)):
            if not stay:  # else files that are loaded already are found again
                for old in folder.glob("store_status*"):
                    old.unlink()
            middle = (begin + end) // 2
            for name, first, last in (("a", begin, middle), ("b", middle, end)):
                write_polls(folder, f"store_status_{number}{name}", world.polls[first:last])
            known = world.with_polls(world.polls[:end])
            newest = known.newest_poll()
            known.as_of = newest or world.as_of
            published = run_report(
                engine,
                folder,
                tmp_path / "reports",
                as_of=None if newest else world.as_of,
                max_gap=world.max_gap,
                no_data=world.no_data,
            )
            assert_is_the_oracles(published, known)
            earlier.append(published)
        for published in earlier:
            again = compute(engine, published.report_id, tmp_path / "reports")
            assert again.csv == published.csv
            assert again.figures == published.figures


def write_polls(folder: Path, name: str, polls: list[tuple[str, str, str]]) -> None:
    if polls:
        worlds.write_file(folder, Random(name), [name], ["store_id", "status", "timestamp_utc"], polls)


@worlds_to_try(6)
@given(world=a_world(), days=st.lists(st.integers(-9, 3), min_size=2, max_size=4, unique=True))
def test_a_report_looks_back_from_the_newest_poll_within_its_limit(
    new_engine: Callable, tmp_path: Path, world: worlds.World, days: list[int]
) -> None:
    instants = sorted({polled_at for store in world.stores.values() for polled_at in store.polls})
    limits = [world.as_of + timedelta(days=day) for day in days] + instants[-2:-1]
    folder = world.write(tmp_path / "data", Random(0))
    parameters = {"max_gap": world.max_gap, "no_data": world.no_data}
    with new_engine() as engine:
        for limit in limits:
            reached = [polled_at for polled_at in instants if polled_at <= limit]
            if not reached:
                with pytest.raises(ReportError):
                    run_report(engine, folder, tmp_path / "reports", as_of_limit=limit, **parameters)
                continue
            published = run_report(engine, folder, tmp_path / "reports", as_of_limit=limit, **parameters)
            assert_is_the_oracles(published, replace(world, as_of=max(reached)))


@worlds_to_try(6)
@given(world=a_world(), chosen=st.sets(st.integers(0, 10**6), min_size=1, max_size=5))
def test_a_report_of_some_stores_has_just_their_rows(
    new_engine: Callable, tmp_path: Path, world: worlds.World, chosen: set[int]
) -> None:
    known = sorted(world.stores)
    asked = [known[index % len(known)] for index in chosen]
    folder = world.write(tmp_path / "data", Random(0))
    with new_engine() as engine:
        published = run_report(
            engine,
            folder,
            tmp_path / "reports",
            store_ids=asked,
            shards=2,
            as_of=world.as_of,
            max_gap=world.max_gap,
            no_data=world.no_data,
        )
    stores = {store_id: store for store_id, store in world.stores.items() if store_id in asked}
    assert_is_the_oracles(published, replace(world, stores=stores))


def assert_is_the_oracles(published: Published, world: worlds.World) -> None:
    expected = world.expected
    wrong = differences(expected, published.figures)
    if wrong:
        first = next(store_id for store_id in sorted(expected.keys() | published.figures) if repr(store_id) in wrong[0])
        pytest.fail("\n".join([*wrong[:10], f"{len(wrong)} figures differ; the first store:", world.rows_of(first)]))
    assert published.csv == oracle.csv(expected)
