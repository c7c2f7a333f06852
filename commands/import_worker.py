"""The import worker: a process that imports the libraries of task bodies while the main process imports Airflow.

Great Expectations, pandas and Polars take as long to import as Airflow does, and a Python process does one import at a
time: with two cores, two processes halve the time. The functions of `BODIES` run in this process.
"""

from __future__ import annotations

import importlib
import multiprocessing
import signal
import sys
from multiprocessing.connection import Connection
from types import ModuleType, TracebackType
from typing import Any

from store_uptime.settings import Settings

BODIES = (
    "store_uptime.ingest.stage_files",
    "store_uptime.quality.validate",
    "store_uptime.reports.stages",
    "store_uptime.reports.export",
)


class ImportWorker:
    """Replaces the modules of `BODIES` by proxies, whose functions run in the worker, until the block ends."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("fork")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, self.connection), daemon=True)

    def __enter__(self) -> ImportWorker:
        self.process.start()
        for name in BODIES:
            proxy = ModuleProxy(name, self.connection)
            sys.modules[name] = proxy
            package, _, module = name.rpartition(".")
            setattr(importlib.import_module(package), module, proxy)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        # Not SIGTERM: before `serve` has begun, the handler of the main process would take it.
        self.process.kill()
        self.process.join()


class ModuleProxy(ModuleType):
    """A proxy for the module `name`: its functions take the same arguments, and return or raise the same."""

    def __init__(self, name: str, connection: Connection) -> None:
        super().__init__(name)
        self._connection = connection

    def __getattr__(self, function: str) -> Any:
        if function.startswith("__"):
            raise AttributeError(function)

        def call(_engine: object, *arguments: Any, **options: Any) -> Any:
            # The engine is not sent: processes cannot share connections, so the worker has its own.
            self._connection.send((self.__name__, function, arguments, options, Settings.from_environment()))
            kind, *content = self._connection.recv()
            if kind == "result":
                return content[0]
            raise restored_error(*content)

        return call


def serve(connection: Connection, far_end: Connection) -> None:
    """The worker's main function: imports, then serves calls until the pipe closes, even by a killed main process."""
    far_end.close()  # the fork's copy, which would keep the pipe open
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both processes; the main one handles it
    from store_uptime.db.engine import connect

    for name in BODIES:
        importlib.import_module(name)
    sys.modules["store_uptime.quality.validate"].preload()
    while True:
        try:
            module, function, arguments, options, settings = connection.recv()
        except EOFError:
            return
        engine = connect(settings, "writer")
        reply: tuple[object, ...]
        try:
            reply = ("result", getattr(sys.modules[module], function)(engine, *arguments, **options))
        except Exception as error:  # noqa: BLE001  the main process raises it
            reply = ("error", type(error), error.args, error.__dict__)
        engine.dispose()
        connection.send(reply)


def restored_error(kind: type[Exception], arguments: tuple[object, ...], state: dict[str, Any]) -> Exception:
    """The error with the same attributes, without calling its constructor, whose arguments are unknown here."""
    error = kind.__new__(kind)
    error.args = arguments
    error.__dict__.update(state)
    return error
