"""What the caller of a command gave to make, and where from."""

from __future__ import annotations

import os
import re
from pathlib import Path

import psutil

from store_uptime.storage import is_url


def given(name: str) -> str:
    """What the caller gave for a variable of make; empty if nothing."""
    return os.environ.get(name, "").strip()


def at_caller(folder: str) -> str:
    """A folder seen from where make was called: with `make -C` that is not the checkout."""
    if is_url(folder):
        return folder
    makes = (process for process in psutil.Process().parents() if process.name() in {"make", "gmake"})
    moved = any(re.match(r"-\w*C|--directory", argument) for make in makes for argument in make.cmdline())
    caller = os.environ.get("CALLER_FOLDER", "") if moved else ""
    return str(Path(caller, Path(folder).expanduser()).absolute())
