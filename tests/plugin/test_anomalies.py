"""Anomalies by HTTP: pages of JSON, files, and what is said where nothing is judged."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest

from plugin.stack import Stack
from store_uptime.db.engine import connected

WEEK = {"from": "2023-01-16", "until": "2023-01-22"}
ADD = """
    insert into history.anomaly (
        local_date, anomaly_no, kind, store_key, group_kind, group_name, observed, expected, score, days, is_weekly,
        observed_of_days, expected_of_days, begin_hour, end_hour, stores, of_stores
    )
    select
        given.local_date, given.anomaly_no, given.kind, store.store_key, given.group_kind, given.group_name, 3.25, 0.5,
        given.score, given.days, given.days = 3, 4.5, 0.75, given.begin_hour, given.begin_hour + 2, 28, 30
    from (
        values
        (date '2023-01-17', 0, 'downtime', '0042', null, null, 0.04, 1, null),
        ('2023-01-18', 0, 'downtime', '0042', null, null, 0.01, 7, null),
        ('2023-01-20', 0, 'closed_early', '0042', null, null, 0.02, 3, null),
        ('2023-01-20', 1, 'common_cause', null, 'region', 'Americas', 0.001, 1, 465000)
    ) as given (local_date, anomaly_no, kind, store_id, group_kind, group_name, score, days, begin_hour)
    left join core.store on given.store_id = store.store_id
"""


@pytest.fixture
def judged(stack: Stack, settled: UUID) -> Iterator[None]:
    """The sample, with anomalies as a longer history might have."""
    with connected(stack.settings, "owner") as engine:
        with engine.begin() as connection:
            connection.exec_driver_sql("insert into history.judged_date values ('2023-01-22', 1, '2023-01-25', 99)")
            connection.exec_driver_sql(ADD)
        yield
        with engine.begin() as connection:
            connection.exec_driver_sql("delete from history.anomaly")
            connection.exec_driver_sql("delete from history.judged_date")


@pytest.mark.usefixtures("judged")
def test_days_in_a_row_are_one_row_and_each_has_a_sentence(viewer: httpx.Client) -> None:
    answer = viewer.get("v1/anomalies", params=WEEK).json()
    assert answer["judged_until"] == "2023-01-22"
    assert [(row["kind"], row["scope_kind"], row["scope"], row["from_date"], row["until_date"], row["score"])
            for row in answer["anomalies"]] == [
        ("closed_early", "store", "0042", "2023-01-20", "2023-01-20", 0.02),
        ("common_cause", "region", "Americas", "2023-01-20", "2023-01-20", 0.001),
        ("downtime", "store", "0042", "2023-01-17", "2023-01-18", 0.01),
    ]  # fmt: skip
    assert [row["explanation"] for row in answer["anomalies"]] == [
        "Closed early by 4.5 h on the last 3 Fridays up to 2023-01-20, 0.8 h expected.",
        "28 of 30 open stores were down at once, between 2023-01-18 00:00 and 02:00 UTC.",
        "Down 4.5 h in the 7 days up to 2023-01-18, 0.8 h expected; unusual on 2 days in a row.",
    ]
    assert (answer["anomalies"][2]["observed"], answer["anomalies"][2]["expected"]) == (6.5, 1.0)
    clipped = viewer.get("v1/anomalies", params={"from": "2023-01-18", "until": "2023-01-18"}).json()
    assert [(row["from_date"], row["observed"]) for row in clipped["anomalies"]] == [("2023-01-18", 3.25)]


@pytest.mark.usefixtures("judged")
def test_pages_lead_on_and_back(viewer: httpx.Client) -> None:
    whole = viewer.get("v1/anomalies", params=WEEK).json()["anomalies"]
    first = viewer.get("v1/anomalies", params=WEEK | {"limit": "2"}).json()
    second = viewer.get("v1/anomalies", params=WEEK | {"limit": "2", "cursor": first["next"]}).json()
    assert first["anomalies"] + second["anomalies"] == whole
    assert second["next"] is None
    back = viewer.get("v1/anomalies", params=WEEK | {"limit": "2", "cursor": second["previous"]}).json()
    assert back == first
    assert viewer.get("v1/anomalies", params=WEEK | {"cursor": "bm8"}).status_code == 422


@pytest.mark.usefixtures("judged")
def test_a_file_has_the_same_rows(viewer: httpx.Client) -> None:
    whole = viewer.get("v1/anomalies", params=WEEK).json()["anomalies"]
    answer = viewer.get("v1/anomalies", params=WEEK | {"format": "csv"})
    assert answer.headers["content-disposition"] == 'attachment; filename="anomalies-2023-01-16-2023-01-22.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["explanation"] for row in rows] == [row["explanation"] for row in whole]
    assert [float(row["score"]) for row in rows] == [row["score"] for row in whole]
    assert viewer.get("v1/anomalies", params=WEEK | {"format": "parquet"}).content[:4] == b"PAR1"
    assert viewer.get("v1/anomalies", params=WEEK | {"format": "pdf"}).status_code == 422


@pytest.mark.usefixtures("judged")
def test_of_a_store_or_a_group(viewer: httpx.Client) -> None:
    def kinds(**chosen: str) -> list[str]:
        return [row["kind"] for row in viewer.get("v1/anomalies", params=WEEK | chosen).json()["anomalies"]]

    assert kinds(store_id="0042") == ["closed_early", "downtime"]
    assert "common_cause" in kinds(kind="region", name="Americas")
    assert viewer.get("v1/anomalies", params=WEEK | {"store_id": "nobody"}).status_code == 422


@pytest.mark.usefixtures("settled")
def test_before_the_first_date_is_judged(viewer: httpx.Client) -> None:
    answer = viewer.get("v1/anomalies", params=WEEK)
    assert answer.status_code == 200
    assert (answer.json()["anomalies"], answer.json()["judged_until"]) == ([], None)
    file = viewer.get("v1/anomalies", params=WEEK | {"format": "csv"})
    assert file.status_code == 409
    assert file.json()["detail"].startswith("No date is judged yet")
