"""Types of single values that several resources share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer


def is_storable(text: str) -> bool:
    """Whether PostgreSQL can hold `text`: no NUL, no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def expect_storable(text: str) -> str:
    """`text`; ValueError if the database cannot hold it."""
    if not is_storable(text):
        raise ValueError("may not contain NUL or half of a surrogate pair")
    return text


def instant_text(instant: datetime) -> str:
    """`instant` in UTC as ISO 8601, to the microsecond, with Z."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


Text = Annotated[str, AfterValidator(expect_storable)]
Instant = Annotated[datetime, PlainSerializer(instant_text, return_type=str)]
NoData = Literal["unknown", "down"]
Span = Annotated[tuple[Instant, Instant], Field(description="From, and up to but not including.")]
TwoDecimals = Annotated[str, Field(pattern=r"^\d+\.\d\d$", examples=["58.50"])]
SignedTwoDecimals = Annotated[str, Field(pattern=r"^-?\d+\.\d\d$", examples=["-0.31"])]
Digits = Annotated[str, Field(pattern=r"^\d+$"), BeforeValidator(str)]
