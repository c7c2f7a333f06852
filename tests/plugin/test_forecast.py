"""The forecast by HTTP: pages of JSON, files, how good it was, and what is said where there is none."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest

from plugin.stack import Stack
from store_uptime.db.engine import connected

RUN = """
    insert into history.forecast_run (settlement_id, made_at, stores, of_stores, weights)
    select max(settlement_id), '2023-01-25', 1, 9, '{}' from history.settlement where published_at is not null
"""
# Two weeks, in which the forecasts of 0042 were better on each day, and those of 1e5 no better than climatology.
SCORES = """
    insert into history.forecast_score (
        store_key, week_from, hours, model, climatology, persistence, evidence
    )
    select
        store.store_key, given.week_from, array_fill(10, array[7]), array_fill(given.model, array[7]),
        array[2, 3, 2, 3, 2, 3, 2], array[4, 3, 4, 4, 4, 4, 4], array_fill(1.5::float8, array[7])
    from (
        values
        ('0042', date '2023-01-09', 1::float8), ('0042', date '2023-01-16', 1), ('1e5', date '2023-01-16', 3)
    ) as given (store_id, week_from, model)
    inner join core.store using (store_id)
"""
HOURS = """
    insert into history.forecast
    select store_key, '{465426,465427,465430}', '{240,240,60}', '{0.75,0.5,0.0625}', 0.03125, 1.25
    from core.store
    where store_id = '0042'
"""
TABLES = ("forecast", "forecast_run", "forecast_score", "scored_week")


@pytest.fixture
def made(stack: Stack, settled: UUID) -> Iterator[None]:
    """The sample, with a forecast as a longer history might have, in place of any that was made of it before."""
    with connected(stack.settings, "owner") as engine:
        with engine.begin() as connection:
            for table in TABLES:
                connection.exec_driver_sql(f"delete from history.{table}")
            for week in ("2023-01-09", "2023-01-16"):
                connection.exec_driver_sql(
                    f"insert into history.scored_week values ('{week}', 1, '2023-01-25', '{{}}')"
                )
            for statement in (RUN, SCORES, HOURS):
                connection.exec_driver_sql(statement)
        yield
        with engine.begin() as connection:
            for table in TABLES:
                connection.exec_driver_sql(f"delete from history.{table}")


@pytest.mark.usefixtures("made")
def test_hours_come_with_how_good_they_were(viewer: httpx.Client) -> None:
    answer = viewer.get("v1/forecast").json()
    scores = {"brier_score": 0.1, "brier_climatology": 0.242857, "brier_persistence": 0.385714}
    assert answer["forecast"] == [
        {"store_id": "0042", "hour_start": start, "probability_down": probability} | scores
        for start, probability in (
            ("2023-02-04T18:00:00.000000Z", 0.75),
            ("2023-02-04T19:00:00.000000Z", 0.5),
            ("2023-02-04T22:00:00.000000Z", 0.0625),
        )
    ]
    assert (answer["total"], answer["stores"], answer["next"]) == (3, 1, None)
    assert answer["no_forecast_because"] is None


@pytest.mark.usefixtures("made")
def test_of_chosen_stores_it_is_said_how_good_forecasts_were_shown_or_not(viewer: httpx.Client) -> None:
    def track(**chosen: str) -> dict[str, object]:
        return viewer.get("v1/forecast", params=chosen).json()["track"]

    assert track(store_id="0042") == {
        "from_date": "2023-01-09",
        "until_date": "2023-01-22",
        "hours": 140,
        "brier_score": 0.1,
        "brier_climatology": 0.242857,
        "brier_persistence": 0.385714,
        "skill_percent": 58.8235,
        "is_better": True,
    }
    # By 3 on each day, of climatology 2 or 3: it is worse.
    assert (track(store_id="1e5")["hours"], track(store_id="1e5")["is_better"]) == (70, False)
    # Of both together, by date: 10 hours and 1 on the first seven days, then 20 and 4, against 2 or 3, then 4 or 6.
    both = track()
    assert (both["hours"], both["brier_score"], both["is_better"]) == (210, round(35 / 210, 6), True)
    without = viewer.get("v1/forecast", params={"store_id": "1e5"}).json()
    assert (without["forecast"], without["stores"]) == ([], 0)
    assert viewer.get("v1/forecast", params={"store_id": "nobody"}).status_code == 422


@pytest.mark.usefixtures("made")
def test_stores_come_in_short_with_the_downtime_to_be_expected(viewer: httpx.Client) -> None:
    answer = viewer.get("v1/forecast/stores").json()
    assert (answer["total"], answer["of_stores"], answer["next"], answer["track"]["hours"]) == (1, 9, None, 210)
    (store,) = answer["stores"]
    assert store == {
        "store_id": "0042",
        "likeliest_at": "2023-02-04T18:00:00.000000Z",
        "probability_down": 0.75,
        # 1.25 x (0.75 + 0.5 + a quarter of 0.0625) hours
        "expected_down_us": str(int(1.25 * (0.75 + 0.5 + 0.0625 / 4) * 3_600_000_000)),
        "probabilities": [0.75, 0.5, 0.0625],
        "brier_score": 0.1,
        "brier_climatology": 0.242857,
        "brier_persistence": 0.385714,
    }
    assert viewer.get("v1/forecast/stores", params={"kind": "region", "name": "nowhere"}).status_code == 422


@pytest.mark.usefixtures("made")
def test_a_budget_says_what_is_to_be_expected_of_a_store_that_has_a_forecast(
    stack: Stack, viewer: httpx.Client
) -> None:
    january = {"from": "2023-01-01", "until": "2023-01-31"}

    def expected() -> int:
        (target,) = viewer.get("v1/targets", params=january | {"store_id": "0042"}).json()["targets"]
        return int(target["expected_down_us"]) - int(target["spent_us"])

    # Of the open time of some days the first two and a quarter hours as forecast, the rest at the rate of later ones.
    of_hours = int(1.25 * (0.75 + 0.5 + 0.0625 / 4) * 3_600_000_000)
    assert 20 < (expected() - of_hours) / 3.6e9 / (1.25 * 0.03125) < 100
    with stack.owner.begin() as connection:
        connection.exec_driver_sql("update history.forecast set rate_later = 0")
    assert expected() == of_hours
    over = viewer.get("v1/targets", params={"from": "2023-01-16", "until": "2023-01-22"}).json()["targets"]
    assert {one["expected_down_us"] for one in over} == {None}
    others = viewer.get("v1/targets", params=january | {"limit": "100"}).json()["targets"]
    assert {one["scope"] for one in others if one["expected_down_us"] is not None} == {"0042"}


@pytest.mark.usefixtures("made")
def test_pages_and_files_have_the_same_rows(viewer: httpx.Client) -> None:
    whole = viewer.get("v1/forecast").json()["forecast"]
    first = viewer.get("v1/forecast", params={"limit": "2"}).json()
    second = viewer.get("v1/forecast", params={"limit": "2", "cursor": first["next"]}).json()
    assert first["forecast"] + second["forecast"] == whole
    assert viewer.get("v1/forecast", params={"limit": "2", "cursor": second["previous"]}).json() == first
    assert viewer.get("v1/forecast", params={"cursor": "bm8"}).status_code == 422
    answer = viewer.get("v1/forecast", params={"format": "csv"})
    assert answer.headers["content-disposition"] == 'attachment; filename="forecast-2023-01-25T181322Z.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["hour_start"], float(row["probability_down"])) for row in rows] == [
        (row["hour_start"], row["probability_down"]) for row in whole
    ]
    assert viewer.get("v1/forecast", params={"format": "parquet"}).content[:4] == b"PAR1"
    assert viewer.get("v1/forecast", params={"format": "xlsx"}).status_code == 422


@pytest.mark.usefixtures("made")
def test_a_forecast_of_what_was_settled_before_is_none(stack: Stack, viewer: httpx.Client) -> None:
    with stack.owner.begin() as connection:
        connection.exec_driver_sql("update history.forecast_run set settlement_id = settlement_id - 1")
    why = "There is no forecast yet: it is made after days are settled."
    for path, rows in (("v1/forecast", "forecast"), ("v1/forecast/stores", "stores")):
        answer = viewer.get(path).json()
        assert (answer["no_forecast_because"], answer[rows], answer["total"], answer["track"]) == (why, [], 0, None)
    file = viewer.get("v1/forecast", params={"format": "csv"})
    assert (file.status_code, file.json()["detail"]) == (409, why)
