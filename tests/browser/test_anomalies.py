"""Anomalies in the browser: what was unusual in a generated world, as Airflow found it after a report."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from browser.looks import check, look, show
from support.stack import Site
from worlds.generated import generate, write

NewPage = Callable[..., Page]
APRIL = "from=2023-04-01&until=2023-05-10"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(generate(7, stores=60, weeks=14), tmp_path_factory.mktemp("data") / "world")


@pytest.fixture(scope="module")
def found(site: Site) -> list[dict[str, Any]]:
    """The anomalies, once the task has found them."""
    site.wait_until_settled(site.wait_for(site.trigger({}), "Complete"))
    ends_at = time.monotonic() + 120
    while True:
        answer = json.loads(site.text(f"v1/anomalies?{APRIL}"))
        if answer["judged_until"] is not None:
            return answer["anomalies"]
        assert time.monotonic() < ends_at, "nothing was judged"
        time.sleep(0.5)


def test_before_anything_is_settled(new_page: NewPage, site: Site, screenshots: Path) -> None:
    look(new_page, site, screenshots, "anomalies-nothing", "anomalies", expected="409")


def test_each_anomaly_has_a_row(new_page: NewPage, site: Site, screenshots: Path, found: list[dict[str, Any]]) -> None:
    look(new_page, site, screenshots, "anomalies", f"anomalies?{APRIL}")
    page = new_page()
    show(page, site, f"anomalies?{APRIL}&limit=50")
    rows = page.locator("#anomalies tbody tr")
    expect(rows).to_have_count(len(found))
    for place, anomaly in enumerate(found[:5]):
        expect(rows.nth(place)).to_contain_text(anomaly["explanation"])
    expect(page.locator("#anomalies .pager")).to_contain_text(f"of {len(found)} anomalies")
    silent = rows.filter(has_text="Polls are missing")
    expect(silent).to_contain_text("R2")
    expect(silent.get_by_role("link", name="R2").last).to_have_attribute("href", "groups?by=region&name=R2")


@pytest.mark.usefixtures("found")
def test_of_a_group_and_of_dates(new_page: NewPage, site: Site, screenshots: Path) -> None:
    page = new_page()
    show(page, site, f"anomalies?{APRIL}&limit=50")
    page.get_by_label("Kind of group").select_option("region")
    page.get_by_label("Group", exact=True).select_option("R2")
    expect(page.get_by_role("button", name="Show all anomalies")).to_be_visible()
    expect(page.locator("#anomalies tbody tr").filter(has_text="Polls are missing")).to_have_count(1)
    check(page, screenshots / "anomalies-of-a-group.png")
    show(page, site, "anomalies?from=2023-02-06&until=2023-02-10")
    expect(page.get_by_text("Nothing was unusual on these dates.")).to_be_visible()
    show(page, site, "anomalies?from=2030-01-01&until=2030-01-02")
    expect(page.get_by_text("Not judged yet")).to_be_visible()
