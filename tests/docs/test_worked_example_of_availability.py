"""The example that docs/how-availability-is-computed.md works by hand is what the oracle computes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

import pytest

from store_uptime.settings import PROJECT
from support import history_worlds
from support.history_oracle import StoreTime, settle
from support.history_periods import Availability, Books, Now, OutageRow, csv_text
from support.history_world import World

TEXT = (PROJECT / "docs" / "how-availability-is-computed.md").read_text(encoding="utf-8")
AS_OF = datetime(2023, 10, 30, 18, 30, tzinfo=UTC)
FIRST, LAST = date(2023, 10, 28), date(2023, 10, 30)
MINUTE = 60_000_000
INPUTS = dict(re.findall(r"^`(\w+)\.csv`[^\n]*\n\n```csv\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE))


def answers(first_column: str) -> list[str]:
    """The CSV blocks of the page that begin with a column, other than input files."""
    blocks = re.findall(r"^```csv\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    return [block for block in blocks if block.startswith(f"{first_column},") and block not in INPUTS.values()]


def table(heading: str) -> Iterator[list[str]]:
    """The rows of the table below a heading."""
    section = re.split(r"^### ", TEXT.split(f"\n### {heading}\n")[1], flags=re.MULTILINE)[0]
    for line in re.findall(r"^\|(.*)\|$", section, re.MULTILINE)[2:]:
        yield [cell.strip() for cell in line.split("|")]


@pytest.fixture(scope="module")
def world() -> World:
    world = World(AS_OF, max_gap=timedelta(hours=3))
    for kind, text in INPUTS.items():
        world.accept(kind, *history_worlds.read(kind, text))
    return world


def test_the_page_has_all_files_that_matter() -> None:
    assert set(INPUTS) == set(history_worlds.COLUMNS) - {"store_groups"}


def test_the_minutes_of_the_days(world: World) -> None:
    days, _ = settle(world)
    figures = ("open_us", "planned_us", "up_us", "down_us", "unknown_us", "opened_late_us", "closed_early_us")
    rows = [
        [str(day.local_date), *(str(getattr(day, name) // MINUTE) for name in figures), str(day.missed_openings)]
        for day in days
    ]
    assert list(table("The bar's days")) == rows
    assert [day.is_final for day in days] == [True, True, False]


def test_the_stretches_of_time(world: World) -> None:
    """What belongs together in the table is one stretch of the oracle's segments."""
    store = StoreTime(world, "bar")

    def kind(segment: object) -> tuple[str, str]:
        what = segment.status if segment.is_open else "planned" if segment.is_opening else "closed"
        return f"{segment.on:%A}", what

    found = []
    for (day, what), group in groupby([segment for segment in store.past if segment.on >= FIRST], key=kind):
        own = list(group)
        length = (own[-1].end - own[0].start) // timedelta(minutes=1)
        found.append([day, f"{own[0].start:%H:%M}-{own[-1].end:%H:%M}", what, 0 if what == "closed" else length])
    first_opening = next(place for place, row in enumerate(found) if row[2] != "closed")
    rows = [
        [day, span, what, minutes_of(length)]
        for day, span, what, _, length in table("The bar's time, minute by minute")
    ]
    assert rows == found[first_opening:]


def minutes_of(text: str) -> int:
    hours, minutes = re.search(r"(\d+) h", text), re.search(r"(\d+) min", text)
    return (int(hours[1]) if hours else 0) * 60 + (int(minutes[1]) if minutes else 0)


def test_the_outages(world: World) -> None:
    rows = [OutageRow.of(outage) for outage in Books(world).outages(FIRST, LAST)]
    assert [csv_text(OutageRow, rows)] == [text for text in answers("store_id") if "started_after" in text]


def test_the_availability(world: World) -> None:
    books = Books(world)
    found = [csv_text(Availability, books.availability(FIRST, LAST, period)) for period in ("day", "range")]
    assert found == answers("period")


def test_now(world: World) -> None:
    assert [csv_text(Now, Books(world).now())] == [text for text in answers("store_id") if "next_change_at" in text]
