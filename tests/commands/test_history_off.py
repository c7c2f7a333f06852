"""`STORE_UPTIME_HISTORY=off`: reports settle nothing, commands say so, and what is settled later is the same."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from store_uptime.history import days
from store_uptime.history.now import Now, find_now
from store_uptime.history.questions import Choice, NotSettledError, reading
from store_uptime.settings import Settings
from support import small
from support.history_rows import settled
from support.pipeline import CLOCK, dump, run_report
from support.programs import run_on

DATES = {"FROM": "2023-01-22", "UNTIL": "2023-01-31"}
COMMANDS = ("availability", "outages", "now")
# What only these tables say depends on when days were settled: which settlement it was, and what each one changed.
OF_ONE_SETTLEMENT = {"settlement", "finished_shard", "restatement", "target_change", "store_now"}
LATER = {
    "store_status.csv": """\
store_id,status,timestamp_utc
0042,inactive,2023-01-25 18:00:00 UTC
0042,active,2023-01-25 18:40:00 UTC
new,inactive,2023-01-26 09:00:00 UTC
new,active,2023-01-27 09:00:00 UTC
1481966498820158979,inactive,2023-01-22 08:00:00 UTC
""",
    "special_hours.csv": "store_id,date,start_time_local,end_time_local\n0042,2023-01-24,08:00,12:00\n",
    "store_groups.csv": "store_id,kind,name\n0042,region,West\n",
    "targets.csv": "store_id,target_percent\n*,95\n",
}


def run(settings: Settings, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a command as make does, with history off."""
    return run_on(settings, command, STORE_UPTIME_HISTORY="off", **variables)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders: polls, hours and zones, and what comes later, late polls among it."""
    later = tmp_path / "later"
    later.mkdir()
    for name, content in LATER.items():
        (later / name).write_text(content)
    return small.write(tmp_path / "data"), later


def history_of(engine: Engine) -> dict[str, list[Any]]:
    return {name: rows for name, rows in dump(engine).items() if name.startswith("history.")}


def answers_of(engine: Engine) -> tuple[dict[str, list[Any]], list[Now]]:
    """All that answers are made of, whenever it was settled."""
    with reading(engine) as connection:
        now = find_now(connection, Choice()).rows
    rows = {name: rows for name, rows in history_of(engine).items() if name.split(".")[1] not in OF_ONE_SETTLEMENT}
    return rows, now


@pytest.mark.parametrize("command", COMMANDS)
def test_where_nothing_is_settled_one_line_says_so(
    settings: Settings, engine: Engine, folders: tuple[Path, Path], command: str
) -> None:
    run_report(engine, folders[0], settings.home)
    finished = run(settings, command, **DATES)
    assert (finished.returncode, finished.stdout) == (1, "")
    assert finished.stderr.splitlines()[1:] == ["store-uptime: Nothing is settled: STORE_UPTIME_HISTORY is off."]


def test_the_api_says_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from store_uptime_web import queries  # which pages and API share
    from store_uptime_web.api.answers import answering
    from store_uptime_web.problems import Problem

    monkeypatch.setenv("STORE_UPTIME_HISTORY", "off")
    queries.settings.cache_clear()
    with pytest.raises(Problem) as raised, answering():
        raise NotSettledError
    queries.settings.cache_clear()
    assert (raised.value.status, raised.value.detail) == (409, "Nothing is settled: STORE_UPTIME_HISTORY is off.")


def test_what_was_settled_stays_and_the_rest_is_settled_when_it_is_on_again(
    settings: Settings,
    engine: Engine,
    new_engine: Callable[[], AbstractContextManager[Engine]],
    folders: tuple[Path, Path],
) -> None:
    first, later = folders
    run_report(engine, first, settings.home)
    days.settle_all(engine, CLOCK, settings.history_max_gap)
    before = history_of(engine)
    finished = run(settings, "report", DATA=str(later))
    assert finished.returncode == 0, finished.stderr
    assert "settling" not in finished.stderr
    assert history_of(engine) == before
    for command in COMMANDS:
        finished = run(settings, command, **DATES)
        assert finished.returncode == 0, finished.stderr
        line = "store-uptime: STORE_UPTIME_HISTORY is off: this is what was settled before"
        assert finished.stderr.splitlines()[1:] == [line]
        assert "new" not in Path(finished.stdout.strip()).read_text()

    days.settle_all(engine, CLOCK, settings.history_max_gap)
    with new_engine() as never_off:
        for folder in folders:
            run_report(never_off, folder, settings.home)
            days.settle_all(never_off, CLOCK, settings.history_max_gap)
        assert answers_of(engine) == answers_of(never_off)
        assert settled(engine) == settled(never_off)
    assert {day.store_id for day in settled(engine)[0]} == {"0042", "1481966498820158979", "new"}
