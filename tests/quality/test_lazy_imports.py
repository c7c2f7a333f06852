"""Modules that are imported when they are first used, each case in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from store_uptime.settings import PROJECT

LAZY = (
    "import sys; from store_uptime.quality.lazy_imports import import_lazily; "
    'import_lazily("wave", "email.mime.text"); '
)


def run(code: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(PROJECT / "include")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


@pytest.mark.parametrize(
    ("use", "is_imported"),
    [
        ("import wave", False),
        ("from email.mime import text", False),
        ("import wave; hasattr(wave, '__file__')", False),
        ("import wave; wave.open", True),
        ("import wave; wave.open; wave.Wave_read; import wave; wave.open", True),
        ("from wave import open", True),
        ("from email.mime import text; text.MIMEText('x')", True),
        ("from email.mime.text import MIMEText", True),
    ],
)
def test_a_module_is_imported_when_something_of_it_is_used(use: str, is_imported: bool) -> None:
    name = "wave" if "wave" in use else "email.mime.text"
    assert run(f"{LAZY}{use}; print(type(sys.modules['{name}']).__name__)") == (
        "module" if is_imported else "LazyModule"
    )


def test_a_package_that_is_imported_later_has_its_submodules() -> None:
    code = 'from store_uptime.quality.lazy_imports import import_lazily; import_lazily("email"); '
    assert run(code + "import email.charset as found; print(found.QP)") == "1"


def test_a_module_that_is_there_stays() -> None:
    assert run(f"import wave; {LAZY}print(type(sys.modules['wave']).__name__)") == "module"


def test_great_expectations_comes_without_what_our_expectations_do_not_use() -> None:
    code = (
        "import sys; from store_uptime.quality import gx; gx.preload(); "
        "found = [name for name in ('altair', 'scipy.stats') if type(sys.modules[name]).__name__ == 'LazyModule']; "
        "from scipy import stats; print(*found, stats.entropy([1, 1], [1, 1]))"
    )
    assert run(code).splitlines()[-1] == "altair scipy.stats 0.0"
