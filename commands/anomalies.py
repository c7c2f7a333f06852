"""`make anomalies`: writes what was unusual on some dates to a file, and prints its path.

Reads FROM, UNTIL, FORMAT, OUT, STORE_ID, KIND and NAME from the environment, as `make availability` does.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from commands.answers import answer, chosen_dates, chosen_stores
from commands.console import Console, user_console
from commands.homes import to_read

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from store_uptime.delivery.answers import AnswerFile
    from store_uptime.delivery.insight import InsightFormat


def main(console: Console) -> str:
    """Writes the answer and returns the path of its file; raises `StoreUptimeError` if there is none."""
    from store_uptime.delivery.insight import INSIGHT_FORMATS
    from store_uptime.insight.anomalies import NotJudgedError

    try:
        return answer(console, question, INSIGHT_FORMATS)
    except NotJudgedError as error:
        raise NotJudgedError(is_off=not console.settings.anomalies) from error


def question() -> Callable[[Engine, InsightFormat], AnswerFile]:
    """What answers the question that the environment has; raises `SettingError` or `QuestionError`."""
    from store_uptime.delivery.insight import anomalies_file
    from store_uptime.insight.anomalies import AnomalyFilter

    wanted = AnomalyFilter(*chosen_dates(), chosen_stores())
    return lambda engine, format_name: anomalies_file(engine, wanted, format_name)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with user_console("anomalies", to_read) as console:
        console.print(main(console))
