"""How pages are looked at: in both themes, wide and on a phone, and by axe-core."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from browser.conftest import SIZES
from support.chromium import SETTLED
from support.stack import Site

AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
LOOKS = [("light", "wide"), ("dark", "wide"), ("light", "phone"), ("dark", "phone")]
EXAMINED = [LOOKS[0], LOOKS[3]]  # both themes and both layouts; the rest is only looked at

# The tables that are shown and have to be moved sideways, and the texts in them that are cut.
SIDEWAYS = """[...document.querySelectorAll('.scroll, .scroll :is(th, td, a)')]
    .filter(element => element.clientWidth && element.scrollWidth > element.clientWidth + 1)
    .filter(element => getComputedStyle(element).overflowX !== 'visible')
    .map(element => element.ariaLabel ?? element.textContent)"""

NewPage = Callable[..., Page]


def show(page: Page, site: Site, address: str) -> None:
    """Opens a page of ours by itself, and waits until it has loaded everything."""
    page.goto(f"{site.pages}/{address}")
    page.wait_for_selector(SETTLED)


def look(new_page: NewPage, site: Site, screenshots: Path, name: str, address: str, **context: str) -> None:
    """Pictures of a page in every look; it may not have findings, nor be wider than its window."""
    page = new_page(**context)
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
    assert page.evaluate(SIDEWAYS) == [], picture.name


def examine(page: Page) -> None:
    """axe-core must find nothing."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    findings = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [(finding["id"], finding["nodes"][0]["html"]) for finding in findings] == [], page.url
