"""The oracle of days, openings and outages gives what the sentences of the specification say, computed by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from support import worlds
from support.history_bar import BAR, HOUR, MINUTE, bar, daily, local, polled, utc
from support.history_oracle import Clock, Day, Outage, StoreTime, restatements, settle
from support.history_world import (
    ALL_STORES,
    GROUPS,
    HOURS,
    PLANNED,
    SPECIAL,
    STATUS,
    ZONES,
    GroupMember,
    PlannedDowntime,
    Poll,
    Scope,
    SpecialHours,
    StoreZone,
    WeeklyOpening,
    World,
)


def days_of(world: World) -> dict[str, Day]:
    return {str(day.local_date): day for day in settle(world)[0]}


def outages_of(world: World) -> list[Outage]:
    return settle(world)[1]


def hours_of(day: Day) -> tuple[float, ...]:
    """Open, planned, up, down and unknown time in hours."""
    return tuple(us / HOUR for us in day.figures)


def span(start: str, end: str) -> tuple[tuple[datetime, datetime], ...]:
    return ((utc(start), utc(end)),)


# Days (section 9)


def test_a_day_has_the_time_that_its_clock_shows_with_its_date() -> None:
    """A bar's hours after midnight count for the next date: here 20:00 to 02:00 on Mondays, 5 June."""
    world = bar("2023-06-07 00:00", "+2023-06-05 12:00", hours=daily("20:00", "02:00", [0]), gap=0)
    days = days_of(world)
    assert [hours_of(day)[0] for day in days.values()] == [4, 2, 0]
    assert list(days) == ["2023-06-05", "2023-06-06", "2023-06-07"]


def test_days_go_from_the_date_of_the_first_poll_to_the_date_of_as_of() -> None:
    """In Denver, seven hours behind: 03:00 UTC on the 6th is still the 5th, and so are as_of's 06:59."""
    world = bar("2023-01-06 06:59", "+2023-01-06 03:00", "-2023-01-09 03:00", zone="America/Denver")
    assert list(days_of(world)) == ["2023-01-05"]
    world = bar("2023-01-06 07:00", "+2023-01-06 03:00", zone="America/Denver")
    days = days_of(world)
    assert list(days) == ["2023-01-05", "2023-01-06"]
    assert days["2023-01-05"].is_final
    assert not days["2023-01-06"].is_final
    assert days["2023-01-06"].figures == (0, 0, 0, 0, 0)


def test_the_first_day_is_whole_and_begins_before_its_first_poll() -> None:
    """The first poll holds for max_gap before itself; before that, time is unknown."""
    day = days_of(bar("2023-06-05 14:00", "-2023-06-05 12:00"))["2023-06-05"]
    assert hours_of(day) == (14, 0, 0, 5, 9)
    assert not day.is_final
    day = days_of(bar("2023-06-05 14:00", "-2023-06-05 12:00", gap=0))["2023-06-05"]
    assert hours_of(day) == (14, 0, 0, 14, 0)


def test_a_poll_counts_for_max_gap_and_no_longer() -> None:
    world = bar("2023-06-06 00:00", "+2023-06-05 06:00", "-2023-06-05 08:00", "+2023-06-05 20:00")
    assert hours_of(days_of(world)["2023-06-05"]) == (24, 0, 2 + 3 + 3, 3, 24 - 11)


def test_of_two_polls_of_one_instant_the_later_file_counts_and_within_a_file_the_later_row() -> None:
    world = bar("2023-06-05 02:00", "+2023-06-05 00:00", "-2023-06-05 00:00")
    assert hours_of(days_of(world)["2023-06-05"]) == (2, 0, 0, 2, 0)
    world.accept(STATUS, Poll("bar", utc("2023-06-05 00:00"), is_active=True))
    assert hours_of(days_of(world)["2023-06-05"]) == (2, 0, 2, 0, 0)
    assert hours_of(days_of(world.at(2, world.as_of))["2023-06-05"]) == (2, 0, 0, 2, 0)


def test_polls_after_as_of_do_not_exist_and_one_at_as_of_takes_no_time() -> None:
    world = bar("2023-06-05 02:00", "+2023-06-05 00:00", "-2023-06-05 02:00", "-2023-06-05 02:00:01")
    assert hours_of(days_of(world)["2023-06-05"]) == (2, 0, 2, 0, 0)
    assert days_of(bar("2023-06-05 02:00", "-2023-06-05 02:00:01")) == {}


def test_a_day_is_final_from_its_end_on() -> None:
    world = bar("2023-06-05 23:59:59.999999", "+2023-06-05 12:00", gap=0)
    assert not days_of(world)["2023-06-05"].is_final
    assert days_of(world)["2023-06-05"].open_us == 24 * HOUR - 1
    world.as_of = utc("2023-06-06 00:00")
    assert days_of(world)["2023-06-05"].is_final


@pytest.mark.parametrize(
    ("zone", "near", "lengths"),
    [
        ("America/New_York", "2023-03-12", [24, 23, 24]),
        ("America/New_York", "2023-11-05", [24, 25, 24]),
        ("Australia/Lord_Howe", "2023-10-01", [24, 23.5, 24]),
        ("Australia/Lord_Howe", "2023-04-02", [24, 24.5, 24]),
        ("Antarctica/Troll", "2023-03-26", [24, 22, 24]),
        ("America/Sao_Paulo", "2017-10-15", [24, 23, 24]),  # 00:00 is skipped
        ("America/Asuncion", "2023-03-26", [25, 24, 24]),  # back from 00:00 to 23:00
        ("Pacific/Apia", "2011-12-30", [24, 0, 24]),
    ],
)
def test_a_date_has_the_hours_that_its_zone_gives_it(zone: str, near: str, lengths: list[float]) -> None:
    """Always open and always up: all of each date is open, and the dates leave out nothing."""
    middle = datetime.fromisoformat(near).replace(tzinfo=UTC)
    world = bar(str(middle + timedelta(days=4))[:19], f"+{middle - timedelta(days=3)}"[:20], zone=zone, gap=0)
    days = settle(world)[0]
    at = [str(day.local_date) for day in days].index(near)
    assert [hours_of(day)[0] for day in days[at - 1 : at + 2]] == lengths
    assert sum(day.up_us for day in days[1:]) == (world.as_of - days[1].spans[0][0]) / timedelta(microseconds=1)


def test_a_skipped_date_is_a_day_without_time() -> None:
    """Samoa went from Thursday, 29 December 2011, 24:00 to Saturday, at 10:00 UTC on the 30th."""
    days = days_of(bar("2011-12-30 12:00", "+2011-12-29 12:00", zone="Pacific/Apia", gap=0))
    assert days["2011-12-29"].spans == span("2011-12-29 10:00", "2011-12-30 10:00")
    assert days["2011-12-30"] == Day("bar", date(2011, 12, 30), "Pacific/Apia", (), is_final=True)
    assert hours_of(days["2011-12-31"]) == (2, 0, 2, 0, 0)


def test_an_opening_of_a_skipped_date_reaches_into_the_next() -> None:
    """Fridays from 20:00 to 02:00: there was no Friday in Samoa, but a Saturday with two hours after midnight."""
    hours = daily("20:00", "02:00", [4])
    days = days_of(bar("2012-01-01 12:00", "+2011-12-29 12:00", zone="Pacific/Apia", hours=hours, gap=0))
    assert hours_of(days["2011-12-31"])[0] == 2


def test_a_date_to_which_the_clock_comes_back_is_one_day() -> None:
    """St. John's went back at 00:01 on 7 November 2010, 02:31 UTC, to 23:01 on the 6th."""
    world = bar("2010-11-08 12:00", "+2010-11-05 12:00", zone="America/St_Johns", gap=0)
    days = days_of(world)
    assert days["2010-11-06"].spans == (
        *span("2010-11-06 02:30", "2010-11-07 02:30"),
        *span("2010-11-07 02:31", "2010-11-07 03:30"),
    )
    assert days["2010-11-06"].open_us == 25 * HOUR - MINUTE
    assert days["2010-11-07"].spans == (
        *span("2010-11-07 02:30", "2010-11-07 02:31"),
        *span("2010-11-07 03:30", "2010-11-08 03:30"),
    )
    assert days["2010-11-07"].open_us == 24 * HOUR + MINUTE
    assert not days_of(world.at(2, utc("2010-11-07 02:45")))["2010-11-06"].is_final
    assert list(days_of(world.at(2, utc("2010-11-07 02:45"))))[-1] == "2010-11-06"


def test_a_store_without_hours_is_always_open_and_one_with_closed_rows_never() -> None:
    polls = "+2023-06-05 00:00"
    assert hours_of(days_of(bar("2023-06-06 00:00", polls, gap=0))["2023-06-05"])[0] == 24
    closed = bar("2023-06-06 00:00", polls, hours=[WeeklyOpening("bar", 2)], gap=0)
    assert hours_of(days_of(closed)["2023-06-05"])[0] == 0
    others = bar("2023-06-06 00:00", polls, hours=daily("09:00", "10:00", store_id="café"), gap=0)
    assert hours_of(days_of(others)["2023-06-05"])[0] == 24


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("09:00", "17:00", [8, 0, 0]),
        ("09:00", "23:59", [15, 0, 0]),
        ("09:00", "24:00", [15, 0, 0]),
        ("09:00", "00:00", [15, 0, 0]),
        ("09:00", "09:00", [15, 9, 0]),
        ("09:00", "26:00", [15, 2, 0]),
        ("01:00", "26:00", [23, 2, 0]),
        ("09:00", "48:00", [15, 24, 0]),
        ("23:59", "23:59", [1 / 60, 0, 0]),
        ("23:59:30", "23:59:00", [1 / 120, 0, 0]),
        ("22:00", "06:00", [2, 6, 0]),
    ],
)
def test_ends_of_openings(start: str, end: str, hours: list[float]) -> None:
    world = bar("2023-06-08 00:00", "+2023-06-05 00:00", hours=daily(start, end, [0]), gap=0)
    assert [hours_of(day)[0] for day in settle(world)[0]][:3] == hours


# Which zone and hours hold (section 8)


def test_each_hours_file_holds_from_its_date_on() -> None:
    """The second file holds from the UTC date of its acceptance: the opening that began before reaches over it."""
    world = bar("2023-06-09 00:00", "+2023-06-05 00:00", hours=daily("20:00", "02:00"), gap=0)
    world.accept(HOURS, *daily("10:00", "11:00"), accepted_at=utc("2023-06-07 18:00"))
    days = days_of(world)
    assert [hours_of(day)[0] for day in days.values()] == [2 + 4, 2 + 4, 2 + 1, 1, 0]


def test_of_the_files_that_have_begun_the_one_accepted_last_holds() -> None:
    """The third file corrects from the 6th on what the second said from the 7th on."""
    world = bar("2023-06-09 00:00", "+2023-06-05 00:00", hours=daily("01:00", "02:00"), gap=0)
    world.accept(HOURS, *daily("01:00", "03:00"), valid_from=date(2023, 6, 7))
    world.accept(HOURS, *daily("01:00", "04:00"), valid_from=date(2023, 6, 6))
    assert [hours_of(day)[0] for day in settle(world)[0]] == [1, 3, 3, 3, 0]
    assert [hours_of(day)[0] for day in settle(world.at(4, world.as_of))[0]] == [1, 1, 2, 2, 0]


def test_a_file_holds_whole() -> None:
    """The store that the second file does not name has no hours then, and is always open from the 7th on."""
    world = bar("2023-06-08 12:00", "+2023-06-06 00:00", hours=daily("09:00", "10:00"), gap=0)
    world.accept(HOURS, *daily("09:00", "10:00", store_id="café"), valid_from=date(2023, 6, 7))
    assert [hours_of(day)[0] for day in settle(world)[0]] == [1, 24, 12]


def test_the_clock_changes_when_the_new_zone_first_shows_the_date() -> None:
    """From New York (UTC-4) to Los Angeles (UTC-7) on 7 June: 07:00 UTC, when New York's clocks show 03:00."""
    world = bar("2023-06-08 12:00", "+2023-06-06 12:00", zone="America/New_York", gap=0)
    world.accept(ZONES, StoreZone("bar", "America/Los_Angeles"), valid_from=date(2023, 6, 7))
    days = days_of(world)
    assert days["2023-06-06"].spans == span("2023-06-06 04:00", "2023-06-07 04:00")
    assert days["2023-06-07"].spans == span("2023-06-07 04:00", "2023-06-08 07:00")
    assert (days["2023-06-06"].timezone, days["2023-06-07"].timezone) == ("America/New_York", "America/Los_Angeles")
    assert days["2023-06-07"].open_us == 27 * HOUR


def test_no_time_is_lost_where_the_clock_goes_forward() -> None:
    """From Los Angeles to New York on 7 June, 04:00 UTC: it is 21:00 on the 6th, and then 00:00."""
    world = bar("2023-06-08 12:00", "+2023-06-06 12:00", zone="America/Los_Angeles", gap=0)
    world.accept(ZONES, StoreZone("bar", "America/New_York"), valid_from=date(2023, 6, 7))
    days = days_of(world)
    assert days["2023-06-06"].spans == span("2023-06-06 07:00", "2023-06-07 04:00")
    assert days["2023-06-07"].spans == span("2023-06-07 04:00", "2023-06-08 04:00")


def test_a_clock_that_goes_back_over_midnight_gives_days_in_pieces() -> None:
    """From UTC+14 to UTC-11 on 7 June: 11:00 UTC, when the old clock shows 01:00 on the 8th."""
    world = bar("2023-06-10 12:00", "+2023-06-06 12:00", zone="Pacific/Kiritimati", gap=0)
    world.accept(ZONES, StoreZone("bar", "Pacific/Pago_Pago"), valid_from=date(2023, 6, 7))
    days = days_of(world)
    assert days["2023-06-07"].spans == (
        *span("2023-06-06 10:00", "2023-06-07 10:00"),
        *span("2023-06-07 11:00", "2023-06-08 11:00"),
    )
    assert days["2023-06-08"].spans == (
        *span("2023-06-07 10:00", "2023-06-07 11:00"),
        *span("2023-06-08 11:00", "2023-06-09 11:00"),
    )
    assert (days["2023-06-07"].open_us, days["2023-06-08"].open_us) == (48 * HOUR, 25 * HOUR)


def test_a_zone_that_begins_after_the_next_one_never_shows() -> None:
    clock = Clock.of_store(
        bar("2023-06-10 12:00", "+2023-06-06 12:00")
        .accept(ZONES, StoreZone("bar", "Pacific/Pago_Pago"), valid_from=date(2023, 6, 7))
        .accept(ZONES, StoreZone("bar", "Pacific/Kiritimati"), valid_from=date(2023, 6, 8)),
        "bar",
    )
    assert clock.zone(utc("2023-06-07 09:59")) == "UTC"
    assert clock.zone(utc("2023-06-07 10:00")) == "Pacific/Kiritimati"
    assert clock.zone(utc("2023-06-07 12:00")) == "Pacific/Kiritimati"


def test_a_zone_may_begin_on_a_date_whose_midnight_or_all_of_it_is_skipped() -> None:
    world = bar("2017-10-17 00:00", "+2017-10-13 12:00")
    world.accept(ZONES, StoreZone("bar", "America/Sao_Paulo"), valid_from=date(2017, 10, 15))
    assert Clock.of_store(world, "bar").zones == [(None, "UTC"), (utc("2017-10-15 03:00"), "America/Sao_Paulo")]
    world = bar("2012-01-03 00:00", "+2011-12-28 12:00")
    world.accept(ZONES, StoreZone("bar", "Pacific/Apia"), valid_from=date(2011, 12, 30))
    assert Clock.of_store(world, "bar").zones == [(None, "UTC"), (utc("2011-12-30 10:00"), "Pacific/Apia")]


def test_a_store_without_a_zone_is_in_chicago() -> None:
    world = bar("2023-06-06 12:00", "+2023-06-05 12:00", zone="")
    assert settle(world)[0][0].timezone == "America/Chicago"
    assert settle(world)[0][0].spans == span("2023-06-05 05:00", "2023-06-06 05:00")


# Special hours (section 8)


def special(*rows: SpecialHours, members: Iterable[GroupMember] = (), hours: bool = True) -> list[float]:
    """Open hours from Monday, 5 June, on; the week opens at 20:00 until 02:00, or without `hours` is always open."""
    weekly = daily("20:00", "02:00") if hours else None
    world = bar("2023-06-08 00:00", "+2023-06-05 00:00", hours=weekly, gap=0)
    world.accept(GROUPS, *members)
    world.accept(SPECIAL, *rows)
    return [hours_of(day)[0] for day in settle(world)[0]][:3]


TUESDAY = date(2023, 6, 6)


def test_special_hours_replace_what_begins_on_their_date() -> None:
    """What began on Monday evening still lasts until 02:00, and Tuesday's own opening reaches into Wednesday."""
    assert special() == [6, 6, 6]
    assert special(SpecialHours(BAR, TUESDAY, "10:00", "11:00")) == [6, 2 + 1, 4]
    assert special(SpecialHours(BAR, TUESDAY, "22:00", "05:00")) == [6, 2 + 2, 5 + 4]
    assert special(SpecialHours(BAR, TUESDAY)) == [6, 2, 4]


def test_special_hours_open_a_store_that_is_always_open_only_as_they_say() -> None:
    assert special(hours=False) == [24, 24, 24]
    assert special(SpecialHours(BAR, TUESDAY, "10:00", "11:00"), hours=False) == [24, 1, 24]
    assert special(SpecialHours(BAR, TUESDAY, "22:00", "05:00"), hours=False) == [24, 2, 24]
    assert special(SpecialHours(BAR, TUESDAY), hours=False) == [24, 0, 24]


def test_rows_of_a_store_beat_those_of_its_groups_and_these_those_of_all() -> None:
    members = [GroupMember("bar", "region", "West"), GroupMember("bar", "brand", "Pizza Co")]
    west, pizza = Scope(kind="region", name="West"), Scope(kind="brand", name="Pizza Co")
    everywhere = SpecialHours(ALL_STORES, TUESDAY, "10:00", "18:00")
    in_west = SpecialHours(west, TUESDAY, "10:00", "14:00")
    of_pizza = SpecialHours(pizza, TUESDAY, "13:00", "15:00")
    own = SpecialHours(BAR, TUESDAY, "10:00", "11:00")
    assert special(everywhere, members=members) == [6, 2 + 8, 4]
    assert special(everywhere, in_west, members=members) == [6, 2 + 4, 4]
    assert special(in_west, everywhere, of_pizza, members=members) == [6, 2 + 5, 4]
    assert special(in_west, own, everywhere, of_pizza, members=members) == [6, 2 + 1, 4]
    assert special(everywhere, in_west) == [6, 2 + 8, 4]


def test_a_date_is_closed_only_if_all_rows_of_the_winning_level_are_blank() -> None:
    members = [GroupMember("bar", "region", "West"), GroupMember("bar", "brand", "Pizza Co")]
    closed = SpecialHours(Scope(kind="region", name="West"), TUESDAY)
    opened = SpecialHours(Scope(kind="brand", name="Pizza Co"), TUESDAY, "10:00", "11:00")
    assert special(closed, opened, members=members) == [6, 2 + 1, 4]
    assert special(closed, SpecialHours(ALL_STORES, TUESDAY, "10:00", "11:00"), members=members) == [6, 2, 4]
    assert special(SpecialHours(BAR, TUESDAY), opened, members=members) == [6, 2, 4]


def test_case_counts_in_the_names_of_groups() -> None:
    members = [GroupMember("bar", "region", "West")]
    assert special(SpecialHours(Scope(kind="region", name="west"), TUESDAY), members=members) == [6, 6, 6]


def test_the_zone_of_the_newest_file_is_a_group() -> None:
    utc_zone, berlin = (Scope(kind="timezone", name=name) for name in ("UTC", "Europe/Berlin"))
    assert special(SpecialHours(utc_zone, TUESDAY)) == [6, 2, 4]
    assert special(SpecialHours(berlin, TUESDAY)) == [6, 6, 6]
    world = bar("2023-06-08 00:00", "+2023-06-05 00:00", gap=0)
    world.accept(ZONES, StoreZone("bar", "Europe/Berlin"), valid_from=date(2023, 6, 20))
    world.accept(SPECIAL, SpecialHours(berlin, TUESDAY))
    assert hours_of(days_of(world)["2023-06-06"])[0] == 0


def test_the_newest_file_of_special_hours_counts_for_the_past_too() -> None:
    world = bar("2023-06-08 00:00", "+2023-06-05 00:00", gap=0)
    world.accept(SPECIAL, SpecialHours(BAR, TUESDAY)).accept(SPECIAL)
    assert hours_of(days_of(world)["2023-06-06"])[0] == 24
    assert hours_of(days_of(world.at(3, world.as_of))["2023-06-06"])[0] == 0


# Planned downtime (section 8)


def planned(row: PlannedDowntime, zone: str, near: str) -> tuple[float, float]:
    """Planned hours and open hours of a store that is always open, on the dates around one."""
    middle = datetime.fromisoformat(near).replace(tzinfo=UTC)
    polls = f"+{middle - timedelta(days=2)}"[:20]
    world = bar(f"{middle + timedelta(days=3)}"[:19], polls, zone=zone, gap=0).accept(PLANNED, row)
    day = days_of(world)[near]
    return day.planned_us / HOUR, day.open_us / HOUR


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "zone", "near", "expected"),
    [
        (utc("2023-06-05 12:00"), utc("2023-06-05 14:00"), "Europe/Berlin", "2023-06-05", (2, 22)),
        (local("2023-06-05 12:00"), local("2023-06-05 14:00"), "Europe/Berlin", "2023-06-05", (2, 22)),
        # 01:30 occurs twice on 5 November: a start is the first (05:30 UTC), an end the last (06:30 UTC).
        (local("2023-11-05 01:30"), local("2023-11-05 03:00"), "America/New_York", "2023-11-05", (2.5, 22.5)),
        (local("2023-11-05 01:00"), local("2023-11-05 01:30"), "America/New_York", "2023-11-05", (1.5, 23.5)),
        (local("2023-11-05 01:30"), local("2023-11-05 01:30"), "America/New_York", "2023-11-05", (1, 24)),
        # 02:30 does not occur on 12 March: it is the instant of the change, 07:00 UTC.
        (local("2023-03-12 02:30"), local("2023-03-12 04:00"), "America/New_York", "2023-03-12", (1, 22)),
        (local("2023-03-12 01:00"), local("2023-03-12 02:30"), "America/New_York", "2023-03-12", (1, 22)),
        (local("2023-03-12 02:10"), local("2023-03-12 02:50"), "America/New_York", "2023-03-12", (0, 23)),
        (utc("2023-03-12 06:30"), local("2023-03-12 02:30"), "America/New_York", "2023-03-12", (0.5, 22.5)),
        # An end that is not after the start on the store's clock covers nothing.
        (utc("2023-06-05 12:00"), local("2023-06-05 13:00"), "Europe/Berlin", "2023-06-05", (0, 24)),
        (utc("2023-06-05 12:00"), local("2023-06-05 14:30"), "Europe/Berlin", "2023-06-05", (0.5, 23.5)),
        (local("2023-06-05 12:00"), None, "Europe/Berlin", "2023-06-05", (12, 12)),
        # All of the Friday that Samoa skipped is the instant of the change, 10:00 UTC.
        (local("2011-12-30 08:00"), local("2011-12-31 02:00"), "Pacific/Apia", "2011-12-31", (2, 22)),
        (local("2011-12-29 23:00"), local("2011-12-30 08:00"), "Pacific/Apia", "2011-12-29", (1, 23)),
        # 23:30 on 6 November 2010 occurs twice in St. John's, 00:00:30 on the 7th does, too.
        (local("2010-11-06 23:30"), local("2010-11-07 00:00:30"), "America/St_Johns", "2010-11-06", (89 / 60, 23.5)),
    ],
)
def test_planned_downtime_in_both_spellings(
    starts_at: datetime, ends_at: datetime | None, zone: str, near: str, expected: tuple[float, float]
) -> None:
    assert planned(PlannedDowntime(BAR, starts_at, ends_at), zone, near) == pytest.approx(expected, abs=1e-9)


def test_planned_time_is_neither_up_nor_down_nor_unknown() -> None:
    world = bar("2023-06-06 00:00", "-2023-06-05 10:00", hours=daily("09:00", "17:00"))
    world.accept(PLANNED, PlannedDowntime(ALL_STORES, utc("2023-06-05 11:00"), utc("2023-06-05 15:00")))
    assert hours_of(days_of(world)["2023-06-05"]) == (4, 4, 0, 2, 2)


def test_planned_time_outside_of_opening_time_is_nothing() -> None:
    world = bar("2023-06-06 00:00", "-2023-06-05 10:00", hours=daily("09:00", "17:00"), gap=0)
    world.accept(PLANNED, PlannedDowntime(Scope(kind="timezone", name="UTC"), utc("2023-06-05 16:00"), None))
    assert hours_of(days_of(world)["2023-06-05"]) == (7, 1, 0, 7, 0)


def test_each_store_reads_planned_downtime_on_its_own_clock() -> None:
    world = World(utc("2023-06-06 12:00"), max_gap=None)
    world.accept(ZONES, StoreZone("east", "America/New_York"), StoreZone("west", "America/Los_Angeles"))
    world.accept(STATUS, *(Poll(store_id, utc("2023-06-05 12:00"), True) for store_id in ("east", "west")))
    world.accept(PLANNED, PlannedDowntime(ALL_STORES, local("2023-06-05 03:00"), utc("2023-06-05 09:00")))
    days = {day.store_id: day.planned_us / HOUR for day in settle(world)[0] if day.local_date == date(2023, 6, 5)}
    assert days == {"east": 2, "west": 0}


# Openings of a day (section 9)


def opening(*polls: str, as_of: str = "2023-06-06 00:00", planned: tuple[str, str] | None = None) -> tuple[float, ...]:
    """Hours late, hours early and missed openings of Monday, 5 June, open from 09:00 to 17:00."""
    world = bar(as_of, "+2023-06-04 12:00", *polls, hours=daily("09:00", "17:00"))
    if planned:
        start, end = (utc(f"2023-06-05 {clock}") for clock in planned)
        world.accept(PLANNED, PlannedDowntime(BAR, start, end))
    day = days_of(world)["2023-06-05"]
    return day.opened_late_us / HOUR, day.closed_early_us / HOUR, day.missed_openings


def test_opened_late_is_the_downtime_from_the_start_on() -> None:
    assert opening(*polled("++++++++++")) == (0, 0, 0)
    assert opening(*polled("---+++++++")) == (2, 0, 0)
    assert opening(*polled("-+-+++++++")) == (0, 0, 0)
    assert opening(*polled("+--+++++++")) == (2, 0, 0)


def test_closed_early_is_the_downtime_to_the_end() -> None:
    assert opening(*polled("+++++++---")) == (0, 2, 0)
    assert opening(*polled("++++++++-+")) == (0, 1, 0)
    assert opening(*polled("--+++++---")) == (1, 2, 0)


def test_a_missed_opening_is_neither_late_nor_early() -> None:
    assert opening(*polled("----------")) == (0, 0, 1)
    assert opening(*polled("+-------- +")) == (0, 0, 1)


def test_unknown_around_start_or_end_proves_nothing() -> None:
    """Polls count for three hours: the last one before 09:00 is that of 05:00, or of 07:00."""
    assert opening(*polled("-     ------------", 5)) == (0, 6, 0)
    assert opening(*polled("-    +++++++++", 7)) == (1, 0, 0)
    assert opening(*polled("------")) == (7, 0, 0)
    assert opening(*polled("-------")) == (0, 0, 1)


def test_planned_time_within_a_stretch_is_skipped() -> None:
    assert opening(*polled("----++++++"), planned=("10:00", "11:00")) == (2, 0, 0)
    assert opening(*polled("+++++-----"), planned=("14:00", "16:00")) == (0, 2, 0)
    assert opening(*polled("---++++++-"), planned=("10:00", "11:00")) == (1, 0, 0)


def test_a_stretch_that_begins_or_ends_in_planned_downtime_is_not_late_or_early() -> None:
    assert opening(*polled("----++++++"), planned=("08:00", "10:00")) == (0, 0, 0)
    assert opening(*polled("+++++-----"), planned=("16:59", "17:00")) == (0, 0, 0)
    assert opening(*polled("----------"), planned=("08:00", "10:00")) == (0, 0, 1)
    assert opening(*polled("----------"), planned=("09:00", "17:00")) == (0, 0, 0)


def test_a_stretch_that_runs_has_no_end() -> None:
    assert opening(*polled("----"), as_of="2023-06-05 11:30") == (2.5, 0, 0)
    assert opening(*polled("--+----"), as_of="2023-06-05 15:00") == (1, 0, 0)
    assert opening(*polled("----------"), as_of="2023-06-05 16:59") == (7 + 59 / 60, 0, 0)
    assert opening(*polled("----------"), as_of="2023-06-05 17:00") == (0, 0, 1)
    assert opening(*polled("---"), as_of="2023-06-05 09:00") == (0, 0, 0)


def test_openings_that_touch_are_one_stretch_of_the_date_on_which_it_starts() -> None:
    """Open from 18:00 to 23:59 and again from 00:00 to 02:00, as stores write it: closed early after midnight."""
    hours = [*daily("18:00", "23:59"), *daily("00:00", "02:00")]
    world = bar("2023-06-07 18:00", "+2023-06-05 17:00", "-2023-06-06 01:00", "+2023-06-06 03:00", hours=hours, gap=0)
    days = days_of(world)
    assert days["2023-06-05"].closed_early_us == HOUR
    assert days["2023-06-06"].closed_early_us == 0
    assert days["2023-06-06"].down_us == HOUR


def test_a_second_between_two_openings_makes_two() -> None:
    hours = [*daily("09:00", "11:59:59"), *daily("12:00", "15:00")]
    world = bar("2023-06-05 20:00", *polled("---" + "+" * 9), hours=hours)
    assert days_of(world)["2023-06-05"].opened_late_us == 2 * HOUR
    world = bar("2023-06-05 20:00", *polled("-----" + "+" * 9), hours=hours)
    day = days_of(world)["2023-06-05"]
    assert (day.opened_late_us, day.closed_early_us, day.missed_openings) == (HOUR, 0, 1)


def test_stretches_without_a_start_or_from_before_the_first_day_are_no_openings() -> None:
    day = days_of(bar("2023-06-06 12:00", "-2023-06-05 00:00", gap=0))["2023-06-05"]
    assert (day.opened_late_us, day.closed_early_us, day.missed_openings) == (0, 0, 0)
    night = bar("2023-06-05 12:00", "-2023-06-05 01:00", hours=daily("20:00", "02:00"), gap=0)
    day = days_of(night)["2023-06-05"]
    assert (day.down_us, day.closed_early_us, day.missed_openings) == (2 * HOUR, 0, 0)


def test_an_always_open_store_opens_after_a_special_date() -> None:
    """It is closed on Tuesday, and down until 02:00 on Wednesday."""
    world = bar("2023-06-08 00:00", "+2023-06-05 00:00", "-2023-06-06 12:00", "+2023-06-07 02:00", gap=0)
    world.accept(SPECIAL, SpecialHours(BAR, TUESDAY))
    assert days_of(world)["2023-06-07"].opened_late_us == 2 * HOUR
    assert days_of(world)["2023-06-05"].closed_early_us == 0


# Outages (section 10)


def test_an_outage_from_poll_to_poll() -> None:
    world = bar("2023-06-05 15:00", *polled("++--+++"))
    assert outages_of(world) == [
        Outage(
            "bar", utc("2023-06-05 10:00"), utc("2023-06-05 12:00"), 2 * HOUR, "up",
            started_after=utc("2023-06-05 09:00"), ended_before=utc("2023-06-05 12:00"),
            started_on=date(2023, 6, 5), ended_on=date(2023, 6, 5),
            downtime_by_date=((date(2023, 6, 5), 2 * HOUR),),
        )
    ]  # fmt: skip
    assert outages_of(world)[0].elapsed_us == 2 * HOUR


def test_closing_time_does_not_end_an_outage() -> None:
    """Down from 16:00 on Monday to 10:00 on Tuesday, open from 09:00 to 17:00: two hours of downtime in eighteen."""
    polls = ["+2023-06-05 15:00", "-2023-06-05 16:00", "+2023-06-06 10:00"]
    world = bar("2023-06-06 12:00", *polls, hours=daily("09:00", "17:00"), gap=0)
    (outage,) = outages_of(world)
    assert (outage.started_at, outage.ended_at) == (utc("2023-06-05 16:00"), utc("2023-06-06 10:00"))
    assert (outage.downtime_us, outage.elapsed_us) == (2 * HOUR, 18 * HOUR)
    assert outage.downtime_by_date == ((date(2023, 6, 5), HOUR), (date(2023, 6, 6), HOUR))


def test_an_active_poll_in_closing_time_alone_does_not_end_an_outage() -> None:
    """No accountable instant was up, and none unknown; started_after and ended_before know the poll."""
    polls = ["-2023-06-05 16:00", "+2023-06-05 22:00", "-2023-06-06 08:00"]
    world = bar("2023-06-06 12:00", *polls, hours=daily("09:00", "17:00"), gap=0)
    (outage,) = outages_of(world)
    assert (outage.started_at, outage.ended_at) == (utc("2023-06-05 09:00"), utc("2023-06-06 12:00"))
    assert (outage.started_after, outage.ended_before, outage.ended_by) == (None, None, None)
    closed = world.at(3, utc("2023-06-05 23:00"))
    (outage,) = outages_of(closed)
    assert (outage.ended_at, outage.ended_by) == (utc("2023-06-05 17:00"), None)
    assert outage.ended_before == utc("2023-06-05 22:00")


def test_planned_downtime_does_not_end_an_outage() -> None:
    world = bar("2023-06-05 15:00", *polled("+--+--+"))
    world.accept(PLANNED, PlannedDowntime(BAR, utc("2023-06-05 11:00"), utc("2023-06-05 12:00")))
    (outage,) = outages_of(world)
    assert (outage.started_at, outage.ended_at) == (utc("2023-06-05 09:00"), utc("2023-06-05 14:00"))
    assert outage.downtime_us == 4 * HOUR


def test_unknown_time_between_two_inactive_polls_does_not_end_an_outage() -> None:
    world = bar("2023-06-05 20:00", "+2023-06-05 08:00", "-2023-06-05 09:00", "-2023-06-05 17:00", "+2023-06-05 18:00")
    (outage,) = outages_of(world)
    assert (outage.started_at, outage.ended_at, outage.ended_by) == (
        utc("2023-06-05 09:00"), utc("2023-06-05 18:00"), "up",
    )  # fmt: skip
    assert outage.downtime_us == 4 * HOUR


def test_unknown_time_with_an_active_poll_ends_an_outage() -> None:
    """The store is open until 10:00 and from 16:00 on, unknown from 16:00 to 17:00; the active poll is at noon."""
    hours = [*daily("00:00", "10:00"), *daily("16:00", "24:00")]
    polls = ["-2023-06-05 09:00", "+2023-06-05 12:00", "-2023-06-05 17:00", "-2023-06-05 19:00"]
    world = bar("2023-06-05 20:00", *polls, hours=hours)
    first, second = outages_of(world)
    assert (first.ended_at, first.ended_by) == (utc("2023-06-05 10:00"), "unknown")
    assert (first.started_after, first.ended_before) == (None, utc("2023-06-05 12:00"))
    assert (second.started_at, second.ended_by) == (utc("2023-06-05 17:00"), None)
    assert (second.started_after, second.ended_before) == (utc("2023-06-05 12:00"), None)
    without = replace(world, log=[])
    without.accept(ZONES, StoreZone("bar", "UTC")).accept(HOURS, *hours)
    without.accept(STATUS, *(Poll("bar", utc(poll[1:]), poll[0] == "+") for poll in polls if poll[0] == "-"))
    assert len(outages_of(without)) == 1


def test_a_poll_at_the_very_end_lies_in_the_gap() -> None:
    """Closing at 10:00, an active poll at 10:00, and unknown time from 16:00 to 17:00."""
    hours = [*daily("00:00", "10:00"), *daily("16:00", "24:00")]
    world = bar("2023-06-05 20:00", "-2023-06-05 09:00", "+2023-06-05 10:00", "-2023-06-05 17:00", hours=hours)
    assert [outage.ended_by for outage in outages_of(world)] == ["unknown", None]


def test_uptime_ends_an_outage_however_short() -> None:
    world = bar("2023-06-05 12:00", "-2023-06-05 09:00", "+2023-06-05 10:00", "-2023-06-05 10:00:00.000001")
    assert [outage.downtime_us for outage in outages_of(world)] == [4 * HOUR, 2 * HOUR - 1]


def test_an_outage_whose_polls_stop_ends_in_unknown_time() -> None:
    world = bar("2023-06-05 15:00", "+2023-06-05 09:00", "-2023-06-05 10:00")
    (outage,) = outages_of(world)
    assert (outage.ended_at, outage.ended_by, outage.ended_before) == (utc("2023-06-05 13:00"), "unknown", None)


def test_a_running_outage_reaches_to_as_of() -> None:
    world = bar("2023-06-05 12:00", "+2023-06-05 09:00", "-2023-06-05 10:00", "+2023-06-05 12:00")
    (outage,) = outages_of(world)
    assert (outage.ended_at, outage.ended_by) == (utc("2023-06-05 12:00"), None)
    assert outage.ended_before == utc("2023-06-05 12:00")


def test_outages_lie_within_the_days() -> None:
    """The first poll is inactive: without max_gap its status holds backwards, but only from its date on."""
    world = bar("2023-06-06 12:00", "-2023-06-05 10:00", gap=0)
    (outage,) = outages_of(world)
    assert (outage.started_at, outage.started_after) == (utc("2023-06-05 00:00"), None)
    assert outage.ended_on == date(2023, 6, 6)
    assert outage.downtime_by_date == ((date(2023, 6, 5), 24 * HOUR), (date(2023, 6, 6), 12 * HOUR))


def test_an_outage_that_ends_at_midnight_ends_on_the_new_date() -> None:
    (outage,) = outages_of(bar("2023-06-06 02:00", "-2023-06-05 23:00", "+2023-06-06 00:00"))
    assert (outage.started_on, outage.ended_on) == (date(2023, 6, 5), date(2023, 6, 6))
    assert outage.downtime_by_date == ((date(2023, 6, 5), 4 * HOUR),)


# Restated days (section 9)


def test_a_final_day_is_restated_when_its_figures_change() -> None:
    world = bar("2023-06-07 00:00", *(f"+2023-06-0{day} {hour:02}:00" for day in (5, 6) for hour in range(0, 24, 2)))
    world.accept(STATUS, Poll("bar", utc("2023-06-06 10:00"), is_active=False), accepted_at=utc("2023-06-08 00:00"))
    before = world.at(2, utc("2023-06-07 00:00"))
    ((old, new),) = restatements(before, world)
    assert new is not None
    assert (old.local_date, hours_of(old), hours_of(new)) == (
        date(2023, 6, 6), (24, 0, 24, 0, 0), (24, 0, 22, 2, 0),
    )  # fmt: skip
    provisional = world.at(2, utc("2023-06-06 23:00"))
    assert restatements(provisional, world) == []
    assert restatements(world, world) == []


# The method


SCANNED = [moment for moment in worlds.MOMENTS if moment[0] != "Africa/Monrovia"]  # its offset has seconds


@pytest.mark.parametrize(("zone", "near"), [*SCANNED, ("America/St_Johns", utc("2010-11-07 02:31"))])
def test_cutting_at_edges_equals_a_scan(zone: str, near: datetime) -> None:
    """All edges of this store are at whole minutes, so a scan is exact."""
    random = Random(zone)
    start = near.replace(minute=0, second=0) - timedelta(hours=20)
    world = World(start + timedelta(hours=40), max_gap=timedelta(hours=5))
    world.accept(ZONES, StoreZone("bar", zone))
    world.accept(ZONES, StoreZone("bar", "Europe/Paris"), valid_from=near.date())
    openings = [worlds.opening(random) for _ in range(4)]
    world.accept(HOURS, *(WeeklyOpening("bar", random.randrange(7), start[:5], end[:5]) for start, end in openings))
    world.accept(SPECIAL, SpecialHours(BAR, near.date(), "21:00", "03:00"))
    polls = {start + timedelta(minutes=random.randrange(2400)): random.random() < 0.5 for _ in range(6)}
    world.accept(STATUS, *(Poll("bar", at, is_active) for at, is_active in polls.items()))
    beginning = (near + timedelta(hours=3)).replace(tzinfo=None, second=0)
    world.accept(PLANNED, PlannedDowntime(BAR, beginning, beginning + timedelta(hours=2)))
    store = StoreTime(world, "bar")
    cut: list[tuple] = []
    for segment in store.segments(start, world.as_of):
        minutes = segment.us // MINUTE
        cut += [(segment.on, segment.is_opening, segment.is_planned, segment.status)] * minutes
    instants = [start + timedelta(minutes=minute) for minute in range(2400)]
    assert cut == [
        (store.clock.wall(at).date(), store.is_opening(at), bool(store.planned_rows(at)), store.status(at))
        for at in instants
    ]
