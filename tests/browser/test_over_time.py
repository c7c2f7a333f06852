"""Stores, targets and groups over time, in every state and look: numbers are those of the CSV of the same question.

On the sample, which has groups, special hours, planned downtime and targets. The tests build on each other in the
order of this file: nothing settled, then all of it.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from browser.looks import check, look, show
from store_uptime.settings import SAMPLE
from support.chromium import SETTLED
from support.stack import Site

NewPage = Callable[..., Page]
STORE = "overnight-two-rows"
EVER = "from=2022-01-21&until=2023-01-26"
JANUARY = "from=2023-01-01&until=2023-01-31"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, in a folder of its own."""
    folder = tmp_path_factory.mktemp("data") / "sample"
    shutil.copytree(SAMPLE, folder)
    return folder


@pytest.fixture(scope="module")
def settled(site: Site) -> str:
    """A report of the sample, the days of which are settled."""
    report_id = site.wait_for(site.trigger({}), "Complete")
    site.wait_until_settled(report_id)
    return report_id


def days_of(site: Site, store: str) -> list[dict[str, str]]:
    """The days of a store, newest first, as the CSV has them."""
    text = site.text(f"v1/availability?{EVER}&period=day&store_id={store}&format=csv")
    return list(csv.DictReader(io.StringIO(text)))[::-1]


def test_nothing_is_settled_yet(new_page: NewPage, site: Site, screenshots: Path) -> None:
    page = new_page(expected="409")
    show(page, site, f"store?id={STORE}")
    expect(page.get_by_role("navigation", name="Breadcrumb").get_by_role("link")).to_have_text(["Now"])
    expect(page.locator("header [aria-current]")).to_have_text(["Now"])
    expect(page.get_by_text("Nothing is settled yet")).to_be_visible()
    expect(page.get_by_text("computed after the first report of all stores")).to_be_visible()
    check(page, screenshots / "store-nothing-settled.png")
    for name in ("targets", "groups"):
        show(page, site, name)
        expect(page.get_by_text("Nothing is settled yet")).to_be_visible()
        check(page, screenshots / f"{name}-nothing-settled.png")


def test_a_store_over_time(new_page: NewPage, site: Site, screenshots: Path, settled: str) -> None:
    look(new_page, site, screenshots, "store-days", f"store?id={STORE}&on=2023-01-20&at=2023-01-20T23:30:00Z")
    page = new_page()
    show(page, site, f"store?id={STORE}")
    listed = days_of(site, STORE)
    assert len(listed) >= 8
    expect(page.locator("svg.calendar a.day")).to_have_count(len(listed))
    rows = page.get_by_role("table", name="Days of the year").locator("tbody tr")
    expect(rows).to_have_count(len(listed))
    for row, line in zip(rows.all(), listed, strict=True):
        cells = [text.split("\n")[0].strip() for text in row.locator("td").all_inner_texts()]
        late, early = (line[f"{name}_hours"] for name in ("opened_late", "closed_early"))
        assert cells[:4] == [
            f"{line['uptime_percent']}%" if line["uptime_percent"] else "–",
            *(f"{line[f'{name}_hours']} h" for name in ("open", "down", "unknown")),
        ]
        assert cells[5:7] == [f"{late} h" if late != "0.00" else "–", f"{early} h" if early != "0.00" else "–"]
    timeline = page.locator("#week svg.timeline")
    expect(timeline.locator("g.row")).to_have_count(3)
    (month,) = lines(site, f"{JANUARY}&store_id={STORE}")
    target = page.locator("#target")
    expect(target.locator("header")).to_contain_text(month["verdict"].replace("_", " "))
    expect(target).to_contain_text(f"{month['budget_hours']} h")
    expect(target).to_contain_text(f"{month['remaining_hours']} h left")


def test_hours_of_the_week_have_the_numbers_of_the_api(new_page: NewPage, site: Site, settled: str) -> None:
    page = new_page()
    show(page, site, f"store?id={STORE}")
    page.get_by_text("Uptime by hour, in percent").click()
    hours = site.get(f"v1/stores/{STORE}/hours?{EVER}")["hours"]
    cells = page.get_by_role("table", name="Uptime by hour and weekday").locator("tbody td").all_inner_texts()
    assert cells == [
        next(one for one in hours if (one["weekday"], one["hour"]) == (weekday, hour))["uptime_percent"] or "–"
        for hour in range(24)
        for weekday in range(7)
    ]
    expect(page.locator("svg.hours g.hour")).to_have_count(168)


def test_a_day_shows_its_week_and_an_instant_is_explained(new_page: NewPage, site: Site, settled: str) -> None:
    page = new_page()
    show(page, site, f"store?id={STORE}")
    days = page.locator("svg.calendar a.day")
    days.last.focus()
    page.keyboard.press("ArrowLeft")  # a week before
    expect(page.locator('a.day[data-date="2023-01-18"]')).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Week of Mon, 16 Jan 2023")).to_be_visible()
    expect(page.locator('a.day[data-date="2023-01-19"]')).to_have_attribute("aria-current", "date")
    assert "on=2023-01-19" in page.url
    page.wait_for_selector(SETTLED)

    timeline = page.locator("#week svg.timeline")
    box = timeline.bounding_box()
    timeline.click(position={"x": box["width"] * 0.9, "y": box["height"] * 0.4})
    why = page.locator("#why")
    expect(why).to_be_visible()
    at = re.search(r"at=([^&]+)", page.url)[1].replace("%3A", ":")
    found = site.get(f"v1/stores/{STORE}/explain?at={at}")
    expect(why.locator("dd").first).to_have_text(found["counts_as"])
    expect(why).to_contain_text(found["timezone"])
    page.reload()
    page.wait_for_selector(SETTLED)
    expect(why.locator("dd").first).to_have_text(found["counts_as"])
    typed = page.get_by_label("Instant on the store's clock")
    typed.fill("2023-01-20T03:00:00")
    page.go_back()
    expect(why).to_be_hidden()
    page.wait_for_selector(SETTLED)
    expect(typed).to_have_value(re.compile("2023-01-20T03:00"))  # Back changes only what it leads back to

    page.get_by_role("button", name="Explain").press("Enter")
    expect(why).to_contain_text("2023-01-20, 03:00:00")
    expect(why).to_contain_text("closed")


def test_an_explanation_asked_for_later_is_the_one_that_is_shown(new_page: NewPage, site: Site, settled: str) -> None:
    page = new_page()
    show(page, site, f"store?id={STORE}&on=2023-01-19")
    typed = page.get_by_label("Instant on the store's clock")
    why = page.locator("#why")
    held: list[Route] = []
    page.route(re.compile(r"/explain\?"), lambda route: held.append(route) if not held else route.continue_())
    typed.fill("2023-01-19T20:00:00")
    page.get_by_role("button", name="Explain").click()
    typed.fill("2023-01-20T03:00:00")
    page.get_by_role("button", name="Explain").click()
    expect(why).to_contain_text("2023-01-20, 03:00:00")
    assert held[0].request.failure == "net::ERR_ABORTED"
    page.get_by_role("button", name="Close").click()
    expect(why).to_be_hidden()


def test_days_are_filtered_sorted_and_paged_on_the_server(new_page: NewPage, site: Site, settled: str) -> None:
    page = new_page()
    show(page, site, "store?id=flapping")
    listed = days_of(site, "flapping")
    table = page.get_by_role("table", name="Days of the year")
    page.get_by_label("Which days").select_option("down")
    down = [line for line in listed if line["down_hours"] != "0.00"]
    expect(page.locator("#days .pager")).to_contain_text(f"of {len(down)}")
    page.get_by_role("button", name="Down", exact=True).press("Enter")
    expect(table.locator('th[aria-sort="descending"]')).to_contain_text("Down")
    page.wait_for_selector(SETTLED)
    longest = max(float(line["down_hours"]) for line in listed)
    expect(table.locator("tbody tr").first).to_contain_text(f"{longest:.2f} h")
    assert "only=down" in page.url
    assert "sort=down" in page.url
    with page.expect_download() as download:
        page.locator("#days").get_by_role("link", name="CSV").click()
    lines = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"))))
    assert lines[::-1] == listed


def test_a_store_that_was_never_polled_and_one_with_a_day(
    new_page: NewPage, site: Site, screenshots: Path, settled: str
) -> None:
    page = new_page()
    show(page, site, "store?id=only-in-hours")
    expect(page.get_by_text("The store was never polled")).to_be_visible()
    check(page, screenshots / "store-never-polled.png")

    day = site.get(f"v1/stores/{STORE}/days?from=2023-01-20&until=2023-01-20")
    assert len(day["days"]) == 1
    page.route(
        re.compile(rf"/stores/{STORE}/days"),
        lambda route: route.fulfill(body=json.dumps(day), content_type="application/json"),
    )
    show(page, site, f"store?id={STORE}")
    expect(page.get_by_text("one day is known yet")).to_be_visible()
    expect(page.locator("svg.calendar a.day")).to_have_count(1)
    check(page, screenshots / "store-one-day.png")


def test_a_store_of_a_report_has_both(new_page: NewPage, site: Site, screenshots: Path, settled: str) -> None:
    look(new_page, site, screenshots, "store-report-and-days", f"store?report={settled}&id={STORE}")
    page = new_page()
    show(page, site, f"store?report={settled}&id={STORE}")
    expect(page.get_by_role("heading", name="Week in the store's local time")).to_be_visible()
    expect(page.get_by_role("heading", name="Hours of the week")).to_be_visible()


def test_an_unknown_store(new_page: NewPage, site: Site, settled: str) -> None:
    page = new_page(expected="422")
    show(page, site, "store?id=nobody")
    expect(page.get_by_role("alert")).to_contain_text("no store 'nobody' is known")


# targets and groups, of a calendar period ---------------------------------------------------------------------------


def lines(site: Site, query: str) -> list[dict[str, str]]:
    """The rows of the CSV of a question."""
    return list(csv.DictReader(io.StringIO(site.text(f"v1/availability?{query}&format=csv"))))


def test_targets(new_page: NewPage, site: Site, screenshots: Path, settled: str) -> None:
    look(new_page, site, screenshots, "targets", "targets")
    page = new_page()
    show(page, site, "targets?by=region")
    listed = [line for line in lines(site, f"{JANUARY}&by=region") if line["verdict"]]
    rows = page.get_by_role("table", name="Targets, January 2023").locator("tbody tr")
    expect(rows).to_have_count(len(listed))
    for row, line in zip(rows.all(), listed, strict=True):
        cells = [text.strip().split("\n") for text in row.locator("td").all_inner_texts()]
        assert cells[1][0] == f"{line['uptime_percent']}%"
        bounds = f"{line['uptime_percent_low']}% to {line['uptime_percent_high']}%"
        assert cells[1][1:] == ([] if line["uptime_percent_low"] == line["uptime_percent_high"] else [bounds])
        assert (cells[2][0], cells[4][0]) == tuple(
            f"{Decimal(line[name]):,} h" for name in ("budget_hours", "remaining_hours")
        )
        assert cells[-1][0].strip() == line["verdict"].replace("_", " ")
    expect(page.locator("svg.burn")).to_have_count(len(listed))


def test_targets_are_chosen_by_period_and_verdict(new_page: NewPage, site: Site, settled: str) -> None:
    counts = site.get(f"v1/targets?{JANUARY}")["verdicts"]
    page = new_page()
    show(page, site, "targets")
    chosen = page.get_by_role("list", name="By verdict").get_by_role("button", name="breached")
    expect(chosen).to_contain_text(str(counts["breached"]))
    chosen.press("Enter")
    expect(page.locator("#list .pager")).to_contain_text(f"of {counts['breached']} found")
    assert "verdict=breached" in page.url
    page.get_by_role("button", name="Spent").press("Enter")
    expect(page.locator('#list th[aria-sort="descending"]')).to_contain_text("Spent")
    expect(page.get_by_role("button", name="Spent")).to_be_focused()
    worst = site.get(f"v1/targets?{JANUARY}&sort=spent_percent&order=desc&limit=1")["targets"][0]
    expect(page.locator("#list tbody tr").first).to_contain_text(f"{worst['spent_percent']}%")
    page.reload()
    page.wait_for_selector(SETTLED)
    expect(page.locator("#list .pager")).to_contain_text(f"of {counts['breached']} found")
    page.get_by_label("Period").select_option("week")
    expect(page.get_by_text("Mon, 23 Jan 2023 to Sun, 29 Jan 2023")).to_be_visible()
    page.get_by_role("button", name="Previous period").click()
    expect(page.get_by_text("Mon, 16 Jan 2023 to Sun, 22 Jan 2023")).to_be_visible()
    assert "on=2023-01-22" in page.url
    page.go_back()
    expect(page.get_by_text("Mon, 23 Jan 2023 to Sun, 29 Jan 2023")).to_be_visible()


def test_a_period_without_days_has_no_target(new_page: NewPage, site: Site, screenshots: Path, settled: str) -> None:
    page = new_page()
    show(page, site, "targets?on=2021-01-01")
    expect(page.get_by_text("No target")).to_be_visible()
    check(page, screenshots / "targets-none.png")


def test_groups(new_page: NewPage, site: Site, screenshots: Path, settled: str) -> None:
    look(new_page, site, screenshots, "groups", "groups?by=region&period=week")
    page = new_page()
    show(page, site, "groups?by=region")
    listed = lines(site, f"{JANUARY}&by=region")
    answer = site.get(f"v1/groups?{JANUARY}&kind=region")["groups"]
    rows = page.get_by_role("table", name="Groups, January 2023").locator("tbody tr")
    expect(rows).to_have_count(len(listed))
    for row, line, group in zip(rows.all(), listed, answer, strict=True):
        cells = [text.strip().split("\n") for text in row.locator("td").all_inner_texts()]
        assert [cell[0] for cell in cells[:4]] == [
            line["stores"],
            f"{line['uptime_percent']}%",
            f"{group['mean_percent']}%",
            f"{group['tenth_percentile_percent']}%",
        ]
        assert cells[4] == [
            f"{group['meeting_percent']}%",
            f"{group['stores_meeting_target']} of {group['stores_with_target']}",
        ]
        assert cells[5] == [f"{Decimal(line['down_hours']):,} h", f"{group['downtime_percent']}% of all"]


def test_the_stores_of_a_group(new_page: NewPage, site: Site, screenshots: Path, settled: str) -> None:
    page = new_page()
    show(page, site, "groups?by=region")
    page.get_by_role("link", name="Americas").click()
    page.wait_for_url("**/groups?by=region&name=Americas")
    page.wait_for_selector(SETTLED)
    listed = lines(site, f"{JANUARY}&kind=region&name=Americas")
    expect(page.locator("#list .pager")).to_contain_text(f"1–25 of {len(listed)} stores")
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.locator("#list .pager")).to_contain_text("26–50")
    expect(page.locator("#list tbody tr").first).to_contain_text(listed[25]["scope"])
    page.get_by_role("button", name="Previous", exact=True).click()
    expect(page.locator("#list .pager")).to_contain_text("1–25")
    check(page, screenshots / "group-members.png")
    page.get_by_role("link", name=listed[0]["scope"], exact=True).click()
    expect(page.get_by_role("heading", name="Hours of the week")).to_be_visible()
