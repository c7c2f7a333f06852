"""Statements are found by name, in files of their own and in files of named ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from store_uptime.db.statements import FOLDER, name_of, named_statements, statement, statement_names


def test_a_statement_in_a_file_of_its_own() -> None:
    found = statement("report/2_clip/clip")
    assert found.text == (FOLDER / "report/2_clip/clip.sql").read_text(encoding="utf-8")
    assert name_of(found) == "report/2_clip/clip"


def test_a_named_statement_has_its_comment_but_no_semicolon() -> None:
    found = statement("ingest/acceptance/has_polls")
    assert found.text.startswith("-- Whether any status file was ever accepted")
    assert found.text.endswith("and state = 'accepted')\n")
    assert name_of(found) == "ingest/acceptance/has_polls"
    assert found is statement("ingest/acceptance/has_polls")


def test_other_statements_have_no_name() -> None:
    assert name_of(text("select 1")) is None


@pytest.mark.parametrize("name", ["report/nothing", "nothing/at_all", "migrations/0001/x"])
def test_what_is_no_statement(name: str) -> None:
    assert name not in statement_names()
    with pytest.raises((KeyError, FileNotFoundError)):
        statement(name)


def test_each_name_is_one_statement() -> None:
    """A file `a/b.sql` beside a folder `a/b/` holds other names."""
    names = statement_names()
    assert len(set(names)) == len(names) > 100
    assert {name for name in names if not statement(name).text.strip()} == set()


def test_several_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "several.sql"
    file.write_text("-- name: one\n-- What for.\nselect ';';\n\n-- name: two\nselect 1;\nselect 2;\n")
    assert named_statements(file) == {"one": "-- What for.\nselect ';'\n", "two": "select 1;\nselect 2\n"}


@pytest.mark.parametrize(
    "content",
    ["select 0;\n-- name: one\nselect 1;\n", "-- name: one\nselect 1\n", "-- name: one\nselect 1;\n" * 2],
    ids=["one without a name", "no semicolon", "twice"],
)
def test_a_file_of_named_statements_that_is_wrong(tmp_path: Path, content: str) -> None:
    file = tmp_path / "wrong.sql"
    file.write_text(content)
    with pytest.raises(ValueError, match=r"wrong\.sql"):
        named_statements(file)
