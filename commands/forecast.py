"""`make forecast`: writes how likely stores are down in their next open hours to a file, and prints its path.

Reads FORMAT, OUT, STORE_ID, KIND and NAME from the environment, as `make availability` does.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from commands.answers import answer, chosen_stores
from commands.console import Console, user_console
from commands.homes import to_read

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from store_uptime.delivery.answers import AnswerFile
    from store_uptime.delivery.insight import InsightFormat


def main(console: Console) -> str:
    """Writes the answer and returns the path of its file; raises `StoreUptimeError` if there is none."""
    from store_uptime.delivery.insight import INSIGHT_FORMATS
    from store_uptime.insight.forecast import NotForecastError

    try:
        return answer(console, question, INSIGHT_FORMATS)
    except NotForecastError as error:
        raise NotForecastError(is_off=not console.settings.forecast) from error


def question() -> Callable[[Engine, InsightFormat], AnswerFile]:
    """What answers the question that the environment has; raises `SettingError` or `QuestionError`."""
    from store_uptime.delivery.insight import forecast_file

    choice = chosen_stores()
    return lambda engine, format_name: forecast_file(engine, choice, format_name)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with user_console("forecast", to_read) as console:
        console.print(main(console))
