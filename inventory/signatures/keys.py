"""Public keys, and whether one of them made a signature: ECDSA, RSA (PKCS#1 v1.5 and PSS), Ed25519."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from inventory.signatures.policy import PublicKey

Key = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey
SHORTEST_RSA = 2048
_CURVES: dict[str, tuple[str, hashes.HashAlgorithm]] = {
    "secp256r1": ("P-256", hashes.SHA256()),
    "secp384r1": ("P-384", hashes.SHA384()),
    "secp521r1": ("P-521", hashes.SHA512()),
}
BAD = (ValueError, TypeError, UnsupportedAlgorithm, OverflowError, RecursionError)
"""What `cryptography` raises over keys and certificates that it does not like."""


class Trusted(msgspec.Struct, frozen=True):
    """A key of the policy. `key` None: it cannot be used, for `why`. `over`: it does not count any more, in words."""

    name: str
    key: Key | None
    key_id: str = ""
    why: str = ""
    over: str = ""


def trusted(keys: Sequence[PublicKey], now: float) -> tuple[Trusted, ...]:
    """The policy's keys ready for use. Nothing tells when a key made a signature, so `until` is compared with now."""
    return tuple(_trusted(key, now) for key in keys)


def _trusted(key: PublicKey, now: float) -> Trusted:
    found, key_id, why = _loaded(key.pem)
    over = key.until is not None and _day(now) > key.until
    return Trusted(key.name, found, key_id, why, f"counted until {key.until}" if over else "")


def _day(now: float) -> date:
    try:
        return datetime.fromtimestamp(now, UTC).date()
    except (ValueError, OverflowError, OSError):
        return date.max


@lru_cache(maxsize=256)
def _loaded(pem: bytes) -> tuple[Key | None, str, str]:
    try:
        key = serialization.load_pem_public_key(pem)
    except BAD as error:
        return None, "", f"not a public key that can be read ({type(error).__name__})"
    why = unusable(key)
    if why or not isinstance(key, Key):
        return None, key_id(key), why
    return key, key_id(key), ""


def unusable(key: object) -> str:
    """Why a key cannot be used, "" if it can."""
    if isinstance(key, rsa.RSAPublicKey):
        return f"an RSA key of {key.key_size} bits is too short" if key.key_size < SHORTEST_RSA else ""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "" if key.curve.name in _CURVES else f"keys on the curve {key.curve.name} are not supported"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return ""
    return f"{type(key).__name__.removesuffix('PublicKey').strip('_')} keys are not supported"


def key_bytes(key: object) -> bytes:
    """DER of the SubjectPublicKeyInfo."""
    public = getattr(key, "public_bytes", None)
    if public is None:
        return b""
    found = public(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return found if isinstance(found, bytes) else b""


def key_id(key: object) -> str:
    """Sha256 of the SubjectPublicKeyInfo."""
    return hashlib.sha256(key_bytes(key)).hexdigest()


def made_by(key: Key, signature: bytes, signed: bytes) -> str:
    """The algorithm by which this key made this signature over these bytes, "" if it did not.

    Tools do not agree which hash goes with a P-384 key, nor which padding with an RSA key, so each is tried. All are
    sound: a signature under any of them was made by the holder of the key over just these bytes.
    """
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "Ed25519" if _holds(lambda: key.verify(signature, signed)) else ""
    if isinstance(key, ec.EllipticCurvePublicKey):
        name, natural = _CURVES[key.curve.name]
        for kind in (natural, hashes.SHA256()):
            if _holds(lambda kind=kind: key.verify(signature, signed, ec.ECDSA(kind))):
                return f"ECDSA {name} {_name(kind)}"
        return ""
    digest = hashes.SHA256()
    if _holds(lambda: key.verify(signature, signed, padding.PKCS1v15(), digest)):
        return f"RSA-{key.key_size} PKCS#1 v1.5 SHA-256"
    pss = padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)
    if _holds(lambda: key.verify(signature, signed, pss, digest)):
        return f"RSA-{key.key_size} PSS SHA-256"
    return ""


def holds(key: Key, signature: bytes, signed: bytes, scheme: str) -> bool:
    """Whether the signature is good under one JOSE/COSE algorithm (`PS256`, `ES384`, ...); ECDSA ones are DER here."""
    kind = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}.get(scheme[2:])
    if kind is None:
        return False
    if scheme.startswith("PS") and isinstance(key, rsa.RSAPublicKey):
        pss = padding.PSS(padding.MGF1(kind), kind.digest_size)
        return _holds(lambda: key.verify(signature, signed, pss, kind))
    if scheme.startswith("ES") and isinstance(key, ec.EllipticCurvePublicKey):
        natural = _CURVES.get(key.curve.name)
        if natural is None or natural[1].name != kind.name:
            return False
        return _holds(lambda: key.verify(signature, signed, ec.ECDSA(kind)))
    return False


def _name(kind: hashes.HashAlgorithm) -> str:
    return kind.name.upper().replace("SHA", "SHA-")


def _holds(verify: object) -> bool:
    assert callable(verify)
    try:
        verify()
    except (InvalidSignature, *BAD):
        return False
    return True
