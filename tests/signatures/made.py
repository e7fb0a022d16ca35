"""Signatures made here with keys made here, for what no vector has."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from inventory.signatures.cosign_tag import DSSE, SIMPLE_SIGNING
from inventory.signatures.model import Layout, Material, Subject
from inventory.signatures.policy import PublicKey

DIGEST = f"sha256:{'5' * 64}"
SUBJECT = Subject("registry.example/team/app", (DIGEST,))
KEY = ec.generate_private_key(ec.SECP256R1())
Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


def public(key: Private = KEY, name: str = "release.pub") -> PublicKey:
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(name, pem)


def signature(message: bytes, key: Private = KEY, *, pss: bool = False) -> str:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        raw = key.sign(message, ec.ECDSA(hashes.SHA256()))
    elif isinstance(key, rsa.RSAPrivateKey):
        scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if pss else padding.PKCS1v15()
        raw = key.sign(message, scheme, hashes.SHA256())
    else:
        raw = key.sign(message)
    return base64.b64encode(raw).decode()


def payload(reference: str = SUBJECT.repository, digest: str = DIGEST, optional: Any = None) -> bytes:
    said = {
        "critical": {
            "identity": {"docker-reference": reference},
            "image": {"docker-manifest-digest": digest},
            "type": "cosign container image signature",
        },
        "optional": optional,
    }
    return json.dumps(said).encode()


def material(content: bytes, annotations: dict[str, str], media_type: str = SIMPLE_SIGNING) -> Material:
    return Material(
        layout=Layout.COSIGN_TAG,
        place="registry.example/team/app:sha256-5.sig, layer 1",
        content=content,
        media_type=media_type,
        promised=f"sha256:{hashlib.sha256(content).hexdigest()}",
        annotations=annotations,
    )


def simple(content: bytes | None = None, key: Private = KEY, *, pss: bool = False) -> Material:
    content = payload() if content is None else content
    return material(content, {"dev.cosignproject.cosign/signature": signature(content, key, pss=pss)})


def envelope(predicate_type: str, predicate: Any, digest: str = DIGEST, key: Private = KEY) -> dict[str, Any]:
    body = {
        "_type": "https://in-toto.io/Statement/v0.1",
        "subject": [{"name": SUBJECT.repository, "digest": {"sha256": digest.partition(":")[2]}}],
        "predicateType": predicate_type,
        "predicate": predicate,
    }
    raw = json.dumps(body).encode()
    kind = "application/vnd.in-toto+json"
    message = f"DSSEv1 {len(kind)} {kind} {len(raw)} ".encode() + raw
    return {
        "payloadType": kind,
        "payload": base64.b64encode(raw).decode(),
        "signatures": [{"keyid": "", "sig": signature(message, key)}],
    }


def attested(predicate_type: str, predicate: Any, digest: str = DIGEST, key: Private = KEY) -> Material:
    return material(json.dumps(envelope(predicate_type, predicate, digest, key)).encode(), {}, DSSE)
