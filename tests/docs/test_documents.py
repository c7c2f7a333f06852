"""What README and docs say is there is there, and the other way round."""

from __future__ import annotations

import re

from store_uptime.settings import PROJECT, Settings

MOST_WORDS_IN_A_CELL = 25  # more belong below the table


def read(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def test_every_setting_is_documented_and_no_other() -> None:
    documented = re.findall(r"^\| `(STORE_UPTIME_\w+)` \|", read("docs/operations/settings.md"), re.MULTILINE)
    assert sorted(documented) == sorted(Settings.names())


def test_the_readme_names_commands_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", read("Makefile"), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)", "\n".join(re.findall(r"```sh\n(.*?)```", read("README.md"), re.DOTALL))))
    answers = {"availability", "outages", "now", "anomalies", "forecast", "explain"}
    assert named == answers | {"report", "up", "down", "backup", "restore", "distribute", "test", "bench"}
    assert named <= targets


def test_the_header_in_the_readme_is_the_one_that_is_written() -> None:
    statement = re.sub(r"--.*", "", read("sql/report/4_export/export.sql"))
    columns = ["store_id", *re.findall(r" as (\w+)", statement)]
    assert ",".join(columns) in read("README.md")


def test_named_files_exist() -> None:
    for document in [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]:
        text = document.read_text(encoding="utf-8")
        linked = re.findall(r"\]\(([^)#:]+)\)", text) + re.findall(r'(?:src|srcset)="([^":]+)"', text)
        links = [document.parent / link for link in linked]
        paths = re.findall(r"`((?:dags|plugins|include|sql|data|tests|bench|docs)/[\w./*-]*\w)`", text)
        missing = [str(link) for link in links if not link.exists()]
        missing += [path for path in paths if not list(PROJECT.glob(path))]
        assert not missing, document.name


def test_links_within_documents_lead_to_headings() -> None:
    for document in [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]:
        for path, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", document.read_text(encoding="utf-8")):
            linked = document.parent / path if path else document
            assert anchor in anchors(linked.read_text(encoding="utf-8")), f"{document.name}: {path}#{anchor}"


def anchors(text: str) -> set[str]:
    """What GitHub makes of the headings."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"(?ms)^```.*?^```", "", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_tables_of_the_operations_pages_can_be_skimmed() -> None:
    for page in (PROJECT / "docs" / "operations").glob("*.md"):
        for row in re.findall(r"^\|.*\|$", page.read_text(encoding="utf-8"), re.MULTILINE):
            longest = max(row.strip("|").split("|"), key=lambda cell: len(cell.split()))
            assert len(longest.split()) <= MOST_WORDS_IN_A_CELL, f"{page.name}: {longest}"


def test_the_stage_table_follows_the_dag() -> None:
    tasks = re.findall(r"^\| `(\w+)` \| `sql/", read("docs/how-uptime-is-computed.md"), re.MULTILINE)
    assert tasks == ["ingest", "validate", "localize", "clip", "interpolate", "export"]
    assert all(re.search(rf"def {task}\(", read("dags/store_uptime_report.py")) for task in tasks)
