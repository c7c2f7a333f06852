"""`make availability`: writes the availability of stores over time to a file, and prints its path.

Reads FROM, UNTIL, PERIOD, BY, FORMAT, OUT, STORE_ID, KIND and NAME from the environment, where make puts its variables.
It only reads: what it shows is as of the newest report of all stores, up to which days and outages are settled.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from commands.answers import answer, chosen_dates, chosen_stores, one_of
from commands.caller import given
from commands.console import Console, user_console
from commands.homes import to_read

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from store_uptime.delivery.answers import AnswerFile
    from store_uptime.delivery.rendering import FormatName


def main(console: Console) -> str:
    """Writes the answer and returns the path of its file; raises `StoreUptimeError` if there is none."""
    return answer(console, question)


def question() -> Callable[[Engine, FormatName], AnswerFile]:
    """What answers the question that the environment has; raises `SettingError` or `QuestionError`."""
    from store_uptime.calendar.periods import CALENDAR_UNITS, CalendarUnit
    from store_uptime.delivery.answers import availability_file
    from store_uptime.history.availability import Question

    from_date, until_date = chosen_dates()
    asked = Question(
        from_date=from_date,
        until_date=until_date,
        period=cast("CalendarUnit", one_of("PERIOD", CALENDAR_UNITS, "range")),
        by=given("BY") or "store",
        choice=chosen_stores(),
    )
    return lambda engine, format_name: availability_file(engine, asked, format_name)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with user_console("availability", to_read) as console:
        console.print(main(console))
