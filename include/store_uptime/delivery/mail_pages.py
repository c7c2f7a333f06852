"""The HTML of mails. Everything that is filled in is escaped."""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2


def render(name: str, **facts: Any) -> str:
    """A page of the folder `mail`."""
    return environment().get_template(name).render(facts)


@cache
def environment() -> jinja2.Environment:
    """Reads pages from beside this module, once."""
    loader = jinja2.PackageLoader("store_uptime.delivery", "mail")
    return jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
