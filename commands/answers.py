"""What commands that answer questions about availability over time have in common: they read, and write one file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from commands.caller import at_caller, given
from commands.console import Console
from commands.homes import holds_data, is_home_of_demo
from store_uptime.errors import SettingError, StoreUptimeError
from store_uptime.settings import Settings
from store_uptime.storage import is_url, problem_of_output, write_atomically

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy import Engine

    from store_uptime.delivery.answers import AnswerFile
    from store_uptime.delivery.rendering import FormatName
    from store_uptime.history.questions import Choice


def answer(
    console: Console,
    prepare: Callable[[], Callable[[Engine, Any], AnswerFile]],
    formats: tuple[FormatName, ...] | None = None,
) -> str:
    """Writes the file of an answer and returns its path; raises `StoreUptimeError` if there is none.

    `prepare` reads the question from the environment, and returns what answers it in one of the formats (None: all).
    """
    from store_uptime.delivery.rendering import FORMAT_NAMES

    with in_words_of_make():
        ask = prepare()
        format_name = cast("FormatName", one_of("FORMAT", formats or FORMAT_NAMES, "csv"))
        folder = out_folder(console.settings)
        with reading_settled(console) as engine:
            file = ask(engine, format_name)
    target: Any = folder / file.name  # pathlib.Path.open has more overloads than a StoragePath
    with file.stream, write_atomically(target) as stream:
        shutil.copyfileobj(file.stream, stream)
    if file.remark:
        console.report_progress(file.remark)
    return str(target)


@contextmanager
def in_words_of_make() -> Iterator[None]:
    """Turns a `QuestionError` into an error that names the variable of make."""
    from store_uptime.history.questions import QuestionError

    try:
        yield
    except QuestionError as error:
        raise StoreUptimeError(f"{error.field.upper()}: {error.problem}.") from error


@contextmanager
def reading_settled(console: Console) -> Iterator[Engine]:
    """Connections to the database, as a role that can only read; raises `NotSettledError` if it has no tables yet.

    Says so if days and outages are no longer settled.
    """
    from store_uptime.history.questions import NotSettledError

    is_demo = is_home_of_demo(console.settings)
    console.report_progress(f"reading {console.settings.home}{', the demo' if is_demo else ''}")
    try:
        with reading_tables(console.settings) as engine:
            yield engine
    except NotSettledError as error:
        raise NotSettledError(is_off=not console.settings.history) from error
    if not console.settings.history:
        console.report_progress("STORE_UPTIME_HISTORY is off: this is what was settled before")


@contextmanager
def reading_tables(settings: Settings) -> Iterator[Engine]:
    """Connections to the database of a home; raises `NotSettledError` if it has no tables yet."""
    from store_uptime.db import embedded_postgres
    from store_uptime.db.engine import connected
    from store_uptime.db.migrations import is_migrated
    from store_uptime.history.questions import NotSettledError

    if not settings.database_url and not holds_data(settings.home):
        raise NotSettledError
    with embedded_postgres.database(settings) as settings:
        if not is_migrated(settings):
            raise NotSettledError
        with connected(settings, "reader") as engine:
            yield engine


def chosen_dates() -> tuple[date, date]:
    """FROM and UNTIL; raises `SettingError` if one is missing or no date."""
    from store_uptime.calendar.durations import parse_date

    return (
        parse_date("FROM", required("FROM", "a date such as 2023-03-01")),
        parse_date("UNTIL", required("UNTIL", "a date such as 2023-03-01")),
    )


def chosen_stores() -> Choice:
    """STORE_ID, or KIND and NAME; raises `QuestionError` for both, or for one of the latter."""
    from store_uptime.history.questions import Choice

    return Choice(given_store_id(), given("KIND") or None, given_name())


def given_store_id() -> str | None:
    """STORE_ID as it is: blanks are part of an id."""
    return os.environ.get("STORE_ID") or None


def required(name: str, expected: str) -> str:
    """The value of a make variable; raises `SettingError` if it is not given."""
    if not given(name):
        raise SettingError(name, None, expected)
    return given(name)


def one_of(name: str, choices: tuple[str, ...], default: str) -> str:
    """The value of a make variable; raises `SettingError` for an unknown word."""
    value = given(name) or default
    if value not in choices:
        raise SettingError(name, value, f"one of {', '.join(choices)}")
    return value


def given_name() -> str | None:
    """The name of a group. One that make was not given is none: some systems (WSL) have a NAME of their own."""
    is_given = bool(given("KIND")) or " NAME=" in f" {os.environ.get('MAKEFLAGS', '')}"
    return (given("NAME") or None) if is_given else None


def out_folder(settings: Settings) -> Path:
    """The folder for the file; raises `StoreUptimeError` if nothing can be written to it."""
    folder = at_caller(given("OUT") or str(settings.home / "answers"))
    if is_url(folder):
        raise SettingError("OUT", folder, "a folder of this machine")
    problem = problem_of_output(Path(folder))
    if problem:
        raise StoreUptimeError(f"The folder for answers ({folder}) {problem}; it is set by OUT.")
    return Path(folder)
