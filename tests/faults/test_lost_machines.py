"""What a run survives on many machines: a lost worker; a queue, a scheduler and a bucket that go away and come back.

Tasks are held up by a lock on a table that they have to write, so that something is under way when the machine goes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import httpx

from support.cluster import REPORT_SECONDS, blocked_statements, tasks_of
from support.system import WORKERS, System

STAGES = ("localize", "clip", "interpolate")
SHARDS = 4


@contextmanager
def under_way(system: System) -> Iterator[UUID]:
    """A report with a task on every worker, none of which ends before the block does."""
    with system.owner.begin() as connection:
        connection.exec_driver_sql("lock table report.store in share row exclusive mode")
        report_id = system.web.trigger(SHARDS)
        at_it = ("localize", "running", 1)
        system.cluster.wait_for(lambda: system.web.tries(report_id)[at_it] == len(WORKERS), "all workers to be at it")
        system.cluster.wait_for(lambda: blocked_statements(system.owner) >= len(WORKERS), "all of them to be held up")
        yield report_id


def expect_report(system: System, report_id: UUID, sample_report: bytes) -> None:
    """The run ends, and ends right."""
    system.cluster.wait_for(lambda: system.web.state(report_id) in ("Complete", "Failed"), "the report", REPORT_SECONDS)
    assert system.web.state(report_id) == "Complete"
    assert system.bucket.Object(f"reports/{report_id}.csv").get()["Body"].read() == sample_report


def test_the_task_of_a_lost_worker_is_done_by_another(system: System, sample_report: bytes) -> None:
    lost = WORKERS[0]
    with under_way(system) as report_id:
        system.cluster.machines[lost].kill()
        [task] = tasks_of(system.cluster.machines[lost], report_id)[-1:]
        system.cluster.machines[lost].start()
        assert task == "localize"
    expect_report(system, report_id, sample_report)
    tries = system.web.tries(report_id)
    assert tries[("localize", "success", 2)] == 1
    assert sum(tries.values()) == len(WORKERS) + 2 + SHARDS * len(STAGES)
    assert {number for task, _, number in tries if task != "localize"} == {1}


def test_a_queue_that_comes_back_has_lost_nothing(system: System, sample_report: bytes) -> None:
    with under_way(system) as report_id:
        waiting = system.queue.client.llen("default")
        system.queue.kill()
        system.queue.start()
        system.cluster.wait_for(system.queue.answers, "Redis")
        assert system.queue.client.llen("default") >= waiting > 0
    expect_report(system, report_id, sample_report)
    assert {number for _, _, number in system.web.tries(report_id)} == {1}


def test_a_queue_that_lost_everything_is_filled_again(system: System, sample_report: bytes) -> None:
    with under_way(system) as report_id:
        assert system.queue.client.llen("default") > 0
        system.queue.client.delete("default")
    expect_report(system, report_id, sample_report)


def test_a_scheduler_that_comes_back_goes_on_with_the_run(system: System, sample_report: bytes) -> None:
    with under_way(system) as report_id:
        system.cluster.machines["scheduler"].kill()
        system.cluster.machines["scheduler"].start()
    expect_report(system, report_id, sample_report)
    assert {number for _, _, number in system.web.tries(report_id)} == {1}


def has_missed(tries: Counter[tuple[str, str, int]]) -> bool:
    """Whether a try of ingest has failed and will be followed by another."""
    return any(task == "ingest" and (state == "up_for_retry" or number > 1) for task, state, number in tries)


def test_a_bucket_that_comes_back_gets_the_report(system: System, sample_report: bytes) -> None:
    def health() -> httpx.Response:
        return system.web.client.get("/store-uptime/health")

    published = system.web.trigger(1)
    expect_report(system, published, sample_report)
    with system.storage.away():
        report_id = system.web.trigger(1)
        system.cluster.wait_for(lambda: has_missed(system.web.tries(report_id)), "ingest to miss the bucket")
        unwell = health()
        assert (unwell.status_code, "report store: does not answer" in unwell.text) == (503, True), unwell.text
        assert system.web.client.get(f"/store-uptime/get_report/{published}").content == sample_report
        answer = system.web.client.get(f"/store-uptime/data_docs/runs/{published}.html", follow_redirects=True)
        problem = (answer.status_code, answer.json()["detail"])
        assert problem == (503, "The folder for quality results does not answer; try again.")
    expect_report(system, report_id, sample_report)
    # All of it a little later: a scheduler that is busy on a busy machine beats too late for the limit set here.
    assert "report store: ok" in health().text
    system.cluster.wait_for(lambda: health().status_code == 200, "all to be well")
