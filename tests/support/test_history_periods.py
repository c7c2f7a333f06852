"""The oracle of periods, targets, verdicts, now and why gives what the specification says, computed by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support import history_periods, history_worlds, oracle
from support.history_bar import BAR, HOUR, MINUTE, bar, daily, local, polled, utc
from support.history_periods import (
    Availability,
    Books,
    Now,
    OutageRow,
    StoreDate,
    csv_text,
    hours_text,
    percent,
    periods,
    verdict,
)
from support.history_world import (
    ALL_STORES,
    GROUPS,
    HOURS,
    PLANNED,
    SPECIAL,
    STATUS,
    TARGETS,
    ZONES,
    GroupMember,
    PlannedDowntime,
    Poll,
    Scope,
    SpecialHours,
    StoreZone,
    Target,
    WeeklyOpening,
    World,
)

FIFTH, SIXTH, SEVENTH = (date(2023, 6, day) for day in (5, 6, 7))
WEST, EAST = Scope(kind="region", name="West"), Scope(kind="region", name="East")


def two_days(as_of: str = "2023-06-07 00:00") -> World:
    """Open from 09:00 to 17:00 (UTC): on the 5th three hours late, on the 6th closed an hour early."""
    polls = [*polled("+---++++++"), *polled("++++++++--", on="2023-06-06")]
    return bar(as_of, *polls, hours=daily("09:00", "17:00"))


def row(world: World, start: date = FIFTH, end: date = SIXTH, **question: str) -> Availability:
    (only,) = Books(world).availability(start, end, **question)
    return only


# Periods (section 9)


@pytest.mark.parametrize(
    ("period", "start", "end", "names"),
    [
        ("range", "2023-01-30", "2023-02-02", ["range 01-30 02-02"]),
        ("day", "2023-01-31", "2023-02-01", ["2023-01-31 01-31 01-31", "2023-02-01 02-01 02-01"]),
        ("week", "2021-01-02", "2021-01-12", ["2020-W53 01-02 01-03", "2021-W01 01-04 01-10", "2021-W02 01-11 01-12"]),
        ("week", "2024-12-29", "2025-01-01", ["2024-W52 12-29 12-29", "2025-W01 12-30 01-01"]),
        ("month", "2023-01-30", "2023-03-01", ["2023-01 01-30 01-31", "2023-02 02-01 02-28", "2023-03 03-01 03-01"]),
        ("quarter", "2023-03-31", "2023-04-01", ["2023-Q1 03-31 03-31", "2023-Q2 04-01 04-01"]),
        ("quarter", "2023-12-31", "2024-01-01", ["2023-Q4 12-31 12-31", "2024-Q1 01-01 01-01"]),
        ("year", "2023-12-31", "2024-01-01", ["2023 12-31 12-31", "2024 01-01 01-01"]),
    ],
)
def test_periods_of_the_calendar_are_cut_to_the_range(period: str, start: str, end: str, names: list[str]) -> None:
    found = periods(date.fromisoformat(start), date.fromisoformat(end), period)
    assert [f"{name} {first:%m-%d} {last:%m-%d}" for name, first, last in found] == names


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (0, 10**9, "0.00"),
        (1, 10**9, "0.01"),
        (10**9 - 1, 10**9, "99.99"),
        (10**9, 10**9, "100.00"),
        (99_995, 100_000, "99.99"),
        (1, 3, "33.33"),
        (2, 3, "66.67"),
        (12_345, 10**6, "1.23"),
        (12_350, 10**6, "1.24"),
        (1, 8_000, "0.01"),
        (45, 10**5, "0.05"),
        (44, 10**5, "0.04"),
        (0, 0, "None"),
    ],
)
def test_percentages_are_all_or_nothing_only_where_it_is_so(part: int, whole: int, shown: str) -> None:
    assert str(percent(part, whole)) == shown


def test_a_row_is_the_sum_of_its_days() -> None:
    """The second outage has no end: closed at 17:00, and nothing accountable after it."""
    assert row(two_days()) == Availability(
        "range", FIFTH, SIXTH, is_final=True, scope="bar", stores=1,
        open_us=16 * HOUR, planned_us=0, up_us=12 * HOUR, down_us=4 * HOUR, unknown_us=0,
        uptime_percent=Decimal("75.00"), uptime_percent_low=Decimal("75.00"), uptime_percent_high=Decimal("75.00"),
        outages=2, longest_outage_us=3 * HOUR, mttr_us=3 * HOUR, mtbf_us=6 * HOUR,
        opened_late_us=3 * HOUR, closed_early_us=HOUR, missed_openings=0,
        target_percent=None, days_without_target=2, budget_us=None, remaining_us=None, verdict=None,
    )  # fmt: skip
    assert [one.down_us for one in Books(two_days()).availability(FIFTH, SIXTH, "day")] == [3 * HOUR, HOUR]


def test_unknown_time_moves_the_bounds_only() -> None:
    some = row(bar("2023-06-06 00:00", "+2023-06-05 08:00", hours=daily("09:00", "17:00")), end=FIFTH)
    assert (some.up_us, some.unknown_us) == (2 * HOUR, 6 * HOUR)
    shown = [some.uptime_percent, some.uptime_percent_low, some.uptime_percent_high]
    assert shown == [Decimal("100.00"), Decimal("25.00"), Decimal("100.00")]
    nothing = row(bar("2023-06-06 00:00", "+2023-06-05 01:00", hours=daily("09:00", "17:00")), end=FIFTH)
    shown = [nothing.uptime_percent, nothing.uptime_percent_low, nothing.uptime_percent_high]
    assert shown == [None, Decimal("0.00"), Decimal("100.00")]
    closed = row(bar("2023-06-06 00:00", "+2023-06-05 01:00", hours=[WeeklyOpening("bar", 3)]), end=FIFTH)
    shown = [closed.uptime_percent, closed.uptime_percent_low, closed.uptime_percent_high]
    assert shown == [None, None, None]
    assert (closed.outages, closed.longest_outage_us, closed.mttr_us, closed.mtbf_us) == (0, 0, None, None)


def test_a_store_counts_where_it_has_a_day_and_a_row_without_one_is_left_out() -> None:
    world = two_days()
    assert Books(world).availability(date(2023, 6, 1), date(2023, 6, 4)) == []
    assert Books(world).availability(date(2023, 6, 8), date(2023, 6, 9)) == []
    rows = Books(world).availability(date(2023, 6, 4), date(2023, 6, 8), "day")
    assert [one.period for one in rows] == ["2023-06-05", "2023-06-06", "2023-06-07"]
    assert row(world, date(2023, 1, 1), date(2023, 12, 31)).from_date == date(2023, 1, 1)


def test_a_row_is_final_when_its_last_date_is_over_for_every_store_that_counts() -> None:
    """It is the 7th in Berlin two hours before it is the 7th in UTC."""
    world = World(utc("2023-06-06 23:00"), max_gap=None)
    world.accept(ZONES, StoreZone("west", "UTC"), StoreZone("east", "Europe/Berlin"))
    world.accept(STATUS, *(Poll(store_id, utc("2023-06-05 12:00"), True) for store_id in ("east", "west")))
    assert [(one.scope, one.is_final) for one in Books(world).availability(FIFTH, SIXTH)] == [
        ("east", True),
        ("west", False),
    ]
    assert not row(world, by="all").is_final
    assert row(world.at(2, utc("2023-06-07 00:00")), by="all").is_final
    assert not row(world.at(2, utc("2023-06-07 00:00")), end=SEVENTH, by="all").is_final


def regions() -> World:
    """Three stores, always open on the 5th: a is in West, b in West and East, c in neither; b is down for 6 hours."""
    world = World(utc("2023-06-06 00:00"), max_gap=None)
    world.accept(ZONES, *(StoreZone(store_id, "UTC") for store_id in "abc"))
    polls = [Poll(store_id, utc("2023-06-05 00:00"), True) for store_id in "abc"]
    world.accept(STATUS, *polls, Poll("b", utc("2023-06-05 18:00"), False))
    members = [("a", "West"), ("b", "West"), ("b", "East"), ("nobody", "North")]
    return world.accept(GROUPS, *(GroupMember(store_id, "region", name) for store_id, name in members))


def test_scopes_are_stores_groups_zones_or_all() -> None:
    books = Books(regions())

    def figures(by: str, **chosen: str) -> list[tuple[str, int, float]]:
        rows = books.availability(FIFTH, FIFTH, by=by, **chosen)
        return [(one.scope, one.stores, one.down_us / HOUR) for one in rows]

    assert figures("store") == [("a", 1, 0), ("b", 1, 6), ("c", 1, 0)]
    assert figures("all") == [("all", 3, 6)]
    assert figures("region") == [("East", 1, 6), ("West", 2, 6)]
    assert figures("timezone") == [("UTC", 3, 6)]
    assert figures("store", kind="region", name="West") == [("a", 1, 0), ("b", 1, 6)]
    assert figures("region", store_id="b") == [("East", 1, 6), ("West", 1, 6)]
    assert figures("all", kind="region", name="North") == []


# Outages per period (section 10)


def long_outage() -> World:
    """Down from 22:00 on the 5th to 04:00 on the 7th, always open."""
    polls = ["+2023-06-05 00:00", "-2023-06-05 22:00", "+2023-06-07 04:00", "+2023-06-07 12:00"]
    return bar("2023-06-07 12:00", *polls, gap=0)


def test_outages_count_on_the_date_they_start_and_their_downtime_where_it_is() -> None:
    rows = Books(long_outage()).availability(FIFTH, SEVENTH, "day")
    assert [one.outages for one in rows] == [1, 0, 0]
    assert [one.down_us / HOUR for one in rows] == [2, 24, 4]
    assert [one.longest_outage_us / HOUR for one in rows] == [2, 24, 4]
    assert [one.mttr_us for one in rows] == [None, None, 30 * HOUR]
    assert [one.mtbf_us for one in rows] == [22 * HOUR, None, None]


def test_an_outage_that_ends_at_midnight_is_repaired_on_the_new_date() -> None:
    world = bar("2023-06-07 00:00", "+2023-06-05 00:00", "-2023-06-05 22:00", "+2023-06-06 00:00", gap=0)
    rows = Books(world).availability(FIFTH, SIXTH, "day")
    assert [one.mttr_us for one in rows] == [None, 2 * HOUR]


def test_means_are_cut_to_whole_microseconds() -> None:
    polls = ["+2023-06-05 00:00", "-2023-06-05 01:00", "+2023-06-05 01:00:00.000001", "-2023-06-05 02:00"]
    world = bar("2023-06-06 00:00", *polls, "+2023-06-05 02:00:00.000002", gap=0)
    one = row(world, end=FIFTH)
    assert (one.outages, one.mttr_us, one.mtbf_us) == (2, 1, 12 * HOUR - 2)


def test_outages_are_listed_where_they_meet_the_dates_whole() -> None:
    books = Books(long_outage())
    assert [outage.downtime_us for outage in books.outages(SIXTH, SIXTH)] == [30 * HOUR]
    assert books.outages(date(2023, 6, 8), date(2023, 6, 9)) == []
    midnight = Books(bar("2023-06-07 00:00", "+2023-06-05 00:00", "-2023-06-05 22:00", "+2023-06-06 00:00", gap=0))
    assert len(midnight.outages(FIFTH, FIFTH)) == 1
    assert midnight.outages(SIXTH, SIXTH) == []


# Targets (section 8)


def promised(*targets: Target, on: date = FIFTH) -> Decimal | None:
    world = regions().accept(TARGETS, *targets)
    return world.target("b", on)


def test_the_target_of_a_store_beats_those_of_its_groups_and_these_that_of_all() -> None:
    everywhere, west, east, own = (
        Target(scope, Decimal(percent))
        for scope, percent in ((ALL_STORES, 90), (WEST, 80), (EAST, 70), (Scope("b"), 60))
    )
    assert promised() is None
    assert promised(everywhere) == 90
    assert promised(west, everywhere) == 80
    assert promised(everywhere, east, west) == 80
    assert promised(own, everywhere, east, west) == 60
    assert promised(Target(Scope(kind="timezone", name="UTC"), Decimal(99)), west) == 99
    assert promised(Target(Scope(kind="region", name="North"), Decimal(99)), everywhere) == 90


def test_within_a_scope_the_latest_valid_from_counts() -> None:
    always, sixth = Target(WEST, Decimal(95)), Target(WEST, Decimal(90), SIXTH)
    assert [promised(sixth, always, on=on) for on in (FIFTH, SIXTH, SEVENTH)] == [95, 90, 90]
    assert promised(sixth, on=FIFTH) is None


def test_a_blank_target_leaves_it_to_the_next_level() -> None:
    rows = [Target(Scope("b"), Decimal(99)), Target(Scope("b"), None, SIXTH), Target(ALL_STORES, Decimal(90))]
    assert [promised(*rows, on=on) for on in (FIFTH, SIXTH)] == [99, 90]
    assert promised(Target(WEST, None), Target(EAST, Decimal(70)), Target(ALL_STORES, Decimal(90))) == 70
    assert promised(Target(WEST, None), Target(EAST, None)) is None


def test_of_the_same_scope_and_date_the_last_row_counts() -> None:
    assert promised(Target(WEST, Decimal(99), SIXTH), Target(WEST, Decimal(90), SIXTH), on=SIXTH) == 90
    assert promised(Target(WEST, Decimal(99)), Target(WEST, None), Target(ALL_STORES, Decimal(50))) == 50


def test_the_newest_file_of_targets_counts_for_the_past_too() -> None:
    world = regions().accept(TARGETS, Target(ALL_STORES, Decimal(99))).accept(TARGETS, Target(ALL_STORES, Decimal(50)))
    assert world.target("b", FIFTH) == 50
    assert world.at(4, world.as_of).target("b", FIFTH) == 99


# As CSV (section 13)


@pytest.mark.parametrize(
    ("us", "shown"),
    [(0, "0.00"), (HOUR, "1.00"), (18_000_000, "0.01"), (17_999_999, "0.00"), (-18_000_000, "-0.01"), (-1, "0.00")],
)
def test_hours_have_two_decimals_rounded_half_away_from_zero(us: int, shown: str) -> None:
    assert hours_text(us) == shown


def test_rows_as_csv() -> None:
    books = Books(two_days().accept(TARGETS, Target(BAR, Decimal("62.5"))))
    assert csv_text(Availability, books.availability(FIFTH, FIFTH)) == (
        "period,from_date,until_date,is_final,scope,stores,open_hours,planned_hours,up_hours,down_hours,unknown_hours,"
        "uptime_percent,uptime_percent_low,uptime_percent_high,outages,longest_outage_hours,mttr_hours,mtbf_hours,"
        "opened_late_hours,closed_early_hours,missed_openings,target_percent,days_without_target,budget_hours,"
        "remaining_hours,verdict\n"
        "range,2023-06-05,2023-06-05,true,bar,1,8.00,0.00,5.00,3.00,0.00,62.50,62.50,62.50,1,3.00,3.00,5.00,3.00,0.00,0,"
        "62.500,0,3.00,0.00,met\n"
    )
    assert csv_text(OutageRow, [OutageRow.of(outage) for outage in books.outages(SIXTH, SIXTH)]) == (
        "store_id,started_at,ended_at,downtime_hours,elapsed_hours,ended_by,started_after,ended_before\n"
        "bar,2023-06-06T16:00:00.000000Z,2023-06-06T17:00:00.000000Z,1.00,1.00,,2023-06-06T15:00:00.000000Z,\n"
    )
    assert csv_text(Now, books.now()) == (
        "store_id,status,is_open,since,outage_started_at,downtime_hours,last_poll_at,next_change_at\n"
        "bar,unknown,false,2023-06-06T20:00:00.000000Z,2023-06-06T16:00:00.000000Z,1.00,2023-06-06T17:00:00.000000Z,"
        "2023-06-07T09:00:00.000000Z\n"
    )


# Budgets and verdicts (section 11)


def test_a_budget_is_what_each_date_allows() -> None:
    """5 % of 8 hours and 10 % of 8 hours are 1.2 hours; 4 hours are spent."""
    world = two_days().accept(TARGETS, Target(BAR, Decimal(95)), Target(BAR, Decimal(90), SIXTH))
    one = row(world)
    assert (one.budget_us, one.remaining_us) == (72 * MINUTE, 72 * MINUTE - 4 * HOUR)
    assert (one.target_percent, one.days_without_target, one.verdict) == (None, 0, "breached")
    assert [day.target_percent for day in Books(world).availability(FIFTH, SIXTH, "day")] == [95, 90]


def test_dates_without_a_target_count_neither_for_the_budget_nor_for_what_is_spent() -> None:
    """On the 5th nothing is promised; on the 6th 20 % of 8 hours, of which one is spent."""
    one = row(two_days().accept(TARGETS, Target(BAR, Decimal(80), SIXTH)))
    assert (one.budget_us, one.remaining_us, one.days_without_target) == (96 * MINUTE, 36 * MINUTE, 1)
    assert (one.verdict, one.target_percent) == ("met", None)


def test_a_budget_is_cut_to_whole_microseconds_and_compared_exactly() -> None:
    """One microsecond of open time with 99.999 % is a budget of 0.00001 microseconds."""
    hours = [WeeklyOpening("bar", 0, "09:00:00", "09:00:00.000001")]
    world = bar("2023-06-06 00:00", "+2023-06-05 08:00", hours=hours, gap=0).accept(
        TARGETS, Target(BAR, Decimal("99.999"))
    )
    one = row(world, end=FIFTH)
    assert (one.open_us, one.budget_us, one.remaining_us, one.verdict) == (1, 0, 0, "met")


@pytest.mark.parametrize(
    ("down", "unknown", "is_final", "expected"),
    [
        (0, 10, True, "met"),
        (10, 0, True, "met"),
        (10, 1, True, "undecided"),
        (0, 11, True, "undecided"),
        (11, 0, True, "breached"),
        (5, 90, False, "on_track"),
        (6, 0, False, "at_risk"),
        (10, 0, False, "at_risk"),
        (11, 0, False, "breached"),
        (0, 0, False, "on_track"),
    ],
)
def test_verdicts_of_a_budget_of_10_us(down: int, unknown: int, is_final: bool, expected: str) -> None:
    """90 % of 100 us; while it runs, half of the open time is over."""
    dates = [StoreDate(Decimal(90), 60, 50, down, unknown), StoreDate(Decimal(90), 40, 0, 0, 0)]
    assert verdict(dates, is_final) == expected


@pytest.mark.parametrize(("is_final", "expected"), [(True, "met"), (False, "on_track")])
def test_no_open_time_at_all_keeps_every_promise(is_final: bool, expected: str) -> None:
    assert verdict([StoreDate(Decimal(99), 0, 0, 0, 0)], is_final) == expected


def test_comparisons_are_exact() -> None:
    """99.9 % of 1,999 us allow 1.999 us."""
    assert verdict([StoreDate(Decimal("99.9"), 1999, 1999, 1, 0)], True) == "met"
    assert verdict([StoreDate(Decimal("99.9"), 1999, 1999, 2, 0)], True) == "breached"
    assert verdict([StoreDate(Decimal("99.9"), 2000, 2000, 2, 0)], True) == "met"


def test_the_budget_of_a_period_that_runs_rests_on_open_time_to_come() -> None:
    """On the 5th at 13:00, three of four hours were down; 20 % of four days are 6.4 hours."""
    world = two_days("2023-06-05 13:00").accept(TARGETS, Target(BAR, Decimal(80)))
    end = date(2023, 6, 8)
    one = row(world, end=end)
    assert (one.open_us, one.budget_us, one.remaining_us) == (4 * HOUR, 384 * MINUTE, 204 * MINUTE)
    assert (one.verdict, one.is_final, one.days_without_target) == ("at_risk", False, 0)
    world.accept(SPECIAL, SpecialHours(ALL_STORES, SIXTH))
    world.accept(PLANNED, PlannedDowntime(ALL_STORES, local("2023-06-07 09:00"), None))
    assert row(world, end=end).budget_us == 96 * MINUTE
    assert row(world, end=end).verdict == "breached"


def test_days_without_a_target_may_be_to_come() -> None:
    world = two_days("2023-06-05 13:00").accept(TARGETS, Target(BAR, Decimal(80)), Target(BAR, None, SIXTH))
    one = row(world, end=date(2023, 6, 8))
    assert (one.days_without_target, one.budget_us, one.verdict) == (3, 96 * MINUTE, "breached")


def test_a_budget_begins_with_the_first_day_of_the_store() -> None:
    world = two_days().accept(TARGETS, Target(BAR, Decimal(80)))
    assert row(world, date(2023, 5, 1), SIXTH).budget_us == 192 * MINUTE


def test_the_budget_of_a_group_is_the_sum_of_its_stores() -> None:
    """50 % of 24 hours for a, nothing promised for b: its six hours down do not count."""
    world = regions().accept(TARGETS, Target(Scope("a"), Decimal(50)))
    (east, west) = Books(world).availability(FIFTH, FIFTH, by="region")
    assert (west.budget_us, west.remaining_us, west.days_without_target) == (12 * HOUR, 12 * HOUR, 1)
    assert (east.budget_us, east.verdict, east.days_without_target) == (None, None, 1)
    same = Books(regions().accept(TARGETS, Target(ALL_STORES, Decimal("99.5")))).availability(FIFTH, FIFTH, by="all")
    assert (same[0].target_percent, same[0].verdict) == (Decimal("99.5"), "breached")


# Now (section 12)


def now(world: World) -> Now:
    (only,) = Books(world).now()
    return only


def test_now_of_a_store_that_is_down() -> None:
    """The inactive polls go back to 10:00; the store closes at 17:00."""
    world = bar("2023-06-05 12:30", *polled("++---"), hours=daily("09:00", "17:00"))
    assert now(world) == Now(
        "bar", "down", is_open=True, since=utc("2023-06-05 10:00"), outage_started_at=utc("2023-06-05 10:00"),
        downtime_us=150 * MINUTE, last_poll_at=utc("2023-06-05 12:00"), next_change_at=utc("2023-06-05 17:00"),
    )  # fmt: skip


def test_now_is_the_instant_as_of_with_a_poll_at_it() -> None:
    """The outage runs, as no accountable instant before as_of says otherwise, though the status is up."""
    world = bar("2023-06-05 12:00", *polled("++--+"), hours=daily("09:00", "12:00"))
    one = now(world)
    assert (one.status, one.is_open, one.since) == ("up", False, utc("2023-06-05 12:00"))
    assert (one.outage_started_at, one.downtime_us) == (utc("2023-06-05 10:00"), 2 * HOUR)
    assert one.next_change_at == utc("2023-06-06 09:00")


def test_the_status_holds_whether_open_or_closed_and_without_a_break() -> None:
    closed = [WeeklyOpening("bar", 3)]
    assert now(bar("2023-06-05 12:00", *polled("+++++"), hours=closed)).since == utc("2023-06-05 08:00")
    assert now(bar("2023-06-05 13:00", *polled("+   +"), hours=closed)).since == utc("2023-06-05 12:00")
    assert now(bar("2023-06-05 13:00", *polled("+  + +"), hours=closed)).since == utc("2023-06-05 08:00")
    assert now(bar("2023-06-05 13:00", *polled("+   +"), hours=closed, gap=0)).since == utc("2023-06-05 08:00")
    assert now(bar("2023-06-05 13:00", *polled("+-++++"), hours=closed)).since == utc("2023-06-05 10:00")


def test_unknown_since_the_last_poll_stopped_to_count() -> None:
    one = now(bar("2023-06-05 12:00", *polled("--")))
    assert (one.status, one.since, one.last_poll_at) == ("unknown", utc("2023-06-05 12:00"), utc("2023-06-05 09:00"))
    assert (one.outage_started_at, one.downtime_us) == (utc("2023-06-05 05:00"), 7 * HOUR)
    later = now(bar("2023-06-05 12:30", *polled("--")))
    assert (later.status, later.since, later.outage_started_at, later.downtime_us) == (
        "unknown", utc("2023-06-05 12:00"), None, 0,
    )  # fmt: skip


def test_a_store_that_was_never_polled_is_unknown() -> None:
    """It is in the report by its hours, and opens within a year, or never changes."""
    world = bar("2023-06-05 12:00", "-2023-06-05 13:00", hours=daily("09:00", "17:00", [0]))
    expected = Now("bar", "unknown", True, None, None, 0, None, utc("2023-06-05 17:00"))
    assert now(world) == expected
    assert now(bar("2023-06-05 12:00", *polled("+"))).next_change_at is None
    assert now(bar("2023-06-05 12:00", *polled("+"), hours=[WeeklyOpening("bar", 3)])).next_change_at is None


def test_planned_downtime_and_special_hours_are_changes() -> None:
    world = bar("2023-06-05 12:00", *polled("+++++"), gap=0)
    world.accept(PLANNED, PlannedDowntime(BAR, utc("2023-06-05 14:00"), utc("2023-06-05 15:00")))
    assert now(world).next_change_at == utc("2023-06-05 14:00")
    inside = now(world.at(3, utc("2023-06-05 14:30")))
    assert (inside.is_open, inside.next_change_at) == (False, utc("2023-06-05 15:00"))
    world.accept(PLANNED).accept(SPECIAL, SpecialHours(BAR, date(2024, 6, 4)))
    assert now(world).next_change_at == utc("2024-06-04 00:00")
    world.accept(SPECIAL, SpecialHours(BAR, date(2024, 6, 6)))
    assert now(world).next_change_at is None


# Why (section 12)


def why(world: World, at: str) -> history_periods.Explanation:
    return Books(world).explain("bar", utc(at))


def test_an_instant_is_explained() -> None:
    """Midnight in Berlin is 22:00 UTC: Tuesday's 00:30 belongs to Monday's opening."""
    evening = WeeklyOpening("bar", 0, "20:00", "02:00")
    world = bar("2023-06-06 12:00", "+2023-06-05 20:00", "-2023-06-05 21:00", zone="Europe/Berlin", hours=[evening])
    found = why(world, "2023-06-05 22:30")
    assert found == history_periods.Explanation(
        "down", local("2023-06-06 00:30"), "Europe/Berlin", timedelta(hours=2), "weekly hours", (evening,), (),
        "last poll", Poll("bar", utc("2023-06-05 21:00"), False), 3,
    )  # fmt: skip
    assert why(world, "2023-06-06 00:00").counts_as == "closed"
    assert why(world, "2023-06-06 00:00").opening_rule == "closed by weekly hours"
    assert why(world, "2023-06-05 18:30").status_rule == "before the first poll"
    assert why(world, "2023-06-06 01:00").status_rule == "beyond max gap"


def test_special_hours_and_planned_downtime_are_reasons() -> None:
    world = bar("2023-06-06 12:00", "+2023-06-05 10:00")
    closed = SpecialHours(BAR, FIFTH, reason="holiday")
    works = PlannedDowntime(ALL_STORES, utc("2023-06-06 01:00"), utc("2023-06-06 02:00"), "new oven")
    world.accept(SPECIAL, closed).accept(PLANNED, works)
    found = why(world, "2023-06-05 11:00")
    assert (found.counts_as, found.opening_rule, found.openings) == ("closed", "closed by special hours", (closed,))
    found = why(world, "2023-06-06 01:30")
    assert (found.counts_as, found.opening_rule, found.planned) == ("planned", "always open", (works,))
    assert why(world, "2023-06-06 02:00").counts_as == "unknown"


def test_instants_outside_of_the_days_count_as_nothing() -> None:
    world = bar("2023-06-05 12:00", "+2023-06-05 10:00")
    assert why(world, "2023-06-05 12:00").counts_as is None
    assert why(world, "2023-06-04 23:59").counts_as is None
    assert why(world, "2023-06-05 00:00").counts_as == "unknown"


def test_the_file_of_a_corrected_poll_is_the_later_one() -> None:
    world = bar("2023-06-05 12:00", "+2023-06-05 10:00").accept(STATUS, Poll("bar", utc("2023-06-05 10:00"), False))
    assert why(world, "2023-06-05 11:00").poll_position == 3
    assert why(world.at(2, world.as_of), "2023-06-05 11:00").poll_position == 2


# The report (section 4), once special hours or planned downtime are loaded


def test_open_means_accountable_in_the_report_too() -> None:
    """One of the last day's 5 and 3 hours is planned. Closed, Monday takes 5 of them, and 8 of the week's."""
    world = bar("2023-06-06 12:00", "-2023-06-05 00:00", hours=daily("09:00", "17:00"))
    world.accept(PLANNED, PlannedDowntime(BAR, utc("2023-06-06 10:00"), utc("2023-06-06 11:00")))
    figures = history_periods.report(world)["bar"]
    assert (figures["last_day"].open, figures["last_week"].open) == (7 * HOUR, 55 * HOUR)
    world.accept(SPECIAL, SpecialHours(BAR, FIFTH))
    figures = history_periods.report(world)["bar"]
    assert (figures["last_day"].down, figures["last_week"].down) == (2 * HOUR, 47 * HOUR)


def test_the_report_uses_the_hours_and_zones_accepted_last() -> None:
    world = bar("2023-06-06 12:00", "+2023-06-05 00:00", hours=daily("09:00", "17:00"))
    world.accept(HOURS, *daily("09:00", "10:00"), valid_from=date(2023, 6, 20))
    assert history_periods.report(world)["bar"]["last_day"].open == HOUR
    assert history_periods.report(world.at(3, world.as_of))["bar"]["last_day"].open == 8 * HOUR


FEW = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@FEW
@given(story=history_worlds.stories(), no_data=st.sampled_from(["unknown", "down"]))
def test_without_new_kinds_of_files_the_report_is_the_other_oracles(story: history_worlds.Story, no_data: str) -> None:
    world = story.world()
    world.log = [file for file in world.log if file.kind in (STATUS, ZONES)]
    world.accept(HOURS, *daily("20:00", "02:00", store_id=world.store_ids()[0]))
    expected = {
        store_id: oracle.figures(
            oracle.Store(
                newest_zone(world, store_id),
                [
                    oracle.Opening.read(opening.weekday, opening.start, opening.end)
                    for opening in world.newest(HOURS)
                    if opening.store_id == store_id
                ],
                {poll.at: poll.is_active for poll in world.polls(store_id)},
            ),
            world.as_of,
            story.max_gap,
            no_data,
        )
        for store_id in world.store_ids()
    }
    assert history_periods.report(world, story.max_gap, no_data) == expected


def newest_zone(world: World, store_id: str) -> str | None:
    return next((row.zone for row in world.newest(ZONES) if row.store_id == store_id), None)


# All of it, on random stories


@FEW
@given(data=st.data())
def test_rows_of_smaller_periods_and_scopes_add_up(data: st.DataObject) -> None:
    story = data.draw(history_worlds.stories())
    start, end = data.draw(history_worlds.ranges(story))
    books = Books(story.world())
    whole = {one.scope: one for one in books.availability(start, end)}
    names = ("open_us", "planned_us", "up_us", "down_us", "unknown_us", "outages", "opened_late_us", "missed_openings")
    for period in ("day", "week", "month"):
        parts = books.availability(start, end, period)
        for scope, one in whole.items():
            for name in names:
                assert sum(getattr(part, name) for part in parts if part.scope == scope) == getattr(one, name)
    for everything in books.availability(start, end, by="all"):
        assert everything.stores == len(whole)
        assert everything.down_us == sum(one.down_us for one in whole.values())
        assert everything.days_without_target == sum(one.days_without_target for one in whole.values())
        assert everything.is_final == all(one.is_final for one in whole.values())
    for one in whole.values():
        assert (one.verdict is None) == (one.budget_us is None)
        assert one.verdict in (
            None,
            *(("met", "breached", "undecided") if one.is_final else ("on_track", "at_risk", "breached")),
        )


@FEW
@given(story=history_worlds.stories())
def test_every_instant_is_explained_as_it_counts(story: history_worlds.Story) -> None:
    world = story.world()
    books = Books(world)
    for store in books.stores.values():
        for segment in store.past[:: max(1, len(store.past) // 20)]:
            found = books.explain(store.store_id, segment.start)
            expected = segment.status if segment.is_open else "planned" if segment.is_opening else "closed"
            assert found.counts_as == (expected if segment.on in store.dates else None)
            assert found.local == (segment.start + found.utc_offset).replace(tzinfo=None)
            assert (found.opening_rule.startswith("closed")) == (not segment.is_opening)
