"""The output of a command for its user, separate from that of its libraries, and its settings."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, TextIO

from commands.still_lines import StillLines, can_rewrite
from store_uptime.errors import StoreUptimeError, printable
from store_uptime.settings import Settings

if TYPE_CHECKING:
    from rich.progress import TaskID


class Activity(Protocol):
    """Shows that a command is busy, and with what."""

    def begin(self, step: str) -> None:
        """From now on the command is busy with `step`."""

    def describe(self, step: str) -> None:
        """Describes the step that lasts in other words."""

    def print(self, line: str) -> None:
        """Prints a line that stays."""

    def end(self) -> None:
        """The command is not busy any more."""


class Spinner:
    """For a terminal: the step with a spinner and its seconds, below the lines that stay."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console as Terminal
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.table import Column

        self.terminal = Terminal(file=stream)
        step = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis"))
        self.progress = Progress(
            SpinnerColumn(), step, TimeElapsedColumn(), console=self.terminal, transient=True, redirect_stdout=False
        )
        self.task: TaskID | None = None

    def begin(self, step: str) -> None:
        """Shows the step, with its time from 0."""
        if self.task is not None:
            self.progress.remove_task(self.task)
        self.task = self.progress.add_task(step, total=None)
        self.progress.start()

    def describe(self, step: str) -> None:
        """Shows the step in other words, its time goes on."""
        if self.task is not None:
            self.progress.update(self.task, description=step)

    def print(self, line: str) -> None:
        """Prints above the spinner; never wraps, so that paths can be copied."""
        self.terminal.out(line, highlight=False)

    def end(self) -> None:
        """Removes the spinner."""
        self.progress.stop()


class Console:
    """The caller's standard output and error, which `user_console` reserves for the command, and its settings."""

    settings: Settings

    def __init__(self) -> None:
        self.output, self.errors = os.fdopen(os.dup(1), "w"), os.fdopen(os.dup(2), "w", buffering=1)
        self.activity: Activity = (Spinner if can_rewrite(self.errors) else StillLines)(self.errors)

    def print(self, line: str) -> None:
        """Prints the result to standard output; the command is not busy any more."""
        self.activity.end()
        print(line, file=self.output, flush=True)

    def report_progress(self, line: str) -> None:
        """Prints progress or an error to standard error."""
        self.activity.print(f"store-uptime: {line}")

    def begin(self, step: str) -> None:
        """Shows what the command does from now on. Starts a thread, so processes are to be forked before."""
        self.activity.begin(step)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Shows the step while it lasts, and prints how long it took."""
        began = time.monotonic()
        self.begin(name)
        yield
        self.report_progress(f"{name}: {time.monotonic() - began:.1f} s")


def open_log(log: Path) -> IO[str]:
    """The log, to write at its end; for its owner's eyes only, also if an earlier version created it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    opened = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    os.fchmod(opened, 0o600)
    return os.fdopen(opened, "a")


@contextmanager
def user_console(name: str, choose: Callable[[], Settings] = Settings.from_environment) -> Iterator[Console]:
    """Redirects all other output to logs/{name}.log in the home of the settings that `choose` returns.

    Ends the program with one line if the block fails.
    """
    console = Console()
    try:
        console.settings = choose()
        log = console.settings.home / "logs" / f"{name}.log"
        with open_log(log) as stream:
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
        yield console
    except (StoreUptimeError, OSError) as error:
        console.report_progress(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        console.report_progress("interrupted")
        sys.exit(130)
    except Exception as error:
        cause = getattr(error, "orig", None) or error  # SQLAlchemy adds the statement and its values to the message
        first_line = printable(str(cause).partition("\n")[0])
        hint = "; see docs/operations/rights.md" if type(cause).__name__ == "InsufficientPrivilege" else ""
        console.report_progress(f"{type(cause).__name__}: {first_line}{hint} (details are in {log})")
        raise
    finally:
        console.activity.end()
