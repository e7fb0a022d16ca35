"""What a file of a trust policy holds, told by its form alone: a public key, certificates, an OpenPGP keyring. Pure.

No cryptography is loaded for it: a configuration is read before anything is painted. Whether the numbers of a key make
sense shows when a signature is verified with it.
"""

from __future__ import annotations

import base64
import binascii
import re

MAX_KEY = 64 << 10
MAX_CERTIFICATES = 256 << 10
MAX_KEYRING = 4 << 20
MAX_ROOT = 4 << 20

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,60})-----\s(.*?)-----END \1-----", re.DOTALL)
_PRIVATE = re.compile(rb"-----BEGIN (?:[A-Z0-9]+ ){0,5}PRIVATE KEY(?: BLOCK)?-----")
_RSA, _PSS = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"
_EC, _ED25519 = b"\x2a\x86\x48\xce\x3d\x02\x01", b"\x2b\x65\x70"
_KNOWN = frozenset({_RSA, _PSS, _EC, _ED25519})
_SEQUENCE, _OID, _BITS = 0x30, 0x06, 0x03
_PUBLIC_TAG, _SECRET_TAGS = 6, frozenset({5, 7})
_KEYBOX = b"KBXf"


def public_key_mistake(content: bytes) -> str:
    """Why this is not one PEM public key of a kind that signatures are verified with, "" if it is."""
    private = _private(content)
    if private:
        return private
    blocks = _BLOCK.findall(content)
    if not blocks:
        return "is no public key: expected PEM (-----BEGIN PUBLIC KEY-----)"
    label, body = blocks[0]
    if label == b"CERTIFICATE":
        return "holds a certificate, not a public key: Notation's are named by notation_roots"
    if label != b"PUBLIC KEY":
        return f"holds a {label.decode().lower()}, not a public key (-----BEGIN PUBLIC KEY-----)"
    if len(blocks) > 1:
        return "holds more than one key: name each by an entry of its own"
    der = _der(body)
    algorithm = _algorithm(der) if der else None
    if algorithm is None:
        return "is no public key: what stands in the PEM is no SubjectPublicKeyInfo"
    return "" if algorithm in _KNOWN else "is a key of a kind that no signature is verified with: RSA, ECDSA or Ed25519"


def certificates_mistake(content: bytes) -> str:
    """Why these are not PEM certificates, "" if they are."""
    private = _private(content)
    if private:
        return private
    bodies = [body for label, body in _BLOCK.findall(content) if label == b"CERTIFICATE"]
    if not bodies:
        return "holds no certificate: expected PEM (-----BEGIN CERTIFICATE-----)"
    for body in bodies:
        der = _der(body)
        if not der or _element(der, 0, _SEQUENCE) != (_header(der), len(der)):
            return "holds a certificate that is damaged"
    return ""


def keyring_mistake(content: bytes) -> str:
    """Why this is not a binary keyring of OpenPGP public keys, "" if it is."""
    private = _private(content)
    if private:
        return private
    if content.lstrip().startswith(b"-----BEGIN PGP"):
        return "is armoured text; gpgv reads binary keyrings: gpg --dearmor FILE"
    if content[8:12] == _KEYBOX:
        return ""
    first = content[0] if content else 0
    if not first & 0x80:
        return "is no OpenPGP keyring"
    tag = first & 0x3F if first & 0x40 else (first & 0x3C) >> 2
    if tag in _SECRET_TAGS:
        return "holds a private key: only the public one belongs here"
    return "" if tag == _PUBLIC_TAG else "is no OpenPGP keyring: it does not begin with a public key"


def _private(content: bytes) -> str:
    return "holds a private key: only the public one belongs here" if _PRIVATE.search(content) else ""


def _der(body: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(body.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _algorithm(der: bytes) -> bytes | None:
    """The object identifier in a SubjectPublicKeyInfo (RFC 5280, 4.1); None for anything else."""
    whole = _element(der, 0, _SEQUENCE)
    if whole is None or whole[1] != len(der):
        return None
    identifier = _element(der, whole[0], _SEQUENCE)
    if identifier is None:
        return None
    name, bits = _element(der, identifier[0], _OID), _element(der, identifier[1], _BITS)
    if name is None or bits is None or bits[1] != len(der) or bits[1] - bits[0] < 2:
        return None
    return der[name[0] : name[1]]


def _header(der: bytes) -> int:
    found = _element(der, 0, _SEQUENCE)
    return found[0] if found else -1


def _element(der: bytes, at: int, tag: int) -> tuple[int, int] | None:
    """Where the content of the element that begins at `at` begins and ends; None for another one, or none."""
    if len(der) < at + 2 or der[at] != tag:
        return None
    length, start = der[at + 1], at + 2
    if length >= 0x80:
        size = length & 0x7F
        if not 1 <= size <= 4 or len(der) < start + size:
            return None
        length, start = int.from_bytes(der[start : start + size]), start + size
    return (start, start + length) if start + length <= len(der) else None
