"""A certificate authority, a certificate log and a transparency log of our own, for what no real one issues."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
WHO, ISSUER = "ci@lab.test", "https://issuer.lab.test"
EC = ec.EllipticCurvePrivateKey
CODE = ExtendedKeyUsageOID.CODE_SIGNING
_SCTS = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
LOG, CERTIFICATE_LOG, CA_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))


def pem(found: x509.Certificate) -> str:
    return found.public_bytes(serialization.Encoding.PEM).decode()


def der(found: x509.Certificate) -> bytes:
    return found.public_bytes(serialization.Encoding.DER)


def spki(key: EC | rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def usage(*, signs: bool = False, issues: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(signs, False, False, False, False, issues, False, False, False)


def subject(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "XX"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "lab"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def certificate(
    name: str,
    key: EC | rsa.RSAPrivateKey,
    issuer: str,
    issuer_key: EC,
    extensions: Sequence[tuple[x509.ExtensionType, bool]],
    start: datetime = AT,
    valid: timedelta = timedelta(minutes=10),
) -> x509.Certificate:
    found = x509.CertificateBuilder(
        issuer_name=subject(issuer),
        subject_name=subject(name),
        public_key=key.public_key(),
        serial_number=1000,
        not_valid_before=start,
        not_valid_after=start + valid,
    )
    for extension, critical in extensions:
        found = found.add_extension(extension, critical)
    return found.sign(issuer_key, hashes.SHA256())


def authority(name: str = "ca", key: EC = CA_KEY, **more: Any) -> x509.Certificate:
    """A root; `more` replaces what a proper one has."""
    extensions = [
        (more.get("constraints", x509.BasicConstraints(ca=True, path_length=None)), True),
        (more.get("usage", usage(issues=True)), True),
        *more.get("others", ()),
    ]
    start, valid = more.get("start", AT - timedelta(days=100)), more.get("valid", timedelta(days=1000))
    return certificate(name, key, more.get("issuer", name), more.get("issuer_key", key), extensions, start, valid)


def proper(names: x509.GeneralNames | None = None) -> list[tuple[x509.ExtensionType, bool]]:
    """The extensions of a keyless leaf."""
    return [
        (usage(signs=True), True),
        (x509.ExtendedKeyUsage([CODE]), False),
        (x509.SubjectAlternativeName([x509.RFC822Name(WHO)] if names is None else list(names)), True),
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1"), ISSUER.encode()), False),
    ]


def leaf(
    key: EC | rsa.RSAPrivateKey,
    extensions: Sequence[tuple[x509.ExtensionType, bool]],
    by: x509.Certificate,
    by_key: EC = CA_KEY,
    *,
    log: EC = CERTIFICATE_LOG,
    logged: datetime = AT,
    issuer_of_record: EC | None = None,
    **more: Any,
) -> x509.Certificate:
    """Logged before it is issued, as certificate logs demand: signed without the proof first, then with it."""
    issuer = by.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    assert isinstance(issuer, str)
    body = certificate("leaf", key, issuer, by_key, extensions, **more).tbs_certificate_bytes
    when = int(logged.timestamp() * 1000).to_bytes(8)
    entry = hashlib.sha256(spki(issuer_of_record or by_key)).digest() + len(body).to_bytes(3) + body + b"\x00\x00"
    proof = log.sign(b"\x00\x00" + when + b"\x00\x01" + entry, ec.ECDSA(hashes.SHA256()))
    stamp = b"\x00" + hashlib.sha256(spki(log)).digest() + when + b"\x00\x00\x04\x03" + len(proof).to_bytes(2) + proof
    listed = len(stamp).to_bytes(2) + stamp
    listed = len(listed).to_bytes(2) + listed
    octets = b"\x04" + (bytes([len(listed)]) if len(listed) < 128 else b"\x81" + bytes([len(listed)])) + listed
    return certificate(
        "leaf", key, issuer, by_key, [*extensions, (x509.UnrecognizedExtension(_SCTS, octets), False)], **more
    )


def trusted_root(chain: Sequence[x509.Certificate]) -> bytes:
    def log(key: EC) -> dict[str, Any]:
        return {
            "publicKey": {
                "rawBytes": base64.b64encode(spki(key)).decode(),
                "validFor": {"start": "2026-01-01T00:00:00Z"},
            }
        }

    return json.dumps(
        {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(LOG)],
            "ctlogs": [log(CERTIFICATE_LOG)],
            "certificateAuthorities": [
                {"certChain": {"certificates": [{"rawBytes": base64.b64encode(der(one)).decode()} for one in chain]}}
            ],
        }
    ).encode()


def promise(body: dict[str, Any], at: datetime = AT + timedelta(minutes=1), log: EC = LOG) -> str:
    """The log's bundle as cosign's annotation has it."""
    payload = {
        "body": base64.b64encode(json.dumps(body).encode()).decode(),
        "integratedTime": int(at.timestamp()),
        "logIndex": 7,
        "logID": hashlib.sha256(spki(log)).hexdigest(),
    }
    signed = json.dumps(payload, sort_keys=True, separators=(",", ":")).encode()
    proof = base64.b64encode(log.sign(signed, ec.ECDSA(hashes.SHA256()))).decode()
    return json.dumps({"SignedEntryTimestamp": proof, "Payload": payload})


def hashed(data: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}


def encoded(raw: bytes | str) -> str:
    return base64.b64encode(raw.encode() if isinstance(raw, str) else raw).decode()


def jws(chain: Sequence[x509.Certificate], key: EC | rsa.RSAPrivateKey, target: Any, **changed: Any) -> bytes:
    """A Notation envelope; `changed` are members of the protected header, `stamp` and `alg` for what they say."""

    def url(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    own = "io.cncf.notary."
    stamp = changed.pop("stamp", None)
    protected = {
        "alg": "ES256" if isinstance(key, EC) else "PS256",
        "cty": "application/vnd.cncf.notary.payload.v1+json",
        "crit": [f"{own}signingScheme"],
        f"{own}signingScheme": "notary.x509",
        f"{own}signingTime": "2026-06-01T12:00:00Z",
        **{name.replace("__", "."): value for name, value in changed.items()},
    }
    parts = url(json.dumps(protected).encode()), url(json.dumps({"targetArtifact": target}).encode())
    message = ".".join(parts).encode()
    if isinstance(key, EC):
        first, second = _halves(key.sign(message, ec.ECDSA(hashes.SHA256())))
        raw = first.to_bytes(32) + second.to_bytes(32)
    else:
        raw = key.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    header = {"x5c": [encoded(der(one)) for one in chain]} | ({f"{own}timestampSignature": stamp} if stamp else {})
    return json.dumps({"payload": parts[1], "protected": parts[0], "header": header, "signature": url(raw)}).encode()


def _halves(raw: bytes) -> tuple[int, int]:
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    return decode_dss_signature(raw)
