"""Recipients: mail addresses, webhooks, and connections of Airflow; only those that the deployment allows.

What a webhook's URL has after its host is often a secret, so no page, log or answer shows it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from store_uptime.errors import InvalidFieldError, quoted

Kind = Literal["mail", "webhook", "connection", "setting"]

ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII)
CONNECTION = re.compile(r"connection:[A-Za-z0-9_.-]{1,250}", re.ASCII)
SETTING = re.compile(r"setting:STORE_UPTIME_ALERT_(EMAIL|WEBHOOK)", re.ASCII)
MAX_CHARACTERS = 2000
MAX_RECIPIENTS = 50  # of a subscription or a rule
PORTS = {"http": 80, "https": 443}
MAIL_SERVER = "mail"
EXPECTED = "expected a mail address, an https:// URL or connection:id"


def kind_of(recipient: str) -> Kind:
    """What kind of recipient it is; raises `InvalidFieldError` for other text."""
    if len(recipient) > MAX_CHARACTERS:
        raise InvalidFieldError("recipients", f"longer than {MAX_CHARACTERS} characters")
    if SETTING.fullmatch(recipient):
        return "setting"
    if CONNECTION.fullmatch(recipient):
        return "connection"
    if ADDRESS.fullmatch(recipient):
        return "mail"
    if web_address(recipient) is not None:
        return "webhook"
    raise InvalidFieldError("recipients", f"{quoted(shown(recipient))} is none; {EXPECTED}")


def check_list(recipients: Sequence[str], allowed: Sequence[str] | None = None) -> None:
    """Raises `InvalidFieldError` for too few or too many recipients, or one that is none, or is not among `allowed`."""
    if not 1 <= len(recipients) <= MAX_RECIPIENTS or len(set(recipients)) < len(recipients):
        raise InvalidFieldError("recipients", f"expected 1 to {MAX_RECIPIENTS}, each once")
    for recipient in recipients:
        if allowed is None:
            kind_of(recipient)
        else:
            check_allowed(recipient, allowed)


def check_allowed(recipient: str, allowed: Sequence[str]) -> None:
    """Raises `InvalidFieldError` unless an entry of STORE_UPTIME_ALLOW_RECIPIENTS allows this recipient."""
    kind = kind_of(recipient)
    if kind == "setting":
        raise InvalidFieldError("recipients", f"{recipient} is for alerts only")
    matches = {"mail": _allows_mail, "webhook": _allows_webhook, "connection": str.__eq__}[kind]
    if not any(matches(entry, recipient) for entry in allowed):
        raise InvalidFieldError(
            "recipients", f"{shown(recipient)} is not among those that STORE_UPTIME_ALLOW_RECIPIENTS allows"
        )


def destination(recipient: str) -> str:
    """What has to answer so that it gets something. While that does not, nothing else is sent there either."""
    kind = kind_of(recipient)
    if kind == "mail":
        return MAIL_SERVER
    return shown(recipient).removesuffix("/…") if kind == "webhook" else recipient


def shown(recipient: str) -> str:
    """The recipient without what may be a secret."""
    if "://" not in recipient:
        return recipient
    parts = web_address(recipient)
    if parts is None:
        return f"{recipient.partition('://')[0]}://…"
    return f"{parts.scheme}://{_host(parts)}" + ("/…" if parts.path.strip("/") or parts.query else "")


def web_address(text: str) -> SplitResult | None:
    """The parts of an HTTP URL without user, password or fragment, whose host is spelled plainly; None for others."""
    if not text.isascii() or any(character.isspace() or character == "\\" for character in text):
        return None
    try:
        parts = urlsplit(text)
        is_plain = parts.port != 0 and parts.username is None and parts.password is None
    except ValueError:
        return None
    if parts.scheme not in PORTS or not parts.hostname or not is_plain or parts.fragment:
        return None
    return parts


def _allows_mail(entry: str, address: str) -> bool:
    """The domain is compared in any case, what is before it as it is."""
    local, _, domain = entry.rpartition("@")
    own_local, _, own_domain = address.rpartition("@")
    return bool(domain) and "://" not in entry and domain.lower() == own_domain.lower() and local in ("", own_local)


def _allows_webhook(entry: str, url: str) -> bool:
    """Same scheme, host and port, and a path that begins as the entry's, at whole segments."""
    allowed, wanted = web_address(entry), web_address(url)
    if allowed is None or wanted is None or _origin(allowed) != _origin(wanted):
        return False
    path, own = allowed.path.rstrip("/"), wanted.path
    return ".." not in own.split("/") and "%2e" not in own.lower() and (own == path or own.startswith(f"{path}/"))


def _origin(parts: SplitResult) -> tuple[str, str | None, int]:
    return parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme]


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{parts.port}" if parts.port else host
