"""The date of a store on which something happened: its figures, and their picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from store_uptime.delivery import picture
from store_uptime.delivery.composing import hours_text
from store_uptime.history.questions import NotSettledError, QuestionError
from store_uptime.history.store_time import OffsetSpan, Span, SpanKind, StoreTime, find_local_date, find_time

MICROSECOND = timedelta(microseconds=1)
# In the order in which they are painted, the last one on top.
LAYERS: tuple[tuple[str, tuple[SpanKind, ...]], ...] = (
    ("open", ("opening", "special")),
    ("up", ("up",)),
    ("unknown", ("unknown",)),
    ("down", ("down",)),
    ("planned", ("planned",)),
)
NAMES: dict[SpanKind, str] = {"up": "Up", "down": "Down", "unknown": "Without data", "planned": "Planned downtime"}


@dataclass(frozen=True)
class StoreDay:
    """A date of a store."""

    store_id: str
    local_date: date
    time: StoreTime

    @property
    def figures(self) -> list[tuple[str, str]]:
        """What the date has of each, in words; what it has nothing of is left out, except downtime."""
        sums = {kind: self.total_us(kind) for kind in NAMES}
        return [(NAMES[kind], hours_text(amount)) for kind, amount in sums.items() if amount or kind == "down"]

    @property
    def text(self) -> str:
        """What the picture shows, for those who cannot see it."""
        figures = ", ".join(f"{name.lower()} {value}" for name, value in self.figures)
        return f"{self.title}: {figures}"

    @property
    def title(self) -> str:
        """The store, the date, and whose date it is."""
        return f"Store {self.store_id} on {self.local_date} ({self.offsets[-1].timezone})"

    def total_us(self, kind: SpanKind) -> int:
        """The time of a kind, in microseconds."""
        return sum((span.to_at - span.from_at) // MICROSECOND for span in self.spans((kind,)))

    def spans(self, kinds: Sequence[SpanKind]) -> list[Span]:
        """The spans of some kinds, cut to the date."""
        start, end = self.offsets[0].from_at, self.offsets[-1].to_at
        cut = [
            Span(max(span.from_at, start), min(span.to_at, end))
            for kind in kinds
            for span in self.time.spans.get(kind, ())
        ]
        return [span for span in cut if span.from_at < span.to_at]

    @property
    def offsets(self) -> list[OffsetSpan]:
        """The date on the store's clock: a span, or several on the date of a change."""
        return self.time.offsets

    def draw(self) -> bytes:
        """The picture."""
        start, end = self.offsets[0].from_at, self.offsets[-1].to_at

        def place(at: datetime) -> float:
            return (at - start) / (end - start)

        layers = [
            (name, [(place(span.from_at), place(span.to_at)) for span in self.spans(kinds)]) for name, kinds in LAYERS
        ]
        return picture.draw_day(layers, [(place(at), f"{hour:02}:00") for at, hour in self.hours()])

    def hours(self) -> list[tuple[datetime, int]]:
        """When the store's clock reads 00:00, 03:00 and so on."""
        found = []
        for segment in self.offsets:
            midnight = (
                datetime.combine(self.local_date, datetime.min.time(), segment.from_at.tzinfo) - segment.utc_offset
            )
            for hour in range(0, 24, 3):
                at = midnight + timedelta(hours=hour)
                if segment.from_at <= at < segment.to_at:
                    found.append((at, hour))
        return found


def find_store_day(connection: Connection, store_id: str, day: date) -> StoreDay | None:
    """A date of a store; None where it has no figures."""
    try:
        found = find_time(connection, store_id, day, day)
    except (QuestionError, NotSettledError):
        return None
    return StoreDay(store_id, day, found) if found.offsets else None


def local_date(connection: Connection, store_id: str, at: datetime) -> date | None:
    """The date of an instant on the store's clock; None for a store that is gone."""
    try:
        return find_local_date(connection, store_id, at)
    except QuestionError:
        return None
