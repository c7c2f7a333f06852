"""Programs that tests start."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def program(name: str) -> str | None:
    """Its path: the one that the development set-up brought, the same on every machine, else the machine's own."""
    brought = str(Path(sys.executable).parent)
    return shutil.which(name, path=os.pathsep.join([brought, os.environ.get("PATH", os.defpath)]))
