"""Availability over time by HTTP: pages of JSON, files, and what is wrong with a question."""

from __future__ import annotations

import csv
import io
from uuid import UUID

import httpx
import pytest

WEEK = {"from": "2023-01-16", "until": "2023-01-22"}


def pages(client: httpx.Client, **query: str) -> list[dict]:
    found, cursor = [], {}
    while True:
        answer = client.get("v1/availability", params=WEEK | query | cursor)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert len(body["availability"]) <= int(query.get("limit", 100))
        found += body["availability"]
        if body["next"] is None:
            return found
        cursor = {"cursor": body["next"]}


def test_pages_of_json_are_the_rows_of_the_csv(viewer: httpx.Client, settled: UUID) -> None:
    for query in ({"period": "day", "limit": "37"}, {"by": "timezone", "limit": "2"}, {"by": "all"}):
        rows = pages(viewer, **query)
        answer = viewer.get("v1/availability", params=WEEK | query | {"format": "csv"})
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        listed = list(csv.DictReader(io.StringIO(answer.text)))
        assert [(row["scope"], row["period"]) for row in rows] == [(row["scope"], row["period"]) for row in listed]
        assert len(rows) == len({(row["scope"], row["period"]) for row in rows}) > 0
        for row, line in zip(rows, listed, strict=True):
            assert int(row["open_us"]) == int(row["up_us"]) + int(row["down_us"]) + int(row["unknown_us"])
            assert abs(int(row["open_us"]) / 3.6e9 - float(line["open_hours"])) <= 0.005


@pytest.mark.parametrize(
    ("format_name", "media_type", "start"),
    [
        ("parquet", "application/vnd.apache.parquet", b"PAR1"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK"),
        ("pdf", "application/pdf", b"%PDF"),
    ],
)
def test_files(viewer: httpx.Client, settled: UUID, format_name: str, media_type: str, start: bytes) -> None:
    answer = viewer.get("v1/availability", params=WEEK | {"format": format_name, "by": "timezone"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == media_type
    name = f"availability-2023-01-16-2023-01-22-by-timezone.{format_name}"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.content.startswith(start)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": "1674000000"}, "from"),
        ({"until": "2023-01-15"}, "until"),
        ({"until": "2029-01-15"}, "until"),
        ({"period": "fortnight"}, "period"),
        ({"by": "planet"}, "by"),
        ({"format": "doc"}, "format"),
        ({"kind": "region"}, "name"),
        ({"kind": "timezone", "name": "Nowhere"}, "name"),
        ({"store_id": "nobody"}, "store_id"),
        ({"cursor": "bm8"}, "cursor"),
        ({"limit": "0"}, "limit"),
    ],
)
def test_what_cannot_be_answered_names_the_field(
    viewer: httpx.Client, settled: UUID, query: dict[str, str], field: str
) -> None:
    answer = viewer.get("v1/availability", params=WEEK | query)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]
