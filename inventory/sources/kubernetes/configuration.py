"""Values of ConfigMaps, Secrets and Events: looked through where they are read, and dropped there."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from inventory.gap import Gap
from inventory.kubernetes.configuration import SecretFinding, TlsCertificate
from inventory.kubernetes.part import ObjectReference
from inventory.resource import EMPTY
from inventory.sources.docker.facts import moment
from inventory.sources.kubernetes.values import LARGEST, suspicious

Values = dict[str, Any]
ALTOGETHER = 400_000
"""Characters of one ConfigMap that are looked through."""
_SYSTEM = frozenset({"kube-system", "kube-public"})
_KEPT = ("kube-proxy", "kubelet-config", "kubeadm-config", "coredns", "aws-auth")
TLS_TYPE = "kubernetes.io/tls"


def config_map_values(answer: Any) -> Values:
    """Sizes, suspicious values (masked), and the data of the few that configure the cluster."""
    meta = answer.metadata
    sizes = {key: len(value) for key, value in answer.data.items()}
    sizes |= {key: len(value) * 3 // 4 for key, value in answer.binary_data.items()}
    found: list[SecretFinding] = []
    skipped: list[str] = []
    left = ALTOGETHER
    for key, value in (*answer.data.items(), *_texts(answer.binary_data, skipped)):
        if len(value) > min(LARGEST, left):
            skipped.append(key)
        else:
            left -= len(value)
            found += suspicious(key, value)
    kept = meta.namespace in _SYSTEM and meta.name.startswith(_KEPT)
    return {
        "sizes": sizes or EMPTY,
        "suspicious": tuple(found),
        "skipped": tuple(skipped),
        "data": answer.data if kept else EMPTY,
    }


def _texts(binary: Mapping[str, str], skipped: list[str]) -> Iterator[tuple[str, str]]:
    """Binary values that are text after all; the names of the others go to `skipped`."""
    for key, value in binary.items():
        if len(value) <= LARGEST * 4 // 3:
            try:
                yield key, base64.b64decode(value, validate=True).decode()
            except ValueError:  # no base64, or no text
                skipped.append(key)
        else:
            skipped.append(key)


def secret_values(answer: Any) -> Values:
    """Type and number of keys; of a file's Secret the certificate too. The values go no further."""
    values: Mapping[str, str] = {**answer.data, **answer.string_data}
    return {"type": answer.type, "count": len(values), "certificate": _certificate(answer)}


def _certificate(answer: Any) -> TlsCertificate | Gap | None:
    if answer.type != TLS_TYPE:
        return None
    if "tls.crt" in answer.string_data:
        return tls_certificate(answer.string_data["tls.crt"].encode())
    try:
        return tls_certificate(base64.b64decode(answer.data.get("tls.crt", ""), validate=True))
    except (binascii.Error, ValueError):
        return TlsCertificate(error="tls.crt is not base64")


def tls_certificate(pem: bytes) -> TlsCertificate:
    """The first certificate in PEM; `error` says why there is none."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

    try:
        found = x509.load_pem_x509_certificate(pem)
        key = found.public_key()
        bits = key.key_size if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | dsa.DSAPublicKey) else 256
        types = (
            (rsa.RSAPublicKey, "RSA"), (ec.EllipticCurvePublicKey, "EC"), (dsa.DSAPublicKey, "DSA"),
            (ed25519.Ed25519PublicKey, "Ed25519"), (ed448.Ed448PublicKey, "Ed448"),
        )  # fmt: skip
        return TlsCertificate(
            subject=found.subject.rfc4514_string()[:300],
            issuer=found.issuer.rfc4514_string()[:300],
            names=_names(found),
            not_before=found.not_valid_before_utc.timestamp(),
            not_after=found.not_valid_after_utc.timestamp(),
            key_type=next((name for kind, name in types if isinstance(key, kind)), "other"),
            key_bits=bits,
            signature=found.signature_hash_algorithm.name if found.signature_hash_algorithm else "",
            self_signed=found.subject == found.issuer,
        )
    except Exception as error:  # whatever a hostile certificate makes the parser raise, it is one that cannot be read
        return TlsCertificate(error=f"no certificate in tls.crt: {type(error).__name__}")


def _names(found: Any) -> tuple[str, ...]:
    from cryptography import x509

    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(name.value)[:253] for name in names)[:100]


def event_values(answer: Any) -> Values:
    """What happened, to what, how often, when (epoch seconds)."""
    about = answer.involved_object
    texts = {name: str(about.get(name) or "") for name in ("kind", "name", "namespace", "uid")}
    series = answer.series
    last = series.get("lastObservedTime") or answer.last_timestamp or answer.event_time
    last = last or answer.metadata.creation_timestamp
    return {
        "involved": ObjectReference(api_version=str(about.get("apiVersion") or ""), **texts),
        "type": answer.type,
        "reason": answer.reason,
        "message": answer.message[:2000],
        "count": int(series.get("count") or answer.count or 1),
        "first_seen": moment(answer.first_timestamp or answer.event_time or answer.metadata.creation_timestamp, 0.0),
        "last_seen": moment(str(last), 0.0),
        "reporter": answer.reporting_component or answer.source.get("component", ""),
    }
