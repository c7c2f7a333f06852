"""Data quality: expectations, quarantine and the Data Docs."""

from __future__ import annotations

import csv
import io
import json
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin
from uuid import UUID

import httpx
import openpyxl
import pytest
from sqlalchemy import text

from plugin.stack import Stack
from store_uptime.ingest.kinds import KINDS


@pytest.fixture
def quarantined(stack: Stack, report_id: UUID) -> list[tuple]:
    """What the database holds of the report's files."""
    return stack.rows(
        """select f.file_id, f.name, q.line_number, q.reason, q.raw_text from report.source_file f
           join quality.quarantined_row q using (file_id) where report_id = :id order by file_id, line_number""",
        id=report_id,
    )


def test_checks_are_listed_newest_first(viewer: httpx.Client, report_id: UUID) -> None:
    seen, cursor = [], None
    while True:
        page = viewer.get("quality", params={"limit": 1} | ({"cursor": cursor} if cursor else {})).json()
        seen += page["runs"]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == viewer.get("quality", params={"limit": 100}).json()["runs"]
    assert [run["created_at"] for run in seen] == sorted((run["created_at"] for run in seen), reverse=True)
    ours = next(run for run in seen if run["report_id"] == str(report_id))
    assert ours["verdict"] == "warned"
    assert ours["expectations"] == ours["met"] + ours["warnings"] + ours["failures"]
    for made_up in ("x", "W10", "WzEsMl0", "WyJhIiwiYiJd", "A" * 3000):
        assert viewer.get("quality", params={"cursor": made_up}).status_code == 422


def test_every_expectation_is_told(viewer: httpx.Client, report_id: UUID) -> None:
    detail = viewer.get(f"quality/{report_id}").json()
    listed = detail["expectations_list"]
    assert len(listed) == detail["expectations"]
    assert [one["is_met"] for one in listed] == sorted(one["is_met"] for one in listed)
    assert {one["severity"] for one in listed} == {"fail", "warn"}
    unmet = [one for one in listed if not one["is_met"]]
    assert all(one["description"] and one["observed_value"] for one in unmet)
    assert any(one["examples"] and one["file"] for one in unmet)
    assert {file["kind"] for file in detail["files"]} == {kind.name for kind in KINDS}
    assert sum(kind["rows"] for kind in detail["quarantine"]) == detail["quarantined_rows"] > 0
    of_kinds = [(kind["file_id"], kind["kind"]) for kind in detail["quarantine"]]
    assert len(set(of_kinds)) == len(of_kinds), "a kind is listed once for each file"
    assert detail["warnings_that_change_figures"] == sum(one["changes_figures"] for one in unmet)
    for name, link in detail["links"].items():
        assert viewer.get(link).status_code == 200, name
    assert viewer.get("quality/00000000-0000-4000-8000-000000000000").status_code == 404


def test_quarantine_is_browsed_in_pages_and_filtered(
    viewer: httpx.Client, report_id: UUID, quarantined: list[tuple]
) -> None:
    path = f"quality/{report_id}/quarantine"
    seen, cursor = [], None
    while True:
        page = viewer.get(path, params={"limit": 7} | ({"cursor": cursor} if cursor else {})).json()
        assert page["total"] == len(quarantined)
        seen += page["rows"]
        cursor = page["next"]
        if cursor is None:
            break
    told = [(row["file_id"], row["file"], row["line_number"], row["reason"], row["raw_text"]) for row in seen]
    assert told == [tuple(row) for row in quarantined]
    reason = seen[0]["reason"]
    of_reason = viewer.get(path, params={"reason": reason}).json()
    assert {row["reason"] for row in of_reason["rows"]} == {reason}
    for group in viewer.get(f"quality/{report_id}").json()["quarantine"]:
        of_kind = viewer.get(path, params={"kind": group["kind"], "file_id": group["file_id"], "limit": 100}).json()
        assert of_kind["total"] == group["rows"]
        assert {row["kind"] for row in of_kind["rows"]} == {group["kind"]}
        assert group["reason"] == group["examples"][0] == of_kind["rows"][0]["reason"]
        assert set(group["examples"]) <= {row["reason"] for row in of_kind["rows"]}
    of_file = viewer.get(path, params={"file_id": seen[0]["file_id"]}).json()
    assert {row["file"] for row in of_file["rows"]} == {seen[0]["file"]}
    assert viewer.get(path, params={"search": "MARS/olympus"}).json()["total"] == 1
    assert viewer.get(path, params={"search": "%"}).json()["total"] == sum("%" in row.raw_text for row in quarantined)


def test_quarantine_can_be_taken_away(
    stack: Stack, viewer: httpx.Client, report_id: UUID, quarantined: list[tuple]
) -> None:
    file_id = quarantined[0].file_id
    dangerous = [
        "=cmd|' /C calc'!A0",
        "+1",
        "-1",
        "@SUM(1)",
        "\t=1",
        'a "quoted", cell',
        "control\x02",
        "long" * 10_000,
    ]
    with stack.owner.begin() as connection:
        for number, raw_text in enumerate(dangerous):
            connection.execute(
                text("insert into quality.quarantined_row values (:file_id, :line, null, 'made up', :raw_text)"),
                {"file_id": file_id, "line": 1_000_000 + number, "raw_text": raw_text},
            )
    try:

        def download(format_: str) -> httpx.Response:
            path = f"quality/{report_id}/quarantine/download"
            answer = viewer.get(path, params={"format": format_, "reason": "made up"})
            assert answer.headers["content-disposition"] == f'attachment; filename="quarantine-{report_id}.{format_}"'
            return answer

        assert [row["raw_text"] for row in download("json").json()] == dangerous
        rows = list(csv.DictReader(io.StringIO(download("csv").text, newline="")))
        assert [row["raw_text"] for row in rows] == [f"'{one}" if one[0] in "=+-@\t" else one for one in dangerous]
        sheet = openpyxl.load_workbook(io.BytesIO(download("xlsx").content))["Quarantine"]
        assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", f"A1:F{len(dangerous) + 1}")
        assert [cell.value for cell in sheet[1]] == ["file", "line_number", "column", "reason", "raw_text", "kind"]
        assert [row[1].value for row in sheet.iter_rows(min_row=2)] == [1_000_000 + n for n in range(len(dangerous))]
        cells = [row[4] for row in sheet.iter_rows(min_row=2)]
        assert {(cell.data_type, cell.quotePrefix) for cell in cells} == {("s", True)}
        assert [cell.value for cell in cells[:6]] == dangerous[:6]
        assert len(cells[-1].value) == 32_767
        everything = viewer.get(f"quality/{report_id}/quarantine/download", params={"format": "json"})
        assert len(everything.json()) == len(quarantined) + len(dangerous)
        nothing = viewer.get(f"quality/{report_id}/quarantine/download", params={"format": "json", "reason": "no"})
        assert nothing.json() == []
    finally:
        with stack.owner.begin() as connection:
            connection.execute(text("delete from quality.quarantined_row where reason = 'made up'"))


class Assets(HTMLParser):
    """What a page loads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of_tag = dict(attrs)
        address = of_tag.get("src") if tag in ("script", "img") else of_tag.get("href") if tag == "link" else None
        if address:
            self.addresses.add(address)


def test_data_docs_open_with_all_they_need(viewer: httpx.Client, report_id: UUID) -> None:
    way_in = viewer.get("data_docs/index.html")
    assert way_in.status_code == 307
    page = httpx.get(str(viewer.base_url.join(way_in.headers["location"])))
    assert page.status_code == 200
    assert page.headers["content-security-policy"].startswith("sandbox allow-scripts")
    assert "allow-same-origin" not in page.headers["content-security-policy"]
    addresses = {address for address in Assets(page.text).addresses if not address.startswith("data:")}
    assert addresses
    for address in addresses:
        assert httpx.get(urljoin(str(page.url), address)).status_code == 200, address


def test_data_docs_lead_nowhere_else(stack: Stack, viewer: httpx.Client, report_id: UUID) -> None:
    secret = Path(stack.settings.home) / "secret.txt"
    secret.write_text("not for everyone")
    (Path(stack.settings.quality) / "data_docs" / "link.txt").unlink(missing_ok=True)
    (Path(stack.settings.quality) / "data_docs" / "link.txt").symlink_to(secret)
    view = viewer.get("data_docs/").headers["location"].rstrip("/")
    base = str(viewer.base_url).removesuffix("/store-uptime/")
    for path in ("..%2fsecret.txt", "%2e%2e/secret.txt", "/etc/passwd", "%2fetc%2fpasswd", "link.txt", "a%00b", "no"):
        answer = httpx.get(f"{base}{view}/{path}")
        assert (answer.status_code, "everyone" in answer.text) == (404, False), path
    assert httpx.get(f"{base}{view}x/index.html").status_code in (401, 404)
    assert httpx.get(f"{base}/store-uptime/data_docs_view/made-up/index.html").status_code == 401
    assert json.loads(httpx.get(f"{base}/store-uptime/data_docs_view/made-up/").text)["status"] == 401
