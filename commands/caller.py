"""The variables given to make, and the folder in which make was called."""

from __future__ import annotations

import os
import re
from pathlib import Path

import psutil

from store_uptime.storage import is_url


def given(name: str) -> str:
    """The value of a make variable; empty if it is not given."""
    return os.environ.get(name, "").strip()


def at_caller(folder: str) -> str:
    """The absolute path of a folder, relative to where make was called (with `make -C` not the checkout); URLs stay."""
    if is_url(folder):
        return folder
    makes = (process for process in psutil.Process().parents() if process.name() in {"make", "gmake"})
    moved = any(re.match(r"-\w*C|--directory", argument) for make in makes for argument in make.cmdline())
    caller = os.environ.get("CALLER_FOLDER", "") if moved else ""
    return str(Path(caller, Path(folder).expanduser()).absolute())
