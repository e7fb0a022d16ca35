"""Images and signatures of them, made here: what the tools write, with keys of one test."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from inventory.signatures.policy import PublicKey, Rule, TrustPolicy

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
EMPTY = "application/vnd.oci.empty.v1+json"


@cache
def key(name: str = "release") -> ec.EllipticCurvePrivateKey:
    """A key that lives as long as the tests."""
    assert name
    return ec.generate_private_key(ec.SECP256R1())


def public(name: str = "release") -> bytes:
    """Its public half as PEM."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key(name).public_key().public_bytes(serialization.Encoding.PEM, form)


def policy(*names: str, match: str = "**", **more: Any) -> TrustPolicy:
    """One rule for everything that demands one of these keys."""
    signers = tuple(PublicKey(name, public(name)) for name in names or ("release",))
    return TrustPolicy(rules=(Rule((match,), number=1, require=("signature",), signed_by=signers, **more),))


def digest(content: bytes) -> str:
    """As registries write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def dump(value: object) -> bytes:
    """JSON."""
    return json.dumps(value).encode()


def described(content: bytes, media_type: str, **more: Any) -> dict[str, Any]:
    """A descriptor."""
    return {"mediaType": media_type, "digest": digest(content), "size": len(content), **more}


@dataclass
class Store:
    """What one repository holds: manifests by tag and digest, blobs by digest."""

    manifests: dict[str, bytes] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    referrers: dict[str, bytes] = field(default_factory=dict)

    def blob(self, content: bytes) -> str:
        """Add one."""
        self.blobs[digest(content)] = content
        return digest(content)

    def manifest(self, value: object, *tags: str) -> str:
        """Add one."""
        content = dump(value)
        for name in (digest(content), *tags):
            self.manifests[name] = content
        return digest(content)

    def image(self, name: str, *tags: str, architecture: str = "amd64") -> tuple[str, str]:
        """An image without layers; digests of its manifest and of its configuration."""
        config = dump({"architecture": architecture, "os": "linux", "config": {"Labels": {"name": name}}})
        self.blob(config)
        made = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": described(config, OCI_CONFIG), "layers": []}
        return self.manifest(made, *tags), digest(config)

    def index(self, children: dict[str, str], *tags: str, extra: tuple[dict[str, Any], ...] = ()) -> str:
        """An index of manifests by architecture."""
        listed = [
            described(self.manifests[child], OCI_MANIFEST, platform={"os": "linux", "architecture": architecture})
            for architecture, child in children.items()
        ]
        return self.manifest({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [*listed, *extra]}, *tags)

    def sign(self, repository: str, subject: str, *names: str) -> None:
        """As cosign 2 does: a tag of the digest, a layer for each signature."""
        payload = simple(repository, subject)
        layers = []
        for name in names or ("release",):
            signature = base64.b64encode(key(name).sign(payload, ec.ECDSA(hashes.SHA256()))).decode()
            layers.append(
                described(payload, SIMPLE_SIGNING, annotations={"dev.cosignproject.cosign/signature": signature})
            )
        self.blob(payload)
        config = b"{}"
        self.manifest(
            {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": described(config, OCI_CONFIG), "layers": layers},
            f"{subject.replace(':', '-')}.sig",
        )

    def refer(self, subject: str, *names: str, api: bool = True) -> str:
        """As cosign 3 does: a bundle in a manifest that refers to the subject."""
        manifests = []
        for name in names or ("release",):
            content = bundle(subject, name)
            self.blob(content)
            made = {
                "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": BUNDLE,
                "config": described(b"{}", EMPTY), "layers": [described(content, BUNDLE)],
                "subject": {"mediaType": OCI_MANIFEST, "digest": subject, "size": 1},
            }  # fmt: skip
            self.manifest(made)
            kind = BUNDLE if api else EMPTY
            manifests.append(described(dump(made), OCI_MANIFEST, artifactType=kind))
        return self.referring(subject, manifests, api=api)

    def referring(self, subject: str, manifests: list[dict[str, Any]], *, api: bool = True) -> str:
        """A list of referrers, by the API or by the tag that stands for it."""
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}
        if api:
            self.referrers[subject] = dump(index)
            return subject
        return self.manifest(index, subject.replace(":", "-"))


def simple(repository: str, subject: str, kind: str = "cosign container image signature") -> bytes:
    """The payload of simple signing."""
    critical = {
        "identity": {"docker-reference": repository},
        "image": {"docker-manifest-digest": subject},
        "type": kind,
    }
    return dump({"critical": critical, "optional": None})


def bundle(subject: str, name: str = "release", predicate: str = "https://sigstore.dev/cosign/sign/v1") -> bytes:
    """A sigstore bundle by a key."""
    statement = dump(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"digest": {"sha256": subject.partition(":")[2]}}],
            "predicateType": predicate,
            "predicate": {},
        }
    )
    kind = b"application/vnd.in-toto+json"
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(statement), statement)
    signature = key(name).sign(message, ec.ECDSA(hashes.SHA256()))
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    der = key(name).public_key().public_bytes(serialization.Encoding.DER, form)
    hint = base64.b64encode(hashlib.sha256(der).digest()).decode()
    envelope = {
        "payload": base64.b64encode(statement).decode(),
        "payloadType": kind.decode(),
        "signatures": [{"sig": base64.b64encode(signature).decode()}],
    }
    return dump({"mediaType": BUNDLE, "verificationMaterial": {"publicKey": {"hint": hint}}, "dsseEnvelope": envelope})
