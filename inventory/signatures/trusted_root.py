"""Sigstore's `trusted_root.json`: which certificate authorities, transparency and certificate logs count, and when.

An entry that cannot be understood (a key of a kind that is not supported) is left out, never guessed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from inventory.signatures.certificates import from_der, leads_to
from inventory.signatures.keys import BAD, Key, key_bytes, unusable
from inventory.signatures.parsing import at, document, from_base64, moment, text_at

_MEDIA_TYPE = "application/vnd.dev.sigstore.trustedroot"
_MOST = 64
_EVER = float("inf")


class Log(msgspec.Struct, frozen=True):
    """A log; its id is sha256 of its key."""

    log_id: bytes
    key: Key
    start: float
    end: float
    name: str


class Authority(msgspec.Struct, frozen=True):
    """A certificate authority: its chain, the side of the leaves first."""

    chain: tuple[x509.Certificate, ...]
    start: float
    end: float


class TrustedRoot(msgspec.Struct, frozen=True):
    """What is trusted for keyless signatures."""

    logs: tuple[Log, ...]
    authorities: tuple[Authority, ...]
    certificate_logs: tuple[Log, ...]


@lru_cache(maxsize=8)
def read(raw: bytes) -> TrustedRoot | str:
    """The trust root, or what is wrong with it."""
    found = document(raw)
    if found is None or not text_at(found, "mediaType").startswith(_MEDIA_TYPE):
        return "the trust root is no trusted_root.json"
    logs, certificate_logs = tuple(_logs(found.get("tlogs"))), tuple(_logs(found.get("ctlogs")))
    authorities = tuple(_authorities(found.get("certificateAuthorities")))
    if not authorities:
        return "the trust root names no certificate authority that can be used"
    return TrustedRoot(logs, authorities, certificate_logs)


def _entries(listed: Any) -> list[Any]:
    return listed[:_MOST] if isinstance(listed, list) else []


def _logs(listed: Any) -> Iterator[Log]:
    for one in _entries(listed):
        raw = from_base64(text_at(one, "publicKey", "rawBytes"))
        span = _span(at(one, "publicKey", "validFor"))
        key = _key(raw) if raw else None
        if key is not None and span is not None:
            yield Log(hashlib.sha256(key_bytes(key)).digest(), key, *span, text_at(one, "baseUrl"))


def _key(raw: bytes) -> Key | None:
    try:
        key = serialization.load_der_public_key(raw)
    except BAD:
        return None
    return key if isinstance(key, Key) and not unusable(key) else None


def _authorities(listed: Any) -> Iterator[Authority]:
    for one in _entries(listed):
        raw = [from_base64(text_at(item, "rawBytes")) for item in _entries(at(one, "certChain", "certificates"))]
        chain = tuple(filter(None, (from_der(item) for item in raw if item)))
        span = _span(at(one, "validFor"))
        joined = len(chain) == 1 or (len(chain) > 1 and leads_to(chain[0], chain[1:], None))
        if span is not None and len(chain) == len(raw) and joined:
            yield Authority(chain, *span)


def _span(found: Any) -> tuple[float, float] | None:
    """From when to when; None where that is not said properly."""
    if found is None:
        return 0.0, _EVER
    start, end = at(found, "start"), at(found, "end")
    begins = moment(start) if isinstance(start, str) else 0.0
    ends = moment(end) if isinstance(end, str) else _EVER
    return None if begins is None or ends is None else (begins, ends)
