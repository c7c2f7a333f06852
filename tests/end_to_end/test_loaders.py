"""Several tasks load a run's files side by side, large ones in shares of their stores: what is loaded is the same."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import date, timedelta
from pathlib import Path
from random import Random
from threading import get_ident
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, event, text

from store_uptime import storage
from store_uptime.errors import InputFileError, InputFolderError
from store_uptime.ingest import acceptance, stage_files
from store_uptime.ingest.input_files import find_input
from store_uptime.ingest.kinds import STORE_STATUS
from store_uptime.ingest.store_keys import store_key
from store_uptime.operations import maintenance
from support import small, worlds
from support.pipeline import CLOCK, compute, dump, run_report, start

NewEngine = Callable[[], AbstractContextManager[Engine]]


def ingest_side_by_side(engine: Engine, report_id: UUID, folder: Path, loaders: int) -> list[dict]:
    """As many tasks at once as there are loaders; every status file is a large one."""
    with ThreadPoolExecutor(loaders) as executor:
        tasks = [
            executor.submit(stage_files.ingest, engine, report_id, folder, CLOCK, loaders, 0) for _ in range(loaders)
        ]
        return [task.result() for task in tasks]


def loaded(engine: Engine) -> dict[str, list]:
    """What was loaded, but for numbers that depend on who came first."""
    tables = dump(engine)
    with engine.connect() as connection:
        connection.execute(text("set time zone 'UTC'"))
        polls = connection.execute(
            text("select store_key, polled_at, file_id, is_active from core.poll order by 1, 2, 3")
        )
        tables["core.poll"] = [tuple(poll) for poll in polls]
    names = ("core.file", "core.file_partition", "core.poll", "core.polled_store", "core.staged_interval", "core.store")
    names += ("core.business_hours", "core.store_timezone", "core.snapshot_store", "quality.quarantined_row")
    return {name: tables[name] for name in names}


@pytest.fixture
def world() -> worlds.World:
    zone, change = worlds.MOMENTS[0]
    plans = [(seed, 12, 4) for seed in range(60)]
    return worlds.build((zone, change), change + timedelta(hours=30), None, "unknown", plans)


@pytest.mark.parametrize("loaders", [2, 3, 7])
def test_any_number_of_loaders_loads_the_same(
    new_engine: NewEngine, tmp_path: Path, world: worlds.World, loaders: int
) -> None:
    folder = world.write(tmp_path / "data", Random(1))
    with (folder / "store_status_more.csv").open("w") as file:
        file.write(
            small.STATUS + "0042,no,2023-01-22 12:09:39 UTC\n ,active,2023-01-22 12:09:39 UTC\n1,2\nx,active,never\n"
        )
    with new_engine() as engine:
        report_id = start(engine, as_of=world.as_of)
        stage_files.ingest(engine, report_id, folder, CLOCK)
        expected = loaded(engine)
        acceptance.accept(engine, report_id, CLOCK)
        report = compute(engine, report_id, tmp_path / "one")
    assert expected["core.file_partition"] == []
    assert len(expected["quality.quarantined_row"]) >= 4
    with new_engine() as engine:
        report_id = start(engine, as_of=world.as_of)
        done = ingest_side_by_side(engine, report_id, folder, loaders)
        assert loaded(engine) == expected
        assert sum(task["rows_quarantined"] for task in done) == len(expected["quality.quarantined_row"])
        acceptance.accept(engine, report_id, CLOCK)
        again = compute(engine, report_id, tmp_path / "many")
    assert again.csv == report.csv
    assert again.figures == report.figures


@pytest.mark.parametrize("loaders", [1, 2])
def test_a_session_that_does_not_know_a_month_is_begun_anew(
    new_engine: NewEngine, tmp_path: Path, world: worlds.World, monkeypatch: pytest.MonkeyPatch, loaders: int
) -> None:
    """PostgreSQL keeps a list of months that it made while another loader added one: the COPY then finds no table."""
    folder = world.write(tmp_path / "data", Random(1))
    create, missed = stage_files.Ingest._create_month, []

    def create_later(task: stage_files.Ingest, month: date) -> None:
        if month in missed:
            create(task, month)
        missed.append(month)

    with new_engine() as engine:
        report_id = start(engine, as_of=world.as_of)
        alone = stage_files.ingest(engine, report_id, folder, CLOCK)
        acceptance.accept(engine, report_id, CLOCK)
        expected = compute(engine, report_id, tmp_path / "alone")
    with new_engine() as engine:
        report_id = start(engine, as_of=world.as_of)
        monkeypatch.setattr(stage_files.Ingest, "_create_month", create_later)
        done = stage_files.ingest(engine, report_id, folder, CLOCK, loaders, 0)
        assert len(missed) > len(set(missed)), "it began again"
        assert done == alone
        acceptance.accept(engine, report_id, CLOCK)
        assert compute(engine, report_id, tmp_path / "again").csv == expected.csv


@pytest.mark.parametrize("loaders", [1, 2])
def test_a_connection_is_never_used_by_two_threads_at_once(engine: Engine, tmp_path: Path, loaders: int) -> None:
    """A statement in the middle of another thread's COPY ends both. So threads take turns: plan, write, finish."""
    used: dict[object, list[int]] = {}

    @event.listens_for(engine, "before_cursor_execute")
    def note(connection: Connection, *_: object) -> None:
        threads = used.setdefault(connection.get_transaction(), [])
        if threads[-1:] != [get_ident()]:
            threads.append(get_ident())

    stage_files.ingest(engine, start(engine), small.write(tmp_path / "data"), CLOCK, loaders, 0)
    assert max(len(threads) for threads in used.values()) == 3
    assert all(threads[0] == threads[-1] == get_ident() for threads in used.values() if len(threads) == 3)


def test_a_loader_that_is_alone_does_it_all(new_engine: NewEngine, tmp_path: Path) -> None:
    folder = small.write(tmp_path / "data")
    with new_engine() as engine:
        stage_files.ingest(engine, start(engine), folder, CLOCK)
        expected = loaded(engine)
    with new_engine() as engine:
        report_id = start(engine)
        first = stage_files.ingest(engine, report_id, folder, CLOCK, 3, 0)
        second = stage_files.ingest(engine, report_id, folder, CLOCK, 3, 0)
        assert loaded(engine) == expected
    assert (first["files_loaded"], first["rows_read"]) == (3, 10)
    assert (second["files"], second["files_loaded"], second["rows_read"]) == (3, 0, 0)


def test_what_a_failed_run_loaded_is_not_loaded_again(engine: Engine, tmp_path: Path) -> None:
    """One share is there; whoever comes next, with as many loaders or with one, loads the others."""
    folder = small.write(tmp_path / "data")
    file_id = leave_one_partition(engine, folder)
    done = stage_files.ingest(engine, start(engine), folder, CLOCK)
    assert done["rows_read"] == 10 - rows_of_partition(0)
    with engine.connect() as connection:
        (file,) = connection.execute(text("select * from core.file where kind = 'store_status'")).all()
        assert (file.file_id, file.state, file.rows_read, file.store_count) == (file_id, "staged", 5, 2)
        assert connection.execute(text("select count(*) from core.poll")).scalar() == 5
        assert connection.execute(text("select count(*) from core.polled_store")).scalar() == 2


def leave_one_partition(engine: Engine, folder: Path) -> int:
    """As a task that is killed after the first of two partitions of the status file."""
    files = [file for file in find_input(engine, folder).files if file.kind is STORE_STATUS]
    task = stage_files.Ingest(engine, start(engine), files, CLOCK, 2, 0)
    with engine.begin() as connection:
        task._plan(connection)
        partitions = task._open_partitions(connection)
    assert [partition["partition_no"] for partition in partitions] == [0, 1]
    assert task._load_unit("ingest/partitions/take", partitions[:1])
    return partitions[0]["file_id"]


def rows_of_partition(partition_no: int) -> int:
    """How many rows of the small status file are of the stores of one of two partitions."""
    rows = [line.split(",")[0] for line in small.STATUS.splitlines()[1:]]
    return sum(store_key(store_id) % 2**64 % 2 == partition_no for store_id in rows)


def test_a_loader_that_begins_later_may_list_fewer_files(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A renamed file is new to the first one and known to the second; another DAG run accepts a file meanwhile."""
    monkeypatch.setattr(storage, "SETTLED_AFTER_NS", 0)
    folder = small.write(tmp_path / "data")
    run_report(engine, folder, tmp_path / "reports")
    (folder / "store_status.csv").rename(folder / "store_status_renamed.csv")
    (folder / "store_status_new.csv").write_text(small.STATUS.replace("0042", "43"))
    other, report_id = start(engine), start(engine)
    first = stage_files.Ingest(engine, report_id, find_input(engine, folder).files, CLOCK, 2, 0)
    stage_files.ingest(engine, other, folder, CLOCK)
    with engine.begin() as connection:
        first._plan(connection)
    assert acceptance.accept(engine, other, CLOCK)["files_accepted"] == 1
    stage_files.ingest(engine, report_id, folder, CLOCK, 2, 0)
    with engine.begin() as connection:
        first._finish(connection)
    acceptance.accept(engine, report_id, CLOCK)
    assert "43" in compute(engine, report_id, tmp_path / "reports").figures


@pytest.mark.parametrize("is_loaded", [True, False])
def test_a_file_may_vanish_between_two_loaders(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_loaded: bool
) -> None:
    """Once the first one has loaded it, nothing is wrong: it is no file of the report. Before that, it is named."""
    monkeypatch.setattr(storage, "SETTLED_AFTER_NS", 0)
    folder = small.write(tmp_path / "data")
    vanishing = folder / "store_status_vanishing.csv"
    vanishing.write_text(small.STATUS.replace("0042", "43"))
    report_id = start(engine)
    first = stage_files.Ingest(engine, report_id, find_input(engine, folder).files, CLOCK, 2, 0)
    if is_loaded:
        with engine.begin() as connection:
            first._plan(connection)
            partitions = first._open_partitions(connection)
        for unit in first._units(partitions):
            assert first._load_unit("ingest/partitions/take", unit)
    vanishing.unlink()
    stage_files.ingest(engine, report_id, folder, CLOCK, 2, 0)
    if is_loaded:
        with engine.begin() as connection:
            first._finish(connection)
        acceptance.accept(engine, report_id, CLOCK)
        assert "43" not in compute(engine, report_id, tmp_path / "reports").figures
    else:
        with pytest.raises(InputFileError, match=r"^store_status_vanishing\.csv: cannot be read \(No such file"):
            first.load_with_others()


@pytest.mark.parametrize("loaders", [2, 3])
def test_a_broken_file_leaves_nothing_but_good_ones(engine: Engine, tmp_path: Path, loaders: int) -> None:
    """All tasks fail, and one of them says what is wrong with the file."""
    content = small.STATUS.encode() * 3 + b"0042,active,2023-01-22 12:09:39 UTC \xff\n"
    folder = small.write(tmp_path / "data", store_status=content)
    report_id = start(engine)
    with ThreadPoolExecutor(loaders) as executor:
        tasks = [
            executor.submit(stage_files.ingest, engine, report_id, folder, CLOCK, loaders, 0) for _ in range(loaders)
        ]
        errors = [task.exception() for task in tasks]
    assert {type(error) for error in errors} == {InputFileError}
    told = [str(error) for error in errors if "is not UTF-8" in str(error)]
    assert told
    assert all("line 19" in sentence for sentence in told)
    tables = dump(engine)
    for table in (
        "core.poll_day",
        "core.file_partition",
        "core.polled_store",
        "core.staged_interval",
        "quality.quarantined_row",
    ):
        assert tables[table] == [], table
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from core.file where kind = 'store_status'")).scalar() == 0
    published = run_report(engine, small.write(tmp_path / "data"), tmp_path / "reports")
    assert len(published.figures) == 3


def test_a_file_that_is_discarded_takes_its_other_partitions_with_it(engine: Engine, tmp_path: Path) -> None:
    folder = small.write(tmp_path / "data")
    file_id = leave_one_partition(engine, folder)
    stage_files.discard_file(engine, file_id)
    tables = dump(engine)
    for table in ("core.file", "core.file_partition", "core.poll_day", "core.polled_store", "core.staged_interval"):
        assert tables[table] == [], table
    assert tables["report.source_file"] == []


def test_a_staged_file_is_not_given_up(engine: Engine, tmp_path: Path) -> None:
    stage_files.ingest(engine, start(engine), small.write(tmp_path / "data"), CLOCK)
    before = dump(engine)
    for file_id in range(1, 4):
        stage_files.discard_file(engine, file_id)
    assert dump(engine) == before


def test_runs_that_load_the_same_files_at_once(new_engine: NewEngine, tmp_path: Path, world: worlds.World) -> None:
    """One of the runs has one loader, another has three, and the third has two."""
    folder = world.write(tmp_path / "data", Random(1))
    with new_engine() as engine:
        stage_files.ingest(engine, start(engine), folder, CLOCK)
        expected = loaded(engine)
    with new_engine() as engine, ThreadPoolExecutor(6) as executor:
        for loaders in (3, 1, 2):
            report_id = start(engine)
            tasks = [
                executor.submit(stage_files.ingest, engine, report_id, folder, CLOCK, loaders, 0)
                for _ in range(loaders)
            ]
        for task in tasks:
            task.result()
        executor.shutdown()
        assert loaded(engine) == expected


def test_maintenance_takes_what_was_never_loaded_whole(engine: Engine, tmp_path: Path) -> None:
    leave_one_partition(engine, small.write(tmp_path / "data"))
    folders = (engine, tmp_path / "reports", tmp_path / "quality")
    found = maintenance.delete_left_overs(*folders, CLOCK + timedelta(days=1), dry_run=False)
    assert found.counts["inputs"] == 0
    later = CLOCK + timedelta(days=1, seconds=1)
    before = dump(engine)
    would = maintenance.delete_left_overs(*folders, later, dry_run=True)
    assert dump(engine) == before
    assert maintenance.delete_left_overs(*folders, later, dry_run=False) == would
    assert would.counts["inputs"] == 1
    assert dump(engine)["core.file"] == []
    assert dump(engine)["core.poll_day"] == []


def test_months_do_not_go_while_they_are_filled(engine: Engine, owner: Engine, tmp_path: Path) -> None:
    """Retention waits for loaders, and gives up in time; see `lock_poll_months`."""
    run_report(engine, small.write(tmp_path / "data"), tmp_path / "reports")
    with engine.begin() as loading:
        loading.execute(stage_files.statement("ingest/polls/lock_months"))
        with owner.connect() as connection:
            connection.execute(text("set lock_timeout = '100ms'"))
            with pytest.raises(Exception, match="lock timeout"):
                connection.execute(stage_files.statement("maintenance/polls/lock_months"))


def test_a_folder_without_polls_is_refused_by_every_loader(engine: Engine, tmp_path: Path) -> None:
    folder = small.write(tmp_path / "data", store_status=None)
    before = dump(engine)
    with pytest.raises(InputFolderError, match="no polls are loaded yet"):
        stage_files.ingest(engine, start(engine), folder, CLOCK, 2)
    assert dump(engine)["core.file"] == before["core.file"] == []
