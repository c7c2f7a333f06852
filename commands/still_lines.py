"""Lines that say that a step still lasts. Uses only the standard library: the set-up runs before others are there."""

from __future__ import annotations

import os
import threading
import time
from typing import TextIO

SILENT_SECONDS = 2.5


def can_rewrite(stream: TextIO) -> bool:
    """Whether the stream is a terminal on which a line can be erased."""
    return stream.isatty() and os.environ.get("TERM", "dumb") not in {"dumb", "unknown"}


class StillLines:
    """Writes the step when nothing was printed for SILENT_SECONDS: a new line, on a terminal always the same one."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.step, self.began = "", 0.0
        self.is_ended = False
        self.printed = threading.Event()
        self.watch = threading.Thread(target=self._watch, daemon=True)
        self.before, self.after = ("\r\x1b[K", "") if can_rewrite(stream) else ("", "\n")

    def begin(self, step: str) -> None:
        """Begins the step; not a line yet, most steps are short."""
        self.step, self.began = step, time.monotonic()
        if not self.watch.is_alive() and not self.is_ended:
            self.watch.start()

    def describe(self, step: str) -> None:
        """The next line describes the step in these words."""
        self.step = step

    def print(self, line: str) -> None:
        """Prints a line that stays."""
        self._write(f"{line}\n")
        self.printed.set()

    def end(self) -> None:
        """Prints nothing more by itself."""
        self.is_ended = True
        self.printed.set()
        if self.watch.is_alive():
            self.watch.join()
        self._write("")

    def _write(self, text: str) -> None:
        print(f"{self.before}{text}", end="", file=self.stream, flush=True)

    def _watch(self) -> None:
        while not self.is_ended:
            if self.printed.wait(SILENT_SECONDS):
                self.printed.clear()
            else:
                seconds = time.monotonic() - self.began
                lasted = f" ({seconds:.0f} s)" if seconds >= SILENT_SECONDS else ""
                self._write(f"store-uptime: still {self.step}{lasted}{self.after}")
