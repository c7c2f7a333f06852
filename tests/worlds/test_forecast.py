"""The forecast of generated worlds: made in the database as in memory, and only where there is something to know."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from sqlalchemy import Engine, text

from store_uptime.history import days
from store_uptime.history.questions import reading
from store_uptime.insight.forecast import find_forecast
from store_uptime.insight.forecasting import Bases, Model, labels, score_week
from store_uptime.insight.weeks import forecast
from store_uptime.settings import Settings
from support import citus_transactions
from support.pipeline import run_report
from support.programs import run_on
from worlds.generated import FIRST_DATE, GeneratedWorld, generate, settled, store_id, write
from worlds.killing import kill_at

MAX_GAP = timedelta(hours=3)
NOW = datetime(2031, 1, 1, tzinfo=UTC)
TABLES = {
    "scored_week": "select week_from, weights from history.scored_week order by 1",
    "forecast_score": """
        select store_id, week_from, hours, model, climatology, persistence, evidence
        from history.forecast_score inner join core.store using (store_key) order by 1, 2
    """,
    "forecast_run": "select stores, of_stores, weights from history.forecast_run",
    "forecast": """
        select store_id, hours, open_parts, probabilities, rate_later, hours_down_per_hour
        from history.forecast inner join core.store using (store_key) order by 1
    """,
}
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def world() -> GeneratedWorld:
    return generate(3, stores=60, weeks=12, is_structured=False, rate=0.04, outages="lasting")


@pytest.fixture(scope="module")
def made(owner: Engine, world: GeneratedWorld, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A database in which the world was loaded, settled and forecast."""
    folder = tmp_path_factory.mktemp("world")
    run_report(owner, write(world, folder / "data"), folder)
    assert days.settle_all(owner, NOW, MAX_GAP, with_hours=True)
    counts = forecast(owner, NOW)
    assert counts["weeks"] == 4
    assert counts["stores"] > 3
    return owner


def kept_in(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    with engine.connect() as connection:
        return {name: [tuple(row) for row in connection.execute(text(query))] for name, query in TABLES.items()}


def test_scores_are_those_of_memory(made: Engine, world: GeneratedWorld) -> None:
    hours, _ = settled(world)
    known = labels(hours.open, hours.down, hours.unknown, hours.is_there)
    kept = kept_in(made)
    weeks = [(row[0] - FIRST_DATE).days for row in kept["scored_week"]]
    assert [number % 7 for number in weeks] == [0] * 4
    assert weeks == list(range(weeks[0], weeks[0] + 28, 7))
    number = {store_id(number): number for number in range(len(world.zone))}
    bases = Bases(known)
    for week, (_, weights) in zip(weeks, kept["scored_week"], strict=True):
        rows = [row for row in kept["forecast_score"] if (row[1] - FIRST_DATE).days == week]
        assert len(rows) == len(world.zone)
        some = [number[row[0]] for row in rows]
        # Stores are in another order in the database, so sums differ in their last digits.
        model = Model.before(bases, week)
        np.testing.assert_allclose(weights, model.weights, atol=0.01)
        scores = score_week(bases, week, model)
        for place, name in enumerate(("hours", "model", "climatology", "persistence", "evidence"), 2):
            np.testing.assert_allclose([row[place] for row in rows], getattr(scores, name)[some], atol=0.02)


def test_nothing_after_a_week_matters_for_it_nor_anything_in_it_for_its_weights(world: GeneratedWorld) -> None:
    hours, _ = settled(world)
    known = labels(hours.open, hours.down, hours.unknown, hours.is_there)
    week = 8 * 7
    model = Model.before(Bases(known), week)
    scores = score_week(Bases(known), week, model)
    other = known.copy()
    other[:, week + 7 :] = np.where(known[:, week + 7 :] >= 0, 1 - known[:, week + 7 :], known[:, week + 7 :])
    for name, values in vars(score_week(Bases(other), week, model)).items():
        np.testing.assert_array_equal(values, getattr(scores, name), name)
    other[:, week:] = np.where(known[:, week:] >= 0, 1 - known[:, week:], known[:, week:])
    np.testing.assert_array_equal(Model.before(Bases(other), week).weights, model.weights)
    np.testing.assert_array_equal(Model.before(Bases(other), week).shares, model.shares)
    # Of the first day nothing is known when its first hours are forecast: only what happens is another.
    flipped = score_week(Bases(other), week, model)
    assert (flipped.model.sum(), flipped.climatology.sum()) != (scores.model.sum(), scores.climatology.sum())


def test_the_hours_are_the_next_open_ones_on_each_stores_clock(made: Engine, world: GeneratedWorld) -> None:
    with reading(made) as connection:
        answer = find_forecast(connection)
    assert answer.stores
    for store in answer.stores:
        number = int(store.store_id.removeprefix("store "))
        zone = ZoneInfo(world.zone[number])
        hour = answer.settlement.as_of.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + HOUR
        expected = []
        while len(expected) < 24:
            local = hour.astimezone(zone)
            if world.opens[number, local.weekday()] <= local.hour < world.closes[number, local.weekday()]:
                expected.append(hour)
            hour += HOUR
        assert [store.hour(number).hour_start for number in range(24)] == expected
        assert store.open_us == [3_600_000_000] * 24
        assert all(0 < probability < 1 for probability in store.probabilities)
        assert store.brier_score < min(store.brier_climatology, store.brier_persistence)


def test_a_forecast_is_made_once(made: Engine) -> None:
    before = kept_in(made)
    assert forecast(made, NOW) == {"weeks": 0, "stores": 0}
    assert kept_in(made) == before


def test_on_citus_a_transaction_changes_stores_and_shared_tables_one_at_a_time(made: Engine) -> None:
    with made.begin() as connection:
        for table in ("scored_week", "forecast_run"):
            connection.execute(text(f"delete from history.{table}"))
    with citus_transactions.followed(made) as following:
        assert forecast(made, NOW)["weeks"] == 4
    assert following.changed >= {f"history.{table}" for table in TABLES}
    assert following.refused == []


def test_days_restated_are_scored_again_and_the_same_comes_out(made: Engine) -> None:
    before = kept_in(made)
    with made.begin() as connection:
        week = connection.scalar(text("select max(week_from) from history.scored_week"))
        restated = (
            "insert into history.restatement (store_key, local_date, settlement_id, cause) values (1, :date, 9, 'x')"
        )
        connection.execute(text(restated), {"date": week})
        connection.execute(text("update history.forecast_score set model = hours"))
    assert forecast(made, NOW)["weeks"] == 1
    after = kept_in(made)
    assert after["scored_week"] == before["scored_week"]
    of_week = [[row for row in kept["forecast_score"] if row[1] == week] for kept in (before, after)]
    assert of_week[0] == of_week[1]
    with made.begin() as connection:
        connection.execute(text("delete from history.scored_week"))
        connection.execute(text("delete from history.restatement"))
    assert forecast(made, NOW)["weeks"] == 4
    assert kept_in(made) == before


def test_a_killed_task_leaves_no_trace(made: Engine) -> None:
    before = kept_in(made)
    with made.begin() as connection:
        connection.execute(text("delete from history.scored_week where week_from > date '2023-04-10'"))
    some = kept_in(made)
    kill_at("history.forecast_run", made, lambda: forecast(made, NOW))
    assert kept_in(made) == some
    assert forecast(made, NOW)["weeks"] > 0
    assert kept_in(made) == before


def test_make_forecast(made: Engine, tmp_path: Path) -> None:
    url = made.url.render_as_string(hide_password=False)
    settings = Settings.from_environment({"STORE_UPTIME_DATABASE_URL": url, "STORE_UPTIME_HOME": str(tmp_path)})
    with reading(made) as connection:
        answer = find_forecast(connection)
    name = f"forecast-{answer.settlement.as_of:%Y-%m-%dT%H%M%SZ}"
    for format_name in ("csv", "json", "parquet"):
        finished = run_on(settings, "forecast", OUT=str(tmp_path), FORMAT=format_name)
        assert finished.returncode == 0, finished.stderr
        assert Path(finished.stdout.splitlines()[-1]) == tmp_path / f"{name}.{format_name}"
    rows = list(csv.DictReader((tmp_path / f"{name}.csv").read_text().splitlines()))
    assert list(rows[0]) == [
        "store_id", "hour_start", "probability_down", "brier_score", "brier_climatology", "brier_persistence",
    ]  # fmt: skip
    assert len(rows) == 24 * len(answer.stores)
    assert [row["store_id"] for row in rows] == sorted(row["store_id"] for row in rows)
    page = json.loads((tmp_path / f"{name}.json").read_text())
    assert [row["hour_start"] for row in page["forecast"]] == [row["hour_start"] for row in rows]
    refused = run_on(settings, "forecast", OUT=str(tmp_path), STORE_ID="nobody")
    assert (refused.returncode, refused.stdout) == (1, "")
    with made.begin() as connection:
        connection.execute(text("update history.forecast_run set settlement_id = settlement_id + 1"))
    without = run_on(settings, "forecast", OUT=str(tmp_path))
    with made.begin() as connection:
        connection.execute(text("update history.forecast_run set settlement_id = settlement_id - 1"))
    assert (without.returncode, without.stdout) == (1, "")
    assert without.stderr.splitlines()[-1].endswith("There is no forecast yet: it is made after days are settled.")
