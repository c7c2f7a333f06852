"""Processes to run stages in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from faults.task_process import TaskProcess


@pytest.fixture(scope="module")
def new_process() -> Iterator[Callable[[], TaskProcess]]:
    processes: list[TaskProcess] = []

    def create() -> TaskProcess:
        processes.append(TaskProcess())
        return processes[-1]

    yield create
    for process in processes:
        process.close()


@pytest.fixture(scope="module")
def process(new_process: Callable[[], TaskProcess]) -> TaskProcess:
    return new_process()


@pytest.fixture(scope="module")
def processes(new_process: Callable[[], TaskProcess]) -> list[TaskProcess]:
    return [new_process() for _ in range(3)]
