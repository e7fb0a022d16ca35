"""Secrets in recordings: gone, and still told for what they were."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inventory.secrets import find, mask_document, mask_text
from inventory.sources.bundle.disguise import Disguise
from inventory.sources.bundle.masking import masked
from tests.hostile import HOSTILE

KEY = b"k" * 32
SECRETS = (
    ("", "AKIAEXAMPLEKEYLABXYZ"),
    ("", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"),
    ("", "glpat-abcdefghij0123456789"),
    ("", "xoxb-1234567890-abcdefghij"),
    ("", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4"),
    ("", "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7\nabc\n-----END RSA PRIVATE KEY-----"),
    ("", "postgres://app:s3cr3t-lab@db:5432/app"),
    ("", "SWMTKN-1-3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl-1awxwuwd3z9j1z3puu7rcgdbx"),
    ("DB_PASSWORD", "hunter2-lab"),
    ("API_TOKEN", "tok-lab-0123456789"),
    ("client_secret", "pässwörd-ÄÖ"),
)


def hidden(key: str, value: str) -> str:
    document = {"Config": {"Env": [f"{key}={value}" if key else value]}}
    found: dict[str, Any] = json.loads(masked("/containers/a/json", json.dumps(document).encode(), Disguise(KEY)))
    text: str = found["Config"]["Env"][0]
    return text.removeprefix(f"{key}=") if key else text


@pytest.mark.parametrize(("key", "value"), SECRETS)
def test_it_is_gone_and_judged_the_same(key: str, value: str) -> None:
    other = hidden(key, value)
    assert other != value
    assert len(other) == len(value)
    assert find(key, other) == find(key, value) is not None
    middle = value[6:-6] if len(value) > 20 else value[2:-2]
    assert middle not in other


@pytest.mark.parametrize(("key", "value"), SECRETS)
def test_another_recording_has_other_characters(key: str, value: str) -> None:
    first, second = Disguise().secret(value), Disguise().secret(value)
    assert first != second
    assert Disguise(KEY).secret(value) == Disguise(KEY).secret(value)


def test_what_everybody_knows_stays() -> None:
    assert hidden("DB_PASSWORD", "changeme") == "changeme"
    assert hidden("PATH", "/usr/bin:/bin") == "/usr/bin:/bin"


def test_one_line_with_several() -> None:
    text = "start --password hunter2-lab url=postgres://a:b4d-one@db/x AKIAEXAMPLEKEYLABXYZ end"
    other = Disguise(KEY).text(text, mask_text(text))
    assert other.startswith("start --password ")
    assert other.endswith(" end")
    assert not any(secret in other for secret in ("hunter2", "b4d-one", "EXAMPLEKEY"))
    assert len(other) == len(text)


def test_what_does_not_fit_stays_masked() -> None:
    disguise = Disguise(KEY)
    assert disguise.text("abc", "*** (9 characters)") == "*** (9 characters)"
    assert disguise.text("abcdef", "x*** (3 characters)") == "x*** (3 characters)"
    assert disguise.text("abcdef", "a*** (3 characters)") == "a*** (3 characters)"


def test_hostile_text_survives() -> None:
    document = {"Labels": {str(number): text for number, text in enumerate(HOSTILE)}, "Env": list(HOSTILE)}
    body = json.dumps(document).encode()
    found = json.loads(masked("/containers/a/json", body, Disguise(KEY)))
    shown = mask_document(document)
    for number, text in enumerate(HOSTILE):
        if shown["Labels"][str(number)] == text:
            assert found["Labels"][str(number)] == text
