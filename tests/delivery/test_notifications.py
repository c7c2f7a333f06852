"""What rules tell of stores: each event once, its end once, and nothing of stores while the data cannot be trusted."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, text

from delivery.watched_stores import HOUR, MONDAY, STORES, Site
from store_uptime.delivery import rules
from store_uptime.delivery.rules import Rule
from store_uptime.errors import InvalidFieldError
from store_uptime.operations import maintenance
from support.history_world import ALL_STORES, HOURS, STATUS, TARGETS, Poll, Target, WeeklyOpening
from support.receivers import Hooks


@pytest.fixture
def site(owner: Engine, engine: Engine, hooks: Hooks) -> Site:
    return Site(owner, engine, hooks)


def test_an_outage_leads_to_one_message_and_one_recovery(site: Site) -> None:
    site.add()
    site.poll(MONDAY, 10)
    assert site.told() == []
    site.poll(MONDAY + 10 * HOUR, 1, a=range(1))
    assert site.told() == [], "one inactive poll proves little"
    site.poll(MONDAY + 11 * HOUR, 1, a=range(1))
    assert site.told() == ["a is down since 2023-06-05 10:00 UTC."]
    site.poll(MONDAY + 12 * HOUR, 2, a=range(2))
    assert site.told() == []
    site.poll(MONDAY + 14 * HOUR, 2)
    assert site.told() == ["a is up again since 2023-06-05 14:00 UTC: 4.00 h down."]
    site.poll(MONDAY + 16 * HOUR, 3)
    assert site.told() == []


def test_an_outage_that_was_over_between_two_looks_is_told_with_its_end(site: Site) -> None:
    site.add(least_minutes=90)
    site.poll(MONDAY, 24, a=range(5, 7), b=range(5, 6))
    assert site.told() == [
        "a is down since 2023-06-05 05:00 UTC.",
        "a is up again since 2023-06-05 07:00 UTC: 2.00 h down.",
    ]


def test_what_was_over_before_the_rule_is_not_told(site: Site) -> None:
    site.poll(MONDAY - 24 * HOUR, 24, a=range(5, 9), b=range(20, 24))
    site.add()
    assert site.told() == ["b is down since 2023-06-04 20:00 UTC."]


def test_a_restated_outage_is_the_same(site: Site) -> None:
    """Late polls first move its start, then say that it was two; it is told once, and so is its end."""
    site.add()
    site.poll(MONDAY, 16, a=range(10, 16))
    assert site.told() == ["a is down since 2023-06-05 10:00 UTC."]
    late = [Poll("a", MONDAY + 9 * HOUR + timedelta(minutes=30), False), Poll("a", MONDAY + 9 * HOUR, False)]
    site.accept(STATUS, *late)
    site.settle(site.as_of)
    assert site.told() == []
    site.accept(STATUS, Poll("a", MONDAY + 12 * HOUR + timedelta(minutes=30), True))
    site.settle(site.as_of)
    assert site.told() == []
    site.poll(MONDAY + 16 * HOUR, 4)
    assert site.told() == ["a is up again since 2023-06-05 16:00 UTC: 3.00 h down."]


def test_what_maintenance_deletes_is_not_told_again(site: Site) -> None:
    site.add()
    site.poll(MONDAY, 24, a=range(5, 8))
    assert len(site.told()) == 2
    assert deleted_notices(site) == 0, "a rule still looks at the time of the outage, however long ago that was"
    site.poll(MONDAY + 60 * 24 * HOUR, 24, b=range(20, 24))
    assert site.told() == ["b is down since 2023-08-04 20:00 UTC."]
    assert [deleted_notices(site, dry_run=True), deleted_notices(site), deleted_notices(site)] == [2, 2, 0]
    site.accept(STATUS, Poll("a", MONDAY + 6 * HOUR + timedelta(minutes=30), False))
    site.settle(site.as_of)
    assert site.told() == []
    site.poll(MONDAY + 61 * 24 * HOUR, 2)
    assert site.told() == ["b is up again since 2023-08-05 00:00 UTC: 4.00 h down."]


def test_what_was_over_during_a_long_outage_is_not_told_again(site: Site) -> None:
    """As long as an outage goes on, its rule looks back to where it began."""
    site.add()
    hours = 60 * 24
    site.poll(MONDAY, 24, a=range(10, 13), b=range(4, 24))
    assert len(site.told()) == 3
    site.poll(MONDAY + 24 * HOUR, hours - 24, b=range(hours - 24))
    assert site.told() == []
    assert deleted_notices(site) == 0
    site.poll(MONDAY + hours * HOUR, 1, b=range(1))
    assert site.told() == []
    site.poll(MONDAY + (hours + 1) * HOUR, 2)
    assert site.told() == ["b is up again since 2023-08-04 01:00 UTC: 1437.00 h down."]
    assert deleted_notices(site) == 2
    site.poll(MONDAY + (hours + 3) * HOUR, 1)
    assert site.told() == []


def deleted_notices(site: Site, *, dry_run: bool = False) -> int:
    """How many notices maintenance deletes a year later."""
    clock = MONDAY + timedelta(days=365)
    return maintenance.delete_deliveries(site.engine, 180, clock, dry_run=dry_run).counts["notices"]


def test_time_without_data_does_not_end_an_outage(site: Site) -> None:
    site.add()
    site.poll(MONDAY, 12, a=range(9, 12), b=range(0))
    assert site.told() == ["a is down since 2023-06-05 09:00 UTC."]
    others = [Poll(store, MONDAY + hour * HOUR, True) for store in "bcd" for hour in range(12, 17)]
    site.accept(STATUS, *others, *(Poll(f"more-{number}", MONDAY + 16 * HOUR, True) for number in range(9)))
    site.settle(MONDAY + 16 * HOUR)
    assert site.told() == []
    site.poll(MONDAY + 17 * HOUR, 2)
    assert site.told() == ["a is up again since 2023-06-05 17:00 UTC: 5.00 h down."]


def test_an_outage_that_never_was_is_taken_back(site: Site) -> None:
    site.add()
    site.poll(MONDAY, 16, a=range(14, 16))
    assert len(site.told()) == 1
    site.accept(STATUS, *(Poll("a", MONDAY + hour * HOUR, True) for hour in (14, 15)))
    site.settle(site.as_of)
    assert site.told() == ["a was not down at 2023-06-05 14:00 UTC, as polls that came later say."]


def test_stale_data_is_one_message_and_none_about_stores(site: Site) -> None:
    site.add(events=("outage", "data"), stale_hours=6)
    site.poll(MONDAY, 12, a=range(8, 12))
    late = site.as_of + 7 * HOUR
    stale = "Data is stale: nothing is known after 2023-06-05 11:00 UTC. Stores are not told of until it is back."
    assert site.told(late) == [stale]
    assert site.told(late + HOUR) == []
    site.poll(MONDAY + 12 * HOUR, 10, a=range(10))
    assert site.told() == [
        "a is down since 2023-06-05 08:00 UTC.",
        "Data is back: known up to 2023-06-05 21:00 UTC.",
    ]


def test_a_silent_poller_is_one_message_about_data(site: Site) -> None:
    site.add(events=("outage", "data", "group_outage"))
    site.poll(MONDAY, 12, a=range(11, 12))
    only = [Poll(store, MONDAY + hour * HOUR, store != "a") for store in "abc" for hour in range(12, 18)]
    site.accept(STATUS, *only)
    site.settle(MONDAY + 17 * HOUR)
    (told,) = site.told()
    assert told.startswith("Data is silent: 1 of 4 open stores have no polls as of 2023-06-05 17:00 UTC.")
    site.poll(MONDAY + 18 * HOUR, 1, a=range(1))
    assert site.told() == [
        "a is down since 2023-06-05 11:00 UTC.",
        "Data is back: known up to 2023-06-05 18:00 UTC.",
    ]


def test_a_group_of_which_half_is_down(site: Site) -> None:
    site.add(events=("group_outage",), grouped_by="region", group_percent=100)
    site.poll(MONDAY, 12, a=range(10, 12), c=range(10, 12))
    assert site.told() == []
    site.poll(MONDAY + 12 * HOUR, 1, a=range(1), b=range(1))
    assert site.told() == ["West: 2 of 2 open stores are down as of 2023-06-05 12:00 UTC."]
    site.poll(MONDAY + 13 * HOUR, 1, a=range(1), b=range(1))
    assert site.told() == []
    site.poll(MONDAY + 14 * HOUR, 1, a=range(1))
    assert site.told() == ["West: 1 of 2 open stores are down, as of 2023-06-05 14:00 UTC."]


def test_budgets_and_breaches_of_the_month(site: Site) -> None:
    """A month of 27 days from the first poll on has 648 hours; one per cent of them are 6.48."""
    site.accept(TARGETS, Target(ALL_STORES, Decimal(99)))
    site.add(events=("budget", "breach"), grouped_by="store", scope_kind="store", scope_name="a")
    site.poll(MONDAY, 12, a=range(6, 9))
    assert site.told() == []
    site.poll(MONDAY + 12 * HOUR, 12, a=range(1), b=range(9))
    assert site.told() == ["a has spent 50 % of the budget of 2023-06."]
    site.poll(MONDAY + 24 * HOUR, 12, a=range(1))
    assert site.told() == ["a has spent 75 % of the budget of 2023-06."]
    site.poll(MONDAY + 36 * HOUR, 12, a=range(2))
    assert site.told() == ["a has spent 100 % of the budget of 2023-06.", "a has breached the target of 2023-06."]
    site.poll(MONDAY + 48 * HOUR, 12, a=range(2))
    assert site.told() == []


@pytest.mark.parametrize("is_rule_older", [True, False])
def test_the_last_day_of_a_month_counts_too(site: Site, is_rule_older: bool) -> None:
    """It is settled after the month, which has 48 hours from the first poll on: one per cent are half an hour."""
    site.accept(TARGETS, Target(ALL_STORES, Decimal(99)))
    first, july = MONDAY + 24 * 24 * HOUR, MONDAY + 26 * 24 * HOUR
    site.add(MONDAY if is_rule_older else july, events=("budget", "breach"), grouped_by="store")
    site.poll(first, 24)
    assert site.told() == []
    site.poll(first + 24 * HOUR, 30, a=range(20, 22))
    lines = ["a has spent 100 % of the budget of 2023-06.", "a has breached the target of 2023-06."]
    assert site.told() == (lines if is_rule_older else [])
    site.poll(july + 6 * HOUR, 3)
    assert site.told() == []


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        ({}, "All stores together have spent 100 % of the budget of 2023-06."),
        ({"scope_kind": "region", "scope_name": "West"}, "West has spent 100 % of the budget of 2023-06."),
    ],
)
def test_a_budget_of_several_stores_together(site: Site, scope: dict[str, str], told: str) -> None:
    site.accept(TARGETS, Target(ALL_STORES, Decimal(99)))
    site.add(events=("budget",), **scope)
    site.poll(MONDAY, 24, a=range(24), b=range(8))
    assert site.told() == [told]


def test_a_missed_opening_after_its_grace(site: Site) -> None:
    hours = [WeeklyOpening(store, weekday, "09:00", "17:00") for store in STORES for weekday in range(7)]
    site.accept(HOURS, *hours)
    site.add(events=("missed_opening",), grace_minutes=90)
    site.poll(MONDAY, 11, a=range(8, 11))
    assert site.told() == [], "an hour is within the grace"
    site.poll(MONDAY + 11 * HOUR, 1, a=range(1))
    assert site.told() == ["a did not open in time on 2023-06-05: 2.00 h late so far."]
    site.poll(MONDAY + 12 * HOUR, 2, a=range(2))
    assert site.told() == []


def test_nothing_is_told_in_quiet_hours_on_the_recipients_clock(site: Site) -> None:
    """22:00 to 07:00 in Chicago is 03:00 to 12:00 UTC in summer."""
    site.add(timezone="America/Chicago", quiet_from=time(22), quiet_until=time(7))
    site.poll(MONDAY, 6, a=range(2, 6))
    assert site.told(MONDAY + 5 * HOUR) == []
    assert site.told(MONDAY + 12 * HOUR - timedelta(seconds=1)) == []
    assert site.told(MONDAY + 12 * HOUR) == ["a is down since 2023-06-04 21:00 CDT."]


def test_a_digest_collects_events(site: Site) -> None:
    site.add(digest_minutes=60)
    site.poll(MONDAY, 12, a=range(8, 10), b=range(10, 12))
    assert site.told() == []
    assert site.told(site.as_of + timedelta(minutes=61)) == [
        "a is down since 2023-06-05 08:00 UTC.\n"
        "a is up again since 2023-06-05 10:00 UTC: 2.00 h down.\n"
        "b is down since 2023-06-05 10:00 UTC."
    ]


def test_a_cap_an_hour_with_one_line_for_the_rest(site: Site) -> None:
    site.add(hourly_cap=2)
    site.poll(MONDAY, 12, a=range(8, 12), b=range(8, 12), c=range(8, 12), d=range(8, 12))
    assert site.told() == ["a is down since 2023-06-05 08:00 UTC.", "3 more events; the pages show them."]
    site.poll(MONDAY + 12 * HOUR, 2, b=range(2), c=range(2), d=range(2))
    assert site.told(MONDAY + 11 * HOUR + timedelta(minutes=59)) == []
    assert site.told(MONDAY + 12 * HOUR + timedelta(minutes=1)) == [
        "a is up again since 2023-06-05 12:00 UTC: 4.00 h down."
    ]


def test_two_schedulers_at_once_tell_it_once(site: Site) -> None:
    from threading import Thread

    site.add()
    site.poll(MONDAY, 12, a=range(8, 12))
    threads = [Thread(target=site.told) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(site.hooks.received) == 1


def test_a_paused_rule_says_nothing_and_afterwards_nothing_of_what_was_over(site: Site) -> None:
    site.add(is_paused=True)
    site.poll(MONDAY, 12, a=range(8, 10))
    assert site.told() == []
    with site.engine.begin() as connection:
        (row,) = connection.execute(text("select * from delivery.rule")).mappings()
        assert rules.change(connection, row["rule_id"], replace(Rule.from_row(row), is_paused=False), "ann", site.as_of)
    assert site.told() == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"events": ()}, "events"),
        ({"events": ("outage", "outage")}, "events"),
        ({"recipients": ()}, "recipients"),
        ({"recipients": ("nobody",)}, "recipients"),
        ({"timezone": "Mars"}, "timezone"),
        ({"quiet_from": time(22)}, "quiet_until"),
        ({"quiet_from": time(22), "quiet_until": time(22)}, "quiet_until"),
    ],
)
def test_what_is_no_rule(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidFieldError) as raised:
        Rule(**{"name": "x", "events": ("outage",), "recipients": ("a@b.org",)} | changes)
    assert raised.value.field == field
