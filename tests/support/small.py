"""Three small input files, for tests that damage, rewrite or reload them."""

from __future__ import annotations

from pathlib import Path

STATUS = """\
store_id,status,timestamp_utc
1481966498820158979,active,2023-01-22 12:09:39.388884 UTC
1481966498820158979,inactive,2023-01-23 12:09:39 UTC
1481966498820158979,active,2023-01-24 09:07:26.44 UTC
0042,inactive,2023-01-25 17:00:00 UTC
0042,active,2023-01-25 18:13:22.47922 UTC
"""
HOURS = """\
store_id,dayOfWeek,start_time_local,end_time_local
1481966498820158979,0,09:00:00,17:00:00
1481966498820158979,1,22:00:00,02:00:00
0042,2,00:00:00,23:59:00
"""
ZONES = """\
store_id,timezone_str
1481966498820158979,America/Denver
9007199254740993,Asia/Kathmandu
"""
NAMES = {
    "store_status": "store_status.csv",
    "business_hours": "business_hours.csv",
    "store_timezones": "store_timezones.csv",
}
CONTENTS = {"store_status": STATUS, "business_hours": HOURS, "store_timezones": ZONES}


def write(folder: Path, **contents: str | bytes | None) -> Path:
    """Writes the three files; `store_status="…"` and so on replaces one, None omits it."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, name in NAMES.items():
        content = contents.get(kind, CONTENTS[kind])
        (folder / name).unlink(missing_ok=True)
        if content is not None:
            (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder
