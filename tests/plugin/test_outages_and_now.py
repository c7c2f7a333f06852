"""Outages, now and explanations by HTTP: pages of JSON, files, and what is wrong with a question."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from uuid import UUID

import httpx
import pytest

WEEK = {"from": "2023-01-16", "until": "2023-01-22"}
AT = {"at": "2023-01-20T18:00:00Z"}


def pages(client: httpx.Client, name: str, query: dict[str, str]) -> list[dict]:
    found, cursor = [], {}
    while True:
        answer = client.get(f"v1/{name}", params=query | cursor)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert len(body[name]) <= int(query.get("limit", 100))
        found += body[name]
        if body["next"] is None:
            return found
        cursor = {"cursor": body["next"]}


@pytest.mark.parametrize(
    ("name", "query", "keys"),
    [
        ("outages", WEEK | {"limit": "7"}, ("store_id", "started_at")),
        ("outages", WEEK | {"limit": "7", "sort": "downtime", "order": "desc"}, ("store_id", "started_at")),
        ("outages", WEEK | {"limit": "7", "longer_than": "90m", "weekday": "4"}, ("store_id", "started_at")),
        ("now", {"limit": "13"}, ("store_id",)),
    ],
)
def test_pages_of_json_are_the_rows_of_the_csv(
    viewer: httpx.Client, settled: UUID, name: str, query: dict[str, str], keys: tuple[str, ...]
) -> None:
    rows = pages(viewer, name, query)
    answer = viewer.get(f"v1/{name}", params=query | {"format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{name}-2023-01-')
    listed = list(csv.DictReader(io.StringIO(answer.text)))
    assert [tuple(row[key] for key in keys) for row in rows] == [tuple(row[key] for key in keys) for row in listed]
    assert len(rows) > int(query["limit"])
    for row, line in zip(rows, listed, strict=True):
        assert abs(int(row["downtime_us"]) / 3.6e9 - float(line["downtime_hours"])) <= 0.005
        assert {name: value or "" for name, value in row.items() if name.endswith("_at")} == {
            name: value for name, value in line.items() if name.endswith("_at")
        }


def listed(client: httpx.Client, query: dict[str, str]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get("v1/outages", params=query | {"format": "csv"}).text)))


def test_outages_are_filtered_and_sorted(viewer: httpx.Client, settled: UUID) -> None:
    everything = listed(viewer, WEEK)
    ongoing = listed(viewer, WEEK | {"running": "true"})
    assert ongoing == [row for row in everything if not row["ended_by"]] != []
    lengths = [float(row["downtime_hours"]) for row in everything]
    assert [float(row["downtime_hours"]) for row in listed(viewer, WEEK | {"sort": "downtime", "order": "desc"})] == (
        sorted(lengths, reverse=True)
    )
    long = listed(viewer, WEEK | {"longer_than": "2h"})
    assert 0 < len(long) < len(everything)
    assert all(float(row["downtime_hours"]) >= 2 for row in long)


@pytest.mark.parametrize("query", [{}, {"sort": "started_at", "order": "desc"}, {"sort": "elapsed"}])
def test_pages_go_back_to_where_they_came_from(viewer: httpx.Client, settled: UUID, query: dict[str, str]) -> None:
    query = WEEK | {"limit": "4"} | query
    first = viewer.get("v1/outages", params=query).json()
    second = viewer.get("v1/outages", params=query | {"cursor": first["next"]}).json()
    third = viewer.get("v1/outages", params=query | {"cursor": second["next"]}).json()
    assert first["previous"] is None
    assert viewer.get("v1/outages", params=query | {"cursor": third["previous"]}).json() == second
    back = viewer.get("v1/outages", params=query | {"cursor": second["previous"]}).json()
    assert back == first


def test_hours_of_the_week_count_what_is_listed(viewer: httpx.Client, settled: UUID) -> None:
    counted = viewer.get("v1/outages/start_hours", params=WEEK).json()
    outages = listed(viewer, WEEK)
    assert counted["outages"] == len(outages) > 0
    assert counted["ongoing"] == sum(not row["ended_by"] for row in outages)
    assert sum(one["outages"] for one in counted["start_hours"]) == len(outages)
    assert len(counted["start_hours"]) > 1
    for one in counted["start_hours"]:
        of_hour = listed(viewer, WEEK | {"weekday": str(one["weekday"]), "hour": str(one["hour"])})
        assert len(of_hour) == one["outages"]
        for row in of_hour:
            found = viewer.get(f"v1/stores/{row['store_id']}/explain", params={"at": row["started_at"]}).json()
            local = datetime.fromisoformat(found["local_time"])
            assert (local.weekday(), local.hour) == (one["weekday"], one["hour"])


def test_the_kinds_of_groups_are_those_that_can_be_asked_for(viewer: httpx.Client, settled: UUID) -> None:
    kinds = viewer.get("v1/kinds").json()["kinds"]
    assert [one["kind"] for one in kinds] == sorted(one["kind"] for one in kinds)
    assert {"region", "timezone"} <= {one["kind"] for one in kinds}
    for kind in kinds:
        assert kind["groups"] == len(kind["names"])
        for group in kind["names"]:
            of_group = WEEK | {"kind": kind["kind"], "name": group["name"]}
            assert viewer.get("v1/outages/start_hours", params=of_group).status_code == 200


def test_what_is_down_now_has_the_outage_that_is_listed(viewer: httpx.Client, settled: UUID) -> None:
    down = [row for row in pages(viewer, "now", {}) if row["outage_started_at"]]
    assert down
    listed = pages(viewer, "outages", {"from": "2023-01-01", "until": "2023-01-31", "limit": "1000"})
    ongoing = {(row["store_id"], row["started_at"], row["downtime_us"]) for row in listed if row["ended_by"] is None}
    assert {(row["store_id"], row["outage_started_at"], row["downtime_us"]) for row in down} == ongoing


def test_explain(viewer: httpx.Client, settled: UUID) -> None:
    answer = viewer.get("v1/stores/0042/explain", params=AT)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["store_id"], found["at"]) == ("0042", "2023-01-20T18:00:00.000000Z")
    assert found["counts_as"] in {"up", "down", "unknown", "planned", "closed"}
    assert found["poll"]["polled_at"] <= found["at"]
    assert viewer.get("v1/stores/no%2Fbody/explain", params=AT).status_code == 404


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("outages", {"from": "yesterday"}, "from"),
        ("outages", {"until": "2023-01-15"}, "until"),
        ("outages", {"kind": "region"}, "name"),
        ("outages", {"store_id": "nobody"}, "store_id"),
        ("outages", {"longer_than": "soon"}, "longer_than"),
        ("outages", {"weekday": "7"}, "weekday"),
        ("outages", {"hour": "24"}, "hour"),
        ("outages", {"sort": "name"}, "sort"),
        ("outages", {"running": "perhaps"}, "running"),
        ("outages/start_hours", {"longer_than": ""}, "longer_than"),
        ("outages/start_hours", {"until": "2023-01-15"}, "until"),
        ("outages/start_hours", {"kind": "region", "name": "Nowhere"}, "name"),
        ("outages", {"cursor": "bm8"}, "cursor"),
        ("outages", {"cursor": "WyIwMDQyIiwieCJd"}, "cursor"),
        ("now", {"kind": "planet", "name": "Mars"}, "kind"),
        ("now", {"kind": "timezone", "name": "Nowhere"}, "name"),
        ("now", {"store_id": "nobody"}, "store_id"),
        ("now", {"format": "doc"}, "format"),
        ("now", {"cursor": "bm8"}, "cursor"),
        ("now", {"limit": "0"}, "limit"),
        ("stores/0042/explain", {"at": "yesterday"}, "at"),
    ],
)
def test_what_cannot_be_answered_names_the_field(
    viewer: httpx.Client, settled: UUID, path: str, query: dict[str, str], field: str
) -> None:
    answer = viewer.get(f"v1/{path}", params=(WEEK if path.startswith("outages") else {}) | query)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]
