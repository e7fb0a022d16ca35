"""Certificates in DER as facts. `cryptography` is loaded only when there is one to read."""

from __future__ import annotations

from typing import Any

from inventory.endpoint import PeerCertificate

_LONGEST = 400
_NAMES = 100


def certificate(encoded: bytes) -> PeerCertificate | None:
    """The facts of one certificate, None where it cannot be understood."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        found = x509.load_der_x509_certificate(encoded)
        key, bits = _key(found)
        return PeerCertificate(
            subject=found.subject.rfc4514_string()[:_LONGEST],
            issuer=found.issuer.rfc4514_string()[:_LONGEST],
            serial=f"{found.serial_number:x}",
            not_before=found.not_valid_before_utc.timestamp(),
            not_after=found.not_valid_after_utc.timestamp(),
            names=_names(found),
            key=key,
            bits=bits,
            signature=_digest(found),
            self_issued=found.subject == found.issuer,
        )
    except (ValueError, TypeError, UnsupportedAlgorithm, OverflowError):
        return None


def _key(found: Any) -> tuple[str, int]:
    key = found.public_key()
    kind = type(key).__name__.strip("_").removesuffix("PublicKey")
    words = {"RSA": "RSA", "EllipticCurve": "EC", "DSA": "DSA"}
    return words.get(kind, kind), getattr(key, "key_size", 0)


def _digest(found: Any) -> str:
    algorithm = found.signature_hash_algorithm
    return algorithm.name if algorithm is not None else ""


def _names(found: Any) -> tuple[str, ...]:
    from cryptography import x509

    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    dns = [f"DNS:{name}" for name in names.get_values_for_type(x509.DNSName)]
    addresses = [f"IP:{address}" for address in names.get_values_for_type(x509.IPAddress)]
    return tuple(name[:_LONGEST] for name in (*dns, *addresses)[:_NAMES])
