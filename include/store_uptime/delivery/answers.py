"""Answers about availability over time as files: what commands and the API have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO

from sqlalchemy import Connection, Engine

from store_uptime.delivery.rendering import FormatName, render
from store_uptime.delivery.tables import AVAILABILITY, NOW, OUTAGES, Basis
from store_uptime.history.availability import Question, find_availability
from store_uptime.history.now import Order as OrderOfStores
from store_uptime.history.now import State, find_now
from store_uptime.history.outages import Order, OutageFilter, StartHour, find_outages
from store_uptime.history.questions import Choice, Settlement, read_input_hashes, reading


@dataclass(frozen=True)
class AnswerFile:
    """A file with an answer, positioned at its start, and its name; `remark` is what its rows do not say."""

    name: str
    stream: IO[bytes]
    remark: str | None = None


def read_basis(connection: Connection, settlement: Settlement) -> Basis:
    """What an answer of the newest settlement rests on, with the hashes of its input."""
    return Basis(settlement.as_of, settlement.accepted_order, read_input_hashes(connection))


def availability_file(engine: Engine, question: Question, format_name: FormatName) -> AnswerFile:
    """The answer to a question as a file.

    Raises `QuestionError`, `NotSettledError` or `TooManyRowsError`.
    """
    with reading(engine) as connection:
        answer = find_availability(connection, question)
        basis = read_basis(connection, answer.settlement)
    stream = render(format_name, AVAILABILITY, answer.rows, basis)
    return AnswerFile(
        f"availability-{question.from_date}-{question.until_date}-by-{safe(question.by)}.{format_name}", stream
    )


def outages_file(
    engine: Engine,
    wanted: OutageFilter,
    format_name: FormatName,
    *,
    starting: StartHour | None = None,
    order: Order | None = None,
) -> AnswerFile:
    """The outages that are asked for, as a file; raises as `availability_file`."""
    with reading(engine) as connection:
        answer = find_outages(connection, wanted, starting=starting, order=order)
        basis = read_basis(connection, answer.settlement)
    stream = render(format_name, OUTAGES, answer.rows, basis)
    return AnswerFile(f"outages-{wanted.from_date}-{wanted.until_date}.{format_name}", stream)


def now_file(
    engine: Engine,
    choice: Choice,
    format_name: FormatName,
    *,
    state: State | None = None,
    order: OrderOfStores | None = None,
) -> AnswerFile:
    """What stores are now, as a file; raises as `availability_file`."""
    with reading(engine) as connection:
        answer = find_now(connection, choice, state=state, order=order)
        basis = read_basis(connection, answer.settlement)
    stream = render(format_name, NOW, answer.rows, basis)
    return AnswerFile(f"now-{answer.settlement.as_of:%Y-%m-%dT%H%M%SZ}.{format_name}", stream)


def safe(text: str) -> str:
    """A kind of group as part of a file's name."""
    return "".join(character if character.isascii() and character.isalnum() else "-" for character in text)
