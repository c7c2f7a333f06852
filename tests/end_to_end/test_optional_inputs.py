"""Groups, special hours, planned downtime and targets: what is read of their files, and what is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from store_uptime.errors import InputFileError, ReportError
from support import small
from support.pipeline import run_report

GROUPS = "store_groups.csv"
SPECIAL = "special_hours.csv"
PLANNED = "planned_downtime.csv"
TARGETS = "targets.csv"
MEMBERS = "select store_id, kind, name from core.group_member order by store_id, kind, name"
TABLES = {
    SPECIAL: (
        "select store_id, group_kind, group_name, local_date::text, start_time_local::text, end_time_local::text,"
        " reason from core.special_hours order by line"
    ),
    PLANNED: (
        "select store_id, group_kind, group_name, starts_at at time zone 'UTC', starts_local,"
        " ends_at at time zone 'UTC', ends_local, reason from core.planned_downtime order by line"
    ),
    TARGETS: (
        "select store_id, group_kind, group_name, target_percent::text, valid_from::text from core.target order by line"
    ),
    GROUPS: MEMBERS,
}
REASONS = "select column_name, reason, raw_text from quality.quarantined_row order by line_number"


def load(new_engine: Callable, tmp_path: Path, name: str, content: str, query: str) -> tuple[list, list]:
    """What a file gives, and what of it is in quarantine: column, reason and raw text."""
    folder = small.write(tmp_path / "data")
    (folder / name).write_text(content, encoding="utf-8")
    with new_engine() as engine:
        run_report(engine, folder, tmp_path / "reports")
        return rows(engine, query), rows(engine, REASONS)


def rows(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [
            tuple(str(value) if value is not None else None for value in row) for row in connection.execute(text(query))
        ]


def test_groups(new_engine: Callable, tmp_path: Path) -> None:
    content = """\
store_id,kind,name,note
a, region , West ,x
a,region,West,again
a,region,west,another
 a,brand,"Pizza, Co",x
*,region,West,x
b,store,b,x
b,timezone,UTC,x
b,Timezone,UTC,x
b,,West,x
b,region, ,x
 ,region,West,x
"""
    members, reasons = load(new_engine, tmp_path, GROUPS, content, MEMBERS)
    assert sorted(members) == [
        (" a", "brand", "Pizza, Co"),
        ("a", "region", "West"),
        ("a", "region", "west"),
        ("b", "Timezone", "UTC"),
    ]
    assert reasons == [
        ("store_id", "store_id is '*'; expected the id of one store", "*,region,West,x"),
        ("kind", "kind is 'store'; expected another kind than store, all, timezone", "b,store,b,x"),
        ("kind", "kind is 'timezone'; expected another kind than store, all, timezone", "b,timezone,UTC,x"),
        ("kind", "kind is ''; expected a kind of group such as region", "b,,West,x"),
        ("name", "name is ' '; expected the name of a group", "b,region, ,x"),
        ("store_id", "store_id is ' '; expected an id that is not blank", " ,region,West,x"),
    ]


def test_special_hours(new_engine: Callable, tmp_path: Path) -> None:
    content = """\
store_id,kind,name,date,start_time_local,end_time_local,reason
a,,,2023-12-25,,,Christmas
 a,,,2023/12/25,9:00 AM,26:00,
*,NULL,NULL,2023-12-25 00:00:00,00:00,24:00,
,region, West ,2023-12-25,Closed,closed,
,timezone,America/Denver,2023-12-25,22:00,02:00,
a,,,25.12.2023,,,
a,,,12/25/2023,,,
a,,,2023-02-29,,,
a,,,2023-12-25,09:00,,
a,,,2023-12-25,,17:00,
a,,,2023-12-25,24:00,25:00,
a,,,2023-12-25,09:00,48:01,
a,region,West,2023-12-25,,,
a,region,,2023-12-25,,,
,region,,2023-12-25,,,
,,West,2023-12-25,,,
,,,2023-12-25,,,
,store,a,2023-12-25,,,
,all,*,2023-12-25,,,
a,,,,09:00,17:00,
"""
    found, reasons = load(new_engine, tmp_path, SPECIAL, content, TABLES[SPECIAL])
    assert found == [
        ("a", None, None, "2023-12-25", None, None, "Christmas"),
        (" a", None, None, "2023-12-25", "09:00:00", "26:00:00", None),
        (None, None, None, "2023-12-25", "00:00:00", "24:00:00", None),
        (None, "region", "West", "2023-12-25", None, None, None),
        (None, "timezone", "America/Denver", "2023-12-25", "22:00:00", "02:00:00", None),
    ]
    assert [column for column, _, _ in reasons] == [
        *("date", "date", "date"),
        *("end_time_local", "start_time_local", "start_time_local", "end_time_local"),
        *("store_id", "store_id", "name", "kind", "store_id", "kind", "kind", "date"),
    ]


def test_planned_downtime(new_engine: Callable, tmp_path: Path) -> None:
    content = """\
store_id,starts_at,ends_at,reason
a,2023-01-22 01:00:00 UTC,2023-01-22T03:00:00+01:00,
a,2023-01-22 01:00,2023-01-22 01:00:00.000001,Works
*,2023/01/22 01:00:00,NULL,
a,2023-01-22 02:00,2023-01-22 01:00 UTC,
a,2023-01-22 01:00Z,,
a,2023-01-22 01:00 UTC,2023-01-22 01:00 UTC,
a,2023-01-22 01:00,2023-01-22 01:00,
a,,2023-01-22 01:00,
a,2023-01-22 01:00,soon,
a,2023-01-22,2023-01-23,
a,22.01.2023 01:00,,
"""
    found, reasons = load(new_engine, tmp_path, PLANNED, content, TABLES[PLANNED])
    assert found == [
        ("a", None, None, "2023-01-22 01:00:00", None, "2023-01-22 02:00:00", None, None),
        ("a", None, None, None, "2023-01-22 01:00:00", None, "2023-01-22 01:00:00.000001", "Works"),
        (None, None, None, None, "2023-01-22 01:00:00", None, None, None),
        ("a", None, None, None, "2023-01-22 02:00:00", "2023-01-22 01:00:00", None, None),
        ("a", None, None, "2023-01-22 01:00:00", None, None, None, None),
    ]
    assert [column for column, _, _ in reasons] == ["ends_at", "ends_at", "starts_at", "ends_at", *["starts_at"] * 2]


def test_targets(new_engine: Callable, tmp_path: Path) -> None:
    content = """\
kind,name,target_percent,valid_from
region,West,99.5,
region,West,99.999,2023-01-01
region,West,,2023-02-01
region,West,0.001,2023-02-01
region,East,99.5000,
region,North,99 %,null
region,West,100,
region,West,0,
region,West,0.000,
region,West,-1,
region,West,99.9999,
region,West,"99,5",
region,West,1e1,
region,West,99,01.02.2023
region,,99,
"""
    found, reasons = load(new_engine, tmp_path, TARGETS, content, TABLES[TARGETS])
    assert found == [
        (None, "region", "West", "99.500", None),
        (None, "region", "West", "99.999", "2023-01-01"),
        (None, "region", "West", "0.001", "2023-02-01"),
        (None, "region", "East", "99.500", None),
        (None, "region", "North", "99.000", None),
    ]
    assert [column for column, _, _ in reasons] == [*["target_percent"] * 7, "valid_from", "name"]


@pytest.mark.parametrize(
    ("name", "header"),
    [
        (GROUPS, "store_id,kind,name"),
        (SPECIAL, "store_id,date,start_time_local,end_time_local"),
        (PLANNED, "kind,name,starts_at,ends_at"),
        ("targets 2023.csv", "store_id,target_percent"),
    ],
)
def test_a_header_alone_says_that_there_is_nothing_any_more(
    new_engine: Callable, tmp_path: Path, name: str, header: str
) -> None:
    kind = next(kind for kind in TABLES if name.startswith(kind.removesuffix(".csv")))
    found, reasons = load(new_engine, tmp_path, name, header + "\n", TABLES[kind])
    assert (found, reasons) == ([], [])


@pytest.mark.parametrize(
    ("name", "header", "message"),
    [
        (GROUPS, "store_id,name", "column kind: is missing"),
        (GROUPS, "kind,name", "column store_id: is missing"),
        (SPECIAL, "date,start_time_local,end_time_local", "column store_id: is missing .*store_id, or kind and name"),
        (SPECIAL, "store_id,kind,date,start_time_local,end_time_local", "column name: is missing .*both kind and name"),
        (PLANNED, "store_id,starts_at", "column ends_at: is missing"),
        (TARGETS, "store_id,valid_from", "column target_percent: is missing"),
    ],
)
def test_a_missing_column_is_named(new_engine: Callable, tmp_path: Path, name: str, header: str, message: str) -> None:
    folder = small.write(tmp_path / "data")
    (folder / name).write_text(f"{header}\n{','.join('1' * (header.count(',') + 1))}\n")
    with new_engine() as engine, pytest.raises(InputFileError, match=message):
        run_report(engine, folder, tmp_path / "reports")


def test_what_only_these_files_name_is_no_store(new_engine: Callable, tmp_path: Path) -> None:
    folder = small.write(tmp_path / "data")
    (folder / GROUPS).write_text("store_id,kind,name\nnobody,region,West\n0042,region,West\n")
    (folder / TARGETS).write_text("store_id,target_percent\nnobody,99\n")
    with new_engine() as engine:
        published = run_report(engine, folder, tmp_path / "reports")
        assert sorted(published.figures) == ["0042", "1481966498820158979", "9007199254740993"]
        assert rows(engine, "select count(*) from core.store") == [("3",)]


def test_a_folder_without_a_file_keeps_what_is_loaded(new_engine: Callable, tmp_path: Path) -> None:
    log = "select kind, file_id from core.snapshot where kind = 'targets' order by accepted_order"
    folder = small.write(tmp_path / "data")
    first, second = ("store_id,target_percent\n0042,99\n", "store_id,target_percent\n")
    with new_engine() as engine:
        for content in (first, None, second, first):
            (folder / TARGETS).unlink(missing_ok=True)
            if content is not None:
                (folder / TARGETS).write_text(content)
            run_report(engine, folder, tmp_path / "reports")
        assert [kind for kind, _ in rows(engine, log)] == ["targets"] * 3
        assert len({file_id for _, file_id in rows(engine, log)}) == 2
        assert len(rows(engine, TABLES[TARGETS])) == 1


def test_hours_hold_from_the_date_of_acceptance_or_the_one_that_is_named(new_engine: Callable, tmp_path: Path) -> None:
    first, second = small.HOURS, small.HOURS.replace("17:00:00", "18:00:00")
    log = "select file_id, valid_from from core.snapshot where kind = 'business_hours' order by accepted_order"
    folder = small.write(tmp_path / "data")
    with new_engine() as engine:

        def run(hours: str, valid_from: str | None = None) -> list[tuple[Any, ...]]:
            small.write(folder, business_hours=hours)
            asked = date.fromisoformat(valid_from) if valid_from else None
            run_report(engine, folder, tmp_path / "reports", hours_valid_from=asked)
            return [valid_from for _, valid_from in rows(engine, log)]

        assert run(first, "2023-01-09") == [None], "the first of a kind since ever"
        assert run(first, "2023-01-10") == [None], "which is since before any date"
        assert run(second) == [None, "2031-01-01"]
        assert run(second) == [None, "2031-01-01"]
        assert run(first) == [None, "2031-01-01", "2031-01-01"], "A, B, then A again"
        assert run(first, "2023-01-09")[3:] == ["2023-01-09"]
        assert run(first, "2023-01-09")[4:] == []
        assert run(second, "2023-01-09")[4:] == ["2023-01-09"]
        assert run(second)[5:] == []
        assert len({file_id for file_id, _ in rows(engine, log)}) == 2
        with pytest.raises(ReportError, match=r"hours_valid_from is 2031-01-02; .* today, which is 2031-01-01 UTC"):
            run(second, "2031-01-02")
        assert rows(engine, "select count(*) from core.snapshot where kind = 'store_timezones'") == [("1",)]
