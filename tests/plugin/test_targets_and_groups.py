"""Targets and groups by HTTP: rows as the CSV has them, exact sums, order, filters and pages."""

from __future__ import annotations

import csv
import io
from fractions import Fraction
from uuid import UUID

import httpx
import pytest

from store_uptime.delivery.tables import HOUR_US
from store_uptime.percentages import hundredths, percent_text

JANUARY = {"from": "2023-01-01", "until": "2023-01-31"}
WEEK = {"from": "2023-01-18", "until": "2023-01-24"}


def pages(client: httpx.Client, path: str, name: str, query: dict[str, str]) -> list[dict]:
    found, cursor = [], {}
    while True:
        answer = client.get(f"v1/{path}", params=query | cursor)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found += body[name]
        if body["next"] is None:
            assert len(found) == body["matching"] <= body["total"]
            return found
        cursor = {"cursor": body["next"]}


def lines(client: httpx.Client, query: dict[str, str]) -> dict[str, dict[str, str]]:
    """The rows of the CSV of the same question, by scope."""
    text = client.get("v1/availability", params=query | {"format": "csv"}).text
    return {line["scope"]: line for line in csv.DictReader(io.StringIO(text))}


def share(row: dict) -> Fraction | None:
    known = int(row["up_us"]) + int(row["down_us"])
    return Fraction(int(row["up_us"]), known) if known else None


def test_targets_are_the_rows_of_the_csv(viewer: httpx.Client, settled: UUID) -> None:
    for by in ("store", "region", "all"):
        listed = {
            scope: line
            for scope, line in lines(viewer, JANUARY | {"by": by}).items()
            if line["verdict"] or by == "none"
        }
        rows = pages(viewer, "targets", "targets", JANUARY | {"by": by, "limit": "40"})
        assert [row["scope"] for row in rows] == list(listed)
        for row in rows:
            line = listed[row["scope"]]
            assert row["verdict"] == line["verdict"]
            assert int(row["budget_us"]) - int(row["spent_us"]) == int(row["remaining_us"])
            for name in ("budget", "remaining", "down"):
                assert hundredths(int(row[f"{name}_us"]), HOUR_US) == line[f"{name}_hours"]
            assert sum(int(one["down_us"]) for one in row["burn"]) == int(row["spent_us"])


def test_a_budget_is_exhausted_when_its_burn_says(viewer: httpx.Client, settled: UUID) -> None:
    rows = pages(viewer, "targets", "targets", JANUARY | {"limit": "100"})
    by_verdict = {verdict: [row for row in rows if row["verdict"] == verdict] for verdict in ("breached", "at_risk")}
    assert by_verdict["breached"]
    for row in rows:
        spent = 0
        on = None
        for one in row["burn"]:
            spent += int(one["down_us"])
            on = on or (one["date"] if spent > int(row["budget_us"]) else None)
        if row["verdict"] == "breached":
            assert row["exhausted_on"] == on
        elif row["verdict"] == "at_risk":
            assert row["burn"][-1]["date"] <= row["exhausted_on"] <= "2023-01-31"
        else:
            assert row["exhausted_on"] is None


def test_targets_are_sorted_filtered_and_counted(viewer: httpx.Client, settled: UUID) -> None:
    everything = pages(viewer, "targets", "targets", JANUARY)
    for order in ("asc", "desc"):
        rows = pages(viewer, "targets", "targets", JANUARY | {"sort": "remaining", "order": order, "limit": "7"})
        values = [int(row["remaining_us"]) for row in rows]
        assert values == sorted(values, reverse=order == "desc")
        assert sorted(row["scope"] for row in rows) == sorted(row["scope"] for row in everything)
    body = viewer.get("v1/targets", params=JANUARY | {"verdict": "breached"}).json()
    assert body["matching"] == body["verdicts"]["breached"]
    assert {row["verdict"] for row in body["targets"]} == {"breached"}
    assert sum(body["verdicts"].values()) == body["total"] == len(everything)
    found = pages(viewer, "targets", "targets", JANUARY | {"search": "OVERNIGHT"})
    assert [row["scope"] for row in found] == ["overnight-one-row", "overnight-two-rows"]


def test_groups_are_the_rows_of_the_csv_with_the_figures_of_their_stores(viewer: httpx.Client, settled: UUID) -> None:
    listed = lines(viewer, WEEK | {"by": "region"})
    rows = pages(viewer, "groups", "groups", WEEK | {"kind": "region", "limit": "2"})
    assert [row["scope"] for row in rows] == list(listed)
    everybody = viewer.get("v1/availability", params=WEEK | {"by": "all"}).json()["availability"][0]
    for row in rows:
        line = listed[row["scope"]]
        assert f"{row['uptime_percent']:.2f}" == line["uptime_percent"]
        members = pages(viewer, "groups/members", "members", WEEK | {"kind": "region", "name": row["scope"]})
        assert len(members) == row["stores"]
        assert sum(int(member["down_us"]) for member in members) == int(row["down_us"])
        shares = sorted(one for one in map(share, members) if one is not None)
        mean = sum(shares) / len(shares)
        assert row["mean_percent"] == percent_text(mean.numerator, mean.denominator)
        tenth = shares[-(-len(shares) // 10) - 1]
        assert row["tenth_percentile_percent"] == percent_text(tenth.numerator, tenth.denominator)
        judged = [member["verdict"] for member in members if member["verdict"]]
        meeting = sum(verdict in ("met", "on_track") for verdict in judged)
        assert (row["stores_with_target"], row["stores_meeting_target"]) == (len(judged), meeting)
        assert row["downtime_percent"] == percent_text(int(row["down_us"]), int(everybody["down_us"]))


def test_the_change_is_from_the_period_before_up_to_the_same_open_time(viewer: httpx.Client, settled: UUID) -> None:
    body = viewer.get("v1/groups", params={"from": "2023-01-23", "until": "2023-01-29", "kind": "region"}).json()
    assert body["before"] == {"from_date": "2023-01-16", "until_date": "2023-01-22"}
    for row in body["groups"]:
        query = {"from": "2023-01-16", "until": "2023-01-22", "period": "day", "by": "region"}
        left, up, down = int(row["open_us"]), Fraction(0), Fraction(0)
        for day in viewer.get("v1/availability", params=query).json()["availability"]:
            if day["scope"] == row["scope"] and int(day["open_us"]):
                part = Fraction(min(left, int(day["open_us"])), int(day["open_us"]))
                up, down = up + part * int(day["up_us"]), down + part * int(day["down_us"])
                left -= min(left, int(day["open_us"]))
        before = up / (up + down)
        assert row["before_percent"] == percent_text(before.numerator, before.denominator)
        change = (share(row) - before) * 100
        assert abs(Fraction(row["change"]) - change) <= Fraction(1, 200)


def test_groups_and_members_are_sorted_and_searched(viewer: httpx.Client, settled: UUID) -> None:
    rows = pages(viewer, "groups", "groups", WEEK | {"kind": "timezone", "sort": "stores", "order": "desc"})
    assert [row["stores"] for row in rows] == sorted((row["stores"] for row in rows), reverse=True)
    found = pages(viewer, "groups", "groups", WEEK | {"kind": "timezone", "search": "america/"})
    assert found
    assert all(row["scope"].startswith("America/") for row in found)
    query = WEEK | {"kind": "region", "name": "Americas", "sort": "uptime_percent", "limit": "9"}
    members = pages(viewer, "groups/members", "members", query)
    shares = [share(member) for member in members]
    known = [one for one in shares if one is not None]
    assert known == sorted(known)
    assert shares[len(known) :] == [None] * (len(shares) - len(known))


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("targets", {"from": "yesterday"}, "from"),
        ("targets", {"until": "2022-12-31"}, "until"),
        ("targets", {"until": "2024-01-15"}, "until"),
        ("targets", {"by": "planet"}, "by"),
        ("targets", {"verdict": "kept"}, "verdict"),
        ("targets", {"sort": "name"}, "sort"),
        ("targets", {"kind": "region"}, "name"),
        ("targets", {"store_id": "nobody"}, "store_id"),
        ("targets", {"cursor": "bm8"}, "cursor"),
        ("targets", {"limit": "101"}, "limit"),
        ("groups", {"until": "2022-12-31", "kind": "region"}, "until"),
        ("groups", {"kind": ""}, "kind"),
        ("groups", {"kind": "planet"}, "kind"),
        ("groups", {"kind": "region", "sort": "name"}, "sort"),
        ("groups", {"kind": "region", "cursor": "bm8"}, "cursor"),
        ("groups/members", {"kind": "region", "name": "Atlantis"}, "name"),
        ("groups/members", {"kind": "planet", "name": "Mars"}, "kind"),
        ("groups/members", {"kind": "region"}, "name"),
    ],
)
def test_what_cannot_be_answered_names_the_field(
    viewer: httpx.Client, settled: UUID, path: str, query: dict[str, str], field: str
) -> None:
    answer = viewer.get(f"v1/{path}", params=JANUARY | query)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]
