"""A real Airflow with 14,000 stores, and Chromium in front of it.

Screenshots are kept in the folder that STORE_UPTIME_SCREENSHOTS names (default: `screenshots` below pytest's own).
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from browser import week
from support.chromium import PATIENCE, running_chromium
from support.stack import Site, running_site

SIZES = {"wide": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the input."""
    folder = tmp_path_factory.mktemp("data")
    week.write(folder)
    return folder


@pytest.fixture(scope="module")
def site(data: Path) -> Iterator[Site]:
    """Airflow as `make up` starts it, with a home of its own."""
    # Not below pytest's folder: that is closed again by every other run of pytest to the account PostgreSQL runs as.
    with tempfile.TemporaryDirectory(prefix="store-uptime-pages-") as home, running_site(Path(home), data) as site:
        yield site


@pytest.fixture(scope="module")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures go."""
    chosen = os.environ.get("STORE_UPTIME_SCREENSHOTS")
    folder = Path(chosen) if chosen else tmp_path_factory.getbasetemp() / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    with running_chromium() as browser:
        yield browser


@pytest.fixture
def new_page(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """`new_page(theme="dark", size="phone")`: a signed-in page; the test fails if its console saw an error."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def create(
        *, theme: str = "light", size: str = "wide", zone: str = "UTC", expected: str = "no error is expected"
    ) -> Page:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, timezone_id=zone, reduced_motion="reduce"
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.add_cookies([{"name": "_token", "value": site.token, "url": site.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda message: (
                errors.append(f"{page.url}: {message.text}")
                if message.type == "error" and not re.search(expected, message.text)
                else None
            ),
        )
        return page

    yield create
    for context in contexts:
        context.close()
    assert errors == []
