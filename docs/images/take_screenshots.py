"""`make screenshots`: the README's pictures of a report and of a store, light and dark, from the sample.

Starts Airflow as `make up` does, with a home of its own, requests reports of the sample as of two days, and writes WebP
files beside this script.
"""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from store_uptime.settings import PROJECT
from support.chromium import SETTLED, running_chromium
from support.stack import Site, running_site

FOLDER = Path(__file__).resolve().parent
DAY_BEFORE = "2023-01-24T18:13:22Z"
SIZE = {"width": 1200, "height": 854}
QUALITY = 90
INTERESTING = 60  # percent of uptime: a week with something of everything


def main() -> None:
    """Takes all pictures."""
    with (
        tempfile.TemporaryDirectory(prefix="store-uptime-screenshots-") as home,
        running_site(Path(home), PROJECT / "data" / "sample") as site,
        running_chromium() as browser,
    ):
        site.wait_for(site.trigger({"as_of": DAY_BEFORE}), "Complete")
        report = site.wait_for(site.trigger({}), "Complete")
        store = interesting_store(site.get(f"reports/{report}/stores?limit=100")["stores"])
        for theme in ("light", "dark"):
            take(browser, site, f"report?id={report}", theme, FOLDER / f"report-{theme}.webp")
            take(browser, site, f"store?report={report}&id={store}", theme, FOLDER / f"store-{theme}.webp")


def interesting_store(stores: list[dict[str, Any]]) -> str:
    """The store whose uptime in the week is nearest to `INTERESTING`, of those with hours, a zone and all figures."""
    known = [store for store in stores if store["has_timezone"] and store["has_business_hours"]]
    shown = [store for store in known if store["last_hour"]["uptime_percent"] is not None]
    nearest = min(
        shown, key=lambda store: (abs(float(store["last_week"]["uptime_percent"]) - INTERESTING), store["store_id"])
    )
    return nearest["store_id"]


def take(browser: Browser, site: Site, address: str, theme: str, picture: Path) -> None:
    """One picture of the first screen of a page."""
    context = browser.new_context(viewport=SIZE, color_scheme=theme, timezone_id="UTC", reduced_motion="reduce")
    context.add_cookies([{"name": "_token", "value": site.token, "url": site.url}])
    page = context.new_page()
    page.goto(f"{site.pages}/{address}")
    page.wait_for_selector(SETTLED)
    # Playwright's own screenshots are PNG or JPEG, which are larger.
    session = context.new_cdp_session(page)
    shot = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    picture.write_bytes(base64.b64decode(shot["data"]))
    print(f"{picture.relative_to(PROJECT)}: {picture.stat().st_size // 1000} kB")
    context.close()


if __name__ == "__main__":
    main()
