"""Identifiers that the glossary retires are gone, and the architecture page lists the tables that there are."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from store_uptime.settings import PROJECT

# What has shipped, what other projects wrote, what a tool wrote, and what names the old words on purpose.
LEFT_OUT = re.compile(
    r"sql/migrations/|.*/vendor/|requirements.*\.txt|package-lock\.json|CHANGELOG\.md|docs/glossary\.md"
    r"|tests/db/test_migrations\.py"
)
GLOSSARY = (PROJECT / "docs" / "glossary.md").read_text(encoding="utf-8")
RETIRED = dict(re.findall(r"^\| `(\w+)` \| `([\w/]+)` \|$", GLOSSARY.split("## Retired identifiers")[1], re.MULTILINE))
IDENTIFIER = re.compile(r"\w+")


@pytest.fixture(scope="module")
def identifiers() -> dict[str, list[str]]:
    """The files of the tree by the identifiers in them, those of their paths among them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, list[str]] = {}
    for name in filter(None, listed.stdout.split("\0")):
        path = PROJECT / name
        if not LEFT_OUT.match(name) and path.is_file():
            for identifier in set(IDENTIFIER.findall(name)) | set(IDENTIFIER.findall(content_of(path))):
                found.setdefault(identifier, []).append(name)
    return found


def content_of(path: Path) -> str:
    """The text of a file; nothing for pictures and the like."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_every_word_is_explained_once() -> None:
    words = re.findall(r"^\| ([^`|]+) \| [A-Z*].+ \|$", GLOSSARY.split("## Retired identifiers")[0], re.MULTILINE)
    assert len(words) > 50
    assert sorted(set(words)) == sorted(words)


def test_every_row_of_the_retired_is_read() -> None:
    rows = [line for line in GLOSSARY.split("## Retired identifiers")[1].splitlines() if line.startswith("| `")]
    assert len(rows) == len(RETIRED) > 20


def test_retired_identifiers_are_gone(identifiers: dict[str, list[str]]) -> None:
    assert {old: identifiers[old] for old in RETIRED if old in identifiers} == {}


def test_what_took_their_place_is_there(identifiers: dict[str, list[str]]) -> None:
    assert [new for new in RETIRED.values() if not identifiers.keys() >= set(new.split("/"))] == []


def test_the_architecture_page_lists_the_tables(engine: Engine) -> None:
    page = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    with engine.connect() as connection:
        tables = connection.scalars(
            text(
                "select oid::regclass::text from pg_class where relkind in ('r', 'p') and not relispartition"
                " and relnamespace::regnamespace::text in ('core', 'report', 'quality', 'history', 'delivery')"
            )
        )
        assert sorted(
            re.findall(r"^\| `((?:core|report|quality|history|delivery)\.\w+)` \|", page, re.MULTILINE)
        ) == sorted(tables)
