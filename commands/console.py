"""What a command says to its user, apart from all that its libraries say, and the settings it works with."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from store_uptime.errors import StoreUptimeError
from store_uptime.settings import Settings


class Console:
    """The caller's standard output and error, which `user_console` keeps for the command, and its settings."""

    settings: Settings

    def __init__(self) -> None:
        self.output, self.errors = os.fdopen(os.dup(1), "w"), os.fdopen(os.dup(2), "w", buffering=1)

    def print(self, line: str) -> None:
        """The result."""
        print(line, file=self.output, flush=True)

    def say(self, line: str) -> None:
        """How it goes, or why it does not."""
        print(f"store-uptime: {line}", file=self.errors)


@contextmanager
def user_console(name: str, choose: Callable[[], Settings] = Settings.from_environment) -> Iterator[Console]:
    """Sends all other output to logs/{name}.log in the home that `choose` returns settings for.

    Ends the program with one line if it fails.
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
        console.say(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        console.say("interrupted")
        sys.exit(130)
    except Exception as error:
        said = getattr(error, "orig", None) or error  # SQLAlchemy adds the statement, and its values, to what was said
        first_line = str(said).partition("\n")[0]
        hint = "; see docs/operations/rights.md" if type(said).__name__ == "InsufficientPrivilege" else ""
        console.say(f"{type(said).__name__}: {first_line}{hint} ({log} has more)")
        raise
