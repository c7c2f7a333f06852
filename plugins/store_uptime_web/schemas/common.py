"""Types of single values that several resources share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from store_uptime.calendar.durations import instant_text
from store_uptime.reports.request import is_storable


def expect_storable(text: str) -> str:
    """`text`; ValueError if the database cannot hold it."""
    if not is_storable(text):
        raise ValueError("may not contain NUL or half of a surrogate pair")
    return text


Text = Annotated[str, AfterValidator(expect_storable)]
Instant = Annotated[datetime, PlainSerializer(instant_text, return_type=str)]
NoData = Literal["unknown", "down"]
Span = Annotated[tuple[Instant, Instant], Field(description="From, and up to but not including.")]
TwoDecimals = Annotated[str, Field(pattern=r"^\d+\.\d\d$", examples=["58.50"])]
SignedTwoDecimals = Annotated[str, Field(pattern=r"^-?\d+\.\d\d$", examples=["-0.31"])]
Digits = Annotated[str, Field(pattern=r"^\d+$"), BeforeValidator(str)]
