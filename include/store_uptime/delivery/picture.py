"""The picture of the figures in a mail: uptime day by day as a PNG, which mail programs show where they show no SVG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from store_uptime.history.availability import Availability

WIDTH, HEIGHT = 1184, 360  # twice what is shown, for sharp screens
LEFT, RIGHT, TOP, BOTTOM = 96, 16, 24, 56
INK, MUTED, LINE, UP, DOWN, NONE = "#1d2433", "#5a6478", "#dfe3ea", "#2f9e6e", "#d6453d", "#aab2c0"
STEPS = (0.0, 50.0, 80.0, 90.0, 95.0, 99.0)  # where the scale may begin, in percent
MAX_DATES_NAMED = 8


def draw(days: Sequence[Availability]) -> bytes:
    """A bar for each day; days without figures are grey. The scale begins below the lowest one."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "#ffffff")
    canvas = ImageDraw.Draw(image)
    known = [float(day.uptime_percent) for day in days if day.uptime_percent is not None]
    least = max((step for step in STEPS if step <= min(known, default=0.0)), default=0.0)
    bottom = HEIGHT - BOTTOM
    for part in range(3):
        percent = least + (100.0 - least) * part / 2
        y = bottom - (bottom - TOP) * part / 2
        canvas.line((LEFT, y, WIDTH - RIGHT, y), fill=LINE, width=2)
        text(canvas, (LEFT - 12, y), f"{percent:g} %", anchor="rm")
    step = (WIDTH - LEFT - RIGHT) / max(len(days), 1)
    named = max(1, -(-len(days) // MAX_DATES_NAMED))
    for number, day in enumerate(days):
        left, right = LEFT + step * number + step * 0.15, LEFT + step * (number + 1) - step * 0.15
        if day.uptime_percent is None:
            canvas.rectangle((left, bottom - 6, right, bottom), fill=NONE)
        else:
            share = (float(day.uptime_percent) - least) / (100.0 - least)
            fill = DOWN if day.verdict == "breached" else UP
            canvas.rectangle((left, min(bottom - (bottom - TOP) * share, bottom - 3), right, bottom), fill=fill)
        if number % named == 0:
            text(canvas, ((left + right) / 2, bottom + 12), date_text(day.from_date), anchor="ma")
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def text(canvas: ImageDraw.ImageDraw, place: tuple[float, float], words: str, *, anchor: str) -> None:
    """Writes words where they belong."""
    canvas.text(place, words, fill=MUTED, font=font(), anchor=anchor)


def date_text(day: date) -> str:
    """A date in short, such as 23 Jan."""
    return f"{day.day} {day:%b}"


@cache
def font() -> Any:
    """The font of the PDFs."""
    return ImageFont.truetype(str(files("manimgx_fonts").joinpath("NotoSans[wght].ttf")), 26)
