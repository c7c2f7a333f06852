"""The errors that users see. The message says what is wrong, where, and what was expected; the facts are attributes."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def printable(text: str) -> str:
    """`text` with what a terminal obeys, PostgreSQL refuses or nobody sees as an escape; line ends stay."""
    if text.isprintable():  # as nearly all text is
        return text
    return "".join(
        character if character.isprintable() or character == "\n" else f"\\u{ord(character):04x}" for character in text
    )


class StoreUptimeError(Exception):
    """Base of all errors of input or deployment, as opposed to bugs. Only `NoAnswerError` is worth a retry.

    Messages quote files and names that anybody may have made, so they are `printable`.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


LONGEST_QUOTE = 200


def quoted(value: object) -> str:
    """`value` in quotes, without control characters, and cut short where it is long."""
    text = repr(value)
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 1]}…"


class SettingError(StoreUptimeError):
    """`{name} is {value!r}; expected {expected}.`, or `is not set` where the value is None."""

    def __init__(self, name: str, value: str | None, expected: str) -> None:
        self.name, self.value, self.expected = name, value, expected
        super().__init__(f"{name} is {'not set' if value is None else quoted(value)}; expected {expected}.")


class InputFolderError(StoreUptimeError):
    """The data folder cannot be used: `{folder}: {problem}`"""

    def __init__(self, folder: str, problem: str) -> None:
        self.folder, self.problem = folder, problem
        super().__init__(f"{folder}: {problem}")


class InputFileError(StoreUptimeError):
    """A whole file cannot be used: `{file}[, line {line}][, column {column}]: {problem}; expected {expected}.`"""

    def __init__(
        self, file: str, problem: str, expected: str, *, line: int | None = None, column: str | None = None
    ) -> None:
        self.file, self.problem, self.expected, self.line, self.column = file, problem, expected, line, column
        where = file + (f", line {line}" if line else "") + (f", column {column}" if column else "")
        super().__init__(f"{where}: {problem}; expected {expected}.")


class ExpectationFailedError(StoreUptimeError):
    """One or more `fail` expectations were not met; `failures` holds one sentence each."""

    def __init__(self, failures: list[str]) -> None:
        self.failures = failures
        super().__init__(" | ".join(failures))


class ReportError(StoreUptimeError):
    """A report cannot be computed from what is loaded (no poll up to as-of, an unknown store, ...)."""


class AlertError(StoreUptimeError):
    """An alert was not sent: `An alert was not sent: {channel} {problem}.`"""

    def __init__(self, channel: str, problem: str) -> None:
        self.channel, self.problem = channel, problem
        super().__init__(f"An alert was not sent: {channel} {problem}.")


class InvalidFieldError(StoreUptimeError):
    """A template, subscription or rule that cannot be: `{field}: {problem}`. Fields are named as in the API's body."""

    def __init__(self, field_name: str, problem: str) -> None:
        self.field, self.problem = field_name, problem
        super().__init__(f"{field_name}: {problem}")


class DiskFullError(StoreUptimeError):
    """`{place} is full. Make room there, then run the task again.`"""

    def __init__(self, place: str) -> None:
        self.place = place
        super().__init__(f"{place} is full. Make room there, then run the task again.")


class OutputFolderError(StoreUptimeError):
    """A folder for results cannot be used: `{place} cannot be written to: {problem}; it is set by {setting}.`"""

    def __init__(self, place: str, problem: str, setting: str) -> None:
        self.place, self.problem, self.setting = place, problem, setting
        super().__init__(f"{place} cannot be written to: {problem}; it is set by {setting}.")


class NoAnswerError(StoreUptimeError):
    """A folder or file that may be available again later: `{place} does not answer: {problem}`"""

    def __init__(self, place: str, problem: str) -> None:
        self.place, self.problem = place, problem
        super().__init__(f"{place} does not answer: {problem}")


FULL = {errno.ENOSPC, errno.EDQUOT}
# Network file systems raise these, and s3fs when an object store is busy or has an internal error.
UNANSWERED = {errno.EIO, errno.EBUSY, errno.EAGAIN, errno.ESTALE, errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTUNREACH}

# Errors of libraries that fsspec's file systems do not translate.
LOST_CONNECTIONS = {
    "botocore.exceptions": ("ConnectionError", "HTTPClientError", "IncompleteReadError"),
    "aiohttp": ("ClientError",),
}


@contextmanager
def naming_output(place: str, setting: str) -> Iterator[None]:
    """Raises errors as `naming_place` does, and any other `OSError` as `OutputFolderError` with the `setting`."""
    try:
        with naming_place(place):
            yield
    except OSError as error:
        raise OutputFolderError(place, error.strerror or str(error), setting) from error


@contextmanager
def naming_place(place: str) -> Iterator[None]:
    """Raises `DiskFullError` or `NoAnswerError` with `place` for errors that mean this; other errors pass unchanged."""
    try:
        yield
    except Exception as error:
        number, message = getattr(error, "errno", None), getattr(error, "strerror", None)
        if number in FULL:
            raise DiskFullError(place) from error
        if number in UNANSWERED or isinstance(error, (ConnectionError, TimeoutError, *_lost_connections())):
            problem = " ".join((message or str(error) or type(error).__name__).split())
            raise NoAnswerError(place, problem) from error
        raise


def _lost_connections() -> tuple[type[Exception], ...]:
    """The classes of LOST_CONNECTIONS whose libraries are imported; the others cannot have raised anything."""
    return tuple(
        getattr(sys.modules[module], name)
        for module, names in LOST_CONNECTIONS.items()
        if module in sys.modules
        for name in names
    )
