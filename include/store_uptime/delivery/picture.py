"""Pictures of figures in mails, as PNG, which mail programs show where they show no SVG: uptime day by day, and a date
of a store.
"""

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
LEFT, RIGHT, TOP, BOTTOM = 124, 16, 24, 60
INK, MUTED, LINE, UP, DOWN, NONE = "#1d2433", "#5a6478", "#dfe3ea", "#2f9e6e", "#d6453d", "#aab2c0"
STEPS = (0.0, 50.0, 80.0, 90.0, 95.0, 99.0)  # where the scale may begin, in percent
MAX_DATES_NAMED = 8
FONT_SIZE = 32  # to be read on a phone too, where the picture is a quarter of this
DAY_HEIGHT, DAY_BAR = 188, 64
DAY_COLOURS = {"open": "#eef1f5", "up": UP, "down": DOWN, "unknown": NONE, "planned": "#6d8fd0"}
DAY_WORDS = {"up": "up", "down": "down", "unknown": "without data", "planned": "planned downtime"}

Layer = tuple[str, Sequence[tuple[float, float]]]  # what it is, and from where to where


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


def draw_day(layers: Sequence[Layer], hours: Sequence[tuple[float, str]]) -> bytes:
    """A date as a bar, painted layer by layer, with the hours of its clock below and a legend of what there is.

    Places are shares of the date. What has no layer, closed time, stays empty.
    """
    image = Image.new("RGB", (WIDTH, DAY_HEIGHT), "#ffffff")
    canvas = ImageDraw.Draw(image)
    left, right, top, bottom = 48, WIDTH - 16, 16, 16 + DAY_BAR
    canvas.rectangle((left, top, right, bottom), outline=LINE, width=2)
    for name, spans in layers:
        for start, end in spans:
            # A short span is seen too: three pixels at least.
            x = left + (right - left) * start
            canvas.rectangle((x, top, max(left + (right - left) * end, x + 3), bottom), fill=DAY_COLOURS[name])
    for place, label in hours:
        x = left + (right - left) * place
        canvas.line((x, bottom, x, bottom + 8), fill=MUTED, width=2)
        text(canvas, (x, bottom + 12), label, anchor="ma")
    x = 8.0
    for name, spans in layers:
        if not spans or name == "open":
            continue
        canvas.rectangle((x, DAY_HEIGHT - 40, x + 22, DAY_HEIGHT - 18), fill=DAY_COLOURS[name])
        text(canvas, (x + 32, DAY_HEIGHT - 29), DAY_WORDS[name], anchor="lm")
        x += 32 + canvas.textlength(DAY_WORDS[name], font=font()) + 36
    stream = io.BytesIO()
    image.save(stream, "PNG")  # a tenth larger than the smallest, in a quarter of the time
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
    return ImageFont.truetype(str(files("manimgx_fonts").joinpath("NotoSans[wght].ttf")), FONT_SIZE)
