"""What may not become slow. The best of several tries counts: the machine may be busy with something else."""

from __future__ import annotations

import time

import httpx
import pytest

TRIES = 7


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
        assert min(seconds) < 0.1, params


def test_a_finished_report_begins_at_once(viewer: httpx.Client, report_id: object) -> None:
    seconds = []
    for _ in range(TRIES):
        begun = time.perf_counter()
        viewer.get(f"get_report/{report_id}").raise_for_status()
        seconds.append(time.perf_counter() - begun)
    assert min(seconds) < 0.05
