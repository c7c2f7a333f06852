"""Who may get something: only whom the deployment allows, and nothing of a webhook but its host is ever shown."""

from __future__ import annotations

import pytest

from store_uptime.delivery import recipients
from store_uptime.errors import InvalidFieldError, SettingError
from store_uptime.settings import Settings

ALLOWED = (
    "@example.org",
    "boss@Example.COM",
    "https://hooks.example.org",
    "http://127.0.0.1:8080/in/",
    "connection:ops",
)


@pytest.mark.parametrize(
    ("recipient", "kind", "shown", "destination"),
    [
        ("ann@example.org", "mail", "ann@example.org", "mail"),
        ("ann+x@EXAMPLE.org", "mail", "ann+x@EXAMPLE.org", "mail"),
        ("boss@example.com", "mail", "boss@example.com", "mail"),
        (
            "https://hooks.example.org/services/T0/secret?key=secret",
            "webhook",
            "https://hooks.example.org/…",
            "https://hooks.example.org",
        ),
        (
            "https://hooks.example.org:443/x",
            "webhook",
            "https://hooks.example.org:443/…",
            "https://hooks.example.org:443",
        ),
        ("https://HOOKS.example.org", "webhook", "https://hooks.example.org", "https://hooks.example.org"),
        ("http://127.0.0.1:8080/in/x", "webhook", "http://127.0.0.1:8080/…", "http://127.0.0.1:8080"),
        ("connection:ops", "connection", "connection:ops", "connection:ops"),
    ],
)
def test_who_is_allowed(recipient: str, kind: str, shown: str, destination: str) -> None:
    assert recipients.kind_of(recipient) == kind
    recipients.check_allowed(recipient, ALLOWED)
    assert recipients.shown(recipient) == shown
    assert recipients.destination(recipient) == destination


@pytest.mark.parametrize(
    "recipient",
    [
        "ann@example.org.evil.net",
        "ann@sub.example.org",
        "ann@evil.net",
        "anna@example.com",
        "https://hooks.example.org.evil.net/x",
        "https://hooks.example.org:8443/x",
        "http://hooks.example.org/x",
        "https://evil.net/https://hooks.example.org",
        "http://127.0.0.1:8080/inside",
        "http://127.0.0.1:8080/in/../admin",
        "http://127.0.0.1:8080/in/%2e%2e/admin",
        "http://127.0.0.1/in/x",
        "http://169.254.169.254/latest/meta-data",
        "connection:smtp_default",
        "setting:STORE_UPTIME_ALERT_WEBHOOK",
    ],
)
def test_who_is_not(recipient: str) -> None:
    with pytest.raises(InvalidFieldError) as raised:
        recipients.check_allowed(recipient, ALLOWED)
    assert raised.value.field == "recipients"
    assert recipients.shown(recipient) in str(raised.value)


@pytest.mark.parametrize(
    "recipient",
    [
        "",
        "ann",
        "ann@example.org,eve@evil.net",
        "ann@example.org\nBcc: eve@evil.net",
        "Ann <ann@example.org>",
        "https://hooks.example.org@evil.net/x",
        "https://user:secret@hooks.example.org/x",
        "https://hooks.example.org\\@evil.net/x",
        "https://hooks.example.org/x#y",
        "https://hooks.example.org/x y",
        "https://hooks.éxample.org/x",
        "https:///x",
        "https://hooks.example.org:0/x",
        "https://hooks.example.org:x/x",
        "file:///etc/passwd",
        "json://hooks.example.org/x",
        "connection:",
        "connection:a b",
        "a@" + "b" * 3000,
    ],
)
def test_what_is_no_recipient(recipient: str) -> None:
    with pytest.raises(InvalidFieldError) as raised:
        recipients.kind_of(recipient)
    assert "secret" not in str(raised.value)


def test_nobody_is_allowed_unless_a_setting_says_so() -> None:
    assert Settings.from_environment({}).allow_recipients == ()
    given = {"STORE_UPTIME_ALLOW_RECIPIENTS": "@example.org, https://hooks.example.org,"}
    settings = Settings.from_environment(given)
    assert settings.allow_recipients == ("@example.org", "https://hooks.example.org")
    assert settings.sends
    assert not Settings.from_environment(given | {"STORE_UPTIME_NOTIFICATIONS": "off"}).sends
    assert not Settings.from_environment({}).sends
    assert Settings.from_environment({"STORE_UPTIME_ALERT_EMAIL": "a@b.org"}).sends


@pytest.mark.parametrize(
    "entry", ["example.org", "*", "https://", "https://a@b.org/x", "https://a.org/?x=1", "connection:", "ftp://a.org"]
)
def test_an_entry_that_allows_nobody_is_named(entry: str) -> None:
    with pytest.raises(SettingError, match="STORE_UPTIME_ALLOW_RECIPIENTS"):
        Settings.from_environment({"STORE_UPTIME_ALLOW_RECIPIENTS": entry})
