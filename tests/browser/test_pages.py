"""Every page in every state, light and dark, wide and on a phone: what it shows, how it looks, who can use it.

The tests build on each other in the order of this file: nothing yet, the first report while it runs, then all of it.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from browser import week
from browser.conftest import SIZES
from support.chromium import SETTLED
from support.stack import Site

AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
LOOKS = [("light", "wide"), ("dark", "wide"), ("light", "phone"), ("dark", "phone")]
EXAMINED = [LOOKS[0], LOOKS[3]]  # both themes and both layouts; the rest is only looked at
TASKS = ["ingest", "validate", "localize", "clip", "interpolate", "export"]
AS_OF_ASKED = "2023-03-14T18:00:00Z"

NewPage = Callable[..., Page]


def show(page: Page, site: Site, address: str) -> None:
    """Opens a page of ours by itself, and waits until it has loaded everything."""
    page.goto(f"{site.pages}/{address}")
    page.wait_for_selector(SETTLED)


def look(new_page: NewPage, site: Site, screenshots: Path, name: str, address: str) -> None:
    """Pictures of a page in every look; it may not have findings, nor be wider than its window."""
    page = new_page()
    show(page, site, address)
    for theme, size in LOOKS:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
        take(page, screenshots / f"{name}-{theme}-{size}.png")
        if (theme, size) in EXAMINED:
            examine(page)


def check(page: Page, picture: Path) -> None:
    """A picture of a page as it is now, and its examination."""
    take(page, picture)
    examine(page)


def take(page: Page, picture: Path) -> None:
    page.screenshot(path=picture, full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, picture.name


def examine(page: Page) -> None:
    """axe-core must find nothing."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    findings = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [(finding["id"], finding["nodes"][0]["html"]) for finding in findings] == [], page.url


@pytest.fixture(scope="module")
def reports(site: Site) -> list[str]:
    """Two finished reports: as of the newest poll, and as of a day before."""
    before, newest = (site.trigger(body) for body in ({"as_of": AS_OF_ASKED}, {"shards": 2}))
    return [site.wait_for(newest, "Complete"), site.wait_for(before, "Complete")]


@pytest.fixture(scope="module")
def failed(site: Site, reports: list[str], data: Path) -> str:
    """A report that stopped at a file of which most rows are unusable."""
    bad = data / "store_status_bad.csv"
    bad.write_text("store_id,status,timestamp_utc\n" + "x,broken,2023-03-15 01:00:00 UTC\n" * 50)
    report_id = site.wait_for(site.trigger({}), "Failed")
    bad.unlink()
    return report_id


@pytest.fixture(scope="module")
def rows(site: Site, reports: list[str]) -> dict[str, dict[str, str]]:
    """The newest report's CSV, by store."""
    return {row["store_id"]: row for row in csv.DictReader(io.StringIO(site.text(f"get_report/{reports[0]}")))}


# nothing yet ----------------------------------------------------------------------------------------------------


def test_nothing_yet(new_page: NewPage, site: Site, screenshots: Path) -> None:
    look(new_page, site, screenshots, "reports-empty", "reports")
    look(new_page, site, screenshots, "quality-empty", "quality")
    page = new_page()
    show(page, site, "reports")
    expect(page.get_by_text("No report yet")).to_be_visible()


# in Airflow -----------------------------------------------------------------------------------------------------


def frame_of(page: Page, title: str) -> FrameLocator:
    return page.frame_locator(f'iframe[title="{title}"]')


def test_airflow_shows_the_pages_in_its_navigation_in_its_own_theme(
    new_page: NewPage, site: Site, screenshots: Path
) -> None:
    page = new_page()
    page.goto(site.url)
    page.get_by_role("link", name="Uptime").click()
    frame = frame_of(page, "Uptime")
    expect(frame.get_by_role("heading", name="Reports", exact=True)).to_be_visible()
    expect(frame.get_by_role("button", name="New report")).to_be_visible()
    expect(frame.locator("html")).not_to_have_class(re.compile("dark"))
    page.screenshot(path=screenshots / "airflow-light.png")
    page.evaluate("document.documentElement.classList.replace('light', 'dark')")
    expect(frame.locator("html")).to_have_class(re.compile("dark"))

    frame.get_by_role("link", name="Data quality").click()
    expect(frame.get_by_role("heading", name="Data quality", exact=True)).to_be_visible()
    page.wait_for_url("**/plugin/store-uptime/**/pages/quality")
    page.reload()
    expect(frame.get_by_role("heading", name="Data quality", exact=True)).to_be_visible()


def test_a_stranger_is_sent_to_sign_in(browser, site: Site) -> None:
    page = browser.new_page()
    assert page.goto(f"{site.pages}/reports").status == 401
    expect(page.get_by_role("link", name="Sign in")).to_have_attribute("href", re.compile("auth/login"))
    page.close()


# the form and a report while it runs ----------------------------------------------------------------------------------


def test_the_form_says_what_is_wrong_beside_the_field(new_page: NewPage, site: Site, screenshots: Path) -> None:
    page = new_page(expected="422")
    show(page, site, "reports")
    opener = page.get_by_role("button", name="New report")
    opener.press("Enter")
    dialog = page.get_by_role("dialog", name="New report")
    dialog.get_by_label("Max gap").fill("soon")
    dialog.get_by_role("button", name="Start report").click()
    field = dialog.get_by_label("Max gap")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    expect(dialog.locator("#max_gap-mistake")).to_contain_text("duration")
    check(page, screenshots / "form-light-wide.png")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_a_report_from_the_form_to_its_figures(new_page: NewPage, site: Site, screenshots: Path) -> None:
    page = new_page(zone="America/New_York")
    show(page, site, "reports")
    page.get_by_role("button", name="New report").click()
    page.get_by_label("As of").fill("2023-03-13T12:00:00")
    page.get_by_role("button", name="Start report").click()

    steps = page.get_by_role("list", name="Progress by task").get_by_role("listitem")
    expect(steps).to_have_count(6)
    assert [re.sub(r"\W.*", "", text.strip(), flags=re.DOTALL) for text in steps.all_inner_texts()] == TASKS
    expect(page.locator(".steps li.live")).not_to_have_count(0)
    check(page, screenshots / "running-light-wide.png")
    watching = new_page(theme="dark", size="phone")
    show(watching, site, "reports")
    expect(watching.locator("#live .steps")).to_be_visible()
    check(watching, screenshots / "reports-running-dark-phone.png")

    expect(page.get_by_role("heading", name="All stores")).to_be_visible(timeout=90_000)
    expect(page.get_by_role("heading", name="Uptime as of 13 Mar 2023, 12:00 GMT-4")).to_be_visible()
    expect(watching.get_by_text("Complete").nth(1)).to_be_visible(timeout=15_000)


def test_a_running_report_can_be_canceled(new_page: NewPage, site: Site) -> None:
    report_id = site.trigger({})
    page = new_page()
    page.goto(f"{site.pages}/report?id={report_id}")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("The report failed")).to_be_visible()
    assert site.get(f"reports/{report_id}")["state"] == "Failed"


# everything, with 14,000 stores -------------------------------------------------------------------------------------


def test_reports(new_page: NewPage, site: Site, screenshots: Path, reports: list[str], failed: str) -> None:
    look(new_page, site, screenshots, "reports", "reports")
    page = new_page()
    show(page, site, "reports")
    page.get_by_role("radio", name="Failed").check()
    expect(page.locator("tbody tr").first).to_contain_text("failed in validate")
    expect(page.locator("tbody .chip.good", has_text="Complete")).to_have_count(0)


def test_a_failed_report_says_why(new_page: NewPage, site: Site, screenshots: Path, failed: str) -> None:
    look(new_page, site, screenshots, "failed", f"report?id={failed}")
    page = new_page()
    show(page, site, f"report?id={failed}")
    expect(page.get_by_role("alert").first).to_contain_text("failed in validate")
    expect(page.get_by_role("alert").first).to_contain_text("store_status_bad.csv")


def test_a_report(
    new_page: NewPage, site: Site, screenshots: Path, reports: list[str], rows: dict[str, dict[str, str]]
) -> None:
    look(new_page, site, screenshots, "report", f"report?id={reports[0]}")
    page = new_page()
    show(page, site, f"report?id={reports[0]}")
    expect(page.get_by_text("1–25 of 14,000 stores")).to_be_visible()
    expect(page.get_by_role("heading", name="Change since the previous report")).to_be_visible()

    table = page.locator("#stores tbody")
    page.get_by_role("button", name="Down", exact=True).press("Enter")
    expect(page.locator('#stores th[aria-sort="descending"]')).to_contain_text("Down")
    expect(page.get_by_role("button", name="Down", exact=True)).to_be_focused()
    page.wait_for_selector(SETTLED)
    longest = max(float(row["downtime_last_week"]) for row in rows.values())
    expect(table.locator("tr").first).to_contain_text(f"{longest:.2f} h")

    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("26–50 of 14,000 stores")).to_be_visible()
    page.get_by_role("button", name="Previous").click()
    expect(page.get_by_text("1–25 of 14,000 stores")).to_be_visible()

    sizes = page.get_by_label("Rows")
    for size in ("50", "100", "25"):
        sizes.select_option(size)
        expect(page.get_by_text(f"1–{size} of 14,000 stores")).to_be_visible()
    assert sizes.locator("option").all_inner_texts() == ["25", "50", "100"]

    known = next(iter(rows))
    page.get_by_role("searchbox").fill(known[:-1])
    expect(page.get_by_text("1–1 of 1 found (14,000 total)")).to_be_visible()
    expect(table.get_by_role("link", name=known)).to_be_visible()
    page.get_by_role("searchbox").fill("no such store")
    expect(page.get_by_text("No store found")).to_be_visible()
    page.get_by_role("searchbox").fill("")
    expect(page.get_by_text("1–25 of 14,000 stores")).to_be_visible()


def test_a_bar_of_the_histogram_lists_its_stores(new_page: NewPage, site: Site, reports: list[str]) -> None:
    summary = site.get(f"reports/{reports[0]}/summary?period=last_day")
    assert sum(band["stores"] for band in summary["histogram"]) + summary["no_percent"] == week.STORES
    lowest = next(band for band in summary["histogram"] if band["stores"])
    page = new_page()
    show(page, site, f"report?id={reports[0]}")
    page.get_by_role("radio", name="Last day").check()
    expect(page.get_by_role("heading", name="Stores by uptime, last day")).to_be_visible()
    page.locator(f'a.bin[data-from="{lowest["from"]}"]').press("Enter")
    expect(page.locator("#stores .pager").last).to_contain_text(f"of {lowest['stores']} found (14,000 total)")
    page.get_by_role("button", name=re.compile("Show all stores")).click()
    expect(page.get_by_text("1–25 of 14,000 stores")).to_be_visible()


def test_a_report_downloads(new_page: NewPage, site: Site, reports: list[str], rows: dict[str, dict[str, str]]) -> None:
    page = new_page()
    show(page, site, f"report?id={reports[0]}")
    for name, first in {"CSV": b"store_id,", "Excel": b"PK", "Parquet": b"PAR1", "JSON": b"{"}.items():
        with page.expect_download() as download:
            page.get_by_role("link", name=name, exact=True).click()
        content = Path(download.value.path()).read_bytes()
        assert content.startswith(first), name
    assert len(json.loads(content)["stores"]) == len(rows) == week.STORES


def hours_open(row: dict[str, str]) -> float:
    return float(row["uptime_last_week"]) + float(row["downtime_last_week"])


def test_a_store(
    new_page: NewPage, site: Site, screenshots: Path, reports: list[str], rows: dict[str, dict[str, str]]
) -> None:
    watched = {store_id: rows[store_id] for store_id in week.store_ids()[: week.CLOSELY_WATCHED]}
    # Not one that is open all the time: the picture should have closed hours too.
    closing = {key: row for key, row in watched.items() if hours_open(row) < 160}
    store = max(closing, key=lambda store_id: float(rows[store_id]["downtime_last_week"]))
    address = f"store?report={reports[0]}&id={store}"
    look(new_page, site, screenshots, "store", address)
    page = new_page()
    show(page, site, address)
    for period, unit in {"last_hour": "min", "last_day": "h", "last_week": "h"}.items():
        card = page.get_by_role("region", name=period.replace("_", " ").capitalize())
        for figure, word in {"uptime": "Up", "downtime": "Down"}.items():
            shown = card.locator(f"dt:has-text('{word}') + dd").first
            expect(shown).to_have_text(f"{rows[store][f'{figure}_{period}']} {unit}")
    timeline = page.locator("svg.timeline")
    assert timeline.locator("g.row").count() == 9, "eight dates, one of them twice: the clocks change"
    assert timeline.locator("path.poll-active, path.poll-inactive").count() > 100
    page.get_by_text("Downtime and unknown time").click()
    expect(page.get_by_role("table", name="Spans with status down or unknown")).to_be_visible()
    box = timeline.bounding_box()
    timeline.hover(position={"x": box["width"] * 0.55, "y": box["height"] * 0.35})
    expect(page.locator(".tip")).to_contain_text("Mar")


def test_a_store_without_polls(new_page: NewPage, site: Site, screenshots: Path, reports: list[str]) -> None:
    stores = site.get(f"reports/{reports[0]}/stores?sort=unknown_last_week&order=desc&limit=1")["stores"]
    look(new_page, site, screenshots, "store-unknown", f"store?report={reports[0]}&id={stores[0]['store_id']}")
    page = new_page(expected="404")
    show(page, site, f"store?report={reports[0]}&id=no such store")
    expect(page.get_by_role("alert")).to_be_visible()


def test_quality(new_page: NewPage, site: Site, screenshots: Path, reports: list[str], failed: str) -> None:
    look(new_page, site, screenshots, "quality", "quality")
    look(new_page, site, screenshots, "quality-run", f"quality_run?id={reports[1]}")
    look(new_page, site, screenshots, "quality-failed", f"quality_run?id={failed}")
    page = new_page()
    show(page, site, f"quality_run?id={reports[1]}")
    quarantine = page.locator("#quarantine")
    expect(quarantine).to_contain_text("33 rows")
    quarantine.get_by_role("searchbox").fill("<b>closed</b>")
    expect(quarantine.locator("header")).to_contain_text("8 rows")
    expect(quarantine.locator("tbody code", has_text="<b>closed</b>").first).to_be_visible()
    with page.expect_download() as download:
        quarantine.get_by_role("link", name="CSV").click()
    assert Path(download.value.path()).read_text(encoding="utf-8").count("<b>closed</b>") >= 8


def test_data_docs(new_page: NewPage, site: Site, screenshots: Path, reports: list[str]) -> None:
    for theme, size in LOOKS:
        page = new_page(theme=theme, size=size)
        show(page, site, "data_docs")
        expect(page.frame_locator("#docs").get_by_role("link", name=reports[0])).to_be_visible()
        page.screenshot(path=screenshots / f"data-docs-{theme}-{size}.png")
    page.frame_locator("#docs").get_by_role("link", name=reports[0]).click()
    expect(page.frame_locator("#docs").get_by_text("Great Expectations").first).to_be_visible()


# between Airflow and the pages --------------------------------------------------------------------------------------


def test_a_dag_run_and_its_report_link_to_each_other(
    new_page: NewPage, site: Site, screenshots: Path, reports: list[str]
) -> None:
    page = new_page()
    page.goto(f"{site.url}/dags/store_uptime_report/runs/{reports[0]}")
    page.get_by_role("link", name="Uptime report").last.click()
    frame = frame_of(page, "Uptime report")
    expect(frame.get_by_role("heading", name="All stores")).to_be_visible()
    page.screenshot(path=screenshots / "airflow-run-light.png")

    page.goto(f"{site.url}/plugin/store-uptime/store-uptime/pages/report?id={reports[0]}")
    frame = frame_of(page, "Uptime")
    frame.get_by_role("link", name="DAG run").click()
    page.wait_for_url(f"**/dags/store_uptime_report/runs/{reports[0]}")
    assert page.locator("iframe").count() == 0, "the link left the frame"


def test_the_keyboard_reaches_everything(new_page: NewPage, site: Site, reports: list[str]) -> None:
    page = new_page()
    show(page, site, f"report?id={reports[0]}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("main .crumbs a")).to_be_focused()
    page.get_by_role("radio", name="Last week").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("radio", name="Last day")).to_be_checked()
    expect(page.get_by_role("heading", name="Stores by uptime, last day")).to_be_visible()


def test_what_is_vendored_is_what_the_lock_file_names() -> None:
    project = Path(__file__).parents[2]
    locked = json.loads((project / "package-lock.json").read_text())["packages"]
    assert not any("resolved" in package for package in locked.values())
    folders = [
        folder
        for home in (project / "plugins/store_uptime_web/static/vendor", Path(__file__).parent / "vendor")
        for folder in home.iterdir()
    ]
    assert {folder.name for folder in folders} == {"d3", "swagger-ui", "axe-core"}
    for folder in folders:
        name, version = (folder / "VERSION").read_text().split()
        assert locked[f"node_modules/{name}"]["version"] == version
        assert (folder / "LICENSE").is_file()
