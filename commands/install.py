"""Makes `.venv` and installs what the lock files name, once: `install.py run` (the project) or `install.py dev` (all).

Uses the standard library only. Nothing happens if the environment was made from the same lock files, for the same
checkout, with the same Python.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
ENVIRONMENT = PROJECT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
UV_LOCK = "requirements-uv.txt"
LOCKS = {"run": ["requirements.txt"], "dev": ["requirements.txt", "requirements-dev.txt"]}


def main(kind: str) -> None:
    """Brings `.venv` to what `kind` needs; `dev` holds all of `run`, so it is never taken away again."""
    with (PROJECT / ".venv.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_installed(kind) or (kind == "run" and is_installed("dev")):
            return
        if not is_usable():
            print("store-uptime: making .venv", file=sys.stderr, flush=True)
            shutil.rmtree(ENVIRONMENT, ignore_errors=True)
            run(base_python(), "-m", "venv", str(ENVIRONMENT))
            foundation().write_text(foundation_key())
        print(f"store-uptime: installing {' and '.join(LOCKS[kind])}", file=sys.stderr, flush=True)
        run(str(PYTHON), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", UV_LOCK)
        uv = str(ENVIRONMENT / "bin" / "uv")
        run(uv, "pip", "sync", "--quiet", "--python", str(PYTHON), "--require-hashes", *LOCKS[kind], **index_of_pip())
        for stamp in ENVIRONMENT.glob("installed-*"):
            stamp.unlink()
        stamp_of(kind).write_text(key_of(kind))


def is_installed(kind: str) -> bool:
    """Whether `.venv` holds exactly what the lock files of `kind` name now."""
    return is_usable() and stamp_of(kind).is_file() and stamp_of(kind).read_text() == key_of(kind)


def is_usable() -> bool:
    """Whether `.venv` was made whole, here, and for this Python (one that moved with the checkout is not)."""
    return foundation().is_file() and foundation().read_text() == foundation_key() and PYTHON.exists()


def foundation() -> Path:
    """Says what the environment was made of."""
    return ENVIRONMENT / "made-for"


def foundation_key() -> str:
    """Changes when the environment has to be made anew."""
    return f"{PROJECT} {sys.version_info.major}.{sys.version_info.minor}\n"


def stamp_of(kind: str) -> Path:
    """Says which lock files were installed."""
    return ENVIRONMENT / f"installed-{kind}"


def key_of(kind: str) -> str:
    """Changes when there is something to install."""
    digest = hashlib.sha256()
    for name in [UV_LOCK, *LOCKS[kind]]:
        digest.update((PROJECT / name).read_bytes())
    return digest.hexdigest() + "\n"


def base_python() -> str:
    """The Python outside any virtual environment: `.venv` may be made anew by its own."""
    return getattr(sys, "_base_executable", None) or sys.executable


def index_of_pip() -> dict[str, str]:
    """uv does not read pip's configuration; a machine whose pip has an index of its own means it for all."""
    told = subprocess.run(
        [str(PYTHON), "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True, check=False
    )
    index = os.environ.get("PIP_INDEX_URL") or told.stdout.strip()
    return {"UV_DEFAULT_INDEX": index} if index and "UV_INDEX_URL" not in os.environ else {}


def run(*command: str, **environment: str) -> None:
    """Runs one step of the installation; its output is the user's."""
    subprocess.run(command, cwd=PROJECT, env={**environment, **os.environ}, check=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except subprocess.CalledProcessError as error:
        sys.exit(f"store-uptime: the set-up failed at: {' '.join(map(str, error.cmd))}")
    except OSError as error:
        sys.exit(f"store-uptime: the set-up failed: {error}")
