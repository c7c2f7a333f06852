"""Every page in every state, light and dark, wide and on a phone: what it shows, how it looks, who can use it.

The tests build on each other in the order of this file: nothing yet, the first report while it runs, then all of it.
"""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from browser import week
from browser.looks import LOOKS, NewPage, check, look, show
from support.chromium import SETTLED
from support.stack import Site

TASKS = ["ingest", "validate", "localize", "clip", "interpolate", "export"]
AS_OF_ASKED = "2023-03-14T18:00:00Z"


@pytest.fixture(scope="module")
def reports(site: Site) -> list[str]:
    """Two finished reports: as of the newest poll, up to which days are settled, and as of a day before."""
    before, newest = (site.trigger(body) for body in ({"as_of": AS_OF_ASKED}, {"shards": 2}))
    finished = [site.wait_for(newest, "Complete"), site.wait_for(before, "Complete")]
    site.wait_until_settled(newest)
    return finished


@pytest.fixture(scope="module")
def failed(site: Site, reports: list[str], data: Path) -> str:
    """A report that stopped at a file of which most rows are unusable."""
    bad = data / "store_status_bad.csv"
    bad.write_text("store_id,status,timestamp_utc\n" + "x,broken,2023-03-15 01:00:00 UTC\n" * 50)
    report_id = site.wait_for(site.trigger({"max_gap": "3h"}), "Failed")
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
    page = new_page(expected="409")
    page.goto(site.url)
    page.get_by_role("link", name="Uptime").click()
    frame = frame_of(page, "Uptime")
    expect(frame.get_by_role("heading", name="Overview", exact=True)).to_be_visible()
    expect(frame.get_by_text("Nothing is settled yet")).to_be_visible()
    frame.locator("nav").get_by_role("link", name="Reports").click()
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
    expect(watching.get_by_text("Complete").nth(1)).to_be_visible()


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
    expect(page.get_by_role("alert").first).to_contain_text("What to do: correct the files")


def test_a_failed_report_runs_again_with_its_parameters(new_page: NewPage, site: Site, failed: str) -> None:
    page = new_page()
    show(page, site, f"report?id={failed}")
    page.get_by_role("button", name="Run again").click()
    page.wait_for_url(re.compile(rf"report\?id=(?!{failed})"))
    again = page.url.rpartition("=")[2]
    detail = site.get(f"reports/{again}")
    assert detail["parameters"] == site.get(f"reports/{failed}")["parameters"]
    assert detail["parameters"]["max_gap"] == "3h"
    site.request("POST", f"reports/{again}/cancel")


def test_a_button_with_a_problem_says_so_and_can_be_pressed_again(new_page: NewPage, site: Site, failed: str) -> None:
    page = new_page(expected="409")
    body = json.dumps({"title": "Conflict", "status": 409, "detail": "The DAG is paused."})
    page.route("**/trigger_report", lambda route: route.fulfill(status=409, body=body, content_type="application/json"))
    show(page, site, f"report?id={failed}")
    button = page.get_by_role("button", name="Run again")
    button.click()
    expect(page.get_by_role("alert").first).to_have_text("Conflict. The DAG is paused.")
    expect(button).to_be_enabled()


def test_who_may_not_request_reports_is_not_offered_to(new_page: NewPage, site: Site, failed: str) -> None:
    page = new_page()
    detail = site.get(f"reports/{failed}")
    assert detail["may"]["run_again"] is True
    body = json.dumps(detail | {"may": {"cancel": False, "run_again": False}})
    page.route(f"**/reports/{failed}", lambda route: route.fulfill(body=body, content_type="application/json"))
    show(page, site, f"report?id={failed}")
    expect(page.get_by_role("alert").first).to_contain_text("What to do")
    expect(page.get_by_role("button", name="Run again")).to_have_count(0)


def test_a_failed_report_does_not_claim_polls(new_page: NewPage, site: Site, failed: str) -> None:
    page = new_page()
    detail = site.get(f"reports/{failed}")
    body = json.dumps(detail | {"sources": [], "status_files": 0, "failed_task": "ingest"})
    page.route(f"**/reports/{failed}", lambda route: route.fulfill(body=body, content_type="application/json"))
    show(page, site, f"report?id={failed}")
    expect(page.locator(".terms dt:has-text('Polls') + dd")).to_have_text("none found")


def test_a_report_with_data_of_another_folder_says_so(
    new_page: NewPage, site: Site, screenshots: Path, reports: list[str]
) -> None:
    page = new_page()
    detail = site.get(f"reports/{reports[0]}")
    assert detail["data_folder"].startswith("/")
    assert detail["other_folders"] == []
    body = json.dumps(detail | {"other_folders": ["/stores/<old>", "/stores/older"]})
    page.route(f"**/reports/{reports[0]}", lambda route: route.fulfill(body=body, content_type="application/json"))
    show(page, site, f"report?id={reports[0]}")
    note = page.locator(".note", has_text="Data of another folder counts too")
    expect(note).to_contain_text("/stores/<old>, /stores/older. All that was ever loaded into a home adds up.")
    expect(page.locator(".terms dt:has-text('Data folder') + dd")).to_have_text(detail["data_folder"])
    check(page, screenshots / "report-other-folders.png")


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
    page.get_by_role("button", name="Show all stores").click()
    expect(page.get_by_text("1–25 of 14,000 stores")).to_be_visible()


def test_the_bars_are_one_tab_stop_and_their_choice_is_in_the_address(
    new_page: NewPage, site: Site, reports: list[str]
) -> None:
    bins = site.get(f"reports/{reports[0]}/summary")["histogram"]
    page = new_page()
    show(page, site, f"report?id={reports[0]}")
    bars, pager = page.locator("a.bin"), page.locator("#stores .pager").last
    page.get_by_role("radio", name="Last week").focus()
    page.keyboard.press("Tab")
    expect(bars.nth(0)).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.histogram')") is None, "one tab stop"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("End")
    expect(bars.nth(19)).to_be_focused()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    expect(bars.nth(16)).to_be_focused()
    page.keyboard.press("Enter")
    expect(pager).to_contain_text(f"of {bins[16]['stores']} found")
    page.wait_for_selector(SETTLED)
    expect(page.locator("#stores")).to_be_in_viewport()
    expect(page.get_by_role("region", name="Stores, last week")).to_be_focused()
    expect(bars.nth(16)).to_have_attribute("aria-current", "true")
    assert "percent_from=80&percent_to=85" in page.url

    page.reload()
    page.wait_for_selector(SETTLED)
    expect(pager).to_contain_text(f"of {bins[16]['stores']} found")
    expect(bars.nth(16)).to_have_attribute("aria-current", "true")
    bars.nth(3).click()
    expect(pager).to_contain_text(f"of {bins[3]['stores']} found")
    page.get_by_role("radio", name="Last day").check()
    expect(page.get_by_role("heading", name="Stores by uptime, last day")).to_be_visible()
    page.wait_for_selector(SETTLED)
    page.go_back()
    expect(pager).to_contain_text(f"of {bins[16]['stores']} found")
    expect(page.get_by_role("radio", name="Last week")).to_be_checked()
    expect(bars.nth(16)).to_have_attribute("aria-current", "true")
    page.go_back()
    expect(page.get_by_text("1–25 of 14,000 stores")).to_be_visible()
    page.go_forward()
    expect(pager).to_contain_text(f"of {bins[16]['stores']} found")


def test_stores_are_filtered_by_percentage_and_zone(
    new_page: NewPage, site: Site, screenshots: Path, reports: list[str]
) -> None:
    path = f"reports/{reports[0]}/stores?period=last_week&percent_from=50&percent_to=99.5"
    zone = "America/Los_Angeles"
    page = new_page(size="phone")
    show(page, site, f"report?id={reports[0]}")
    pager = page.locator("#stores .pager").last
    page.get_by_label("Uptime in percent, at least").fill("50")
    page.get_by_label("Uptime in percent, less than").fill("99.5")
    expect(pager).to_contain_text(f"of {site.get(path)['matching']:,} found")
    page.get_by_label("Time zone").select_option(zone)
    expect(pager).to_contain_text(f"of {site.get(f'{path}&timezone={zone}')['matching']:,} found")
    page.wait_for_selector(SETTLED)
    check(page, screenshots / "filtered-light-phone.png")
    page.reload()
    page.wait_for_selector(SETTLED)
    expect(page.get_by_label("Uptime in percent, at least")).to_have_value("50")
    expect(page.get_by_label("Time zone")).to_have_value(zone)
    expect(pager).to_contain_text(f"of {site.get(f'{path}&timezone={zone}')['matching']:,} found")
    page.get_by_role("button", name="Show all stores").click()
    expect(page.get_by_text("1–25 of 14,000 stores")).to_be_visible()
    expect(page.get_by_label("Uptime in percent, at least")).to_have_value("")


def test_what_changes_figures_is_said_where_they_are_read(new_page: NewPage, site: Site, reports: list[str]) -> None:
    page = new_page()
    show(page, site, f"report?id={reports[0]}")
    changing = page.locator(".note.bad")
    expect(changing).to_contain_text("Changes your figures (1)")
    expect(changing).to_contain_text(week.UNREAD)
    expect(page.locator(".note.warn")).to_contain_text("For information")


def test_coverage_stands_beside_every_percentage(new_page: NewPage, site: Site, reports: list[str]) -> None:
    totals = site.get(f"reports/{reports[0]}/summary")["totals"]
    listed = site.get(f"reports/{reports[0]}/stores?limit=1")["stores"][0]
    page = new_page()
    show(page, site, f"report?id={reports[0]}")
    for period, figures in totals.items():
        card = page.locator(f".period:has(#period-{period})")
        expect(card).to_contain_text(f"{figures['coverage_percent']}% of open time known")
    row = page.locator("#stores tbody tr").first
    expect(row).to_contain_text(f"{listed['last_week']['coverage_percent']}% known")
    show(page, site, f"store?report={reports[0]}&id={listed['store_id']}")
    card = page.get_by_role("region", name="Last week")
    expect(card).to_contain_text(f"{listed['last_week']['coverage_percent']}% of open time known")


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
    timeline = page.locator("svg.timeline").first  # the report's, above that of the history
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
    page = new_page(expected="404|422")  # of the report, and of the days
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
    kinds = quarantine.get_by_role("table", name="Reasons, by kind").locator("tbody tr")
    expect(kinds).to_have_count(4)
    polls = kinds.filter(has_text="status: expected active or inactive")
    expect(polls.locator("td").last).to_have_text("16")
    expect(polls).to_contain_text("'actve', '<b>closed</b>'")
    polls.get_by_role("button").click()
    expect(quarantine.locator("header")).to_contain_text("16 rows")
    quarantine.get_by_label("Filter by reason").select_option("-1")
    expect(quarantine.locator("header")).to_contain_text("33 rows")
    quarantine.get_by_role("searchbox").fill("<b>closed</b>")
    expect(quarantine.locator("header")).to_contain_text("8 rows")
    expect(quarantine.locator("tbody code", has_text="<b>closed</b>").first).to_be_visible()
    with page.expect_download() as download:
        quarantine.get_by_role("link", name="CSV").click()
    assert Path(download.value.path()).read_text(encoding="utf-8").count("<b>closed</b>") >= 8


def test_validations_that_read_no_row_have_no_chart(new_page: NewPage, site: Site, reports: list[str]) -> None:
    page = new_page()
    runs = [run | {"rows_read": 0, "quarantined_rows": 0} for run in site.get("quality")["runs"]]
    body = json.dumps({"runs": runs, "next": None})
    answer = {"body": body, "content_type": "application/json"}
    page.route(re.compile(r"/store-uptime/quality\?"), lambda route: route.fulfill(**answer))
    show(page, site, "quality")
    listed = page.get_by_role("table", name="Validations, newest first").locator("tbody tr")
    expect(listed).to_have_count(len(runs))
    assert len(runs) >= len(reports)
    expect(page.locator("svg.unusable")).to_have_count(0)


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
