"""Threads: reading ahead, parallel work in order, and a queue of writes on one connection.

NumPy, polars and psycopg2 release the interpreter's lock while they work, so threads use more than one core.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from typing import Any, TypeVar

import numpy as np

MAX_PENDING_BYTES = 8 * 2**20

Item = TypeVar("Item")
Result = TypeVar("Result")


def ahead(items: Iterator[Item], executor: ThreadPoolExecutor) -> Iterator[Item]:
    """The items of `items`; while the caller works on one, a thread computes the next. No item may be None."""
    following = executor.submit(next, items, None)
    while (item := following.result()) is not None:
        following = executor.submit(next, items, None)
        yield item


def side_by_side(
    work: Callable[[Item], Result], items: Iterable[Item], executor: ThreadPoolExecutor, at_most: int
) -> Iterator[Result]:
    """The results of `work` for each item, in order; computes up to `at_most` items ahead."""
    pending: list[Future[Result]] = []
    for item in items:
        pending.append(executor.submit(work, item))
        if len(pending) > at_most:
            yield pending.pop(0).result()
    for future in pending:
        yield future.result()


def in_two_threads(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """The results of `work` for each item, in order; two are computed at a time."""
    with ThreadPoolExecutor(max_workers=2) as executor:
        yield from side_by_side(work, items, executor, 1)


class Writes:
    """A queue of writes, which one thread executes in order. An error is raised by the next `add` or `wait`."""

    def __enter__(self) -> Writes:
        self._executor, self._kept = ThreadPoolExecutor(max_workers=1), ExitStack()
        self._pending: deque[tuple[Future[Any], int]] = deque()
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(cancel_futures=True)
        self._kept.close()

    def keep(self, context: AbstractContextManager[Item]) -> Item:
        """Enters `context`, which writes need, and exits it after the last write."""
        return self._kept.enter_context(context)

    def add(self, write: Callable[..., object], *arguments: Any) -> None:
        """Queues `write(*arguments)`; waits while the queued writes hold more than MAX_PENDING_BYTES of data."""
        while self._pending and self._pending[0][0].done():
            self._pending.popleft()[0].result()
        while len(self._pending) > 1 and sum(size for _, size in self._pending) > MAX_PENDING_BYTES:
            self._pending.popleft()[0].result()
        sizes = (len(argument) for argument in arguments if isinstance(argument, bytes))
        arrays = (argument.nbytes for argument in arguments if isinstance(argument, np.ndarray))
        size = sum(sizes) + sum(arrays)
        self._pending.append((self._executor.submit(write, *arguments), size))

    def wait(self) -> None:
        """Waits for all writes; raises the first error."""
        while self._pending:
            self._pending.popleft()[0].result()
