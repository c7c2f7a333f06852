"""Chromium for tests and for screenshots: the one that the development set-up brings, else the machine's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, expect, sync_playwright

from support.programs import program

CHROMIUM = program("chromium") or program("chromium-browser") or program("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Milliseconds: a busy machine must not fail a test.
PATIENCE = 60_000
# A page that has loaded everything.
SETTLED = "body:not(:has([aria-busy])):not(:has(.skeleton)):not(:has(.busy))"


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Headless Chromium, as long as the block lasts."""
    if CHROMIUM is None:
        raise FileNotFoundError("Chromium is missing: make test installs it, or says how to.")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()
