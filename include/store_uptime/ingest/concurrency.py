"""Several things at once in one process: reading ahead, working side by side, and a connection's writes in a queue.

polars and psycopg2 let go of the interpreter while they work, so that threads keep more than one core busy.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from typing import Any, TypeVar

import numpy as np

MOST_PENDING_BYTES = 8 * 2**20

Item = TypeVar("Item")
Result = TypeVar("Result")


def ahead(items: Iterator[Item], executor: ThreadPoolExecutor) -> Iterator[Item]:
    """`items`, of which the next one is being made while one is worked on."""
    following = executor.submit(next, items, None)
    while (item := following.result()) is not None:
        following = executor.submit(next, items, None)
        yield item


def side_by_side(
    work: Callable[[Item], Result], items: Iterable[Item], executor: ThreadPoolExecutor, at_most: int
) -> Iterator[Result]:
    """`work` of each item, in their order, while `at_most` next ones are worked on."""
    pending: list[Future[Result]] = []
    for item in items:
        pending.append(executor.submit(work, item))
        if len(pending) > at_most:
            yield pending.pop(0).result()
    for future in pending:
        yield future.result()


class Writes:
    """What a connection is to do, one after the other on a thread of its own; an error surfaces at the next call."""

    def __enter__(self) -> Writes:
        self._executor, self._kept = ThreadPoolExecutor(max_workers=1), ExitStack()
        self._pending: deque[tuple[Future[Any], int]] = deque()
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(cancel_futures=True)
        self._kept.close()

    def keep(self, context: AbstractContextManager[Item]) -> Item:
        """Enters `context`, which writes need, and keeps it until the last of them."""
        return self._kept.enter_context(context)

    def add(self, write: Callable[..., object], *arguments: Any) -> None:
        """Queues a write; while several are under way, waits until they hold few bytes, so that memory stays flat."""
        while self._pending and self._pending[0][0].done():
            self._pending.popleft()[0].result()
        while len(self._pending) > 1 and sum(size for _, size in self._pending) > MOST_PENDING_BYTES:
            self._pending.popleft()[0].result()
        sizes = (len(argument) for argument in arguments if isinstance(argument, bytes))
        arrays = (argument.nbytes for argument in arguments if isinstance(argument, np.ndarray))
        size = sum(sizes) + sum(arrays)
        self._pending.append((self._executor.submit(write, *arguments), size))

    def wait(self) -> None:
        """Waits for all; raises the first error."""
        while self._pending:
            self._pending.popleft()[0].result()
