"""`make explain`: prints what a store counts as at an instant, and why, as JSON.

Reads STORE_ID and AT from the environment. It only reads, as `make availability` does.
"""

from __future__ import annotations

import json
import signal
import sys

from commands.answers import given_store_id, in_words_of_make, reading_settled, required
from commands.console import Console, user_console
from commands.homes import to_read
from store_uptime.errors import SettingError


def main(console: Console) -> str:
    """The explanation; raises `StoreUptimeError` if there is none."""
    from store_uptime.calendar.durations import parse_instant
    from store_uptime.delivery.explanations import explanation_json
    from store_uptime.history.explain import explain
    from store_uptime.history.questions import reading

    store_id = given_store_id()
    if store_id is None:
        raise SettingError("STORE_ID", None, "the id of a store")
    at = parse_instant("AT", required("AT", "an instant such as 2023-01-25T18:13:22Z"))
    with in_words_of_make(), reading_settled(console) as engine, reading(engine) as connection:
        found = explain(connection, store_id, at)
    return json.dumps(explanation_json(found), ensure_ascii=False, indent=2)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with user_console("explain", to_read) as console:
        console.print(main(console))
