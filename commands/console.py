"""The output of a command for its user, separate from that of its libraries, and its settings."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from store_uptime.errors import StoreUptimeError
from store_uptime.settings import Settings


class Console:
    """The caller's standard output and error, which `user_console` reserves for the command, and its settings."""

    settings: Settings

    def __init__(self) -> None:
        self.output, self.errors = os.fdopen(os.dup(1), "w"), os.fdopen(os.dup(2), "w", buffering=1)

    def print(self, line: str) -> None:
        """Prints a result to standard output."""
        print(line, file=self.output, flush=True)

    def report_progress(self, line: str) -> None:
        """Prints progress or an error to standard error."""
        print(f"store-uptime: {line}", file=self.errors)


@contextmanager
def user_console(name: str, choose: Callable[[], Settings] = Settings.from_environment) -> Iterator[Console]:
    """Redirects all other output to logs/{name}.log in the home of the settings that `choose` returns.

    Ends the program with one line if the block fails.
    """
    console = Console()
    try:
        console.settings = choose()
        log = console.settings.home / "logs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a") as stream:
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
        first_line = str(cause).partition("\n")[0]
        hint = "; see docs/operations/rights.md" if type(cause).__name__ == "InsufficientPrivilege" else ""
        console.report_progress(f"{type(cause).__name__}: {first_line}{hint} (details are in {log})")
        raise
