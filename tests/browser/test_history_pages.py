"""The pages about availability over time: what they show is what the CSV of the same question has.

The tests build on each other in the order of this file: nothing settled, one day of history, then the whole week.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from browser import week
from browser.looks import NewPage, check, look, show
from support.chromium import SETTLED
from support.stack import Site

FIRST_DAY = "2023-03-07T20:00:00Z"
DATES = {"from": "2023-02-14", "until": "2023-03-15"}  # the 30 that end with the newest poll's


def rows_of(site: Site, answer: str, /, **query: str) -> list[dict[str, str]]:
    """The CSV of a question."""
    return list(csv.DictReader(io.StringIO(site.text(f"v1/{answer}?{urlencode(query | {'format': 'csv'})}"))))


def settle(site: Site, body: dict[str, str]) -> str:
    """Waits for a report, and until its days are settled; returns what they are as of."""
    return site.wait_until_settled(site.wait_for(site.trigger(body), "Complete"))


def hours(text: str) -> str:
    """Hours of a CSV as pages have them."""
    return f"{float(text):,.2f} h"


def shown_rows(page: Page, section: str) -> list[str]:
    page.wait_for_selector(SETTLED)
    return page.locator(f"#{section} tbody tr").all_inner_texts()


@pytest.fixture(scope="module")
def one_day(site: Site) -> str:
    """The first hours of the first day are settled."""
    return settle(site, {"as_of": FIRST_DAY})


@pytest.fixture(scope="module")
def settled(site: Site, one_day: str) -> str:
    """Everything is settled."""
    return settle(site, {})


# nothing settled, one day, and all of them: in this order -------------------------------------------------------------


@pytest.mark.parametrize("name", ["overview", "now", "outages"])
def test_nothing_settled(new_page: NewPage, site: Site, screenshots: Path, name: str) -> None:
    look(new_page, site, screenshots, f"{name}-nothing", name, expected="409")
    page = new_page(expected="409")
    show(page, site, name)
    expect(page.get_by_role("heading", name=name.capitalize(), exact=True)).to_be_visible()
    expect(page.get_by_text("Nothing is settled yet")).to_be_visible()
    expect(page.locator("main").get_by_role("link", name="Reports")).to_be_visible()


def test_airflows_dashboard_says_that_nothing_is_settled(new_page: NewPage, site: Site) -> None:
    page = new_page(expected="409")
    page.goto(site.url)
    expect(page.get_by_role("region", name="Store uptime")).to_contain_text("Nothing is settled yet")


def test_a_page_of_nothing_fills_itself_when_the_first_report_is_settled(
    new_page: NewPage, site: Site, request: pytest.FixtureRequest
) -> None:
    page = new_page(expected="409")
    show(page, site, "now")
    expect(page.get_by_text("Nothing is settled yet")).to_be_visible()
    request.getfixturevalue("one_day")
    expect(page.get_by_role("region", name="Open", exact=True)).to_contain_text("of 14,000 stores", timeout=15_000)


def test_one_day_of_history(new_page: NewPage, site: Site, screenshots: Path, one_day: str) -> None:
    look(new_page, site, screenshots, "outages-one-day", "outages")
    look(new_page, site, screenshots, "now-one-day", "now")
    look(new_page, site, screenshots, "overview-one-day", "overview")
    page = new_page()
    show(page, site, "outages")
    expected = rows_of(site, "outages", **{"from": "2023-02-06", "until": "2023-03-07"})
    expect(page.locator("#outages .pager")).to_contain_text(f"of {len(expected):,} outages")
    show(page, site, "outages?from=2023-01-01&until=2023-01-31")
    expect(page.get_by_text("No store was down on these dates.")).to_be_visible()
    for address in ("outages", "now", "overview"):
        show(page, site, address)
        link = page.locator("tbody th a.mono").first
        store_id = link.inner_text()
        link.click()
        expect(page.get_by_role("heading", name=store_id, exact=True)).to_be_visible()


def test_now_refreshes_itself_when_another_report_is_settled(
    new_page: NewPage, site: Site, one_day: str, request: pytest.FixtureRequest
) -> None:
    page = new_page()
    show(page, site, "now?by=region")
    expect(page.locator(".facts")).to_contain_text("7 Mar 2023, 20:00")
    request.getfixturevalue("settled")
    expect(page.locator(".facts")).to_contain_text("15 Mar 2023, 18:05", timeout=15_000)
    expect(page.locator("#announcer")).to_contain_text("another report is settled")


# overview ------------------------------------------------------------------------------------------------------------


def test_overview(new_page: NewPage, site: Site, screenshots: Path, settled: str) -> None:
    look(new_page, site, screenshots, "overview", "overview")
    page = new_page()
    show(page, site, "overview?by=brand")
    expect(page.locator(".facts")).to_contain_text("a poll counts for 3 h")
    stores = rows_of(site, "now")
    expected = {
        "Open now": sum(row["is_open"] == "true" for row in stores),
        "Down now": len(rows_of(site, "now", state="down")),
        "Unknown": sum(row["is_open"] == "true" and row["status"] == "unknown" for row in stores),
    }
    for name, number in expected.items():
        expect(page.get_by_role("region", name=name, exact=True).locator(".figure")).to_have_text(f"{number:,}")
    newest = max(row["last_poll_at"] for row in stores)
    assert newest[:16] == "2023-03-15T18:05"
    expect(page.get_by_role("region", name="Newest poll")).to_contain_text("15 Mar 2023, 18:05 UTC")

    for days, first in {"30": "2023-02-14", "90": "2022-12-16"}.items():
        (row,) = rows_of(site, "availability", **{"from": first, "until": "2023-03-15", "by": "all"})
        card = page.get_by_role("region", name=f"Last {days} days")
        expect(card.locator(".figure")).to_have_text(f"{row['uptime_percent']}%")
        expect(card.locator(".coverage")).to_contain_text(
            f"{row['uptime_percent_low']}% to {row['uptime_percent_high']}%"
        )
        for word, name in {"Up": "up", "Down": "down", "Unknown": "unknown", "Planned": "planned"}.items():
            expect(card.locator(f"dt:has-text('{word}') + dd").first).to_have_text(hours(row[f"{name}_hours"]))
        assert float(row["planned_hours"]) > 0

    table = page.get_by_role("table", name="Stores by verdict and month")
    query = {"from": "2023-03-01", "until": "2023-03-31", "period": "month"}
    verdicts = Counter(row["verdict"] for row in rows_of(site, "availability", **query))
    assert verdicts["breached"] > 0 < verdicts["on_track"]
    shown = [text.strip() for text in table.locator("tbody td:nth-child(2)").all_inner_texts()]
    assert shown == [f"{verdicts[name]:,}" for name in ("breached", "at_risk", "undecided", "on_track", "met")]

    ongoing = rows_of(site, "outages", **DATES, running="true", sort="downtime", order="desc")
    listed = shown_rows(page, "outages")
    assert len(listed) == 8
    for row, text in zip(ongoing[:8], listed, strict=True):
        assert row["store_id"] in text
        assert hours(row["downtime_hours"]) in text

    groups = rows_of(site, "availability", **DATES, by="brand")
    groups.sort(key=lambda row: -float(row["down_hours"]))
    for row, text in zip(groups, shown_rows(page, "groups"), strict=True):
        assert text.startswith(row["scope"])
        assert hours(row["down_hours"]) in text
        assert f"{row['uptime_percent']}%" in text
    page.get_by_label("Groups by", exact=True).select_option("region")
    expect(page.get_by_role("link", name="North")).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name="North")).to_be_visible()

    report = page.locator("#report")
    expect(report).to_contain_text("15 Mar 2023, 18:05 UTC")
    expect(report.locator(".chip.bad")).to_contain_text("1 changes figures")
    page.get_by_role("region", name="Down now").get_by_role("link").click()
    expect(page.get_by_role("heading", name="Now", exact=True)).to_be_visible()


def test_airflows_dashboard_has_the_numbers_of_the_overview(
    new_page: NewPage, site: Site, screenshots: Path, settled: str
) -> None:
    for theme, size in (("light", "wide"), ("dark", "phone")):
        page = new_page(theme=theme, size=size)
        page.goto(site.url)
        ours = page.get_by_role("region", name="Store uptime")
        expect(ours).to_contain_text("as of 15 Mar 2023, 18:05 UTC")
        figures = ours.locator("[data-figure]")
        page.screenshot(path=screenshots / f"airflow-dashboard-{theme}-{size}.png")
        shown = figures.all_inner_texts()
    page = new_page()
    show(page, site, "overview")
    assert len(shown) == 4
    for text in shown:
        name, *rest = text.split("\n")
        card = page.get_by_role("region", name=name, exact=True)
        for line in rest:
            expect(card).to_contain_text(line)
    page.goto(site.url)
    page.locator("[data-figure='Down now'] a").click()
    expect(page.get_by_role("heading", name="Now", exact=True)).to_be_visible()


# now -----------------------------------------------------------------------------------------------------------------


def test_now(new_page: NewPage, site: Site, screenshots: Path, settled: str) -> None:
    look(new_page, site, screenshots, "now", "now")
    stores = rows_of(site, "now")
    down = [row for row in stores if row["outage_started_at"] or (row["is_open"] == "true" and row["status"] == "down")]
    page = new_page()
    show(page, site, "now?by=region")
    expected = {
        "Open": sum(row["is_open"] == "true" for row in stores),
        "Down": len(down),
        "Unknown": sum(row["is_open"] == "true" and row["status"] == "unknown" for row in stores),
        "Up": sum(row["is_open"] == "true" and row["status"] == "up" for row in stores),
    }
    for name, number in expected.items():
        expect(page.get_by_role("region", name=name, exact=True).locator(".figure")).to_have_text(f"{number:,}")
    of_region = {
        region: {row["store_id"] for row in rows_of(site, "now", kind="region", name=region)} for region in week.REGIONS
    }
    groups = page.get_by_role("table", name="Stores by region").locator("tbody tr")
    expect(groups).to_have_count(len(week.REGIONS))
    for region, members in of_region.items():
        row = groups.filter(has_text=region)
        expect(row.locator("td").first).to_have_text(f"{sum(one['store_id'] in members for one in down):,}")

    starts = [row["outage_started_at"] or "9" for row in sorted(down, key=lambda row: row["store_id"].encode())]
    first = min(range(len(starts)), key=starts.__getitem__)
    longest = sorted(down, key=lambda row: row["store_id"].encode())[first]
    assert longest["store_id"] in shown_rows(page, "stores")[0]
    assert hours(longest["downtime_hours"]) in shown_rows(page, "stores")[0]
    expect(page.locator("#stores .pager")).to_contain_text(f"1–25 of {len(down):,} stores")


def test_what_now_lists_is_in_its_address(new_page: NewPage, site: Site, screenshots: Path, settled: str) -> None:
    page = new_page(size="phone")
    show(page, site, "now?by=region")
    page.get_by_role("button", name="North", exact=True).press("Enter")
    page.wait_for_selector(SETTLED)
    down = rows_of(site, "now", kind="region", name="North", state="down")
    pager = page.locator("#stores .pager")
    expect(pager).to_contain_text(f"of {len(down):,} stores")
    page.get_by_role("radio", name="Unknown").check()
    unknown = rows_of(site, "now", kind="region", name="North", state="unknown")
    expect(pager).to_contain_text(f"of {len(unknown):,} stores")
    page.get_by_role("button", name="Next").click()
    expect(pager).to_contain_text(f"26–50 of {len(unknown):,} stores")
    page.wait_for_selector(SETTLED)
    listed = shown_rows(page, "stores")
    check(page, screenshots / "now-filtered-phone.png")
    page.reload()
    expect(pager).to_contain_text(f"26–50 of {len(unknown):,} stores")
    assert shown_rows(page, "stores") == listed
    page.get_by_role("button", name="Previous").click()
    expect(pager).to_contain_text(f"1–25 of {len(unknown):,} stores")
    page.go_back()
    expect(pager).to_contain_text(f"26–50 of {len(unknown):,} stores")
    page.get_by_role("button", name="Show all stores").click()
    expect(page.get_by_role("radio", name="Unknown")).to_be_checked()
    expect(pager).to_contain_text(f"of {len(rows_of(site, 'now', state='unknown')):,} stores")


# outages -------------------------------------------------------------------------------------------------------------


def test_outages(new_page: NewPage, site: Site, screenshots: Path, settled: str) -> None:
    look(new_page, site, screenshots, "outages", "outages")
    outages = rows_of(site, "outages", **DATES)
    page = new_page()
    show(page, site, "outages")
    facts = page.locator(".heading .facts")
    expect(facts).to_contain_text(f"{len(outages):,} outages")
    expect(facts).to_contain_text(f"{sum(not row['ended_by'] for row in outages):,} ongoing")
    shown = float(re.search(r"([\d,.]+) h of downtime", facts.inner_text())[1].replace(",", ""))
    assert abs(shown - sum(float(row["downtime_hours"]) for row in outages)) <= 0.005 * len(outages)
    cells = page.locator(".heatmap button")
    expect(cells).to_have_count(7 * 24)
    numbers = [int(re.search(r": ([\d,]+) outage", text)[1].replace(",", "")) for text in labels(page)]
    assert sum(numbers) == len(outages)

    page.get_by_role("button", name="Downtime", exact=True).press("Enter")
    expect(page.locator('#outages th[aria-sort="descending"]')).to_contain_text("Downtime")
    expect(page.get_by_role("button", name="Downtime", exact=True)).to_be_focused()
    longest = max(outages, key=lambda row: float(row["downtime_hours"]))
    assert hours(longest["downtime_hours"]) in shown_rows(page, "outages")[0]


def labels(page: Page) -> list[str]:
    return [one.get_attribute("aria-label") or "" for one in page.locator(".heatmap button").all()]


def test_the_heat_map_is_one_tab_stop_whose_cells_list_their_outages(
    new_page: NewPage, site: Site, screenshots: Path, settled: str
) -> None:
    page = new_page()
    show(page, site, "outages")
    cell = page.locator('[data-cell="0-0"]')
    cell.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
    cell = page.locator('[data-cell="1-2"]')
    expect(cell).to_be_focused()
    expect(page.locator('.heatmap button[tabindex="0"]')).to_have_count(1)
    page.keyboard.press("Enter")
    of_hour = rows_of(site, "outages", **DATES, weekday="1", hour="2")
    pager = page.locator("#outages .pager")
    expect(page.get_by_role("heading", name="Outages of Tuesday, 02:00–03:00")).to_be_visible()
    page.wait_for_selector(SETTLED)
    assert f"of {len(of_hour):,} outage" in pager.inner_text()
    cell = page.locator('[data-cell="1-2"]')
    expect(cell).to_have_attribute("aria-pressed", "true")
    expect(cell).to_be_focused()
    check(page, screenshots / "outages-of-an-hour.png")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".heatmap tbody tr")).to_have_count(24)
    page.go_back()
    expect(pager).to_contain_text(f"of {len(rows_of(site, 'outages', **DATES)):,} outages")


def test_what_outages_lists_is_in_its_address(new_page: NewPage, site: Site, screenshots: Path, settled: str) -> None:
    page = new_page()
    show(page, site, "outages")
    pager = page.locator("#outages .pager")
    page.get_by_label("Kind of group").select_option("brand")
    page.get_by_label("Group", exact=True).select_option("=1+1")
    page.get_by_label("Downtime longer than").select_option("4h")
    page.get_by_label("First date").fill("2023-03-10")
    query = {"from": "2023-03-10", "until": "2023-03-15", "kind": "brand", "name": "=1+1", "longer_than": "4h"}
    outages = rows_of(site, "outages", **query, sort="started_at", order="desc")
    expect(pager).to_contain_text(f"1–25 of {len(outages):,} outages")
    assert all(float(row["downtime_hours"]) >= 4 for row in outages)
    page.get_by_role("button", name="Next").click()
    expect(pager).to_contain_text(f"26–50 of {len(outages):,} outages")
    page.wait_for_selector(SETTLED)
    check(page, screenshots / "outages-filtered.png")
    page.reload()
    expect(pager).to_contain_text(f"26–50 of {len(outages):,} outages")
    listed = shown_rows(page, "outages")
    assert [row["store_id"] in text for row, text in zip(outages[25:50], listed, strict=True)] == [True] * 25
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV", exact=True).click()
    with Path(download.value.path()).open(newline="") as stream:
        assert list(csv.DictReader(stream)) == outages
    page.get_by_label("Ongoing").check()
    ongoing = [row for row in outages if not row["ended_by"]]
    expect(pager).to_contain_text(f"of {len(ongoing):,} outage")
    page.get_by_role("button", name="Show all outages").click()
    of_dates = rows_of(site, "outages", **{name: query[name] for name in ("from", "until")})
    expect(pager).to_contain_text(f"of {len(of_dates):,} outages")


def test_hours_of_the_week_are_those_of_the_stores_clocks(site: Site, settled: str) -> None:
    counted = site.get(f"v1/outages/start_hours?{urlencode(DATES)}")["start_hours"]
    by_hour = Counter({(one["weekday"], one["hour"]): one["outages"] for one in counted})
    assert by_hour.total() == len(rows_of(site, "outages", **DATES))
    # Most openings begin at 9, 10 or 17:30, and what is down when a store opens begins then.
    assert by_hour[1, 9] > by_hour[1, 8] * 2
