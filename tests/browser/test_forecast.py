"""The forecast in the browser: on Now and on the page of a store, in a generated world in which outages last."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from browser.looks import look, show
from support.stack import Site
from worlds.generated import generate, write

NewPage = Callable[..., Page]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write(
        generate(3, stores=60, weeks=12, is_structured=False, rate=0.04, outages="lasting"),
        tmp_path_factory.mktemp("data") / "world",
    )
    (folder / "targets.csv").write_text("store_id,target_percent\n*,95\n")
    return folder


@pytest.fixture(scope="module")
def made(site: Site) -> dict[str, Any]:
    """The forecast by store, once the task has made it."""
    site.wait_until_settled(site.wait_for(site.trigger({}), "Complete"))
    ends_at = time.monotonic() + 120
    while True:
        token = {"Authorization": f"Bearer {site.token}"}
        answer = httpx.get(f"{site.url}/store-uptime/v1/forecast/stores", headers=token, timeout=60)
        if answer.json()["no_forecast_because"] is None:
            return dict(answer.json())
        assert time.monotonic() < ends_at, "no forecast was made"
        time.sleep(0.5)


def test_now_lists_the_stores_most_likely_down(
    new_page: NewPage, site: Site, screenshots: Path, made: dict[str, Any]
) -> None:
    look(new_page, site, screenshots, "now-forecast", "now")
    page = new_page()
    show(page, site, "now")
    rows = page.locator("#forecast tbody tr")
    expect(rows).to_have_count(min(len(made["stores"]), 10))
    for place, store in enumerate(made["stores"][:5]):
        expect(rows.nth(place)).to_contain_text(store["store_id"])
    expect(page.locator("#forecast")).to_contain_text("How good forecasts of these stores have been")


def test_a_store_says_its_next_open_hours_and_what_its_budget_has_to_expect(
    new_page: NewPage, site: Site, screenshots: Path, made: dict[str, Any]
) -> None:
    store = made["stores"][0]["store_id"]
    look(new_page, site, screenshots, "store-forecast", f"store?id={store.replace(' ', '%20')}")
    page = new_page()
    show(page, site, f"store?id={store.replace(' ', '%20')}")
    card = page.locator("#forecast")
    expect(card).to_contain_text("Next open hours")
    expect(card.locator("svg rect.spent")).to_have_count(24)
    card.get_by_text("Likelihood by hour").click()
    expect(card.locator("tbody tr")).to_have_count(24)
    expect(page.locator("#target")).to_contain_text("of downtime by the end of the month")


def test_a_store_without_a_forecast_says_why(new_page: NewPage, site: Site, made: dict[str, Any]) -> None:
    shown = {store["store_id"] for store in made["stores"]}
    other = next(f"store {number:05}" for number in range(60) if f"store {number:05}" not in shown)
    page = new_page()
    show(page, site, f"store?id={other.replace(' ', '%20')}")
    expect(page.locator("#forecast")).to_contain_text("No forecast: for this store none has proved better")
    expect(page.locator("#forecast svg")).to_have_count(0)
