"""Anomalies of generated worlds whose truth is known: found in memory, and in the database the same."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, text

from store_uptime.db.engine import connected
from store_uptime.history import days
from store_uptime.history.questions import reading
from store_uptime.insight.anomalies import AnomalyFilter, find_anomalies
from store_uptime.insight.dates import judge_dates, read_hours
from store_uptime.settings import Settings
from support.pipeline import run_report
from support.programs import run_on
from worlds.evaluation import judge
from worlds.generated import FIRST_DATE, GeneratedWorld, generate, settled, store_id, write
from worlds.killing import kill_at

MAX_GAP = timedelta(hours=3)
NOW = datetime(2031, 1, 1, tzinfo=UTC)
SEEDS = range(3)


@pytest.fixture(scope="module")
def outcomes() -> list[Any]:
    return [judge(generate(seed)) for seed in SEEDS]


def test_what_is_unusual_is_found(outcomes: list[Any]) -> None:
    there: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for outcome in outcomes:
        for truth in outcome.world.truths:
            there[truth.kind] += 1
            found[truth.kind] += outcome.is_found(truth)
    assert found["common_cause"] == there["common_cause"] == 12
    assert found["silent"] == there["silent"] == 3
    changed = ("weekly", "gradual", "step", "late", "flapping")
    assert sum(found[kind] for kind in changed) >= 0.8 * sum(there[kind] for kind in changed)


def test_little_else_is(outcomes: list[Any]) -> None:
    findings = [(outcome, row) for outcome in outcomes for row in outcome.findings]
    false = [row for outcome, row in findings if not outcome.is_true(row)]
    assert len(findings) > 100
    assert len(false) <= 0.1 * len(findings)


def test_where_nothing_is_unusual_next_to_nothing_is_found() -> None:
    outcomes = [judge(generate(seed, is_structured=False)) for seed in SEEDS]
    assert sum(len(outcome.rows) for outcome in outcomes) <= 8 * len(outcomes)


@pytest.fixture(scope="module")
def world() -> GeneratedWorld:
    return generate(7, stores=60, weeks=14)


@pytest.fixture(scope="module")
def judged(owner: Engine, world: GeneratedWorld, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A database in which the world was loaded, settled and judged."""
    folder = tmp_path_factory.mktemp("world")
    run_report(owner, write(world, folder / "data"), folder)
    assert days.settle_all(owner, NOW, MAX_GAP, with_hours=True)
    counts = judge_dates(owner, NOW)
    assert counts["dates"] == world.days - 28
    return owner


def found_in(engine: Engine) -> list[tuple[Any, ...]]:
    query = """
        select local_date, kind, store_id, group_kind, group_name, round(score::numeric, 6), round(observed::numeric, 3)
        from history.anomaly left join core.store using (store_key)
        order by local_date, anomaly_no
    """
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_its_hours_are_those_of_memory(judged: Engine, world: GeneratedWorld) -> None:
    expected, _ = settled(world)
    dates = {"from_date": FIRST_DATE, "until_date": FIRST_DATE + timedelta(days=world.days - 1)}
    with reading(judged) as connection:
        keys, hours = read_hours(connection, dates, world.days)
        ids = dict(connection.execute(text("select store_key, store_id from core.store")).all())
    order = np.argsort([ids[key] for key in keys])
    for name in ("is_there", "is_special", "polls", "changes", "open", "down", "unknown", "late", "early"):
        np.testing.assert_array_equal(getattr(hours, name)[order], getattr(expected, name), name)
    there = expected.is_there
    np.testing.assert_array_equal(hours.end_hour[order][there], expected.end_hour[there])


def test_the_database_says_what_memory_says(judged: Engine, world: GeneratedWorld) -> None:
    outcome = judge(world, first=28)
    told = {
        (
            FIRST_DATE + timedelta(days=row.first),
            row.finding.kind,
            store_id(row.finding.store) if row.finding.store is not None else None,
            outcome.groups[row.finding.group].name if row.finding.group is not None else None,
        )
        for row in outcome.findings
    }
    assert len(told) > 5
    kept = {(row[0], row[1], row[2], row[4]) for row in found_in(judged)}
    assert (kept - told, told - kept) == (set(), set())


def test_dates_that_are_judged_are_not_judged_again(judged: Engine) -> None:
    before = found_in(judged)
    assert judge_dates(judged, NOW) == {"dates": 0, "anomalies": 0}
    assert found_in(judged) == before


def test_days_restated_are_judged_again_with_all_after_them(judged: Engine) -> None:
    before = found_in(judged)
    with judged.begin() as connection:
        date = connection.scalar(text("select min(local_date) + 20 from history.judged_date"))
        restated = (
            "insert into history.restatement (store_key, local_date, settlement_id, cause) values (1, :date, 9, 'x')"
        )
        connection.execute(text(restated), {"date": date})
        last = connection.scalar(text("select max(local_date) from history.judged_date"))
        connection.execute(text("update history.anomaly set score = 0 where local_date >= :date"), {"date": date})
    assert judge_dates(judged, NOW)["dates"] == (last - date).days + 1
    assert found_in(judged) == before


def test_a_killed_task_leaves_no_trace(judged: Engine) -> None:
    before = found_in(judged)
    with judged.begin() as connection:
        connection.execute(text("delete from history.judged_date where local_date >= date '2023-05-01'"))
    kill_at("history.judged_date", judged, lambda: judge_dates(judged, NOW))
    assert found_in(judged) == before
    assert judge_dates(judged, NOW)["dates"] > 0
    assert found_in(judged) == before


def test_make_anomalies(judged: Engine, tmp_path: Path) -> None:
    url = judged.url.render_as_string(hide_password=False)
    settings = Settings.from_environment({"STORE_UPTIME_DATABASE_URL": url, "STORE_UPTIME_HOME": str(tmp_path)})
    asked = {"FROM": "2023-04-01", "UNTIL": "2023-05-14", "OUT": str(tmp_path)}
    for format_name in ("csv", "json", "parquet"):
        finished = run_on(settings, "anomalies", **asked, FORMAT=format_name)
        assert finished.returncode == 0, finished.stderr
        assert Path(finished.stdout.splitlines()[-1]) == tmp_path / f"anomalies-2023-04-01-2023-05-14.{format_name}"
    rows = list(csv.DictReader((tmp_path / "anomalies-2023-04-01-2023-05-14.csv").read_text().splitlines()))
    assert list(rows[0]) == [
        "kind", "scope_kind", "scope", "from_date", "until_date", "observed", "expected", "score", "explanation",
    ]  # fmt: skip
    assert {"common_cause", "data"} < {row["kind"] for row in rows}
    assert all(float(row["score"]) < 0.1 and row["from_date"] <= row["until_date"] for row in rows)
    (silent,) = (row for row in rows if row["kind"] == "data")
    assert (silent["scope_kind"], silent["scope"]) == ("region", "R2")
    assert silent["explanation"].startswith("Polls are missing: ")
    page = json.loads((tmp_path / "anomalies-2023-04-01-2023-05-14.json").read_text())
    assert [row["explanation"] for row in page["anomalies"]] == [row["explanation"] for row in rows]
    refused = run_on(settings, "anomalies", **asked, FORMAT="pdf")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.splitlines()[-1].endswith("expected one of csv, json, parquet.")


def test_days_in_a_row_are_one_row(judged: Engine) -> None:
    with reading(judged) as connection:
        answer = find_anomalies(connection, AnomalyFilter(FIRST_DATE, FIRST_DATE + timedelta(days=200)))
        scopes = "count(distinct (local_date, kind, coalesce(store_key, 0), group_kind, group_name, fault))"
        kept = connection.scalar(text(f"select {scopes} from history.anomaly"))
    assert sum((row.until_date - row.from_date).days + 1 for row in answer.rows) == kept
    assert any(row.from_date < row.until_date for row in answer.rows)
    assert answer.judged_until == FIRST_DATE + timedelta(days=14 * 7 - 1)


def test_off_leaves_no_trace_and_on_again_makes_up_for_it(
    judged: Engine, world: GeneratedWorld, new_database: Callable[[], AbstractContextManager[str]], tmp_path: Path
) -> None:
    with (
        new_database() as url,
        connected(Settings.from_environment({"STORE_UPTIME_DATABASE_URL": url}), "owner") as engine,
    ):
        run_report(engine, write(world, tmp_path / "data"), tmp_path)
        assert days.settle_all(engine, NOW, MAX_GAP)
        assert judge_dates(engine, NOW) == {"dates": 0, "anomalies": 0}
        with engine.connect() as connection:
            for table in ("day_hours", "new_day_hours", "judged_date", "anomaly"):
                assert connection.scalar(text(f"select count(*) from history.{table}")) == 0
        assert days.settle_all(engine, NOW, MAX_GAP) is None
        assert days.settle_all(engine, NOW, MAX_GAP, with_hours=True)
        judge_dates(engine, NOW)
        assert found_in(engine) == found_in(judged)
        with engine.connect() as connection:
            assert connection.scalar(text("select count(*) from history.restatement")) == 0
