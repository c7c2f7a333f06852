"""A second process that imports what the task bodies need while the first one imports Airflow.

Great Expectations, pandas and Polars take as long to import as Airflow does, and Python can only do one import at a
time: with two cores, two processes halve the wait. When a task calls one of `BODIES`, it is this process that runs it.
"""

from __future__ import annotations

import importlib
import multiprocessing
import signal
import sys
from multiprocessing.connection import Connection
from types import ModuleType, TracebackType
from typing import Any

import store_uptime
from store_uptime.settings import Settings

BODIES = ["load", "quality", "stages", "export"]


class SecondProcess:
    """While open, `store_uptime.load` and its like are stand-ins whose functions run in the other process."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("fork")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, self.connection), daemon=True)

    def __enter__(self) -> SecondProcess:
        self.process.start()
        for name in BODIES:
            stand_in = StandIn(name, self.connection)
            sys.modules[stand_in.__name__] = stand_in
            setattr(store_uptime, name, stand_in)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.process.terminate()
        self.process.join()


class StandIn(ModuleType):
    """Looks like `store_uptime.{name}`; each function takes the same arguments and gives the same result or error."""

    def __init__(self, name: str, connection: Connection) -> None:
        super().__init__(f"store_uptime.{name}")
        self._connection = connection

    def __getattr__(self, function: str) -> Any:
        if function.startswith("__"):
            raise AttributeError(function)

        def call(_engine: object, *arguments: Any) -> Any:
            # The engine stays here: a connection cannot be shared, so the other process has its own.
            self._connection.send((self.__name__, function, arguments, Settings.from_environment()))
            kind, *content = self._connection.recv()
            if kind == "result":
                return content[0]
            raise revived(*content)

        return call


def serve(connection: Connection, far_end: Connection) -> None:
    """The other process: imports, then answers until the conversation ends (even if the first process was killed)."""
    far_end.close()  # the fork's copy, which would keep the conversation open
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both; the first process says what becomes of it
    from store_uptime.database import connect

    for name in BODIES:
        importlib.import_module(f"store_uptime.{name}")
    sys.modules["store_uptime.quality"].preload()
    while True:
        try:
            module, function, arguments, settings = connection.recv()
        except EOFError:
            return
        engine = connect(settings, "writer")
        answer: tuple[object, ...]
        try:
            answer = ("result", getattr(sys.modules[module], function)(engine, *arguments))
        except Exception as error:  # noqa: BLE001  it is raised again on the other side
            answer = ("error", type(error), error.args, error.__dict__)
        engine.dispose()
        connection.send(answer)


def revived(kind: type[Exception], arguments: tuple[object, ...], state: dict[str, Any]) -> Exception:
    """The error again, without calling its constructor, which may want other arguments than it passes on."""
    error = kind.__new__(kind)
    error.args = arguments
    error.__dict__.update(state)
    return error
