"""What may not become slow: the best of several tries, and on a busy machine as much longer as others are waiting."""

from __future__ import annotations

import os
import time

import httpx
import pytest

TRIES = 7


def allowed(seconds: float) -> float:
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


@pytest.mark.parametrize("stores", [14_000, 200_000])
def test_a_page_of_stores_comes_at_once(viewer: httpx.Client, made_report, stores: int) -> None:
    path = f"reports/{made_report(stores)}/stores"
    first = viewer.get(path, params={"sort": "uptime_percent_last_week", "order": "desc"}).json()
    for params in (
        {},
        {"sort": "uptime_percent_last_week"},
        {"sort": "downtime_last_day", "order": "desc"},
        {"sort": "uptime_percent_last_week", "order": "desc", "cursor": first["next"]},
        {"search": "a"},
        {"percent_from": 50, "percent_to": 55},
    ):
        seconds = []
        for _ in range(TRIES):
            begun = time.perf_counter()
            assert len(viewer.get(path, params=params).raise_for_status().json()["stores"]) == 50
            seconds.append(time.perf_counter() - begun)
        assert min(seconds) < allowed(0.1), params


def test_a_finished_report_begins_at_once(viewer: httpx.Client, report_id: object) -> None:
    seconds = []
    for _ in range(TRIES):
        begun = time.perf_counter()
        viewer.get(f"get_report/{report_id}").raise_for_status()
        seconds.append(time.perf_counter() - begun)
    assert min(seconds) < allowed(0.05)
