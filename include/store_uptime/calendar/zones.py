"""Time zones, only from the pinned `tzdata` package, so that every machine uses the same clock changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

DEFAULT_TIMEZONE = "America/Chicago"


@cache
def known_timezones() -> frozenset[str]:
    """The names of all IANA zones."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name; raises `KeyError` for an unknown one."""
    if name not in known_timezones():
        raise KeyError(name)
    with files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as stream:
        return ZoneInfo.from_file(stream, key=name)


def offset_segments(name: str, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The offset segments (`utc_from`, `utc_to`, `utc_offset`) that cover [`start`, `end`), in order.

    `start` and `end` are UTC and may have microseconds; offsets change at whole seconds. Probes every hour (the IANA
    data has no two changes within an hour), then bisects to the second. Raises `KeyError` for an unknown zone.
    """
    local = zone(name)

    def offset_at(instant: datetime) -> timedelta:
        offset = instant.astimezone(local).utcoffset()
        assert offset is not None, name
        return offset

    segment_start, offset, probe = start, offset_at(start), start
    while probe < end:
        following = min(probe + timedelta(hours=1), end)
        if offset_at(following) != offset:
            before, after = probe.replace(microsecond=0), following.replace(microsecond=0)
            while after - before > timedelta(seconds=1):
                middle = (before + (after - before) / 2).replace(microsecond=0)
                before, after = (before, middle) if offset_at(middle) != offset else (middle, after)
            if after < end:
                yield segment_start, after, offset
                segment_start, offset = after, offset_at(after)
        probe = following
    yield segment_start, end, offset


def as_utc(instant: datetime) -> datetime:
    """`instant` in UTC; without a zone it means UTC."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
