"""One store over time by HTTP: its days as the CSV has them, its time span by span, and what cannot be answered."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest

from plugin.odd_stores import ODD_IDS
from store_uptime.delivery.tables import HOUR_US
from store_uptime.percentages import hundredths

WEEK = {"from": "2023-01-16", "until": "2023-01-22"}
EVER = {"from": "2023-01-01", "until": "2023-01-31"}
MEASURES = ("planned_us", "up_us", "down_us", "unknown_us")


def pages(client: httpx.Client, store_id: str, query: dict[str, str]) -> list[dict]:
    """All days, page by page on, and back again to the first page."""
    found, cursors = [], [None]
    while True:
        cursor = {} if cursors[-1] is None else {"cursor": cursors[-1]}
        body = client.get(f"v1/stores/{store_id}/days", params=query | cursor).json()
        assert len(body["days"]) <= int(query.get("limit", 100))
        found += body["days"]
        if body["next"] is None:
            assert len(found) == body["matching"]
            break
        cursors.append(body["next"])
    if len(cursors) > 1:
        back = client.get(f"v1/stores/{store_id}/days", params=query | {"cursor": body["previous"]}).json()["days"]
        assert back == found[-len(body["days"]) - len(back) : len(found) - len(body["days"])]
    return found


def test_days_are_the_rows_of_the_csv(viewer: httpx.Client, settled: UUID) -> None:
    rows = pages(viewer, "0042", EVER | {"limit": "3"})
    answer = viewer.get("v1/availability", params=EVER | {"period": "day", "store_id": "0042", "format": "csv"})
    listed = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == len(listed) >= 8
    for row, line in zip(rows, listed, strict=True):
        assert row["from_date"] == line["from_date"]
        assert ("" if row["uptime_percent"] is None else f"{row['uptime_percent']:.2f}") == line["uptime_percent"]
        for name in ("open", "planned", "up", "down", "unknown", "opened_late", "closed_early"):
            assert hundredths(int(row[f"{name}_us"]), HOUR_US) == line[f"{name}_hours"]
        assert str(row["missed_openings"]) == line["missed_openings"]


def test_days_are_sorted_and_filtered(viewer: httpx.Client, settled: UUID) -> None:
    everything = pages(viewer, "flapping", EVER)
    for sort in ("down", "opened_late", "unknown"):
        name = f"{sort}_us"
        for order in ("asc", "desc"):
            rows = pages(viewer, "flapping", EVER | {"sort": sort, "order": order, "limit": "4"})
            assert sorted(row["from_date"] for row in rows) == [row["from_date"] for row in everything]
            values = [int(row[name]) for row in rows]
            assert values == sorted(values, reverse=order == "desc")
    down = pages(viewer, "flapping", EVER | {"only": "down"})
    assert down == [row for row in everything if row["down_us"] != "0"] != []
    by_percent = [row["uptime_percent"] for row in pages(viewer, "flapping", EVER | {"sort": "uptime_percent"})]
    known = [value for value in by_percent if value is not None]
    assert known == sorted(known)
    assert by_percent[len(known) :] == [None] * (len(by_percent) - len(known))


def test_spans_and_hours_add_up_to_the_days(viewer: httpx.Client, settled: UUID) -> None:
    for store_id in ("0042", "overnight-two-rows", "lord-howe", "no-hours"):
        (row,) = viewer.get("v1/availability", params=EVER | {"store_id": store_id}).json()["availability"]
        time = viewer.get(f"v1/stores/{store_id}/timeline", params=EVER).json()
        week = viewer.get(f"v1/stores/{store_id}/hours", params=EVER).json()["hours"]
        assert len(week) == 168
        for name in MEASURES:
            spans = [[datetime.fromisoformat(at) for at in span] for span in time[name.removesuffix("_us")]]
            length = sum((end - start for start, end in spans), timedelta())
            assert length // timedelta(microseconds=1) == int(row[name]), (store_id, name)
            assert sum(int(hour[name]) for hour in week) == int(row[name]), (store_id, name)
        assert time["polls"]
        assert time["is_complete"]


def test_a_span_counts_as_its_explanation_says(viewer: httpx.Client, settled: UUID) -> None:
    time = viewer.get("v1/stores/0042/timeline", params=EVER).json()
    for kind in ("up", "down", "unknown", "planned"):
        for start, _ in time[kind][:3]:
            assert viewer.get("v1/stores/0042/explain", params={"at": start}).json()["counts_as"] == kind


def test_stores_without_days_and_odd_ids(viewer: httpx.Client, settled: UUID) -> None:
    empty = viewer.get("v1/stores/only-in-hours/days", params=EVER).json()
    assert (empty["days"], empty["total"], empty["next"], empty["previous"]) == ([], 0, None, None)
    assert viewer.get("v1/stores/only-in-hours/timeline", params=EVER).json()["offsets"] == []
    for store_id in ODD_IDS:
        if store_id != "..":  # which is no part of a path
            answer = viewer.get(f"v1/stores/{quote(store_id, safe='')}/days", params=EVER)
            assert answer.json()["total"] >= 1, store_id
    for name in ("days", "timeline", "hours"):
        assert viewer.get(f"v1/stores/no%2Fbody/{name}", params=WEEK).status_code == 404


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("days", {"from": "yesterday"}, "from"),
        ("days", {"until": "2023-01-15"}, "until"),
        ("days", {"only": "up"}, "only"),
        ("days", {"sort": "store_id"}, "sort"),
        ("days", {"order": "down"}, "order"),
        ("days", {"cursor": "bm8"}, "cursor"),
        ("days", {"limit": "0"}, "limit"),
        ("timeline", {"until": "2023-01-15"}, "until"),
        ("timeline", {"until": "2023-02-20"}, "until"),
        ("hours", {"until": "2026-02-20"}, "until"),
    ],
)
def test_what_cannot_be_answered_names_the_field(
    viewer: httpx.Client, settled: UUID, path: str, query: dict[str, str], field: str
) -> None:
    answer = viewer.get(f"v1/stores/0042/{path}", params=WEEK | query)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]
