"""Time zones, only from the pinned `tzdata` package, so that every machine uses the same clock changes."""

from __future__ import annotations

import io
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

DEFAULT_TIMEZONE = "America/Chicago"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HEADER = 44  # bytes of the header of each part of a zone's file; the last 24 are six counts
MOST_SECONDS = 60_000_000_000  # from 1970: datetime knows no years before 1


@cache
def known_timezones() -> frozenset[str]:
    """The names of all IANA zones."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name; raises `KeyError` for an unknown one."""
    if name not in known_timezones():
        raise KeyError(name)
    return ZoneInfo.from_file(io.BytesIO(_zone_file(name)), key=name)


@cache
def listed_changes(name: str) -> list[datetime]:
    """The instants at which a zone changes, as its file lists them; after the last one, its rule may go on.

    Of the second part of the file (RFC 9636), which has 64 bits for each; some are no changes of the offset.
    """
    data = _zone_file(name)
    counts = struct.unpack_from(">6I", data, HEADER - 24)
    # Of the first part, the bytes for each of what the header counts: both kinds of marks, leap seconds, times and
    # their types, types, and letters.
    second = HEADER + sum(count * size for count, size in zip(counts, (1, 1, 8, 5, 6, 1), strict=True))
    times = struct.unpack_from(">6I", data, second + HEADER - 24)[3]
    seconds = struct.unpack_from(f">{times}q", data, second + HEADER)
    return [EPOCH + timedelta(seconds=each) for each in seconds if abs(each) < MOST_SECONDS]


def offset_segments(name: str, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The offset segments (`utc_from`, `utc_to`, `utc_offset`) that cover [`start`, `end`), in order.

    `start` and `end` are UTC and may have microseconds; offsets change at whole seconds. Looks at the changes that are
    listed; where the zone's rule goes on, probes every day (it changes twice a year), then bisects to the second.
    Raises `KeyError` for an unknown zone.
    """
    local = zone(name)

    def offset_at(instant: datetime) -> timedelta:
        offset = instant.astimezone(local).utcoffset()
        assert offset is not None, name
        return offset

    segment_start, offset = start, offset_at(start)
    listed = listed_changes(name)
    for change in listed[bisect_right(listed, start) : bisect_left(listed, end)]:
        if offset_at(change) != offset:
            yield segment_start, change, offset
            segment_start, offset = change, offset_at(change)
    probe = max([start, *listed[-1:]])
    while probe < end:
        following = min(probe + timedelta(days=1), end)
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


def _zone_file(name: str) -> bytes:
    return files("tzdata.zoneinfo").joinpath(*name.split("/")).read_bytes()


def as_utc(instant: datetime) -> datetime:
    """`instant` in UTC; without a zone it means UTC."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
