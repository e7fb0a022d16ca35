"""What cosign puts into a registry beside an image, made here: signatures, statements, and where each is found."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
EMPTY = "application/vnd.oci.empty.v1+json"
IN_TOTO = b"application/vnd.in-toto+json"
SIGNED = "https://sigstore.dev/cosign/sign/v1"
"""The predicate of a statement that is a signature and says nothing else."""


@dataclass
class Artifacts:
    """What is to lie in a repository: blobs, and manifests by tag or digest in the order in which they go there."""

    blobs: list[bytes] = field(default_factory=list)
    manifests: dict[str, bytes] = field(default_factory=dict)

    def manifest(self, value: Mapping[str, Any], *tags: str) -> dict[str, Any]:
        """Add one; what an index says of it."""
        content = dump(value)
        for name in tags or (digest(content),):
            self.manifests[name] = content
        return described(content, str(value["mediaType"]))


def new_key() -> EllipticCurvePrivateKey:
    """As `cosign generate-key-pair` makes them."""
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def public_pem(key: EllipticCurvePrivateKey) -> bytes:
    """The half that a policy names."""
    from cryptography.hazmat.primitives import serialization

    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)


def digest(content: bytes) -> str:
    """As registries write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def dump(value: object) -> bytes:
    """JSON."""
    return json.dumps(value).encode()


def described(content: bytes, media_type: str, **more: Any) -> dict[str, Any]:
    """A descriptor."""
    return {"mediaType": media_type, "digest": digest(content), "size": len(content), **more}


def simple(repository: str, subject: str, kind: str = "cosign container image signature") -> bytes:
    """The payload of simple signing."""
    critical = {
        "identity": {"docker-reference": repository},
        "image": {"docker-manifest-digest": subject},
        "type": kind,
    }
    return dump({"critical": critical, "optional": None})


def tagged(repository: str, subject: str, keys: Iterable[EllipticCurvePrivateKey]) -> Artifacts:
    """As cosign 2 signs: a tag of the digest, a layer for each signature."""
    payload, config, found = simple(repository, subject), b"{}", Artifacts()
    found.blobs += [payload, config]
    layers = [
        described(payload, SIMPLE_SIGNING, annotations={"dev.cosignproject.cosign/signature": _sign(key, payload)})
        for key in keys
    ]
    made = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": described(config, OCI_CONFIG), "layers": layers}
    found.manifest(made, f"{subject.replace(':', '-')}.sig")
    return found


def referring(subject: str, size: int, bundles: Iterable[bytes]) -> Artifacts:
    """As cosign 3 attaches: bundles that refer to the subject, listed under the tag that stands for the API."""
    found, listed, config = Artifacts(), [], b"{}"
    found.blobs.append(config)
    for content in bundles:
        found.blobs.append(content)
        made = referrer(subject, size, content)
        listed.append({**found.manifest(made), "artifactType": BUNDLE})
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed}
    found.manifest(index, subject.replace(":", "-"))
    return found


def referrer(subject: str, size: int, content: bytes) -> dict[str, Any]:
    """The manifest around one bundle."""
    return {
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": BUNDLE,
        "config": described(b"{}", EMPTY), "layers": [described(content, BUNDLE)],
        "subject": {"mediaType": OCI_MANIFEST, "digest": subject, "size": size},
    }  # fmt: skip


def bundle(key: EllipticCurvePrivateKey, subject: str, predicate_type: str = SIGNED, predicate: object = None) -> bytes:
    """A sigstore bundle around a statement, signed by a key and in no log."""
    from cryptography.hazmat.primitives import serialization

    about = [{"digest": {"sha256": subject.partition(":")[2]}}]
    statement = dump({
        "_type": "https://in-toto.io/Statement/v1", "subject": about,
        "predicateType": predicate_type, "predicate": predicate or {},
    })  # fmt: skip
    message = b"DSSEv1 %d %s %d %s" % (len(IN_TOTO), IN_TOTO, len(statement), statement)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    der = key.public_key().public_bytes(serialization.Encoding.DER, form)
    envelope = {
        "payload": base64.b64encode(statement).decode(),
        "payloadType": IN_TOTO.decode(),
        "signatures": [{"sig": _sign(key, message)}],
    }
    hint = base64.b64encode(hashlib.sha256(der).digest()).decode()
    return dump({"mediaType": BUNDLE, "verificationMaterial": {"publicKey": {"hint": hint}}, "dsseEnvelope": envelope})


def _sign(key: EllipticCurvePrivateKey, message: bytes) -> str:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    return base64.b64encode(key.sign(message, ec.ECDSA(hashes.SHA256()))).decode()
