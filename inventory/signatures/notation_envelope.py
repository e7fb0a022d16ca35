"""Envelopes of Notation signatures, JWS and COSE: both read into the same values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from inventory.signatures import cbor
from inventory.signatures.parsing import LARGEST, document, from_base64, from_base64url, moment, struct, text_at

JWS = "application/jose+json"
COSE = "application/cose"
PAYLOAD = "application/vnd.cncf.notary.payload.v1+json"
_OWN = "io.cncf.notary."
_SCHEME, _TIME, _EXPIRY = f"{_OWN}signingScheme", f"{_OWN}signingTime", f"{_OWN}expiry"
_CRITICAL = frozenset({_SCHEME, _EXPIRY})
_ALGORITHMS = frozenset({"PS256", "PS384", "PS512", "ES256", "ES384", "ES512"})
_COSE_ALGORITHMS = {-37: "PS256", -38: "PS384", -39: "PS512", -7: "ES256", -35: "ES384", -36: "ES512"}
_LONGEST_CHAIN = 8


class Envelope(msgspec.Struct, frozen=True):
    """What an envelope says. `expiry` None: it never expires. `stamped`: a countersignature proves its time."""

    algorithm: str
    scheme: str
    message: bytes
    signature: bytes
    payload: bytes
    chain: tuple[bytes, ...]
    at: float
    expiry: float | None
    stamped: bool


class _Header(msgspec.Struct, forbid_unknown_fields=True):
    x5c: list[str]
    agent: str = msgspec.field(name=f"{_OWN}signingAgent", default="")
    stamp: str = msgspec.field(name=f"{_OWN}timestampSignature", default="")


class _Jws(msgspec.Struct, forbid_unknown_fields=True):
    payload: str
    protected: str
    header: _Header
    signature: str


def read(raw: bytes, media_type: str) -> Envelope | str:
    """An envelope, or what is wrong with it."""
    if len(raw) > LARGEST:
        return "the envelope is too large"
    if media_type == JWS:
        return _jws(raw)
    if media_type == COSE:
        return _cose(raw)
    return "the envelope is neither JWS nor COSE"


def _jws(raw: bytes) -> Envelope | str:
    found = struct(raw, _Jws)
    if found is None:
        return "the envelope is no JWS"
    protected, payload = from_base64url(found.protected), from_base64url(found.payload)
    signature = from_base64url(found.signature)
    said = document(protected) if protected else None
    chain = [from_base64(one) for one in found.header.x5c[: _LONGEST_CHAIN + 1]]
    if said is None or not payload or not signature or None in chain:
        return "the envelope's parts are not what they should be"
    message = f"{found.protected}.{found.payload}".encode()
    critical, algorithm = said.get("crit"), text_at(said, "alg")
    times = (_moment(said, _TIME), _moment(said, _EXPIRY))
    return _envelope(
        algorithm,
        critical,
        text_at(said, "cty"),
        said,
        times,
        (message, signature, payload, chain),
        bool(found.header.stamp),
    )


def _cose(raw: bytes) -> Envelope | str:
    try:
        found = cbor.decode(raw)
        body = found.value if isinstance(found, cbor.Tagged) and found.tag == 18 else None
        if not isinstance(body, list) or len(body) != 4:
            return "the envelope is no COSE_Sign1"
        protected, unprotected, payload, signature = body
        said = cbor.decode(protected) if isinstance(protected, bytes) else None
    except cbor.CborError as error:
        return f"the envelope is no COSE: {error}"
    if not isinstance(said, dict) or not isinstance(unprotected, dict):
        return "the envelope's headers are malformed"
    if not isinstance(payload, bytes) or not isinstance(signature, bytes):
        return "the envelope's payload or signature is missing"
    chain = unprotected.get(33)
    chain = chain if isinstance(chain, list) else [chain]
    message = (
        cbor.encode_head(4, 4)
        + cbor.encode_text("Signature1")
        + cbor.encode_bytes(protected)
        + cbor.encode_bytes(b"")
        + cbor.encode_bytes(payload)
    )
    algorithm = said.get(1)
    name = _COSE_ALGORITHMS.get(algorithm, "") if isinstance(algorithm, int) else ""
    kind = said.get(3)
    times = (_epoch(said, _TIME), _epoch(said, _EXPIRY))
    stamped = bool(unprotected.get(f"{_OWN}timestampSignature"))
    parts = (message, signature, payload, chain[: _LONGEST_CHAIN + 1])
    return _envelope(name, said.get(2), kind if isinstance(kind, str) else "", said, times, parts, stamped)


def _envelope(
    algorithm: str,
    critical: Any,
    kind: str,
    said: Mapping[Any, Any],
    times: tuple[float | None, float | None],
    parts: tuple[bytes, bytes, bytes, list[Any]],
    stamped: bool,
) -> Envelope | str:
    """What both forms must satisfy."""
    message, signature, payload, chain = parts
    scheme = said.get(_SCHEME)
    if algorithm not in _ALGORITHMS or not isinstance(scheme, str):
        return "the envelope's algorithm or signing scheme is not known"
    if kind != PAYLOAD:
        return "the envelope's payload is of another type"
    if not isinstance(critical, list) or _SCHEME not in critical or not all(one in _CRITICAL for one in critical):
        return "the envelope has critical headers that are not known"
    if times[0] is None or (_EXPIRY in said and (times[1] is None or _EXPIRY not in critical)):
        return "the envelope's times are malformed"
    if not chain or len(chain) > _LONGEST_CHAIN or not all(isinstance(one, bytes) for one in chain):
        return "the envelope's certificate chain is malformed"
    if algorithm.startswith("ES"):
        signature = _der(signature)
    return Envelope(algorithm, scheme, message, signature, payload, tuple(chain), times[0], times[1], stamped)


def _moment(said: Mapping[str, Any], name: str) -> float | None:
    return moment(text_at(said, name))


def _epoch(said: Mapping[Any, Any], name: str) -> float | None:
    """Seconds since 1970, with CBOR's tag 1 or bare."""
    found = said.get(name)
    found = found.value if isinstance(found, cbor.Tagged) and found.tag == 1 else found
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < 1 << 40:
        return None
    return float(found)


def _der(raw: bytes) -> bytes:
    """Both halves of an ECDSA signature as DER; b"" where they are no halves."""
    half, odd = divmod(len(raw), 2)
    if odd or not 0 < half <= 66:
        return b""
    return encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))
