"""The figures of a report: everywhere the same, in every format, for every store id."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from urllib.parse import quote
from uuid import UUID

import httpx
import openpyxl
import polars as pl
import pytest
from openpyxl.utils.escape import unescape
from sqlalchemy import text

from plugin.odd_stores import ODD_IDS
from plugin.stack import Stack, wait_for_state

PERIODS = ("last_hour", "last_day", "last_week")
KINDS = ("open", "uptime", "downtime", "unknown")
PER_UNIT = {"last_hour": 60_000_000, "last_day": 3_600_000_000, "last_week": 3_600_000_000}
WEEK_US = 604_800_000_000
UNITS = {"last_hour": "minutes", "last_day": "hours", "last_week": "hours"}


@pytest.fixture
def exact(stack: Stack, report_id: UUID) -> dict[str, dict[str, int]]:
    """What the database holds of each store."""
    rows = stack.rows("select * from report.store_uptime where report_id = :id", id=report_id)
    return {row.store_id: dict(row._mapping) for row in rows}


def read_csv(content: str) -> dict[str, dict[str, str]]:
    return {row["store_id"]: row for row in csv.DictReader(io.StringIO(content, newline=""))}


def pages(client: httpx.Client, path: str, **params: object) -> list[dict]:
    """Every row of a list, page by page, on and then all the way back."""
    page = client.get(path, params=params).raise_for_status().json()
    forward = [page]
    while page["next"]:
        page = client.get(path, params={**params, "cursor": page["next"]}).raise_for_status().json()
        forward.append(page)
    backward = [page]
    while page["previous"]:
        page = client.get(path, params={**params, "cursor": page["previous"]}).raise_for_status().json()
        backward.append(page)
    assert [one["stores"] for one in backward] == [one["stores"] for one in reversed(forward)]
    assert len({(one["total"], one["matching"]) for one in forward + backward}) == 1
    return [row for one in forward for row in one["stores"]]


def test_the_list_says_what_the_csv_says(viewer: httpx.Client, report_id: UUID, exact: dict) -> None:
    published = read_csv(viewer.get(f"get_report/{report_id}").text)
    listed = pages(viewer, f"reports/{report_id}/stores", limit=23)
    assert [row["store_id"] for row in listed] == list(published)
    for row in listed:
        for period in PERIODS:
            for kind in KINDS:
                assert row[period][f"{kind}_us"] == exact[row["store_id"]][f"{kind}_{period}_us"]
            for kind in ("uptime", "downtime"):
                assert row[period][kind] == published[row["store_id"]][f"{kind}_{period}"]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort", ["store_id", "uptime_percent_last_week", "downtime_last_hour", "unknown_last_day"])
def test_sorting_holds_over_all_pages(
    viewer: httpx.Client, report_id: UUID, exact: dict, sort: str, order: str
) -> None:
    kind, _, period = sort.rpartition("_last_")

    def key(store_id: str) -> tuple:
        row = exact[store_id]
        if sort == "store_id":
            return (0, 0, store_id.encode())
        if kind != "uptime_percent":
            return (0, row[f"{sort}_us"], store_id.encode())
        up, down = row[f"uptime_last_{period}_us"], row[f"downtime_last_{period}_us"]
        # Stores without a percentage come last in either order.
        return (
            0 if up + down else 1 if order == "asc" else -1,
            up / (up + down) if up + down else 0,
            store_id.encode(),
        )

    listed = pages(viewer, f"reports/{report_id}/stores", sort=sort, order=order, limit=10)
    assert [row["store_id"] for row in listed] == sorted(exact, key=key, reverse=order == "desc")


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ÖWEN", []),
        ("öwen", ["Zum Löwen"]),
        ("OVERNIGHT", ["overnight-one-row", "overnight-two-rows"]),
        ("%", ["%2e%2e%2f", "100%"]),
        ("_x", ["_x0041_"]),
        ("\\", ["back\\slash"]),
        ("'; drop", ["'; drop table core.store; --"]),
        ("京", ["東京/ラーメン", "東京ラーメン"]),
        ("nothing like it", []),
    ],
)
def test_searching_takes_the_text_as_it_is(
    viewer: httpx.Client, report_id: UUID, search: str, found: list[str]
) -> None:
    listed = pages(viewer, f"reports/{report_id}/stores", search=search, limit=1)
    assert [row["store_id"] for row in listed] == sorted(found, key=str.encode)
    first = viewer.get(f"reports/{report_id}/stores", params={"search": search}).json()
    assert first["matching"] == len(found)


def test_a_bin_of_the_histogram_leads_to_its_stores(viewer: httpx.Client, report_id: UUID) -> None:
    for period in PERIODS:
        summary = viewer.get(f"reports/{report_id}/summary", params={"period": period}).json()
        path = f"reports/{report_id}/stores"
        for one in summary["histogram"]:
            params = {"percent_from": one["from"], "percent_to": one["to"], "period": period}
            assert viewer.get(path, params=params).json()["matching"] == one["stores"], one
        without = viewer.get(path, params={"no_percent": True, "period": period}).json()
        assert without["matching"] == summary["no_percent"]
        assert sum(one["stores"] for one in summary["histogram"]) + summary["no_percent"] == summary["store_count"]


def test_the_summary_adds_up(viewer: httpx.Client, report_id: UUID, exact: dict) -> None:
    summary = viewer.get(f"reports/{report_id}/summary").json()
    for period in PERIODS:
        totals = summary["totals"][period]
        for kind in KINDS:
            total = sum(row[f"{kind}_{period}_us"] for row in exact.values())
            assert totals[f"{kind}_us"] == str(total)
            assert abs(Decimal(totals[kind]) - Decimal(total) / PER_UNIT[period]) <= Decimal("0.005")
    up_and_down = [(row["uptime_last_week_us"], row["downtime_last_week_us"]) for row in exact.values()]
    assert summary["always_up"] == sum(up > 0 and down == 0 for up, down in up_and_down)
    assert summary["always_down"] == sum(up == 0 and down > 0 for up, down in up_and_down)
    worst = [Decimal(row["last_week"]["uptime_percent"]) for row in summary["worst"]]
    assert worst == sorted(worst)
    assert summary["worst"][0]["store_id"] == "always-inactive"


def test_the_report_before_is_the_one_with_the_next_earlier_as_of(stack: Stack, user: httpx.Client) -> None:
    ids = []
    for day in (22, 23, 24):
        body = {"as_of": f"2023-01-{day}T12:00:00Z", "max_gap": "1h1m1s"}
        ids.append(UUID(user.post("trigger_report", json=body).json()["report_id"]))
    for report_id in ids:
        wait_for_state(stack, report_id, "Complete")
    first, second, third = (user.get(f"reports/{report_id}/summary").json() for report_id in ids)
    assert first["before"] is None
    assert first["change"] is None
    assert third["before"]["report_id"] == str(ids[1])
    assert third["before"]["totals"] == second["totals"]
    now, before = (one["totals"]["last_week"]["uptime_percent"] for one in (third, second))
    assert Decimal(third["change"]["uptime_percent"]) == Decimal(now) - Decimal(before)
    drops = third["change"]["drops"]
    assert len(drops) == min(10, third["change"]["stores_worse"])
    for drop in drops:
        assert Decimal(drop["now"]) - Decimal(drop["before"]) == Decimal(drop["change"]) <= 0


@pytest.mark.parametrize("store_id", [*ODD_IDS, "0042", "Zum Löwen", "東京ラーメン"])
def test_every_store_has_its_page(viewer: httpx.Client, report_id: UUID, exact: dict, store_id: str) -> None:
    by_query = viewer.get(f"reports/{report_id}/store", params={"store_id": store_id})
    assert by_query.status_code == 200
    detail = by_query.json()
    assert detail["store_id"] == store_id
    if store_id != "..":  # Clients take that for the folder above.
        by_path = viewer.get(f"reports/{report_id}/stores/{quote(store_id, safe='')}")
        assert by_path.json() == detail
    for period in PERIODS:
        assert detail[period]["uptime_us"] == exact[store_id][f"uptime_{period}_us"]


def test_the_week_of_a_store_adds_up(viewer: httpx.Client, report_id: UUID, exact: dict) -> None:
    from datetime import datetime

    def microseconds(spans: list) -> int:
        total = 0
        for start, end in spans:
            elapsed = datetime.fromisoformat(end) - datetime.fromisoformat(start)
            total += (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds
        return total

    for store_id, row in exact.items():
        detail = viewer.get(f"reports/{report_id}/store", params={"store_id": store_id}).json()
        for kind, spans in (("open", "open"), ("uptime", "up"), ("downtime", "down"), ("unknown", "unknown")):
            assert microseconds(detail[spans]) == row[f"{kind}_last_week_us"], (store_id, kind)
        assert detail["offsets"][0]["from"] == detail["week"]["from"]
        assert detail["offsets"][-1]["to"] == detail["week"]["to"] == detail["as_of"]
        assert detail["polls"] == sorted(detail["polls"], key=lambda poll: poll["at"])
        assert all(poll["at"] <= detail["as_of"] for poll in detail["polls"])
        assert all(poll["at"] >= detail["week"]["from"] for poll in detail["polls"][1:])


def test_a_store_shows_what_its_files_say(viewer: httpx.Client, report_id: UUID) -> None:
    odd = viewer.get(f"reports/{report_id}/store", params={"store_id": "a/b"}).json()
    assert odd["polls"] == [{"at": "2023-01-24T12:00:00.000000Z", "status": "active"}]
    assert odd["business_hours"] == []
    assert (odd["timezone"], odd["has_timezone"]) == ("America/Chicago", False)
    midnight = viewer.get(f"reports/{report_id}/store", params={"store_id": "ends-24-00-00"}).json()
    assert {opening["end"] for opening in midnight["business_hours"]} >= {"24:00:00"}
    unknown = viewer.get(f"reports/{report_id}/store", params={"store_id": "no such"})
    assert unknown.status_code == 404
    assert viewer.get(f"reports/{report_id}/stores/").status_code == 404


def test_no_data_down_leaves_no_unknown_span(stack: Stack, user: httpx.Client, report_id: UUID) -> None:
    body = {"no_data": "down", "max_gap": "1h", "store_ids": ["a/b"]}
    asked = UUID(user.post("trigger_report", json=body).json()["report_id"])
    wait_for_state(stack, asked, "Complete")
    detail = user.get(f"reports/{asked}/stores/a%2Fb").json()
    assert detail["unknown"] == []
    assert len(detail["down"]) == 4, "before and after two hours up, and cut by planned downtime twice"
    assert detail["last_week"]["uptime_us"] == 2 * 3_600_000_000
    assert detail["last_week"]["uptime_us"] + detail["last_week"]["downtime_us"] == detail["last_week"]["open_us"]


@pytest.mark.parametrize("format_", ["csv", "xlsx", "parquet", "json"])
def test_every_format_is_a_file(viewer: httpx.Client, report_id: UUID, format_: str) -> None:
    path = f"reports/{report_id}/download?format={format_}"
    answer = viewer.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="store-uptime-{report_id}.{format_}"'
    assert viewer.get(path, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert viewer.get(path).content == answer.content


def test_formats_hold_the_same_figures(viewer: httpx.Client, report_id: UUID, exact: dict) -> None:
    def content(format_: str) -> bytes:
        return viewer.get(f"reports/{report_id}/download", params={"format": format_}).content

    assert content("csv") == viewer.get(f"get_report/{report_id}").content
    stores = json.loads(content("json"))["stores"]
    frame = pl.read_parquet(io.BytesIO(content("parquet")))
    workbook = openpyxl.load_workbook(io.BytesIO(content("xlsx")), read_only=False)
    sheets = {name: sheet_rows(workbook[name]) for name in ("Report", "Microseconds")}
    parquet = {row["store_id"]: row for row in frame.iter_rows(named=True)}
    published = read_csv(content("csv").decode())
    for listing in ([row["store_id"] for row in stores], list(parquet), *map(list, sheets.values())):
        assert listing == list(published)
    for row in stores:
        store_id = row["store_id"]
        for period in PERIODS:
            for kind in KINDS:
                microseconds = exact[store_id][f"{kind}_{period}_us"]
                assert row[period][f"{kind}_us"] == microseconds
                assert parquet[store_id][f"{kind}_{period}_us"] == microseconds
                assert sheets["Microseconds"][store_id][f"{kind}_{period}_us"] == microseconds
                assert str(parquet[store_id][f"{kind}_{period}"]) == row[period][kind]
                shown = sheets["Report"][store_id][f"{kind}_{period} ({UNITS[period]})"]
                assert f"{shown:.2f}" == row[period][kind]
            for kind in ("uptime", "coverage"):
                shown, text = sheets["Report"][store_id][f"{kind}_{period} (%)"], row[period][f"{kind}_percent"]
                assert (shown is None) == (text is None)
                assert shown is None or f"{shown:.2%}" == f"{text}%"


def test_a_workbook_is_ready_to_be_read(viewer: httpx.Client, report_id: UUID, exact: dict) -> None:
    content = viewer.get(f"reports/{report_id}/download", params={"format": "xlsx"}).content
    workbook = openpyxl.load_workbook(io.BytesIO(content))
    assert workbook.sheetnames == ["Report", "Microseconds"]
    for sheet, columns in ((workbook["Report"], 20), (workbook["Microseconds"], 14)):
        heading, *rows = sheet.iter_rows()
        assert len(heading) == columns
        assert len(rows) == len(exact)
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref == f"A1:{heading[-1].column_letter}{len(rows) + 1}"
        widths = {cell.column_letter: sheet.column_dimensions[cell.column_letter].width for cell in heading}
        assert all(12 <= width <= 40 for width in widths.values())
        for cell in heading:
            longest = max(len(line) for line in str(cell.value).split())
            assert longest < widths[cell.column_letter], "the longest word of the heading fits"
            assert cell.alignment.wrap_text
        for row in rows:
            for cell, name in zip(row[2:], heading[2:], strict=True):
                percent = name.value.endswith("(%)")
                whole = name.value.endswith("_us")
                assert cell.value is None or cell.number_format == ("0.00%" if percent else "0" if whole else "0.00")
                assert cell.value is None or cell.data_type == "n"
                assert percent or cell.value is not None


def sheet_rows(sheet: openpyxl.worksheet.worksheet.Worksheet) -> dict[str, dict]:
    """The rows by store; ids must be text that no spreadsheet calculates, even after editing."""
    heading, *rows = sheet.iter_rows()
    names = [cell.value for cell in heading]
    for row in rows:
        assert row[0].data_type == "s"
        assert row[0].quotePrefix
    # openpyxl leaves Excel's escapes of control characters as they are.
    return {unescape(row[0].value): dict(zip(names, (cell.value for cell in row), strict=True)) for row in rows}


@pytest.fixture
def nearly(stack: Stack, made_report) -> UUID:
    """A report of three stores: one microsecond of a week was up, all but one was up, and half of it is unknown."""
    report_id = made_report(3)
    figures = {1: (1, WEEK_US - 1, 0), 2: (WEEK_US - 1, 1, 0), 3: (WEEK_US // 2, 0, WEEK_US // 2)}
    with stack.owner.begin() as connection:
        for store_key, (up, down, unknown) in figures.items():
            connection.execute(
                text(
                    """update report.store_uptime set open_last_week_us = :week, uptime_last_week_us = :up,
                       downtime_last_week_us = :down, unknown_last_week_us = :unknown
                       where report_id = :report_id and store_key = :store_key"""
                ),
                {"report_id": report_id, "store_key": store_key, "week": WEEK_US}
                | {"up": up, "down": down, "unknown": unknown},
            )
        connection.execute(
            text("update report.store set timezone = 'America/Denver' where report_id = :id and store_key = 3"),
            {"id": report_id},
        )
    return report_id


def test_all_and_nothing_are_shown_only_where_they_are(viewer: httpx.Client, nearly: UUID) -> None:
    path = f"reports/{nearly}/stores?sort=uptime_percent_last_week"
    stores = viewer.get(path).json()["stores"]
    shown = [(one["last_week"]["uptime_percent"], one["last_week"]["coverage_percent"]) for one in stores]
    assert shown == [("0.01", "100.00"), ("99.99", "100.00"), ("100.00", "50.00")]
    totals = viewer.get(f"reports/{nearly}/summary").json()["totals"]["last_week"]
    assert (totals["uptime_percent"], totals["coverage_percent"]) == ("60.00", "83.33")
    content = viewer.get(f"reports/{nearly}/download", params={"format": "xlsx"}).content
    sheet = sheet_rows(openpyxl.load_workbook(io.BytesIO(content))["Report"])
    assert sorted(row["uptime_last_week (%)"] for row in sheet.values()) == [0.0001, 0.9999, 1]
    assert sorted(row["coverage_last_week (%)"] for row in sheet.values()) == [0.5, 1, 1]
    listed = json.loads(viewer.get(f"reports/{nearly}/download", params={"format": "json"}).content)["stores"]
    assert sorted(one["last_week"]["uptime_percent"] for one in listed) == ["0.01", "100.00", "99.99"]


def test_stores_are_found_by_percentage_and_zone(viewer: httpx.Client, nearly: UUID) -> None:
    def matching(**params: object) -> int:
        page = viewer.get(f"reports/{nearly}/stores", params=params)
        assert len(page.json()["stores"]) == page.json()["matching"]
        return page.json()["matching"]

    assert matching(percent_from=99.98) == 2
    assert matching(percent_from=99.98, percent_to=100) == 2, "100 includes all of the time"
    assert matching(percent_from=100) == 1
    assert matching(percent_to=0.01) == 1
    assert matching(percent_to=0) == 0
    assert matching(timezone="America/Denver") == 1
    assert matching(timezone="America/Chicago", percent_from=50) == 1
    assert matching(timezone="america/denver") == 0
    summary = viewer.get(f"reports/{nearly}/summary").json()
    assert summary["timezones"] == [
        {"timezone": "America/Chicago", "stores": 2},
        {"timezone": "America/Denver", "stores": 1},
    ]
    for wrong in ({"percent_from": -1}, {"percent_to": 100.01}, {"percent_from": 0.001}, {"percent_from": "NaN"}):
        assert viewer.get(f"reports/{nearly}/stores", params=wrong).status_code == 422, wrong


def test_zones_are_those_of_what_is_published(stack: Stack, viewer: httpx.Client, nearly: UUID) -> None:
    path = f"reports/{nearly}/summary"
    zones = [viewer.get(path, params={"period": period}).json()["timezones"] for period in PERIODS]
    assert [len(found) for found in zones] == [2, 2, 2]
    with stack.owner.begin() as connection:
        for change in (
            "update report.store set timezone = 'America/Denver' where report_id = :id",
            "update report.report set published_at = published_at + interval '1 second' where report_id = :id",
        ):
            connection.execute(text(change), {"id": nearly})
    for period in PERIODS:
        found = viewer.get(path, params={"period": period}).json()["timezones"]
        assert found == [{"timezone": "America/Denver", "stores": 3}], period


def test_coverage_is_not_claimed_where_unknown_time_counts_as_down(
    stack: Stack, viewer: httpx.Client, nearly: UUID
) -> None:
    with stack.owner.begin() as connection:
        connection.execute(text("update report.report set no_data = 'down' where report_id = :id"), {"id": nearly})
    stores = viewer.get(f"reports/{nearly}/stores").json()["stores"]
    assert {one["last_week"]["coverage_percent"] for one in stores} == {None}
